import { createHash } from 'node:crypto'
import { SlackState, type StoredMessage } from './state.ts'

export interface User {
  id: string
  email: string
  name: string
  deleted: boolean
}

/** A channel, or with `user` the direct channel of one person. */
export interface Conversation {
  id: string
  name: string
  archived: boolean
  member: boolean
  user: User | null
}

/** One Slack workspace in memory, as the bot sees it. */
export interface Workspace {
  tokens: string[] | null
  userByEmail(email: string): User | null
  userById(id: string): User | null
  openDirect(user: User): Conversation
  /** By id, `name` or `#name`; a user's id means the direct channel. */
  conversation(idOrName: string): Conversation | null
  channels(): Conversation[]
  post(conversation: Conversation, message: Omit<StoredMessage, 'channel' | 'ts'>): StoredMessage
  /** Oldest first. */
  messages(conversation: Conversation): readonly StoredMessage[]
  state(): SlackState
}

/** Builds a workspace from a state; throws a `ZodError` on a state it does not understand. */
export function openWorkspace(input: unknown, now: () => number): Workspace {
  const state = SlackState.parse(input)
  const { tokens, autoProvision } = state
  const { byEmail, byId, conversations, byName, addUser } = createRoster(state)
  const history = new Map<string, StoredMessage[]>()
  const nextTs = timestamps(now)
  for (const message of state.messages) keep(message)

  function keep(message: StoredMessage) {
    const messages = history.get(message.channel)
    if (messages === undefined) history.set(message.channel, [message])
    else messages.push(message)
  }

  const openDirect = (user: User) => conversations.get(stableId('D', user.id)) ?? unreachable(user.id)
  return {
    tokens,
    userByEmail(email) {
      const known = byEmail.get(email.toLowerCase())
      if (known !== undefined) return known
      return autoProvision && email.includes('@') ? addUser({ email, deleted: false }) : null
    },
    userById: (id) => byId.get(id) ?? null,
    openDirect,
    conversation(idOrName) {
      const user = byId.get(idOrName)
      if (user !== undefined) return openDirect(user)
      return conversations.get(idOrName) ?? byName.get(idOrName.replace(/^#/, '').toLowerCase()) ?? null
    },
    channels: () => [...byName.values()],
    post(conversation, message) {
      const posted = { ...message, channel: conversation.id, ts: nextTs() }
      keep(posted)
      return posted
    },
    messages: (conversation) => history.get(conversation.id) ?? [],
    state: () => ({
      tokens,
      autoProvision,
      users: [...byEmail.values()],
      channels: Array.from(byName.values(), ({ user, ...channel }) => channel),
      messages: [...history.values()].flat(),
    }),
  }
}

/** Who and what there is to write to. */
function createRoster({ users, channels }: SlackState) {
  const byEmail = new Map<string, User>()
  const byId = new Map<string, User>()
  const conversations = new Map<string, Conversation>()
  const byName = new Map<string, Conversation>()

  function addUser(user: Pick<SlackState['users'][number], 'id' | 'email' | 'name' | 'deleted'>): User {
    const email = user.email.toLowerCase()
    const name = user.name ?? email.split('@')[0] ?? email
    const added = { id: user.id ?? stableId('U', email), email: user.email, name, deleted: user.deleted }
    byEmail.set(email, added)
    byId.set(added.id, added)
    // Its direct channel has a stable id, so a client that remembers it finds it again.
    const id = stableId('D', added.id)
    conversations.set(id, { id, name: id, archived: false, member: true, user: added })
    return added
  }
  for (const user of users) addUser(user)
  for (const { id, name, archived, member } of channels) {
    const channel = { id: id ?? stableId('C', name), name, archived, member, user: null }
    conversations.set(channel.id, channel)
    byName.set(name.toLowerCase(), channel)
  }
  return { byEmail, byId, conversations, byName, addUser }
}

/** Slack's ids are a letter and upper-case letters and digits; these come from the key, so a restart keeps them. */
function stableId(prefix: 'U' | 'D' | 'C', key: string): string {
  const hash = createHash('sha256').update(`${prefix}:${key}`).digest()
  return `${prefix}0${hash.readBigUInt64BE().toString(36).toUpperCase().padStart(13, '0').slice(0, 9)}`
}

/** Seconds and six digits, never twice the same: a message's `ts` is its id. */
function timestamps(now: () => number): () => string {
  let last = 0
  return () => {
    last = Math.max(last + 1, now() * 1000)
    const digits = String(last).padStart(16, '0')
    return `${digits.slice(0, -6)}.${digits.slice(-6)}`
  }
}

function unreachable(id: string): never {
  throw new Error(`user ${id} was added without a direct channel`)
}

import { z } from 'zod'
import { history, postMessage, replies } from './message-methods.ts'
import { type Answer, flag, method, page } from './method.ts'
import type { User, Workspace } from './workspace.ts'

const lookupByEmail = method({
  arguments: z.strictObject({ email: z.string() }),
  run({ email }, workspace) {
    const user = workspace.userByEmail(email)
    return user === null
      ? { ok: false, error: 'users_not_found' }
      : { ok: true, body: { user: shownUser(user) } }
  },
})

const openConversation = method({
  arguments: z.strictObject({
    users: z.string().optional(),
    channel: z.string().optional(),
    return_im: flag.optional(),
    prevent_creation: flag.optional(),
  }),
  run({ users, channel }, workspace) {
    if (users === undefined && channel === undefined) return { ok: false, error: 'users_list_not_supplied' }
    const user = users === undefined ? workspace.conversation(channel ?? '')?.user : workspace.userById(users)
    if (!user) return { ok: false, error: users === undefined ? 'channel_not_found' : 'user_not_found' }
    if (user.deleted) return { ok: false, error: 'user_disabled' }
    return { ok: true, body: { channel: { id: workspace.openDirect(user).id } } }
  },
})

const listChannels = method({
  arguments: z.strictObject({
    types: z.string().default('public_channel'),
    exclude_archived: flag.default(false),
    team_id: z.string().optional(),
    ...page,
  }),
  run({ exclude_archived, limit, cursor }, workspace) {
    const all = workspace.channels().filter((channel) => !(exclude_archived && channel.archived))
    const start = Number(cursor || 0)
    const next = start + Math.min(limit, 1000)
    const channels = all.slice(start, next).map(({ id, name, archived, member }) => ({
      id,
      name,
      is_channel: true,
      is_archived: archived,
      is_member: member,
    }))
    return {
      ok: true,
      body: { channels, response_metadata: { next_cursor: next < all.length ? String(next) : '' } },
    }
  },
})

const authTest = method({
  arguments: z.strictObject({}),
  run: () => ({
    ok: true,
    body: {
      url: 'https://sandbox.slack.com/',
      team: 'Sandbox',
      user: 'rota',
      team_id: 'T0SANDBOX',
      user_id: 'U0ROTABOT',
    },
  }),
})

/** The methods there are, by name. */
export const methods: Record<string, (given: unknown, workspace: Workspace) => Answer> = {
  'auth.test': authTest,
  'chat.postMessage': postMessage,
  'conversations.history': history,
  'conversations.list': listChannels,
  'conversations.open': openConversation,
  'conversations.replies': replies,
  'users.lookupByEmail': lookupByEmail,
}

function shownUser({ id, email, name, deleted }: User) {
  return {
    id,
    team_id: 'T0SANDBOX',
    name,
    real_name: name,
    deleted,
    is_bot: false,
    profile: { email, real_name: name },
  }
}

import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import { createMemo } from '../memo.ts'
import { slackErrorOf } from './failure.ts'
import type { Session } from './session.ts'

/** A person's direct channel, or why there is none. */
export type Person = { found: true; channel: string } | { found: false; why: string }

const Lookup = z.object({ user: z.object({ id: z.string(), deleted: z.boolean().default(false) }) })
const Opened = z.object({ channel: z.object({ id: z.string() }) })
const ChannelPage = z.object({
  channels: z.array(z.object({ id: z.string(), name: z.string().nullish() })),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
})

/** 1,000 to a page: channels beyond 20,000 have to be named by id. */
const maxPages = 20

/** Who is who in the workspace. Lookups are limited to some 50 a minute, so people are remembered for five. */
export function workspaceDirectory() {
  const people = createMemo<Person>({ ttlMs: ({ found }) => (found ? 300_000 : 60_000), maxEntries: 10_000 })
  const channels = createMemo<string | null>({ ttlMs: (id) => (id ? 3_600_000 : 60_000), maxEntries: 1_000 })

  return {
    person: (email: string, session: Session): Promise<Person> =>
      people.get(email.trim().toLowerCase(), () => findPerson(email.trim(), session)),

    forgetPerson: (email: string): void => people.forget(email.trim().toLowerCase()),

    /** The id of a channel given by id, `name` or `#name`; null when the bot sees no such channel. */
    async channelId(channel: string, session: Session): Promise<string | null> {
      if (/^[CDG][A-Z0-9]{7,}$/.test(channel)) return channel
      const name = channel.replace(/^#/, '').toLowerCase()
      return channels.get(name, () => findChannel(name, session))
    },
  }
}

export type Directory = ReturnType<typeof workspaceDirectory>

async function findPerson(email: string, session: Session): Promise<Person> {
  try {
    const { user } = await session.read(Lookup, session.client.users.lookupByEmail({ email }))
    if (user.deleted) return { found: false, why: `${email} is deactivated in Slack` }
    const { channel } = await session.read(Opened, session.client.conversations.open({ users: user.id }))
    return { found: true, channel: channel.id }
  } catch (error) {
    const gone = CallFailure.isInstance(error) && error.kind === 'not-found' && slackErrorOf(error) !== ''
    if (gone)
      return { found: false, why: `Slack has nobody to write to as ${email} (${slackErrorOf(error)})` }
    throw error
  }
}

async function findChannel(name: string, session: Session): Promise<string | null> {
  let cursor = ''
  for (let page = 0; page < maxPages; page += 1) {
    const answer = session.client.conversations.list({
      types: 'public_channel,private_channel',
      exclude_archived: true,
      limit: 1000,
      ...(cursor !== '' && { cursor }),
    })
    const { channels, response_metadata } = await session.read(ChannelPage, answer)
    const found = channels.find((channel) => channel.name === name)
    if (found !== undefined) return found.id
    cursor = response_metadata?.next_cursor ?? ''
    if (cursor === '') return null
  }
  return null
}

import { z } from 'zod'

const User = z.strictObject({
  id: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,}$/)
    .optional(),
  email: z.string(),
  name: z.string().optional(),
  /** Deactivated: found, but not to be written to. */
  deleted: z.boolean().default(false),
})

const Channel = z.strictObject({
  id: z
    .string()
    .regex(/^[CG][A-Z0-9]{8,}$/)
    .optional(),
  name: z.string(),
  archived: z.boolean().default(false),
  /** Is the bot in it? */
  member: z.boolean().default(true),
})

export const Metadata = z.strictObject({
  event_type: z.string().min(1),
  event_payload: z.record(z.string(), z.unknown()),
})

const StoredMessage = z.strictObject({
  channel: z.string(),
  ts: z.string().regex(/^\d{10}\.\d{6}$/),
  text: z.string().default(''),
  blocks: z.array(z.looseObject({ type: z.string() })).default([]),
  metadata: Metadata.nullable().default(null),
  /** `ts` of the message it answers, null for one that stands by itself. */
  thread: z.string().nullable().default(null),
})
export type StoredMessage = z.output<typeof StoredMessage>

/** A Slack workspace as `PUT /state/slack` takes it and `GET /state/slack` gives it. Every part may be left out. */
export const SlackState = z.strictObject({
  /** The bot tokens that are accepted; null accepts any. */
  tokens: z.array(z.string()).nullable().default(null),
  /** Any e-mail that is not listed belongs to an active user, with the same id every time. */
  autoProvision: z.boolean().default(true),
  users: z.array(User).default([]),
  channels: z.array(Channel).default([{ name: 'general', archived: false, member: true }]),
  messages: z.array(StoredMessage).default([]),
})
export type SlackState = z.output<typeof SlackState>

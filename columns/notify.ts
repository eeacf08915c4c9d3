import { z } from 'zod'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import {
  type CellContext,
  type Column,
  type ColumnOptions,
  done,
  type Lateness,
  type Values,
} from './column.ts'
import type { Message, Messenger, SentMessage } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

/** A message that was sent: what an answer in its thread needs, and whom it was for. */
export interface Told extends Pick<SentMessage, 'id' | 'channel'> {
  to: Message['to']
}

/** A message that went out, and the one of the same cell that it stands in for. */
export interface Notified extends SentMessage, Told {
  /** The earlier message of this cell, null for the first. */
  replacing: Told | null
}

const Told = z.object({
  id: z.string(),
  channel: z.string(),
  to: z.union([z.object({ email: z.string() }), z.object({ channel: z.string() })]),
})

export const NotifiedShape: z.ZodType<Notified> = Told.extend({
  fallback: z.boolean(),
  replacing: Told.nullable(),
})

export interface NotifyOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  via: Messenger
  /**
   * What to send. `lateness` is that of the column which this one stands in for, see `late` of a table, null for none. It may have changed by
   * the time an earlier attempt is looked for, so let it choose the words and not `to`.
   */
  message: (row: NoInfer<Seen<Row, Reads, Needs>>, lateness: Lateness | null) => Message
  /**
   * For a message of which nobody can say whether it arrived: `repeat` sends it again, with a line that says so (perhaps twice, never not
   * at all); `leave` ends as `unknown` (perhaps not at all, never twice). Left out: `repeat` for a messenger that nobody can ask, `leave`
   * for one that could not answer this time, a missing right to read included.
   */
  whenUnknown?: 'repeat' | 'leave'
}

const mayRepeatLine = 'This may repeat an earlier message: nobody could tell whether that one arrived.'

/**
 * Tells the rep, with context and reason. After an unknown outcome the message history is searched for our id, and the message goes out
 * again only when it is not there; where that cannot be told, `whenUnknown` decides.
 */
export function notify<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: NotifyOptions<Row, Reads, Needs>): Column<Row, Notified> {
  const { via } = options
  const messageOf = (values: Values, { lateness = null }: CellContext) =>
    options.message(asSeen(values), lateness)
  const whenUnknown = options.whenUnknown ?? (via.target === 'blind' ? 'repeat' : 'leave')
  return buildColumn<Row, Notified>({
    ...options,
    kind: 'notify',
    output: NotifiedShape,
    describe: { via: via.vendor, whenUnknown },
    versionOf: [options.message],
    work: {
      effect: 'write',
      sideEffect: `sends a message with ${via.vendor}`,
      reaches: 'people',
      target: via.target,
      whenUnknown,
      confirms: [],
      horizonMs: 1_000,
      async send(values, context) {
        const message = beforeSending(() => messageOf(values, context))
        const { mayRepeat, sendId } = context
        const reason = mayRepeat ? `${message.reason}\n${mayRepeatLine}` : message.reason
        const made = await via.send({ ...message, reason }, sendId, context)
        return sent(made, message, { context, ...(mayRepeat && { detail: { mayRepeat } }) })
      },
      async reconcile(values, context) {
        const message = messageOf(values, context)
        const found = await via.find(message, context.sendId, context)
        if (found.state !== 'found') return found
        return {
          state: 'happened',
          outcome: sent(found.value, message, { context, detail: { reconciled: true } }),
        }
      },
      tell: (value) => toldOf(via.vendor, value),
    },
  })
}

function toldOf(vendor: string, { id, channel, fallback, to }: Notified): string {
  const whom = 'email' in to ? to.email : `channel ${to.channel}`
  const where = fallback
    ? `in the fallback channel ${channel}, as the person could not be reached`
    : `in ${channel}`
  return `message ${id} with ${vendor} to ${whom}, ${where}`
}

function sent(
  made: SentMessage,
  { to }: Message,
  { context, detail }: { context: CellContext; detail?: object },
) {
  const replacing = Told.safeParse(context.earlier).data ?? null
  return done({ ...made, to, replacing }, detail === undefined ? {} : { detail })
}

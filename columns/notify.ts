import { z } from 'zod'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done } from './column.ts'
import type { Message, Messenger, SentMessage } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

/** A message that went out, and the one of the same cell that it stands in for. */
export interface Notified extends SentMessage {
  /** The earlier message of this cell, null for the first: what an answer in its thread needs. */
  replacing: { id: string; channel: string } | null
}

export const NotifiedShape: z.ZodType<Notified> = z.object({
  id: z.string(),
  channel: z.string(),
  fallback: z.boolean(),
  replacing: z.object({ id: z.string(), channel: z.string() }).nullable(),
})

export interface NotifyOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  via: Messenger
  message: (row: NoInfer<Seen<Row, Reads, Needs>>) => Message
  /**
   * For a messenger that nobody can ask whether a message arrived: `repeat` sends it again after an unknown outcome, with a line that
   * says so (perhaps twice, never not at all); `leave` ends as `unknown` (perhaps not at all, never twice). `repeat` when left out.
   */
  whenUnknown?: 'repeat' | 'leave'
}

const mayRepeatLine = 'This may repeat an earlier message: nobody could tell whether that one arrived.'

/**
 * Tells the rep, with context and reason. After an unknown outcome the message history is searched for our id, and the message goes out
 * again only when it is not there; a messenger without a history is treated as `whenUnknown` says.
 */
export function notify<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: NotifyOptions<Row, Reads, Needs>): Column<Row, Notified> {
  const { via } = options
  const isBlind = via.target === 'blind'
  const whenUnknown = options.whenUnknown ?? 'repeat'
  return buildColumn<Row, Notified>({
    ...options,
    kind: 'notify',
    output: NotifiedShape,
    describe: { via: via.vendor, ...(isBlind && { whenUnknown }) },
    versionOf: [options.message],
    work: {
      effect: 'write',
      sideEffect: `sends a message with ${via.vendor}`,
      reaches: 'people',
      target: via.target,
      ...(isBlind && { whenUnknown }),
      confirms: [],
      horizonMs: 1_000,
      async send(values, context) {
        const message = beforeSending(() => options.message(asSeen(values)))
        if (!context.mayRepeat) return sent(await via.send(message, context.sendId, context), context)
        const repeated = { ...message, reason: `${message.reason}\n${mayRepeatLine}` }
        return sent(await via.send(repeated, context.sendId, context), context, { mayRepeat: true })
      },
      async reconcile(values, context) {
        const found = await via.find(options.message(asSeen(values)), context.sendId, context)
        if (found.state !== 'found') return found
        return { state: 'happened', outcome: sent(found.value, context, { reconciled: true }) }
      },
    },
  })
}

const Earlier = z.object({ id: z.string(), channel: z.string() })

function sent(message: SentMessage, { earlier }: CellContext, detail?: object) {
  const replacing = Earlier.safeParse(earlier).data ?? null
  return done({ ...message, replacing }, detail === undefined ? {} : { detail })
}

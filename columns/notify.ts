import { z } from 'zod'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import { type Column, type ColumnOptions, done } from './column.ts'
import type { Message, Messenger, SentMessage } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const SentMessageShape: z.ZodType<SentMessage> = z.object({
  id: z.string(),
  channel: z.string(),
  fallback: z.boolean(),
})

export interface NotifyOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  via: Messenger
  message: (row: NoInfer<Seen<Row, Reads, Needs>>) => Message
}

/** Tells the rep, with context and reason. After an unknown outcome the message history is searched for our id, never posted again blindly. */
export function notify<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: NotifyOptions<Row, Reads, Needs>): Column<Row, SentMessage> {
  const { via } = options
  return buildColumn<Row, SentMessage>({
    ...options,
    kind: 'notify',
    output: SentMessageShape,
    describe: { via: via.vendor },
    versionOf: [options.message],
    work: {
      effect: 'write',
      sideEffect: `sends a message with ${via.vendor}`,
      reaches: 'people',
      confirms: [],
      horizonMs: 1_000,
      async send(values, context) {
        const message = beforeSending(() => options.message(asSeen(values)))
        return done(await via.send(message, context.sendId, context))
      },
      async reconcile(values, context) {
        const found = await via.find(options.message(asSeen(values)), context.sendId, context)
        if (found.state !== 'found') return found
        return { state: 'happened', outcome: done(found.value, { detail: { reconciled: true } }) }
      },
    },
  })
}

import { CallFailure } from '../columns/errors.ts'
import type { Values } from '../db/journal.ts'
import type { Engine } from './engine.ts'
import { historyOf } from './history.ts'
import type { Execution } from './record.ts'
import type { Task } from './task.ts'

/**
 * What an effect in doubt left with, replayed from the journal up to its intent: values edited or drawn anew since say nothing of it.
 *
 * @throws {CallFailure} when the journal does not have it.
 */
export async function sentValues(
  engine: Engine,
  { plan, row }: Task,
  { column, sendId }: Execution & { sendId: string },
): Promise<Values> {
  const history = historyOf(plan, row, await engine.store.journal(row.seq))
  const intent = history.findLast(
    ({ entry }) =>
      entry.kind === 'intent' && entry.column === column.name && entry.cell.intent?.sendId === sendId,
  )
  if (intent?.inputs != null) return intent.inputs
  throw new CallFailure('invalid-request', `the journal does not have what ${sendId} was sent with`, {
    retryable: false,
  })
}

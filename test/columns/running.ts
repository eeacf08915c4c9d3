import type { CellContext, Column, Outcome, Reconciliation } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'
import { patienceMs } from '../support/patience.ts'

/** A context as the runtime hands it in, with the real fetch. */
export const contextOf = (over: Partial<CellContext> = {}): CellContext => ({
  table: 'leads',
  row: 'row_1',
  column: 'cell',
  attempt: 1,
  occurredAt: '2026-03-02T09:00:00.000Z',
  receivedAt: '2026-03-02T09:00:00.000Z',
  sendId: 'row_1.cell.1.abcd',
  signal: new AbortController().signal,
  timeoutMs: patienceMs,
  fetch,
  now: () => Date.parse('2026-03-02T09:00:00Z'),
  random: () => 0.5,
  lookup: async () => null,
  // What the runtime does for a row that is alone, without limits and without a store.
  memo: async (_, ask) => ({ value: (await ask()).value, cached: false }),
  charge: async () => ({ settle() {} }),
  signals: [],
  earlier: null,
  mayRepeat: false,
  finishedAt: () => null,
  isPinned: () => false,
  ...over,
})

type Any = Column<never, unknown>

/** Executes a column of effect none, read or write once, with these values. */
export async function run(
  column: Any,
  values: object,
  over: Partial<CellContext> = {},
): Promise<Outcome<unknown>> {
  const { work } = column
  const seen = { ...values }
  if (work.effect === 'draw') throw new Error('a draw is decided by the store')
  return work.effect === 'write' ? work.send(seen, contextOf(over)) : work.run(seen, contextOf(over))
}

export async function reconcile(
  column: Any,
  values: object,
  over: Partial<CellContext> = {},
): Promise<Reconciliation<unknown>> {
  if (column.work.effect !== 'write') throw new Error('only a write is read back')
  return column.work.reconcile({ ...values }, contextOf(over))
}

/** The failure a column ends with. */
export async function failureOf(outcome: Promise<unknown>): Promise<CallFailure> {
  const error = await outcome.then(
    (value) => new Error(`it did not fail but gave ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  if (CallFailure.isInstance(error)) return error
  throw error
}

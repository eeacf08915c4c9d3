import type { Json } from '../../../columns/json.ts'
import type { Answer, LabelledRow } from '../../../runtime/evaluation/labelled-row.ts'

/** An answer of a column, plain unless told otherwise. */
export const answer = (value: Json, over: Partial<Answer> = {}): Answer => ({
  status: 'done',
  value,
  reason: null,
  detail: null,
  cost: { usd: 0 },
  calls: 0,
  attempts: 1,
  tookMs: 0,
  ...over,
})

/** A labelled row; its cells are for slices. */
export const row = (
  line: number,
  expected: Record<string, string>,
  cells: Record<string, string> = {},
): LabelledRow => ({ line, given: {}, expected, cells })

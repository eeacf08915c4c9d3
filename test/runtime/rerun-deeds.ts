import fc from 'fast-check'
import { told } from './rerun-world.ts'

export const names = ['r0', 'r1', 'r2']
export const columnNames = told.map(({ name }) => name)
const column = fc.constantFrom(...columnNames)
const row = fc.constantFrom(0, 0, 1, 2)
const seldom = fc.integer({ min: 0, max: 3 }).map((each) => each === 0)

const knobs = fc.record({
  columns: fc.option(fc.uniqueArray(column, { minLength: 1, maxLength: 3 })),
  scope: fc.oneof(
    fc.constant({ all: true as const }),
    fc.uniqueArray(row, { minLength: 1 }).map((rows) => ({ at: rows })),
    fc.constantFrom({ filter: 'name!=r0' }, { filter: 'status:error' }, { filter: 'stale:owner' }),
  ),
  mode: fc.constantFrom('all', 'all', 'missing', 'errored', 'stale'),
  limit: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 4 }),
  downstream: fc.boolean(),
  force: fc.boolean(),
  includeEffects: fc.boolean(),
  redraw: seldom,
})
export type Knobs = typeof knobs extends fc.Arbitrary<infer Each> ? Each : never

/** A cell that fails from now on, or works again; an effect whose answers are lost. */
export const breaks = fc.record({
  kind: fc.constant('breaks' as const),
  row,
  column: fc.oneof(column, fc.constantFrom('owner', 'crm', 'handoff')),
  how: fc.constantFrom('failing', 'lost'),
})

/** What happens to the table, one after the other. */
export const deed = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      knobs,
      cutAfter: fc.option(fc.nat({ max: 12 }), { freq: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      row,
      change: fc.oneof(
        fc.record({ n: fc.integer({ min: 0, max: 3 }) }),
        fc.record({ word: fc.constantFrom('a', 'b', 'vip') }),
        fc.record({ go: fc.boolean() }),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: breaks,
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('live' as const), salt: fc.nat({ max: 1 }), weight: row }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('override' as const), row, rep: row }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('letGo' as const), row }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), knobs, after: fc.nat({ max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'readBack' as const }) },
)
export type Deed = typeof deed extends fc.Arbitrary<infer Each> ? Each : never

import { expect, test } from 'vitest'
import { buildColumn } from '../../columns/build.ts'
import { type ColumnOptions, done, type Work } from '../../columns/column.ts'

const asks: Work<string> = { effect: 'read', run: () => done('yes') }
const writes: Work<string> = {
  effect: 'write',
  sideEffect: 'writes',
  reaches: 'records',
  target: 'same-state',
  confirms: [],
  horizonMs: 0,
  send: async () => done('yes'),
  reconcile: async () => ({ state: 'absent' }),
}
const column = (options: ColumnOptions, work: Work<string> = asks) =>
  buildColumn<{ a: string }, string>({ kind: 'own', versionOf: [], work, ...options })

test('a column has no limits of its own', () => {
  expect(column({})).toMatchObject({ withinMs: null, spend: null })
  expect(column({ withinMs: 5_000, spend: { perDay: 2, perRow: 0 } })).toMatchObject({
    withinMs: 5_000,
    spend: { perDay: 2, perRow: 0 },
  })
})

test('limits of money and time change no answer, so they make none stale', () => {
  expect(column({ withinMs: 5_000, spend: { perDay: 2 } }).version).toBe(column({}).version)
})

test.each([
  ['spend.perDay', { spend: { perDay: Number.NaN } }, asks],
  ['spend.perRun', { spend: { perRun: -0.01 } }, asks],
  ['spend.perRow', { spend: { perRow: Number.POSITIVE_INFINITY } }, asks],
  ['withinMs', { withinMs: 0 }, asks],
  ['withinMs', { withinMs: Number.NaN }, asks],
  ['withinMs', { withinMs: 5_000 }, writes],
] as const)('%s that is none is refused by its name: %o', (field, options, work) => {
  expect(() => column(options, work)).toThrow(
    expect.objectContaining({
      code: 'definition-invalid',
      details: expect.objectContaining({ field, wayOut: expect.any(String) }),
    }),
  )
})

import { describe, expect, test } from 'vitest'
import type { CellState, CellStatus } from '../../columns/cell.ts'
import type { RunMode } from '../../db/store.ts'
import { chooseCells, treatCell } from '../../runtime/choose.ts'
import { planTable } from '../../runtime/plan.ts'
import { plan, planned, row, run, table } from './plain-table.ts'

const cell = (status: CellStatus, more: Partial<CellState> = {}): CellState => ({
  status,
  attempts: 1,
  run: 2,
  definition: 3,
  ...more,
})
const names = (chosen: Set<number>) =>
  plan.columns.filter((each) => chosen.has(each.index)).map((each) => each.name)
const allDone = { doubled: cell('done'), owner: cell('done'), told: cell('done'), alone: cell('done') }

describe('the cells a run is about', () => {
  test('are all of them for an insert', () => {
    expect(names(chooseCells(plan, row({}, { entries: 0 }), run(null)))).toEqual([
      'doubled',
      'owner',
      'told',
      'alone',
    ])
  })

  test('leave out what the same run has settled already, as after a crash', () => {
    const cells = { doubled: cell('done', { run: 7 }), owner: cell('waiting', { run: 7 }) }
    expect(names(chooseCells(plan, row(cells), run(null)))).toEqual(['owner', 'told', 'alone'])
  })

  const byMode: Record<RunMode, CellStatus[]> = {
    all: ['done', 'no-result', 'skipped', 'error', 'cancelled', 'unknown', 'idle'],
    missing: ['skipped', 'cancelled', 'idle'],
    errored: ['error', 'unknown'],
    stale: [],
  }
  for (const [mode, wanted] of Object.entries(byMode) as [RunMode, CellStatus[]][]) {
    test(`are, in mode ${mode}, those that are ${wanted.join(', ') || 'stale'}`, () => {
      const settled: CellStatus[] = ['done', 'no-result', 'skipped', 'error', 'cancelled', 'unknown', 'idle']
      const found = settled.filter((status) => {
        const chosen = chooseCells(
          plan,
          row({ ...allDone, alone: cell(status) }),
          run({ mode, columns: ['alone'] }),
        )
        return chosen.size === 1
      })
      expect(found).toEqual(wanted)
    })
  }

  test('are, in mode missing, those never run', () => {
    const { alone: _, ...cells } = allDone
    expect(names(chooseCells(plan, row(cells), run({ mode: 'missing' })))).toEqual(['alone'])
  })

  test('are, in mode stale, those marked stale and those whose column has changed since', () => {
    const served = planTable(table, 3, [{ column: 'told', ran: [2], skipped: [] }])
    const cells = {
      doubled: cell('done', { definition: 2, hash: 'h' }),
      owner: cell('done', { stale: true }),
      told: cell('done', { definition: 2, hash: 'h' }),
    }
    const chosen = (more: object) =>
      names(chooseCells(served, row({ ...cells, ...more }), run({ mode: 'stale' })))
    expect(chosen({})).toEqual(['owner', 'told'])
    expect(chosen({ told: cell('done', { hash: 'h' }) })).toEqual(['owner'])
  })

  test('are limited to the named columns, and widened by downstream', () => {
    const cells = { ...allDone, doubled: cell('error') }
    expect(names(chooseCells(plan, row(cells), run({ mode: 'all', columns: ['doubled'] })))).toEqual([
      'doubled',
    ])
    expect(names(chooseCells(plan, row(cells), run({ mode: 'errored', downstream: true })))).toEqual([
      'doubled',
      'owner',
      'told',
    ])
    expect(
      names(chooseCells(plan, row(cells), run({ mode: 'errored', downstream: true, columns: ['alone'] }))),
    ).toEqual([])
  })

  test('always hold what is unfinished, whatever was asked for', () => {
    for (const status of ['queued', 'running', 'waiting'] as const) {
      const cells = { ...allDone, told: cell(status) }
      expect(names(chooseCells(plan, row(cells), run({ mode: 'missing', columns: ['alone'] })))).toEqual([
        'told',
      ])
    }
  })

  test('stay the same when the row comes back in the middle of the run', () => {
    // Errored, with everything behind: the first has been mended by this run, the others are still to come.
    const cells = { ...allDone, doubled: cell('done', { run: 7 }), owner: cell('waiting', { run: 7 }) }
    expect(names(chooseCells(plan, row(cells), run({ mode: 'errored', downstream: true })))).toEqual([
      'owner',
      'told',
    ])
    // A crash, before anything behind it had left a mark.
    const mended = { ...allDone, doubled: cell('done', { run: 7 }) }
    const chosen = chooseCells(plan, row(mended), run({ mode: 'errored', downstream: true }))
    expect(names(chosen)).toEqual(['owner', 'told'])
  })
})

describe('what a run does with a cell', () => {
  const none = planned('doubled')
  const draw = planned('owner')
  const write = planned('told')
  const done = (more: Partial<CellState> = {}) => cell('done', { hash: 'same', ...more })
  const anyFlags = [
    {},
    { force: true },
    { includeEffects: true },
    { redraw: true, reason: 'test' },
    { force: true, includeEffects: true, redraw: true, reason: 'test' },
  ]

  test('it runs what has no result yet', () => {
    for (const status of ['error', 'cancelled', 'skipped', 'idle', 'queued'] as const) {
      for (const column of [none, draw, write]) {
        expect(treatCell(column, cell(status), 'same', run({}))).toEqual({
          do: 'run',
          intended: 1,
          release: null,
        })
      }
    }
    expect(treatCell(none, undefined, 'same', run(null))).toEqual({ do: 'run', intended: 1, release: null })
  })

  test('an unchanged hash is not run again unless forced', () => {
    for (const column of [none, draw, write])
      expect(treatCell(column, done(), 'same', run({})).do).toBe('unchanged')
    expect(treatCell(none, cell('no-result', { hash: 'same' }), 'same', run({})).do).toBe('unchanged')
    expect(treatCell(none, cell('no-result', { hash: 'same' }), 'same', run({ force: true })).do).toBe('run')
    expect(treatCell(none, done(), 'same', run({ force: true })).do).toBe('run')
    expect(treatCell(none, done(), 'other', run({})).do).toBe('run')
  })

  test('a draw is repeated by redraw alone, and gives the old one back', () => {
    for (const flags of anyFlags) {
      const treatment = treatCell(draw, done({ draw: 4 }), 'other', run(flags))
      if (flags.redraw)
        expect(treatment).toEqual({
          do: 'run',
          intended: 2,
          release: { draw: 4, reason: 'test', who: 'tester' },
        })
      else expect(treatment).toMatchObject({ do: 'keep', stale: true })
    }
    expect(
      treatCell(draw, done({ draw: 4, intended: 2 }), 'same', run({ redraw: true, reason: 'test' })),
    ).toEqual({
      do: 'run',
      intended: 3,
      release: { draw: 4, reason: 'test', who: 'tester' },
    })
    expect(treatCell(draw, done(), 'same', run({ force: true }))).toMatchObject({ do: 'keep', stale: false })
  })

  test('a draw that is left over from a failed draw anew is given back by the next', () => {
    expect(treatCell(draw, cell('error', { draw: 4, intended: 2 }), 'same', run({}))).toEqual({
      do: 'run',
      intended: 2,
      release: { draw: 4, reason: 'redraw', who: 'tester' },
    })
  })

  test('an effect is repeated by includeEffects alone, and then as a new intention', () => {
    for (const flags of anyFlags) {
      const treatment = treatCell(write, done(), 'other', run(flags))
      if (flags.includeEffects) expect(treatment).toEqual({ do: 'run', intended: 2, release: null })
      else expect(treatment).toMatchObject({ do: 'keep', stale: true })
    }
    expect(treatCell(write, done(), 'same', run({ includeEffects: true })).do).toBe('unchanged')
    expect(treatCell(write, done(), 'same', run({ force: true, includeEffects: true })).do).toBe('run')
  })

  test('an effect in doubt is read back, and repeated only by explicit word', () => {
    const doubt = (status: CellStatus) => cell(status, { intent: { sendId: 's', attempt: 1, at: 0 } })
    for (const status of ['running', 'waiting', 'unknown'] as const) {
      expect(treatCell(write, doubt(status), 'same', run({ force: true }))).toEqual({ do: 'reconcile' })
    }
    expect(treatCell(write, doubt('unknown'), 'same', run({ includeEffects: true })).do).toBe('run')
    expect(treatCell(write, doubt('waiting'), 'same', run({ includeEffects: true })).do).toBe('reconcile')
  })

  test('a cancelled repeat of an effect is not sent by a later run that did not ask for it', () => {
    expect(treatCell(write, cell('cancelled', { intended: 2 }), 'same', run({})).do).toBe('keep')
    expect(
      treatCell(write, cell('cancelled', { intended: 2 }), 'same', run({ includeEffects: true })).do,
    ).toBe('run')
  })
})

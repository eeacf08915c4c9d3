import { describe, expect, it } from 'vitest'
import type { RunRequest } from '../../../db/store.ts'
import { at, done, newRun, type StoreUnderTest, useBench } from './bench.ts'

const request: RunRequest = {
  columns: ['owner'],
  scope: { filter: 'status:error' },
  mode: 'errored',
  limit: 10,
  downstream: true,
  force: false,
  includeEffects: false,
  redraw: false,
  reason: null,
  who: 'tester',
  override: null,
  unpin: false,
  alarm: false,
}
const noCounts = { ran: 0, unchanged: 0, kept: 0, skipped: 0, failed: 0, cancelled: 0 }

export function runSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('a table', () => {
    const bench = useBench(under)
    const register = (version: string) =>
      bench.store.registerTable({ name: 'leads', version, document: { version } })

    it('gets a number for each definition it is served with', async () => {
      expect(await register('one')).toEqual({ definition: 1 })
      expect(await register('two')).toEqual({ definition: 2 })
      if (durable) await bench.reopen()
      expect(await register('two')).toEqual({ definition: 2 })
      expect(await register('one')).toEqual({ definition: 3 })
      expect(await bench.store.registerTable({ name: 'new', version: 'x', document: {} })).toEqual({
        definition: 1,
      })
    })

    it('keeps the document of each of them', async () => {
      await register('two')
      if (durable) await bench.reopen()
      expect(await bench.store.definitions('leads')).toEqual([
        { number: 1, document: {} },
        { number: 2, document: { version: 'two' } },
      ])
    })
  })

  describe('a run', () => {
    const bench = useBench(under)

    it('is kept as it was asked for, and numbered', async () => {
      const given = newRun({ kind: 'rerun', lane: 'bulk', request, rows: 3 })
      const run = await bench.store.createRun(given)
      expect(run).toEqual({
        ...given,
        ordinal: expect.any(Number),
        status: 'running',
        cursor: 0,
        handedOut: 0,
        counts: noCounts,
        finishedAt: null,
      })
      const next = await bench.store.createRun(newRun({ kind: 'rerun' }))
      expect(next.ordinal).toBeGreaterThan(run.ordinal)
      if (durable) await bench.reopen()
      expect(await bench.store.findRun(run.id)).toEqual(run)
      expect(await bench.store.runByOrdinal(run.ordinal)).toEqual(run)
      expect((await bench.store.openRuns()).map(({ id }) => id)).toEqual([run.id, next.id])
    })

    it('of an insert has handed out its rows at once', async () => {
      const { run } = await bench.insert([{}, {}])
      expect(run).toMatchObject({ kind: 'insert', handedOut: 2, rows: 2 })
      expect(await bench.store.openRuns()).toEqual([])
      expect(await bench.store.remaining(run?.ordinal ?? 0)).toBe(2)
    })

    it('moves on change by change, and is open until it is done', async () => {
      const { id, ordinal } = await bench.store.createRun(newRun({ kind: 'rerun', request }))
      await bench.store.updateRun(id, { cursor: 7, handedOut: 3 })
      const counts = { ...noCounts, ran: 3 }
      expect(await bench.store.updateRun(id, { counts })).toMatchObject({
        cursor: 7,
        handedOut: 3,
        counts,
        request,
      })
      expect(await bench.store.updateRun(id, { status: 'cancelled', finishedAt: at })).toMatchObject({
        status: 'cancelled',
      })
      expect(await bench.store.findRun(id)).toMatchObject({
        status: 'cancelled',
        finishedAt: at,
        ordinal,
        counts,
      })
      expect(await bench.store.openRuns()).toEqual([])
    })

    it('that is not there is null, or refused by name', async () => {
      expect(await bench.store.findRun('run_nowhere')).toBeNull()
      expect(await bench.store.runByOrdinal(4711)).toBeNull()
      await expect(bench.store.updateRun('run_nowhere', {})).rejects.toMatchObject({
        code: 'run-unknown',
        details: { value: 'run_nowhere' },
      })
    })

    it('hands out rows and notes its progress in one', async () => {
      const row = await bench.row()
      await bench.rest(row, { a: done(1) })
      const run = await bench.store.createRun(newRun({ kind: 'rerun' }))
      const change = { cursor: row.seq, handedOut: 1 }
      await bench.store.activate({
        table: 'leads',
        run: run.ordinal,
        rows: [row.seq],
        progress: { id: run.id, change },
      })
      expect(await bench.store.findRun(run.id)).toMatchObject(change)
      expect(await bench.store.remaining(run.ordinal)).toBe(1)
      const wrong = { table: 'leads', run: 99, rows: [row.seq], progress: { id: 'run_nowhere', change } }
      await expect(bench.store.activate(wrong)).rejects.toThrow()
      expect((await bench.reload(row)).active).toBe(run.ordinal)
    })
  })
}

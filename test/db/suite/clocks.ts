import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../columns/column.ts'
import type { StoredRow } from '../../../db/store.ts'
import { at, attempt, done, type StoreUnderTest, clock as time, useBench } from './bench.ts'

const clock = (over: Partial<Clock> = {}): Clock => ({
  captured: at,
  decided: at + 1,
  assigned: at + 2,
  notified: at + 3,
  accepted: null,
  touched: null,
  state: 'open',
  breached: false,
  rep: 'ana',
  hops: 0,
  businessMs: null,
  ...over,
})

export function clockSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('a service-level clock', () => {
    const bench = useBench(under)
    const write = (row: StoredRow, given: Clock, column = 'level') =>
      bench.step(row, [], { clock: { column, clock: given } })
    const between = (from: number, until: number, limit = 10) =>
      bench.store.clocks({ table: 'leads', from, until, limit })

    it('is kept with its row, and written anew as it goes on', async () => {
      const row = await bench.row()
      await write(row, clock())
      const met = clock({
        touched: at + 9,
        state: 'met',
        breached: true,
        rep: null,
        hops: 2,
        businessMs: 1.5,
      })
      await write(row, met)
      if (durable) await bench.reopen()
      expect(await between(at, at + 1)).toEqual([{ row: row.id, column: 'level', ...met }])
    })

    it('is told by table and time of capture, in order', async () => {
      const rows = [await bench.row(), await bench.row(), await bench.row()]
      for (const [index, row] of rows.entries()) await write(row, clock({ captured: at - index }))
      const [first, second, third] = rows.map(({ id }) => id)
      const ids = async (...asked: Parameters<typeof between>) =>
        (await between(...asked)).map(({ row }) => row)
      expect(await ids(at - 2, at + 1)).toEqual([third, second, first])
      expect(await ids(at - 1, at)).toEqual([second])
      expect(await ids(at - 2, at + 1, 2)).toEqual([third, second])
      expect(await bench.store.clocks({ table: 'customers', from: 0, until: at + 1, limit: 10 })).toEqual([])
    })

    it('is one for each column of a row, and goes with the row (trap 116)', async () => {
      const [row, other] = [await bench.row(), await bench.row()]
      await write(row, clock(), 'sales')
      await write(row, clock({ rep: 'bo' }), 'success')
      await write(other, clock())
      expect(await between(at, at + 1)).toHaveLength(3)
      await bench.store.erase('leads', row.id)
      expect(await between(at, at + 1)).toMatchObject([{ row: other.id }])
    })

    it('is not written by a late step of an earlier generation', async () => {
      const row = await bench.row()
      await bench.store.activate({ table: 'leads', run: 1, rows: [row.seq] })
      expect(await write(row, clock())).toEqual({ fenced: true })
      expect(await between(at, at + 1)).toEqual([])
    })
  })

  describe('an alarm', () => {
    const bench = useBench(under)
    const set = (row: StoredRow, again: Record<string, number>, atRest = true) => {
      const cells = Object.fromEntries(
        Object.entries(again).map(([column, ringsAt]) => [column, done(1, { again: ringsAt })]),
      )
      const entries = Object.entries(cells).map(([column, cell]) => attempt(column, cell))
      const alarmAt = Math.min(...Object.values(again))
      return bench.step(row, entries, {
        snapshot: { cells, atRest, dueAt: atRest ? null : at + 60_000, alarmAt },
      })
    }

    it('rings for the rows at rest whose time has come, with the cells it is for', async () => {
      const [row, later, none] = [await bench.row(), await bench.row(), await bench.row()]
      await set(row, { level: at + 10, other: at + 20, third: at + 5 })
      await set(later, { level: at + 30 })
      await bench.rest(none, { a: done(1) })
      if (durable) await bench.reopen()
      expect(await bench.store.alarms(at, 10)).toEqual({ due: [], nextAt: at + 5 })
      expect(await bench.store.alarms(at + 10, 10)).toEqual({
        due: [{ table: 'leads', id: row.id, columns: ['level', 'third'] }],
        nextAt: at + 30,
      })
      expect((await bench.store.alarms(at + 30, 1)).due).toMatchObject([{ id: row.id }])
      expect(await bench.store.alarms(at + 30, 10)).toMatchObject({
        due: [{ id: row.id, columns: ['level', 'other', 'third'] }, { id: later.id }],
        nextAt: null,
      })
    })

    it('does not ring while a run has the row, and is set anew by its end', async () => {
      const row = await bench.row()
      await set(row, { level: at + 10 })
      const [taken] = await bench.store.activate({ table: 'leads', run: 1, rows: [row.seq] })
      if (taken === undefined) throw new Error('the row was not activated')
      expect(await bench.store.alarms(at + 10, 10)).toEqual({ due: [], nextAt: null })
      await set(taken, { level: at + 20 })
      expect(await bench.store.alarms(at + 20, 10)).toMatchObject({ due: [{ id: row.id }] })
    })

    it('goes with its row', async () => {
      const row = await bench.row()
      await set(row, { level: at + 10 })
      await bench.store.erase('leads', row.id)
      expect(await bench.store.alarms(at + 10, 10)).toEqual({ due: [], nextAt: null })
    })
  })

  describe('waking parked rows', () => {
    const bench = useBench(under)

    it('makes every one of them due at once, and none that runs or rests', async () => {
      const park = async (dueAt: number) => {
        const row = await bench.row()
        const cells = {
          a: { status: 'waiting', attempts: 1, waiting: { on: 'hours', until: dueAt } },
        } as const
        await bench.step(row, [attempt('a', cells.a)], {
          snapshot: { cells, atRest: false, dueAt, alarmAt: null },
        })
        return row.seq
      }
      const soon = await park(at - 5)
      const later = await park(at + 100_000)
      await bench.rest(await bench.row(), { a: done(1) })
      const running = await bench.row()
      expect(await bench.store.dueRows(at, 10)).toEqual({ rows: [soon], nextAt: at + 100_000 })
      time.now = at + 1
      await bench.store.wakeParked()
      if (durable) await bench.reopen()
      expect(await bench.store.dueRows(at + 1, 10)).toEqual({ rows: [soon, later], nextAt: null })
      expect(await bench.store.activeRows(0, 10)).toEqual([running.seq])
    })
  })
}

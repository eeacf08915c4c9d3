import { describe, expect, it } from 'vitest'
import type { StoredRow } from '../../../db/store.ts'
import type { ServiceLevelClock } from '../../../routing/service-level/policy.ts'
import { at, attempt, done, type StoreUnderTest, clock as time, useBench } from './bench.ts'

const clock = (over: Partial<ServiceLevelClock> = {}): ServiceLevelClock => ({
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
    const write = (row: StoredRow, given: ServiceLevelClock, column = 'level') =>
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

    const alarms = (now: number, limit: number, tables = ['leads']) =>
      bench.store.alarms({ tables, now, limit })

    it('rings for the rows at rest whose time has come, with the cells it is for', async () => {
      const [row, later, none] = [await bench.row(), await bench.row(), await bench.row()]
      await set(row, { level: at + 10, other: at + 20, third: at + 5 })
      await set(later, { level: at + 30 })
      await bench.rest(none, { a: done(1) })
      if (durable) await bench.reopen()
      expect(await alarms(at, 10)).toEqual({ due: [], nextAt: at + 5 })
      expect(await alarms(at + 10, 10)).toEqual({
        due: [{ table: 'leads', id: row.id, columns: ['level', 'third'], run: null }],
        nextAt: at + 30,
      })
      expect((await alarms(at + 30, 1)).due).toMatchObject([{ id: row.id }])
      expect(await alarms(at + 30, 10)).toMatchObject({
        due: [{ id: row.id, columns: ['level', 'other', 'third'] }, { id: later.id }],
        nextAt: null,
      })
    })

    it('does not ring while a run has the row, and is set anew by its end', async () => {
      const row = await bench.row()
      await set(row, { level: at + 10 })
      const [taken] = await bench.store.activate({ table: 'leads', run: 1, rows: [row.seq] })
      if (taken === undefined) throw new Error('the row was not activated')
      expect(await alarms(at + 10, 10)).toEqual({ due: [], nextAt: null })
      await set(taken, { level: at + 20 })
      expect(await alarms(at + 20, 10)).toMatchObject({ due: [{ id: row.id }] })
    })

    it('goes with its row', async () => {
      const row = await bench.row()
      await set(row, { level: at + 10 })
      await bench.store.erase('leads', row.id)
      expect(await alarms(at + 10, 10)).toEqual({ due: [], nextAt: null })
    })
  })

  describe('waking held rows', () => {
    const bench = useBench(under)
    const due = (now: number) => bench.store.dueRows({ tables: ['leads'], now, limit: 10 })
    const park = async (on: 'hours' | 'human' | 'retry', dueAt: number, account: string | null = null) => {
      const row = await bench.row({ account })
      const cells = { a: { status: 'waiting', attempts: 1, waiting: { on, until: dueAt } } } as const
      await bench.step(row, [attempt('a', cells.a)], {
        snapshot: { cells, atRest: false, dueAt, alarmAt: null },
      })
      return row.seq
    }

    it('makes every one of them due at once, and none that runs, rests or waits for a retry', async () => {
      const soon = await park('retry', at - 5)
      const [hours, human] = [await park('hours', at + 100_000), await park('human', at + 200_000)]
      await park('retry', at + 300_000)
      await bench.rest(await bench.row(), { a: done(1) })
      const running = await bench.row()
      expect(await due(at)).toEqual({ rows: [soon], nextAt: at + 100_000 })
      time.now = at + 1
      await bench.store.wakeHeld({ tables: ['leads'] })
      if (durable) await bench.reopen()
      expect(await due(at + 1)).toEqual({ rows: [soon, hours, human], nextAt: at + 300_000 })
      expect(await bench.store.activeRows(0, 10)).toEqual([{ row: running.seq, run: running.active }])
    })

    it('of one account leaves the others, and other tables, where they are', async () => {
      const acme = await park('hours', at + 100_000, 'acme')
      await park('hours', at + 100_000, 'bolt')
      await park('retry', at + 100_000, 'acme')
      time.now = at
      await bench.store.wakeHeld({ tables: ['customers'] })
      expect((await due(at)).rows).toEqual([])
      await bench.store.wakeHeld({ tables: ['leads'], account: 'acme' })
      expect((await due(at)).rows).toEqual([acme])
    })

    it('that was held once and waits for a retry now stays parked', async () => {
      const row = await bench.row()
      const parked = async (on: 'hours' | 'retry', of: StoredRow) => {
        const cells = { a: { status: 'waiting', attempts: 1, waiting: { on, until: at + 100_000 } } } as const
        await bench.step(of, [attempt('a', cells.a)], {
          snapshot: { cells, atRest: false, dueAt: at + 100_000, alarmAt: null },
        })
      }
      await parked('hours', row)
      const taken = await bench.reload(row)
      await parked('retry', taken)
      time.now = at
      await bench.store.wakeHeld({ tables: ['leads'] })
      expect((await due(at)).rows).toEqual([])
    })
  })

  describe('what is due of several tables', () => {
    const bench = useBench(under)

    const rowOf = async (table: string) => {
      const { rows } = await bench.insert([{}], { table })
      const row = rows[0]?.row
      if (row == null) throw new Error('the row was not accepted')
      return row
    }

    it('is told for those that are asked, in one order', async () => {
      const rows: StoredRow[] = []
      for (const table of ['leads', 'customers', 'leads']) rows.push(await rowOf(table))
      const [first, other, last] = rows
      if (first === undefined || other === undefined || last === undefined) throw new Error('no rows')
      for (const [index, row] of rows.entries()) {
        const cells = { a: { status: 'waiting', attempts: 1 } } as const
        const dueAt = at + index
        await bench.step(row, [attempt('a', cells.a)], {
          snapshot: { cells, atRest: false, dueAt, alarmAt: null },
        })
      }
      const due = (tables: string[], limit = 10) => bench.store.dueRows({ tables, now: at + 1, limit })
      expect(await due(['leads'])).toEqual({ rows: [first.seq], nextAt: at + 2 })
      expect(await due(['customers'])).toEqual({ rows: [other.seq], nextAt: null })
      expect(await due(['customers', 'leads'])).toEqual({ rows: [first.seq, other.seq], nextAt: at + 2 })
      expect((await due(['customers', 'leads'], 1)).rows).toEqual([first.seq])
      expect(await due([])).toEqual({ rows: [], nextAt: null })
    })

    it('goes for alarms too, with the run that set them', async () => {
      const [lead, customer] = [await bench.row(), await rowOf('customers')]
      for (const [row, again] of [
        [lead, at + 5],
        [customer, at + 3],
      ] as const)
        await bench.step(row, [], {
          snapshot: {
            cells: { level: done(1, { again, run: 7 }) },
            atRest: true,
            dueAt: null,
            alarmAt: again,
          },
        })
      const alarms = (tables: string[], limit = 10) => bench.store.alarms({ tables, now: at + 5, limit })
      expect(await alarms(['leads'])).toEqual({
        due: [{ table: 'leads', id: lead.id, columns: ['level'], run: 7 }],
        nextAt: null,
      })
      expect((await alarms(['leads', 'customers'])).due.map(({ id }) => id)).toEqual([customer.id, lead.id])
      expect((await alarms(['leads', 'customers'], 1)).due.map(({ id }) => id)).toEqual([customer.id])
    })
  })
}

import { describe, expect, it } from 'vitest'
import { at, attempt, done, type StoreUnderTest, useBench } from './bench.ts'

export function stepSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('a step', () => {
    const bench = useBench(under)

    it('adds to the journal and to the cells of a row in flight', async () => {
      const row = await bench.row()
      const trace = { rules: [{ rule: 'r', matched: true }], text: 'a "quote"' }
      await bench.step(row, [attempt('a', done(1), trace), attempt('b', done('x'))])
      await bench.step(row, [attempt('a', done(2, { attempts: 2 }))], { position: 2 })
      expect(await bench.reload(row)).toMatchObject({
        cells: { a: { value: 2, attempts: 2 }, b: { value: 'x' } },
        entries: 3,
        active: row.active,
      })
      expect(await bench.store.journal(row.seq)).toEqual([
        attempt('a', done(1), trace),
        attempt('b', done('x')),
        attempt('a', done(2, { attempts: 2 })),
      ])
    })

    it('that has nothing to write leaves no trace', async () => {
      const row = await bench.row()
      const events = await bench.store.lastEvent('leads')
      expect(await bench.build(row, () => null)).toEqual({ fenced: false })
      expect(await bench.reload(row)).toEqual(row)
      expect(await bench.store.lastEvent('leads')).toBe(events)
    })

    it('of an older generation is fenced off: not built, nothing written', async () => {
      const row = await bench.row()
      await bench.store.activate({ table: 'leads', run: 7, rows: [row.seq] })
      let built = false
      const late = await bench.build(row, () => {
        built = true
        return { at, position: 0, entries: [attempt('a', done('late'))], confirm: [] }
      })
      expect(late).toEqual({ fenced: true })
      expect(built).toBe(false)
      expect(await bench.store.journal(row.seq)).toEqual([])
      expect((await bench.reload(row)).active).toBe(7)
    })

    it('of a row that was erased is fenced off', async () => {
      const row = await bench.row()
      await bench.store.erase('leads', row.id)
      expect(await bench.step(row, [attempt('a', done(1))])).toEqual({ fenced: true })
    })
  })

  describe('a row in flight', () => {
    const bench = useBench(under)

    it.runIf(durable)('is found after a restart as its journal left it, intent included', async () => {
      const row = await bench.row({ input: { email: 'ana@acme.com' } })
      const sent = { status: 'running', attempts: 0, intent: { sendId: 's1', attempt: 1, at } } as const
      await bench.step(row, [attempt('a', done({ deep: [1] }))])
      await bench.step(row, [{ kind: 'intent', column: 'b', cell: sent }], { position: 1 })
      await bench.reopen()
      expect(await bench.reload(row)).toEqual({
        ...row,
        cells: { a: done({ deep: [1] }), b: sent },
        entries: 2,
      })
      expect(await bench.store.activeRows(0, 10)).toEqual([{ row: row.seq, run: row.active }])
    })

    it.runIf(durable)('replays its journal over the snapshot it had when the run began', async () => {
      const row = await bench.row()
      await bench.rest(row, { a: done('old'), b: done('kept') })
      const [again] = await bench.store.activate({ table: 'leads', run: 2, rows: [row.seq] })
      if (again === undefined) throw new Error('the row was not activated')
      expect(again).toMatchObject({ entries: 2, cells: { a: { value: 'old' } }, generation: 2 })
      await bench.step(again, [attempt('a', done('new'))])
      await bench.insert([{}])
      await bench.reopen()
      const found = await bench.reload(row)
      expect(found.cells).toEqual({ a: done('new'), b: done('kept') })
      expect(found.entries).toBe(3)
    })

    it('goes on behind what it wrote when it is handed to another run midway', async () => {
      const row = await bench.row()
      await bench.step(row, [attempt('a', done(1)), attempt('b', done(2))])
      const [again] = await bench.store.activate({ table: 'leads', run: 9, rows: [row.seq] })
      expect(again).toMatchObject({
        entries: 2,
        cells: { a: { value: 1 }, b: { value: 2 } },
        generation: 2,
        active: 9,
      })
    })
  })

  describe('a row that comes to rest', () => {
    const bench = useBench(under)

    it('has its cells at hand, is in no run and is not looked for any more', async () => {
      const row = await bench.row()
      expect(await bench.store.remaining(row.active ?? 0)).toBe(1)
      await bench.rest(row, { a: done(1), b: { status: 'skipped', attempts: 0 } })
      expect(await bench.reload(row)).toMatchObject({
        active: null,
        dueAt: null,
        entries: 2,
        cells: { a: { value: 1 } },
      })
      expect(await bench.store.activeRows(0, 10)).toEqual([])
      expect(await bench.store.remaining(row.active ?? 0)).toBe(0)
    })

    it('counts with every cell of its latest snapshot, stale ones apart', async () => {
      const row = await bench.row()
      await bench.rest(row, {
        a: done(1),
        b: { status: 'error', attempts: 4 },
        c: done(2, { stale: true }),
        d: { status: 'no-result', attempts: 1 },
        e: { status: 'unknown', attempts: 1 },
      })
      await bench.rest(await bench.row(), { b: { status: 'error', attempts: 1 } })
      expect(await bench.store.cellCounts('leads')).toEqual([
        { column: 'a', status: 'done', count: 1 },
        { column: 'b', status: 'error', count: 2 },
        { column: 'c', status: 'stale', count: 1 },
        { column: 'd', status: 'no-result', count: 1 },
        { column: 'e', status: 'unknown', count: 1 },
      ])
      const [again] = await bench.store.activate({ table: 'leads', run: 2, rows: [row.seq] })
      await bench.rest(again ?? row, { b: done(1), c: done(2), e: done(3) })
      expect(await bench.store.cellCounts('leads')).toEqual([
        { column: 'b', status: 'done', count: 1 },
        { column: 'b', status: 'error', count: 1 },
        { column: 'c', status: 'done', count: 1 },
        { column: 'e', status: 'done', count: 1 },
      ])
      expect(await bench.store.cellCounts('customers')).toEqual([])
    })

    it('counts right over restarts, edits, refused commits and erasures', async () => {
      const recount = async () => {
        const sums = new Map<string, number>()
        for (const { cells } of await bench.store.scan({ table: 'leads', limit: 1_000 }))
          for (const [column, cell] of Object.entries(cells)) {
            const key = `${column} ${cell.stale ? 'stale' : cell.status}`
            sums.set(key, (sums.get(key) ?? 0) + 1)
          }
        return [...sums].map(([key, count]) => `${key} ${count}`).toSorted()
      }
      const counted = async () =>
        (await bench.store.cellCounts('leads'))
          .map(({ column, status, count }) => `${column} ${status} ${count}`)
          .toSorted()
      const rows = await Promise.all(Array.from({ length: 12 }, () => bench.row()))
      await Promise.all(
        rows.map((row, index) =>
          bench.rest(row, {
            a: done(index),
            b: index % 3 === 0 ? { status: 'skipped', attempts: 0 } : done(1),
          }),
        ),
      )
      expect(await counted()).toEqual(['a done 12', 'b done 8', 'b skipped 4'])
      if (durable) await bench.reopen()
      const [first, second, third, fourth] = rows
      if (!first || !second || !third || !fourth) throw new Error('twelve rows were inserted')
      const mark = () => [attempt('a', done(1, { stale: true }))]
      const { person, account, occurredAt } = first
      const edit = { table: 'leads', id: first.id, at, input: {}, person, account, occurredAt, mark }
      await bench.store.editInput(edit)
      await bench.store.erase('leads', second.id)
      expect(await counted()).toEqual(await recount())
      expect(await counted()).toContain('a stale 1')
      // One that cannot be written takes its whole commit back.
      const [again] = await bench.store.activate({ table: 'leads', run: 2, rows: [third.seq] })
      const broken = {
        a: done(1),
        b: { status: 'done', attempts: 1, tries: 1n as unknown as number },
      } as const
      const outcomes = await Promise.allSettled([
        bench.rest(again ?? third, { a: { status: 'error', attempts: 2 }, b: done(1) }),
        bench.step(fourth, [attempt('a', done(2))], {
          snapshot: { cells: broken, atRest: true, dueAt: null, alarmAt: null },
        }),
        bench.row(),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
      expect(await counted()).toEqual(await recount())
      await bench.rest(again ?? third, { a: { status: 'error', attempts: 2 }, b: done(1) })
      expect(await counted()).toEqual(await recount())
      expect(await counted()).toContain('a error 1')
    })
  })

  describe('a parked row', () => {
    const bench = useBench(under)
    const park = async (dueAt: number) => {
      const row = await bench.row()
      const cells = { a: { status: 'waiting', attempts: 1, waiting: { on: 'retry', until: dueAt } } } as const
      await bench.step(row, [attempt('a', cells.a)], {
        snapshot: { cells, atRest: false, dueAt, alarmAt: null },
      })
      return row
    }

    const due = (now: number, limit: number) => bench.store.dueRows({ tables: ['leads'], now, limit })

    it('is still in its run, is not among the active ones, and is due at its time', async () => {
      const [later, sooner] = [await park(at + 2_000), await park(at + 1_000)]
      const flying = await bench.row()
      expect(await bench.store.activeRows(0, 10)).toEqual([{ row: flying.seq, run: flying.active }])
      expect(await bench.store.remaining(later.active ?? 0)).toBe(1)
      expect(await due(at, 10)).toEqual({ rows: [], nextAt: at + 1_000 })
      expect(await due(at + 1_000, 10)).toEqual({ rows: [sooner.seq], nextAt: at + 2_000 })
      expect(await due(at + 5_000, 10)).toEqual({
        rows: [sooner.seq, later.seq],
        nextAt: null,
      })
      expect((await due(at + 5_000, 1)).rows).toEqual([sooner.seq])
    })

    it('is due no more once it came to rest or was handed to another run', async () => {
      const [one, two] = [await park(at), await park(at)]
      await bench.rest({ ...one, entries: 1 }, { a: done(1) })
      const [taken] = await bench.store.activate({ table: 'leads', run: 5, rows: [two.seq] })
      expect(taken).toMatchObject({ dueAt: null, cells: { a: { status: 'waiting' } }, entries: 1 })
      expect(await due(at, 10)).toEqual({ rows: [], nextAt: null })
    })

    it.runIf(durable)('is due after a restart', async () => {
      const row = await park(at + 1_000)
      await bench.reopen()
      expect(await due(at, 10)).toEqual({ rows: [], nextAt: at + 1_000 })
      expect(await bench.reload(row)).toMatchObject({
        dueAt: at + 1_000,
        entries: 1,
        cells: { a: { status: 'waiting' } },
      })
    })
  })

  describe('the active rows', () => {
    const bench = useBench(under)

    it('are read in pages, in order, without gaps or repeats', async () => {
      const { rows } = await bench.insert(Array.from({ length: 25 }, () => ({})))
      const seqs = rows.map(({ row }) => row?.seq ?? 0)
      await bench.rest((await bench.store.load([seqs[3] ?? 0]))[0] ?? (await bench.row()), {})
      const found: number[] = []
      for (;;) {
        const page = await bench.store.activeRows(found.at(-1) ?? 0, 10)
        if (page.length === 0) break
        found.push(...page.map(({ row }) => row))
      }
      expect(found).toEqual(seqs.filter((_, index) => index !== 3))
    })
  })

  describe('handing rows to a run', () => {
    const bench = useBench(under)

    it('raises their generation and leaves out rows that are gone or of another table', async () => {
      const row = await bench.row()
      await bench.rest(row, { a: done(1) })
      const erased = await bench.row()
      await bench.store.erase('leads', erased.id)
      const foreign = (await bench.insert([{}], { table: 'customers' })).rows[0]?.row
      const rows = [row.seq, erased.seq, foreign?.seq ?? 0, 999_999]
      const active = await bench.store.activate({ table: 'leads', run: 3, rows })
      expect(active.map(({ seq, generation, active: run }) => [seq, generation, run])).toEqual([
        [row.seq, 2, 3],
      ])
      expect((await bench.store.load([foreign?.seq ?? 0]))[0]?.generation).toBe(1)
    })
  })
}

import { describe, expect, it } from 'vitest'
import { keptKeysMs } from '../../../db/store.ts'
import {
  at,
  attempt,
  clock,
  done,
  nastyInput,
  newRow,
  newRun,
  nextId,
  type StoreUnderTest,
  useBench,
} from './bench.ts'

export function insertSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('an insert', () => {
    const bench = useBench(under)

    it('accepts rows in order, in flight for their run, and gives them back as they were', async () => {
      const given = [newRow({ input: nastyInput }), newRow({ person: 'ana', account: 'acme' })]
      const { run, rows, replayed } = await bench.insert(given)
      expect(replayed).toBe(false)
      expect(rows.map(({ id, status }) => [id, status])).toEqual(given.map(({ id }) => [id, 'accepted']))
      const [first, second] = rows.map(({ row }) => row)
      expect(first).toEqual({
        ...given[0],
        seq: expect.any(Number),
        table: 'leads',
        createdAt: at,
        cells: {},
        active: run?.ordinal,
        generation: 1,
        dueAt: null,
        entries: 0,
        touches: 0,
      })
      expect(second?.seq).toBeGreaterThan(first?.seq ?? 0)
      expect(await bench.store.find('leads', given[0]?.id ?? '')).toEqual(first)
      expect(await bench.store.load([second?.seq ?? 0, first?.seq ?? 0])).toEqual([second, first])
    })

    it('of a table that is not registered is refused and names the tables there are', async () => {
      const insert = bench.insert([{}], { table: 'leeds' })
      await expect(insert).rejects.toMatchObject({ code: 'table-unknown', details: { value: 'leeds' } })
      await expect(insert).rejects.toMatchObject({ details: { wayOut: expect.stringContaining('leads') } })
    })

    it('with an id that is taken is refused whole: neither its rows nor its run are there', async () => {
      const { id } = await bench.row()
      const run = newRun()
      await expect(bench.insert([{}, { id }], { run })).rejects.toThrow()
      expect(await bench.store.count('leads')).toBe(1)
      expect(await bench.store.findRun(run.id)).toBeNull()
    })

    it('finds a row only in its own table', async () => {
      const row = await bench.row({ person: 'ana', account: 'acme' })
      expect(await bench.store.find('customers', row.id)).toBeNull()
      expect(await bench.store.findByKey('customers', 'person', 'ana')).toBeNull()
      expect(await bench.store.findByKey('leads', 'person', 'ana')).toEqual(row)
      expect(await bench.store.findByKey('leads', 'account', 'acme')).toEqual(row)
      expect(await bench.store.findByKey('leads', 'account', 'ana')).toBeNull()
    })
  })

  describe('a look-up from another table', () => {
    const bench = useBench(under)
    const find = (key: string, table = 'leads') => bench.store.lookUp(table, 'account', key)

    it('finds the first row of the key, at rest or in flight, with its present cells', async () => {
      const row = await bench.row({ account: 'acme', input: { plan: 'gold' } })
      await bench.row({ account: 'acme' })
      expect(await find('acme')).toEqual({ id: row.id, input: { plan: 'gold' }, cells: {} })
      await bench.step(row, [attempt('score', done(7))])
      expect((await find('acme'))?.cells).toEqual({ score: done(7) })
      await bench.rest({ ...row, entries: 1 }, { score: done(8) })
      expect((await find('acme'))?.cells).toEqual({ score: done(8) })
      expect(await find('other')).toBeNull()
      expect(await find('acme', 'customers')).toBeNull()
    })
  })

  describe('the same person again', () => {
    const bench = useBench(under)
    const ana = (note: string) => ({ person: 'ana', input: { note }, occurredAt: at + note.length })

    it('touches the row inside one batch', async () => {
      const { rows } = await bench.insert([ana('first'), { person: 'bo' }, ana('second'), ana('third')])
      expect(rows.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'touched', 'touched'])
      expect(rows[2]).toEqual({ id: rows[0]?.id, status: 'touched', row: null })
      expect(await bench.store.count('leads')).toBe(2)
      const row = await bench.store.find('leads', rows[0]?.id ?? '')
      expect(row).toMatchObject({ touches: 2, input: { note: 'first' } })
      expect(await bench.store.journal(row?.seq ?? 0)).toEqual([
        { kind: 'touch', at, occurredAt: at + 6, input: { note: 'second' } },
        { kind: 'touch', at, occurredAt: at + 5, input: { note: 'third' } },
      ])
    })

    it('touches the row in flight without disturbing its work', async () => {
      const row = await bench.row(ana('first'))
      const entry = { kind: 'attempt', column: 'a', cell: { status: 'done', attempts: 1 } } as const
      await bench.step(row, [entry])
      await bench.insert([ana('second')])
      await bench.step({ ...row, entries: 1 }, [{ ...entry, column: 'b' }])
      const stored = await bench.reload(row)
      expect(stored).toMatchObject({ entries: 2, touches: 1, generation: row.generation })
      expect(Object.keys(stored.cells)).toEqual(['a', 'b'])
      expect(await bench.store.journal(row.seq)).toHaveLength(3)
    })

    it('touches the row at rest, which stays at rest', async () => {
      const row = await bench.row(ana('first'))
      await bench.rest(row, { a: { status: 'done', attempts: 1 } })
      const { rows } = await bench.insert([ana('second')])
      expect(rows).toEqual([{ id: row.id, status: 'touched', row: null }])
      expect(await bench.reload(row)).toMatchObject({ active: null, touches: 1, entries: 1 })
    })

    it('is somebody else in another table', async () => {
      await bench.row(ana('first'))
      const { rows } = await bench.insert([ana('second')], { table: 'customers' })
      expect(rows[0]?.status).toBe('accepted')
    })

    it.runIf(durable)('is still the same person after a restart', async () => {
      const row = await bench.row(ana('first'))
      await bench.insert([ana('second')])
      await bench.reopen()
      const { rows } = await bench.insert([ana('third')])
      expect(rows[0]).toMatchObject({ id: row.id, status: 'touched' })
      expect((await bench.reload(row)).touches).toBe(2)
      expect(await bench.store.journal(row.seq)).toHaveLength(2)
    })
  })

  describe('an idempotency key', () => {
    const bench = useBench(under)
    const idempotency = { key: 'key-1', fingerprint: 'f1' }
    const twice = (fingerprint = 'f1') =>
      bench.insert([{ person: 'ana' }, {}, { person: 'ana' }], {
        at: clock.now,
        idempotency: { ...idempotency, fingerprint },
      })
    /** Batches under keys of their own, all at the time of the clock. */
    const others = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          bench.insert([{}], { at: clock.now, idempotency: { key: nextId('key'), fingerprint: 'f' } }),
        ),
      )

    it('used again gives the first answer and inserts nothing', async () => {
      const first = await twice()
      const again = await twice()
      expect(again).toEqual({
        run: null,
        replayed: true,
        others: {},
        rows: first.rows.map(({ id, status }) => ({ id, status, row: null })),
      })
      expect(await bench.store.count('leads')).toBe(2)
    })

    it('keeps which inputs became no rows, and asks nothing of a batch that has none left', async () => {
      const echo = { status: 'ignored-own-write', table: 'leads', id: 'row_1', column: 'sent' } as const
      const first = await bench.insert([{}], { others: { 0: echo, 2: { status: 'invalid' } }, idempotency })
      const again = await bench.insert([], { others: {}, idempotency })
      expect(again).toEqual({
        run: null,
        replayed: true,
        others: { 0: echo, 2: { status: 'invalid' } },
        rows: [{ id: first.rows[0]?.id, status: 'accepted', row: null }],
      })
      expect(first.others).toEqual(again.others)
    })

    it('of a batch without rows is not used up, and nothing is written', async () => {
      const nothing = { run: null, rows: [], others: {}, replayed: false }
      expect(await bench.insert([], { idempotency })).toEqual(nothing)
      expect(await bench.insert([{}], { idempotency })).toMatchObject({ replayed: false, rows: [{}] })
    })

    it('used for another body is refused, naming the key', async () => {
      await twice()
      await expect(twice('f2')).rejects.toMatchObject({
        code: 'idempotency-mismatch',
        details: { value: 'key-1', wayOut: expect.any(String) },
      })
      expect(await bench.store.count('leads')).toBe(2)
    })

    it('used by two requests at the same moment inserts once', async () => {
      const answers = await Promise.all([twice(), twice(), twice()])
      expect(answers.map(({ replayed }) => replayed)).toEqual([false, true, true])
      expect(new Set(answers.map(({ rows }) => JSON.stringify(rows.map(({ id }) => id)))).size).toBe(1)
      expect(await bench.store.count('leads')).toBe(2)
    })

    it('is a new key once its time is over, while the same person stays one row', async () => {
      const first = await twice()
      clock.now = at + keptKeysMs - 1
      await others(5)
      expect(await twice()).toMatchObject({ replayed: true })
      clock.now = at + keptKeysMs
      const later = await twice('f2')
      expect(later).toMatchObject({ replayed: false, rows: [{ status: 'touched' }, {}, {}] })
      expect(later.rows[0]?.id).toBe(first.rows[0]?.id)
      clock.now += keptKeysMs - 1
      expect((await twice('f2')).rows.map(({ id }) => id)).toEqual(later.rows.map(({ id }) => id))
      await expect(twice()).rejects.toMatchObject({ code: 'idempotency-mismatch' })
    })

    it('outlasts a clock that goes back, whatever else comes meanwhile', async () => {
      const first = await twice()
      clock.now = at - 10 * keptKeysMs
      await others(5)
      expect(await twice()).toMatchObject({ replayed: true })
      clock.now = at + 1
      await others(20)
      expect((await twice()).rows.map(({ id }) => id)).toEqual(first.rows.map(({ id }) => id))
    })

    it('is not kept after its time: once others have come, not even a clock that goes back finds it', async () => {
      await twice()
      await others(20)
      clock.now = at + keptKeysMs
      await others(20)
      clock.now = at
      expect(await twice()).toMatchObject({ replayed: false })
    })

    it('belongs to its table', async () => {
      await twice()
      const other = await bench.insert([{}], { table: 'customers', idempotency })
      expect(other.replayed).toBe(false)
    })

    it('of an insert that failed is free again', async () => {
      const { id } = await bench.row()
      await expect(bench.insert([{ id }], { idempotency })).rejects.toThrow()
      expect(await bench.insert([{ id: nextId('row') }], { idempotency })).toMatchObject({ replayed: false })
    })

    it.runIf(durable)('is remembered over a restart', async () => {
      const first = await twice()
      await bench.reopen()
      const again = await twice()
      expect(again.replayed).toBe(true)
      expect(again.rows.map(({ id }) => id)).toEqual(first.rows.map(({ id }) => id))
      await expect(twice('f2')).rejects.toMatchObject({ code: 'idempotency-mismatch' })
    })
  })
}

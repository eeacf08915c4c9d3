import { describe, expect, it } from 'vitest'
import { at, attempt, done, type StoreUnderTest, settlement, useBench } from './bench.ts'
import { draw, pool, seedsOf } from './live.ts'

export function editSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('an edit of the input', () => {
    const bench = useBench(under)
    const edit = (id: string) =>
      bench.store.editInput({
        table: 'leads',
        id,
        at: at + 1,
        input: { email: 'new@acme.com' },
        person: 'new',
        account: 'acme.com',
        occurredAt: at - 5,
      })

    it('changes input and keys, and tells what was there before', async () => {
      const row = await bench.row({ input: { email: 'old@acme.com' }, person: 'old' })
      await bench.rest(row, { a: done(1) })
      expect(await edit(row.id)).toMatchObject({
        input: { email: 'new@acme.com' },
        person: 'new',
        account: 'acme.com',
        occurredAt: at - 5,
        entries: 2,
        cells: { a: { value: 1 } },
      })
      expect(await bench.store.findByKey('leads', 'person', 'old')).toBeNull()
      expect(await bench.store.findByKey('leads', 'person', 'new')).toMatchObject({
        id: row.id,
        occurredAt: at - 5,
      })
      expect((await bench.store.journal(row.seq)).at(-1)).toEqual({
        kind: 'edit',
        at: at + 1,
        before: { email: 'old@acme.com' },
        after: { email: 'new@acme.com' },
      })
    })

    it('of a row that is not there answers null', async () => {
      const foreign = (await bench.insert([{}], { table: 'customers' })).rows[0]
      expect(await edit('row_nowhere')).toBeNull()
      expect(await edit(foreign?.id ?? '')).toBeNull()
    })

    it('of a row in flight loses nothing of what its journal holds', async () => {
      const row = await bench.row()
      await bench.step(row, [attempt('a', done(1)), attempt('b', done(2))])
      const edited = await edit(row.id)
      expect(edited?.cells).toEqual({ a: done(1), b: done(2) })
      if (durable) await bench.reopen()
      expect(await bench.reload(row)).toMatchObject({
        cells: { a: done(1), b: done(2) },
        entries: 3,
        input: { email: 'new@acme.com' },
      })
    })
  })

  describe('an erasure', () => {
    const bench = useBench(under)

    it('removes the row, its history, its open cells and its claims, and says so', async () => {
      const row = await bench.row({ person: 'ana', account: 'acme', input: { email: 'ana@acme.com' } })
      await bench.rest(row, { a: { status: 'error', attempts: 1 } })
      await bench.insert([{ person: 'ana', input: { email: 'ana@acme.com' } }])
      const other = await bench.row({ person: 'bo' })
      const events = await bench.store.lastEvent('leads')
      expect(await bench.store.erase('leads', row.id)).toBe(true)
      expect(await bench.store.find('leads', row.id)).toBeNull()
      expect(await bench.store.findByKey('leads', 'person', 'ana')).toBeNull()
      expect(await bench.store.journal(row.seq)).toEqual([])
      expect(await bench.store.cellCounts('leads')).toEqual([])
      expect(await bench.store.load([row.seq, other.seq])).toEqual([other])
      expect(await bench.store.events({ table: 'leads', after: events, limit: 10 })).toMatchObject([
        { changes: [{ row: row.id, event: 'row-erased' }] },
      ])
      expect(await bench.store.erase('leads', row.id)).toBe(false)
    })

    it('keeps the answer of the batch, so that the same request inserts nothing again', async () => {
      const idempotency = { key: 'k', fingerprint: 'one' }
      const { rows } = await bench.insert([{}, {}], { idempotency })
      const ids = rows.map(({ id }) => id)
      await bench.store.erase('leads', ids[0] ?? '')
      const again = await bench.insert([{}, {}], { idempotency })
      expect(again).toMatchObject({ replayed: true, run: null })
      expect(again.rows.map(({ id }) => id)).toEqual(ids)
      // Its fingerprint came from what people wrote and is gone; a batch of another size is still another one.
      const other = await bench.insert([{}, {}], { idempotency: { key: 'k', fingerprint: 'two' } })
      expect(other.rows.map(({ id }) => id)).toEqual(ids)
      const withOther = { idempotency, others: { 0: { status: 'invalid' } } } as const
      expect((await bench.insert([{}], withOther)).rows.map(({ id }) => id)).toEqual(ids)
      await expect(bench.insert([{}], { idempotency })).rejects.toMatchObject({
        code: 'idempotency-mismatch',
      })
      expect(await bench.store.count('leads')).toBe(1)
    })

    it('passes the claim on to another row of the company, and ends it with the last', async () => {
      await bench.store.seed(seedsOf(pool()))
      const [first, second] = [await bench.row({ account: 'acme' }), await bench.row({ account: 'acme' })]
      await bench.row({ account: 'other' })
      await bench.build(first, (settle) => {
        settle(settlement({ decide: draw }))
        return { at, position: 0, entries: [attempt('owner', done('ana'))], confirm: [] }
      })
      const claim = await bench.store.claim('acme', 'leads.owner')
      expect(claim).toMatchObject({ row: first.id, owner: { rep: 'ana' } })
      await bench.store.erase('leads', first.id)
      expect(await bench.store.claim('acme', 'leads.owner')).toEqual({ ...claim, row: second.id })
      await bench.store.erase('leads', second.id)
      expect(await bench.store.claim('acme', 'leads.owner')).toBeNull()
    })

    it('is asked of the row’s own table', async () => {
      const row = await bench.row()
      expect(await bench.store.erase('customers', row.id)).toBe(false)
      expect(await bench.store.count('leads')).toBe(1)
    })

    it('leaves the number of the row unused', async () => {
      const row = await bench.row()
      await bench.store.erase('leads', row.id)
      if (durable) await bench.reopen()
      expect((await bench.row()).seq).toBeGreaterThan(row.seq)
    })
  })
}

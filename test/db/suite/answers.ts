import { describe, expect, it } from 'vitest'
import type { LateEntry } from '../../../db/journal.ts'
import type { StoredRow } from '../../../db/store.ts'
import { at, attempt, done, nastyInput, type StoreUnderTest, useBench } from './bench.ts'

const late = (over: Partial<LateEntry> = {}): LateEntry => ({
  kind: 'late',
  column: 'a',
  run: 1,
  startedAt: at,
  at: at + 5,
  status: 'done',
  value: 'late',
  ...over,
})

export function answerSuite(under: StoreUnderTest): void {
  describe('kept answers', () => {
    const bench = useBench(under)
    const remember = (row: StoredRow, key: string, value: LateEntry['value'] = 'yes') =>
      bench.store.remember({ key, value: value ?? null, row: row.id, table: 'leads' })

    it('come back as they were, and the first one stays', async () => {
      const row = await bench.row()
      await remember(row, 'k', nastyInput)
      await remember(row, 'k', 'another')
      expect(await bench.store.memo('k')).toEqual(nastyInput)
      expect(await bench.store.memo('other')).toBeNull()
    })

    it('give way to one that is to replace them, and go with the row of that', async () => {
      const [row, other] = [await bench.row(), await bench.row()]
      await remember(row, 'k')
      await bench.store.remember({ key: 'k', value: 'new', row: other.id, table: 'leads', replace: true })
      expect(await bench.store.memo('k')).toBe('new')
      await bench.store.erase('leads', row.id)
      expect(await bench.store.memo('k')).toBe('new')
    })

    it.runIf(under.durable ?? true)('are there after a restart', async () => {
      await remember(await bench.row(), 'k')
      await bench.reopen()
      expect(await bench.store.memo('k')).toBe('yes')
    })

    it('go with the row that asked, and with no other', async () => {
      const [row, other] = [await bench.row(), await bench.row()]
      await Promise.all([remember(row, 'k'), remember(row, 'l'), remember(other, 'm')])
      await bench.store.erase('leads', row.id)
      expect(await Promise.all(['k', 'l', 'm'].map((key) => bench.store.memo(key)))).toEqual([
        null,
        null,
        'yes',
      ])
    })

    it('are not kept for a row that is gone, nor for one of another table', async () => {
      const row = await bench.row()
      await bench.store.remember({ key: 'k', value: 'yes', row: row.id, table: 'customers' })
      await bench.store.erase('leads', row.id)
      await remember(row, 'l')
      expect(await Promise.all(['k', 'l'].map((key) => bench.store.memo(key)))).toEqual([null, null])
    })

    it('stand in line with the rest: what was asked for before is seen', async () => {
      const row = await bench.row()
      await Promise.all([remember(row, 'k'), bench.store.erase('leads', row.id), remember(row, 'l')])
      expect(await Promise.all(['k', 'l'].map((key) => bench.store.memo(key)))).toEqual([null, null])
    })
  })

  describe('a late answer', () => {
    const bench = useBench(under)

    it('is appended to a row at rest, and changes none of its cells', async () => {
      const row = await bench.row()
      await bench.step(row, [attempt('a', done(1))])
      await bench.rest({ ...row, entries: 1 }, { a: done(1) })
      const before = await bench.reload(row)
      expect(await bench.store.append('leads', row.id, late())).toBe(true)
      expect(await bench.store.append('leads', row.id, late({ value: 'later' }))).toBe(true)
      expect(await bench.reload(row)).toEqual(before)
      const entries = await bench.store.journal(row.seq)
      expect(entries.filter(({ kind }) => kind === 'late')).toEqual([late(), late({ value: 'later' })])
    })

    it('comes between the entries of a row in flight without taking a place of theirs', async () => {
      const row = await bench.row({ person: 'ana@acme.example' })
      await bench.step(row, [attempt('a', done(1))])
      await bench.insert([{ person: 'ana@acme.example' }])
      await bench.store.append('leads', row.id, late())
      await bench.step({ ...row, entries: 1 }, [attempt('a', done(2)), attempt('b', done(3))])
      const now = await bench.reload(row)
      expect(now).toMatchObject({ entries: 3, touches: 1, cells: { a: { value: 2 }, b: { value: 3 } } })
      const [active] = await bench.store.activate({ table: 'leads', run: 9, rows: [row.seq] })
      await bench.step(active ?? row, [attempt('a', done(4))])
      expect((await bench.reload(row)).cells.a?.value).toBe(4)
      expect(await bench.store.journal(row.seq)).toHaveLength(6)
    })

    it('is told to those who watch the table', async () => {
      const row = await bench.row()
      const last = await bench.store.lastEvent('leads')
      await bench.store.append('leads', row.id, late())
      const [event] = await bench.store.events({ table: 'leads', after: last, limit: 10 })
      expect(event?.changes).toEqual([{ row: row.id, event: 'cells-changed', cells: {} }])
    })

    it('finds no row that is gone, nor one of another table', async () => {
      const row = await bench.row()
      expect(await bench.store.append('customers', row.id, late())).toBe(false)
      await bench.store.erase('leads', row.id)
      expect(await bench.store.append('leads', row.id, late())).toBe(false)
      expect(await bench.store.journal(row.seq)).toEqual([])
    })
  })
}

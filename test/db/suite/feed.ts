import { describe, expect, it } from 'vitest'
import type { EventRecord } from '../../../db/store.ts'
import { at, attempt, done, type StoreUnderTest, useBench } from './bench.ts'

export function feedSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('the change feed', () => {
    const bench = useBench(under)
    const since = (after = 0, limit = 100) => bench.store.events({ table: 'leads', after, limit })

    it('tells of every change, in order, with the states cells came to', async () => {
      const row = await bench.row({ person: 'ana' })
      await bench.step(row, [
        attempt('a', done(1)),
        attempt('b', { status: 'error', attempts: 1 }),
        attempt('a', done(2)),
      ])
      await bench.insert([{ person: 'ana' }])
      await bench.store.erase('leads', row.id)
      const events = await since()
      expect(events.flatMap(({ changes }) => changes)).toEqual([
        { row: row.id, event: 'row-inserted', cells: {} },
        { row: row.id, event: 'cells-changed', cells: { a: 'done', b: 'error' } },
        { row: row.id, event: 'row-touched', cells: {} },
        { row: row.id, event: 'row-erased', cells: {} },
      ])
      const ids = events.map(({ id }) => id)
      expect(ids).toEqual(ids.toSorted((a, b) => a - b))
      expect(new Set(ids).size).toBe(4)
      expect(events.every((event) => event.table === 'leads' && event.at === at)).toBe(true)
      expect(await bench.store.lastEvent('leads')).toBe(ids.at(-1))
    })

    it('is one record for each commit and table', async () => {
      await Promise.all([
        bench.insert([{}, {}]),
        bench.insert([{}]),
        bench.insert([{}], { table: 'customers' }),
      ])
      const events = await since()
      expect(events.map(({ changes }) => changes.length)).toEqual([3])
      expect(await bench.store.events({ table: 'customers', after: 0, limit: 10 })).toMatchObject([
        { changes: [{}] },
      ])
    })

    it('resumes behind what was seen, page by page', async () => {
      for (let index = 0; index < 5; index += 1) await bench.row()
      const all = await since()
      if (durable) await bench.reopen()
      expect(await since(all[1]?.id, 2)).toEqual(all.slice(2, 4))
      expect(await since(all[3]?.id, 2)).toEqual(all.slice(4))
      expect(await since(all[4]?.id)).toEqual([])
      await bench.row()
      expect((await since(all[4]?.id))[0]?.id).toBeGreaterThan(all[4]?.id ?? 0)
    })

    it('of a table where nothing happened ends at 0', async () => {
      await bench.row()
      expect(await bench.store.lastEvent('customers')).toBe(0)
      await expect(bench.store.lastEvent('nowhere')).rejects.toMatchObject({ code: 'table-unknown' })
    })
  })

  describe('a listener', () => {
    const bench = useBench(under)

    it('hears of a change after its commit, with what the feed holds, until it stops', async () => {
      const heard: EventRecord[] = []
      const seen: Promise<number>[] = []
      const stop = bench.store.onCommit((events) => {
        heard.push(...events)
        seen.push(bench.store.count('leads'))
      })
      const inserted = bench.row()
      expect(heard).toEqual([])
      await inserted
      await bench.insert([{}, {}])
      expect(heard).toEqual(await bench.store.events({ table: 'leads', after: 0, limit: 10 }))
      expect(await Promise.all(seen)).toEqual([1, 3])
      stop()
      await bench.row()
      expect(heard).toHaveLength(2)
    })

    it('hears only of the part of a batch that did not fail', async () => {
      const row = await bench.row()
      const heard: EventRecord[] = []
      bench.store.onCommit((events) => heard.push(...events))
      const failing = bench.insert([{}, { id: row.id }])
      const [, good] = await Promise.allSettled([failing, bench.row()])
      if (good.status === 'rejected') throw good.reason
      expect(heard.flatMap(({ changes }) => changes)).toEqual([
        { row: good.value.id, event: 'row-inserted', cells: {} },
      ])
    })

    it('hears nothing of what failed or changed nothing', async () => {
      const row = await bench.row()
      const heard: EventRecord[] = []
      bench.store.onCommit((events) => heard.push(...events))
      await bench.insert([{}, { id: row.id }]).catch(() => null)
      await bench.build(row, () => null)
      await bench.store.updateRun('run_nowhere', {}).catch(() => null)
      expect(heard).toEqual([])
    })
  })
}

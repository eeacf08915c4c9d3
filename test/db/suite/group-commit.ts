import { describe, expect, it } from 'vitest'
import { at, attempt, done, newRun, type StoreUnderTest, useBench } from './bench.ts'

export function groupCommitSuite(under: StoreUnderTest): void {
  describe('what is asked for in one turn', () => {
    const bench = useBench(under)

    it('is done in the order it was asked for', async () => {
      const order: number[] = []
      const rows = await Promise.all([1, 2, 3, 4, 5].map(() => bench.row()))
      expect(rows.map(({ seq }) => seq)).toEqual(rows.map(({ seq }) => seq).toSorted((a, b) => a - b))
      await Promise.all(
        rows.map((row, index) => bench.step(row, [attempt('a', done(index))]).then(() => order.push(index))),
      )
      expect(order).toEqual([0, 1, 2, 3, 4])
    })

    it('sees what was asked for before it', async () => {
      const row = await bench.row()
      const steps = [0, 1, 2].map((position) => bench.step(row, [attempt('a', done(position))], { position }))
      const run = newRun({ kind: 'rerun' })
      const [, , , , active] = await Promise.all([
        ...steps,
        bench.store.createRun(run),
        bench.store.activate({ table: 'leads', run: 99, rows: [row.seq] }),
      ])
      expect(active).toMatchObject([{ cells: { a: { value: 2 } }, entries: 3, generation: 2, active: 99 }])
    })

    it('fails alone: the others of its batch commit, and each is built once', async () => {
      const rows = await Promise.all([bench.row(), bench.row(), bench.row()])
      const [first, second, third] = rows
      if (!first || !second || !third) throw new Error('three rows were inserted')
      await bench.insert([{}], { idempotency: { key: 'k', fingerprint: 'one' } })
      const built: string[] = []
      const step = (row: typeof first) =>
        bench.build(row, () => {
          built.push(row.id)
          return { at, position: 0, entries: [attempt('a', done('kept'))], confirm: [] }
        })
      const outcomes = await Promise.allSettled([
        step(first),
        bench.insert([{}], { idempotency: { key: 'k', fingerprint: 'two' } }),
        bench.insert([{ id: first.id }]),
        bench.build(second, () => {
          throw new Error('a rule threw')
        }),
        bench.store.updateRun('run_nowhere', { status: 'done' }),
        bench.insert([{}], { table: 'nowhere' }),
        step(third),
      ])
      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
        true,
        false,
        false,
        false,
        false,
        false,
        true,
      ])
      expect(outcomes[3]).toMatchObject({ reason: { message: 'a rule threw' } })
      expect(built).toEqual([first.id, third.id])
      const stored = await Promise.all(rows.map(bench.reload))
      expect(stored.map(({ cells }) => cells.a?.value)).toEqual(['kept', undefined, 'kept'])
      expect(await bench.store.count('leads')).toBe(4)
    })

    it('that is rolled back as a whole leaves the rows in the hands of their run', async () => {
      const [row, other] = [await bench.row(), await bench.row()]
      const cells = { a: done(1, { tries: 1n as unknown as number }) }
      const outcomes = await Promise.allSettled([
        bench.store.activate({ table: 'leads', run: 2, rows: [row.seq] }),
        bench.step(other, [attempt('a', done(1))], {
          snapshot: { cells, atRest: true, dueAt: null, alarmAt: null },
        }),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      expect(await bench.step(row, [attempt('a', done(1))])).toEqual({ fenced: false })
      expect((await bench.reload(row)).generation).toBe(1)
    })

    it('leaves nothing of a step whose value cannot be written', async () => {
      const [row, other] = [await bench.row(), await bench.row()]
      const events = await bench.store.lastEvent('leads')
      const cyclic: Record<string, object> = {}
      cyclic.self = cyclic
      const outcomes = await Promise.allSettled([
        bench.step(row, [attempt('a', done(1), cyclic)]),
        bench.step(other, [attempt('a', done(2))]),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
      expect(await bench.reload(row)).toEqual(row)
      expect((await bench.reload(other)).cells.a?.value).toBe(2)
      const changes = (await bench.store.events({ table: 'leads', after: events, limit: 10 })).flatMap(
        (each) => each.changes,
      )
      expect(changes.map((change) => change.row)).toEqual([other.id])
    })

    it('may be more than one transaction holds', async () => {
      const rows = await Promise.all(Array.from({ length: 2_500 }, () => bench.row()))
      expect(new Set(rows.map(({ seq }) => seq)).size).toBe(2_500)
      expect(await bench.store.count('leads')).toBe(2_500)
    })
  })

  describe('a store that closes', () => {
    const bench = useBench(under)

    it.runIf(under.durable ?? true)(
      'finishes what it was asked for and refuses what comes later',
      async () => {
        const row = await bench.row()
        const steps = [0, 1, 2].map((position) =>
          bench.step(row, [attempt('a', done(position))], { position }),
        )
        const closing = bench.store.close()
        await expect(bench.row()).rejects.toMatchObject({ code: 'store-closed' })
        await closing
        await expect(Promise.all(steps)).resolves.toHaveLength(3)
        await bench.reopen()
        expect((await bench.reload(row)).cells.a?.value).toBe(2)
      },
    )
  })
}

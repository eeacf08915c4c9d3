import { describe, expect, it } from 'vitest'
import type { DecisionView } from '../../../routing/decision.ts'
import type { RepInput } from '../../../routing/rep.ts'
import { at, attempt, clock, done, type StoreUnderTest, settlement, useBench } from './bench.ts'
import { draw, pool, rep } from './live.ts'
import { settleWith } from './settling.ts'

const hour = 3_600_000
const day = 24 * hour

export function loadSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe("what is on a rep's plate", () => {
    const bench = useBench(under)
    const settle = settleWith(bench)
    const open = { hops: 0, businessMs: null, breached: false, state: 'open' } as const
    const clockOf = (id: string) => ({
      ...open,
      captured: at,
      decided: at,
      assigned: at,
      notified: null,
      accepted: null,
      touched: null,
      rep: id,
    })

    const seed = (caps: RepInput['caps'], over: Parameters<typeof pool>[0] = {}) =>
      bench.store.seed({
        reps: [rep('ana', { caps }), rep('bo')],
        pools: [
          pool({
            members: [
              { rep: 'ana', weight: 9 },
              { rep: 'bo', weight: 1 },
            ],
            ...over,
          }),
        ],
        territories: [],
      })
    /** Draws so many leads and says who got them. */
    const drawn = async (count: number) => {
      let members = ''
      for (let index = 0; index < count; index += 1)
        members += ((await settle(await bench.row())).decision.assignment?.rep ?? '-').slice(0, 1)
      return members
    }
    const loadOf = async (id: string, since = at) => {
      const view = await bench.store.decisionView({
        row: 'row_x',
        column: 'owner',
        account: null,
        claimScope: 'leads.owner',
        startedAt: at,
        backfill: false,
        previous: [],
        heldSince: {},
      })
      return { drawn: view.load(id).drawnSince(since), open: view.load(id).open() }
    }

    it('ends with the cap of the day, and begins again with the next (trap 77)', async () => {
      await seed({ perDay: 3 })
      expect(await drawn(6)).toBe('aaabbb')
      if (durable) await bench.reopen()
      expect(await drawn(1)).toBe('b')
      clock.now = at + day
      // Her share of that day, whichever turns they are.
      expect([...(await drawn(5))].sort().join('')).toBe('aaabb')
      expect(await loadOf('ana')).toEqual({ drawn: 6, open: 6 })
      expect(await loadOf('ana', at + 1)).toMatchObject({ drawn: 3 })
    })

    it('ends with the cap of the week too', async () => {
      await seed({ perWeek: 2 })
      expect(await drawn(3)).toBe('aab')
      clock.now = at + 6 * day
      expect(await drawn(1)).toBe('b')
      clock.now = at + 7 * day
      expect(await drawn(3)).toBe('aab')
    })

    it('holds within one commit as well', async () => {
      await seed({ perDay: 2, open: 5 })
      const rows = await Promise.all(Array.from({ length: 6 }, () => bench.row()))
      const answers = await Promise.all(rows.map((row) => settle(row)))
      expect(answers.filter(({ decision }) => decision.assignment?.rep === 'ana')).toHaveLength(2)
    })

    it('forgets a draw that was given back, while it is decided anew as well', async () => {
      await seed({ perDay: 1 })
      const row = await bench.row()
      const first = await settle(row)
      const seen: number[] = []
      const spy = (view: DecisionView) => {
        seen.push(view.load('ana').drawnSince(at - 1), view.load('ana').drawnSince(at + 1))
        return draw(view)
      }
      const release = { draw: first.draw ?? 0, reason: 'redraw' }
      const second = await settle({ ...row, entries: 1 }, { generation: 2, release, decide: spy })
      expect(seen).toEqual([0, 0])
      expect(second.decision.assignment?.rep).toBe('ana')
      expect(await loadOf('ana')).toMatchObject({ drawn: 1 })
      await bench.step(row, [], { position: 2, release: [{ draw: second.draw ?? 0, reason: 'rejected' }] })
      expect(await loadOf('ana')).toEqual({ drawn: 0, open: 0 })
      expect(await drawn(2)).toBe('ab')
    })

    it('counts a draw again that was given back for a failed write and then confirmed', async () => {
      await seed({ perDay: 1, open: 1 })
      const row = await bench.row()
      const { draw: first } = await settle(row)
      expect(await loadOf('ana')).toEqual({ drawn: 1, open: 1 })
      const turn = first ?? 0
      await bench.step(row, [], { position: 1, release: [{ draw: turn, reason: 'write_failed' }] })
      // Asked in between, and from before any cap looks back to: what is remembered of the rep is that nothing counts.
      expect(await loadOf('ana', at - day)).toEqual({ drawn: 0, open: 0 })
      await bench.step(row, [], { position: 1, confirm: [turn] })
      expect(await loadOf('ana')).toEqual({ drawn: 1, open: 1 })
      expect(await drawn(2)).toBe('bb')
      if (durable) await bench.reopen()
      expect(await loadOf('ana')).toEqual({ drawn: 1, open: 1 })
    })

    it('does not count a backfill, nor what a piece of work that failed drew (trap 79)', async () => {
      await seed({ perDay: 2 })
      for (let index = 0; index < 3; index += 1) await settle(await bench.row(), { backfill: true })
      expect(await loadOf('ana')).toEqual({ drawn: 0, open: 0 })
      expect(await drawn(1)).toBe('a')
      const row = await bench.row()
      const failing = bench.build(row, (settling) => {
        settling(settlement({ decide: draw }))
        throw new Error('after the draw')
      })
      await expect(failing).rejects.toThrow('after the draw')
      expect(await loadOf('ana')).toEqual({ drawn: 1, open: 1 })
      expect(await drawn(2)).toBe('ab')
    })

    it('is a lead in flight from its draw on, then what its clock says, until somebody touched it', async () => {
      await seed({ open: 2 })
      const rows = await Promise.all([bench.row(), bench.row(), bench.row()])
      const [one, two, three] = rows
      for (const row of rows) await settle(row)
      expect(await loadOf('ana')).toMatchObject({ open: 2 })
      expect(await loadOf('bo')).toMatchObject({ open: 1 })
      const rest = (row: typeof one, id: string) =>
        bench.step(row, [attempt('level', done(1))], {
          position: 1,
          clock: { column: 'level', clock: clockOf(id) },
          snapshot: { cells: {}, atRest: true, dueAt: null, alarmAt: null },
        })
      await rest(one, 'ana')
      await rest(two, 'ana')
      // A row that has no service level is on nobody's plate once it is at rest.
      await bench.rest(three, {})
      expect(await loadOf('ana')).toMatchObject({ open: 2 })
      expect(await loadOf('bo')).toMatchObject({ open: 0 })
      if (durable) await bench.reopen()
      expect(await drawn(1)).toBe('b')
      await bench.step(one, [], {
        position: 2,
        clock: { column: 'level', clock: { ...clockOf('ana'), touched: at, state: 'met' } },
      })
      expect(await loadOf('ana')).toMatchObject({ open: 1 })
      expect(await drawn(2)).toBe('ab')
      await bench.store.erase('leads', two.id)
      expect(await loadOf('ana')).toMatchObject({ open: 1 })
    })

    it('moves with a lead that goes to another rep', async () => {
      await seed({ open: 1 })
      const row = await bench.row()
      await settle(row)
      await bench.step(row, [], { position: 1, clock: { column: 'level', clock: clockOf('ana') } })
      expect(await loadOf('ana')).toMatchObject({ open: 1 })
      await bench.step(row, [], {
        position: 1,
        clock: { column: 'level', clock: { ...clockOf('bo'), hops: 1 } },
      })
      expect([await loadOf('ana'), await loadOf('bo')]).toMatchObject([{ open: 0 }, { open: 1 }])
    })
  })
}

import { describe, expect, it } from 'vitest'
import type { RunRequest } from '../../../db/store.ts'
import { at, clock, newRun, type StoreUnderTest, useBench } from './bench.ts'
import { pool, rep, seedsOf, territory } from './live.ts'

export function auditSuite(under: StoreUnderTest): void {
  const durable = under.durable ?? true

  describe('the audit log', () => {
    const bench = useBench(under)
    const request: RunRequest = {
      columns: ['owner'],
      scope: { rows: ['row_a', 'row_b'] },
      mode: 'all',
      limit: null,
      downstream: true,
      force: true,
      includeEffects: true,
      redraw: false,
      reason: 'a friend of John Doe',
      who: 'mia',
      override: null,
      unpin: false,
      alarm: false,
    }

    it('says who changed what, from what to what, the latest first (trap 117)', async () => {
      await bench.store.seed({ ...seedsOf(pool()), territories: [territory()] })
      expect(await bench.store.audit({ limit: 10 })).toEqual([])
      const [edited, changed] = [rep('ana', { name: 'Ana Lee' }), pool({ catchUp: 'full' })]
      await bench.store.putRep(edited, 'mia')
      clock.now = at + 1
      await bench.store.putPool(changed, 'noor')
      await bench.store.putTerritory({ territory: territory({ person: 'bo' }), effectiveFrom: at + 5 }, 'mia')
      await bench.store.putRep(rep('new'), 'mia')
      if (durable) await bench.reopen()
      const lines = await bench.store.audit({ limit: 10 })
      expect(lines.map(({ subject, name, who }) => `${subject} ${name} ${who}`)).toEqual([
        'rep new mia',
        'territory world mia',
        'pool emea noor',
        'rep ana mia',
      ])
      expect(lines[0]).toMatchObject({ before: null, after: rep('new') })
      expect(lines[1]).toMatchObject({
        before: { version: 1, name: 'world' },
        after: { version: 2, effectiveFrom: at + 5, entries: [{ to: { person: 'bo' } }] },
      })
      expect(lines[2]).toEqual({
        id: lines[2]?.id,
        subject: 'pool',
        name: 'emea',
        who: 'noor',
        at: at + 1,
        before: pool(),
        after: changed,
      })
      expect(lines[3]).toMatchObject({ at, before: rep('ana'), after: edited })
      const [, second, third] = lines
      expect(await bench.store.audit({ subject: 'rep', limit: 1 })).toEqual([lines[0]])
      expect(await bench.store.audit({ name: 'ana', limit: 10 })).toEqual([lines[3]])
      expect(await bench.store.audit({ subject: 'pool', name: 'ana', limit: 10 })).toEqual([])
      expect(await bench.store.audit({ before: second?.id ?? 0, limit: 1 })).toEqual([third])
    })

    it('has a line for each row whose owner a person decided, until the row is erased', async () => {
      const row = await bench.row()
      const rows = { rows: [row.id, 'row_b'] }
      await bench.store.createRun(newRun({ kind: 'rerun', request }))
      const given = { ...request, scope: rows, override: 'bo' }
      const run = await bench.store.createRun(newRun({ kind: 'rerun', request: given }))
      await bench.store.createRun(
        newRun({ kind: 'rerun', request: { ...request, scope: { all: true }, redraw: true } }),
      )
      const lines = await bench.store.audit({ subject: 'row', limit: 10 })
      expect(lines.map(({ name, who }) => `${name} ${who}`)).toEqual([
        'leads mia',
        'row_b mia',
        `${row.id} mia`,
      ])
      expect(lines[2]).toMatchObject({ after: { override: 'bo', reason: 'a friend of John Doe' } })
      await bench.store.erase('leads', row.id)
      expect(await bench.store.audit({ subject: 'row', name: row.id, limit: 10 })).toMatchObject([
        { who: 'mia', before: null, after: null },
      ])
      expect((await bench.store.findRun(run.id))?.request).toEqual({ ...given, reason: null })
    })

    it('takes a line about what a person did to a row beside runs, and loses it with the row', async () => {
      const row = await bench.row()
      const after = { rejected: 'John Doe again' }
      clock.now = at + 5
      await bench.store.recordAudit({ subject: 'row', name: row.id, who: 'ana', before: null, after })
      if (durable) await bench.reopen()
      const line = { subject: 'row', name: row.id, who: 'ana', at: at + 5, before: null }
      expect(await bench.store.audit({ name: row.id, limit: 10 })).toMatchObject([{ ...line, after }])
      await bench.store.erase('leads', row.id)
      expect(await bench.store.audit({ name: row.id, limit: 10 })).toMatchObject([{ ...line, after: null }])
    })
  })
}

import { describe, expect, test } from 'vitest'
import { compute } from '../../columns/compute.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { serviceLevel } from '../../columns/service-level.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { insertOne, runTables, until } from '../support/runtime.ts'
import { input, leads, ownersIn, rep } from './watched-leads.ts'

describe('an answer', () => {
  const calm = { withinMinutes: 5, reassign: { afterMinutes: 4, maxHops: 5, finally: 'dev' } }
  const told = (kind: string, by: string, more: object = {}) => ({ kind, by, at: Date.now(), ...more })
  const conflict = (details: object) => ({
    code: 'row-conflict',
    details: expect.objectContaining(details),
  })

  test.each(['accepted', 'rejected'])('that is %s is taken from the present owner alone', async (kind) => {
    const { table, crm } = leads(calm)
    const running = await runTables([table])
    const { runtime } = running
    const id = await insertOne(running, 'leads', { name: 'a' })
    const before = await runtime.cell('leads', id, 'clock')
    for (const by of ['bo', 'nobody', 'ANA'])
      await expect(runtime.signal('leads', id, null, told(kind, by))).rejects.toMatchObject(
        conflict({ field: 'by', value: by, wayOut: 'the present owner alone can: by "ana"' }),
      )
    expect(await runtime.cell('leads', id, 'clock')).toEqual(before)
    expect(await runtime.audit({ subject: 'row', limit: 10 })).toEqual([])
    expect(await runtime.signal('leads', id, null, told(kind, 'ana'))).toEqual(['clock'])
    await runtime.idle()
    expect(ownersIn(crm)).toEqual(kind === 'rejected' ? ['ana', 'bo'] : ['ana'])
  })

  test('of a former owner takes the lead from nobody, and a refusal says who and why (traps 81, 117)', async () => {
    const { table, crm } = leads(calm)
    const running = await runTables([table])
    const { runtime } = running
    const id = await insertOne(running, 'leads', { name: 'a' })
    await runtime.signal('leads', id, null, told('rejected', 'ana', { note: 'spam' }))
    await until(() => crm.taken.length === 2, 'it moved on')
    await runtime.idle()
    await expect(runtime.signal('leads', id, null, told('rejected', 'ana'))).rejects.toMatchObject(
      conflict({ field: 'by', value: 'ana', wayOut: expect.stringContaining('"bo"') }),
    )
    // Also when it is said to have happened while the other had it.
    const early = told('rejected', 'bo', { at: Date.now() - 60_000 })
    await expect(runtime.signal('leads', id, null, early)).rejects.toMatchObject({
      code: 'request-invalid',
      details: { field: 'at' },
    })
    expect(ownersIn(crm)).toEqual(['ana', 'bo'])
    expect(await runtime.audit({ subject: 'row', name: id, limit: 10 })).toMatchObject([
      { who: 'ana', after: { signal: 'rejected', note: 'spam', columns: ['clock'] } },
    ])
    const why = (await runtime.why('leads', id, 'owner')).at(-1)
    expect(why?.reason).toContain('drawn anew: rejected by ana: spam')
  })

  test('about a lead that nobody owns is refused, with the reason', async () => {
    const from = new Date(Date.now() - 1_000).toISOString()
    const leave = [{ from, until: new Date(Date.now() + 3_600_000).toISOString() }]
    const team = definePool('team', {
      strategy: 'standard',
      members: [{ rep: { ...rep('ana'), leave } }],
      whenNobody: { hold: 'until-opening', atMostHours: 48, otherwise: { person: rep('dev') } },
    })
    const table = defineTable('leads', { input })
      .column('owner', roundRobin({ pool: team }))
      .column('clock', serviceLevel({ owner: 'owner', policy: { withinMinutes: 5 } }))
    const { runtime, ...running } = await runTables([table])
    const id = await insertOne({ runtime, ...running }, 'leads', { name: 'a' })
    expect((await runtime.row('leads', id)).cells.owner?.status).toBe('waiting')
    for (const kind of ['accepted', 'rejected'])
      await expect(runtime.signal('leads', id, null, told(kind, 'ana'))).rejects.toMatchObject({
        ...conflict({ field: 'by', value: 'ana' }),
        message: expect.stringMatching(/nobody owns the lead.*held until/),
      })
    expect(await runtime.signal('leads', id, null, told('touched', 'whoever called'))).toEqual(['clock'])
  })

  test('and a touch need a clock that runs: of a row that ended elsewhere they are refused', async () => {
    const table = defineTable('leads', { input })
      .column('exit', compute({ reads: ['name'], run: (): string => 'self-serve' }))
      .column(
        'owner',
        roundRobin({
          pool: definePool('team', {
            strategy: 'standard',
            members: [{ rep: rep('ana') }],
            whenNobody: 'assign-anyway',
          }),
        }),
        { when: { exit: 'route' } },
      )
      .column('clock', serviceLevel({ owner: 'owner', policy: { withinMinutes: 5 } }), {
        when: { exit: 'route' },
      })
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    for (const kind of ['touched', 'accepted', 'rejected'])
      await expect(running.runtime.signal('leads', id, null, told(kind, 'ana'))).rejects.toMatchObject({
        ...conflict({ field: 'row', value: id }),
        message: expect.stringContaining('exit is self-serve, not route'),
      })
  })

  test.each([
    ['before the lead was there', { at: Date.now() - 86_400_000 }, 'at'],
    ['ahead', { at: Date.now() + 6 * 60_000 }, 'at'],
    ['by nobody', { by: ' ' }, 'by'],
  ])('or a touch that was told %s is refused', async (_, more, field) => {
    const { table } = leads(calm)
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    for (const kind of ['touched', 'accepted'])
      await expect(running.runtime.signal('leads', id, null, told(kind, 'ana', more))).rejects.toMatchObject({
        code: 'request-invalid',
        details: { field },
      })
  })
})

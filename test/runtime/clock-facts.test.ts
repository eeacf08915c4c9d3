import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type ServiceLevel, serviceLevel } from '../../columns/service-level.ts'
import { defineTable } from '../../columns/table.ts'
import { crmWith, failureIn } from '../columns/ports.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { insertOne, type RunningRuntime, request, rerun, runTables, until } from '../support/runtime.ts'
import { cellOf, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })
const minuteMs = 60_000
const team = teamOf([rep('ana'), rep('bo'), rep('cy')])

/** A lead whose touches only the CRM knows. */
function watched() {
  const crmState = { touchedAt: null as number | null, down: false, asked: 0 }
  const crm = crmWith({
    firstTouch: async (_, since) => {
      crmState.asked += 1
      if (crmState.down) throw failureIn('unavailable', true)
      const { touchedAt } = crmState
      if (touchedAt === null || touchedAt < Date.parse(since)) return null
      return { at: new Date(touchedAt).toISOString(), by: 'Ana', kind: 'call' }
    },
  })
  const table = defineTable('leads', { input })
    .column('owner', owner(team, [rep('last')]))
    .column('written', deliver(createOutside(), { needs: ['owner'], confirms: ['owner'] }))
    .column(
      'level',
      serviceLevel({
        owner: 'owner',
        milestones: { assigned: 'written' },
        crm,
        record: () => ({ type: 'Lead', id: 'L1' }),
        policy: { withinMinutes: 30, reassign: { afterMinutes: 60, maxHops: 2, finally: 'last' } },
      }),
    )
  return { table, crmState }
}

const levelOf = async (running: RunningRuntime, id: string) =>
  (await cellOf(running, id, 'level'))?.value as ServiceLevel
/** As its alarm would do it. */
const look = (running: RunningRuntime) =>
  rerun(running, 'leads', { columns: ['level'], alarm: true, downstream: true, includeEffects: true })

describe('a touch that was seen in the CRM', () => {
  test('stays a touch when the owner is written to the CRM again (trap 103)', async () => {
    const { table, crmState } = watched()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const { rep: first } = await ownerOf(running, id)
    crmState.touchedAt = Date.now() + 5 * minuteMs
    running.clock.aheadMs = 31 * minuteMs
    await look(running)
    const met = await levelOf(running, id)
    expect(met).toMatchObject({ state: 'met', touchedBy: 'Ana', wallMinutes: 5 })
    const { asked } = crmState
    await rerun(running, 'leads', {
      columns: ['written'],
      force: true,
      includeEffects: true,
      downstream: true,
    })
    running.clock.aheadMs = 100 * minuteMs
    await look(running)
    expect(await levelOf(running, id)).toEqual(met)
    expect((await ownerOf(running, id)).rep).toBe(first)
    expect(crmState.asked).toBe(asked)
  })

  test('stays a touch when the CRM cannot be asked any more', async () => {
    const { table, crmState } = watched()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    crmState.touchedAt = Date.now() + 5 * minuteMs
    running.clock.aheadMs = 31 * minuteMs
    await look(running)
    crmState.down = true
    await rerun(running, 'leads', { columns: ['level'], force: true })
    expect(await levelOf(running, id)).toMatchObject({ state: 'met', breached: false })
    const span = { from: 0, until: Date.now() + 200 * minuteMs }
    expect(await running.runtime.serviceLevel('leads', span)).toMatchObject({ met: 1, neverTouched: 0 })
  })
})

test('an owner gets no more time because the lead is written again', async () => {
  const { table } = watched()
  const running = await runTables([table])
  const id = await insertOne(running, 'leads', { name: 'a' })
  const { rep: first } = await ownerOf(running, id)
  const { assignedAt, reassignAt } = await levelOf(running, id)
  running.clock.aheadMs = 40 * minuteMs
  await rerun(running, 'leads', { columns: ['written'], force: true, includeEffects: true, downstream: true })
  expect(await levelOf(running, id)).toMatchObject({ assignedAt, reassignAt })
  running.clock.aheadMs = 61 * minuteMs
  await look(running)
  expect((await ownerOf(running, id)).rep).not.toBe(first)
})

describe('a lead that a person gave to somebody and let go of', () => {
  test.each(['letGo', 'unpin'] as const)('moves on when nobody touches it (by %s, trap 49)', async (how) => {
    const { table } = watched()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.override('leads', id, { rep: 'bo', reason: 'hers', who: 'boss' })
    await running.runtime.idle()
    running.clock.aheadMs = 61 * minuteMs
    await look(running)
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', method: 'manual_override' })
    expect((await cellOf(running, id, 'level'))?.value).toMatchObject({ state: 'breached', reassignAt: null })
    if (how === 'letGo') await running.runtime.letGo('leads', id, { who: 'boss' })
    else await running.runtime.run('leads', request({ columns: ['owner'], unpin: true }))
    await until(async () => (await ownerOf(running, id)).rep !== 'bo', 'it went on to somebody else')
  })
})

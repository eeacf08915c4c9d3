import { describe, expect, test } from 'vitest'
import type { CellContext, Outcome } from '../../columns/column.ts'
import type { Crm } from '../../columns/ports.ts'
import { type ServiceLevel, serviceLevel } from '../../columns/service-level.ts'
import { defineTable } from '../../columns/table.ts'
import type { Assignment } from '../../routing/decision.ts'
import type { ServiceLevelPolicyInput } from '../../routing/service-level/policy.ts'
import { insertOne, request, runTables, until } from '../support/runtime.ts'
import { crmWith, failureIn } from './ports.ts'
import { run } from './running.ts'
import { clockOf, input, leads, ownersIn, seconds } from './watched-leads.ts'

const at = (clock: string) => Date.parse(`2026-03-02T${clock}:00Z`)
const ana: Assignment = {
  rep: 'ana',
  name: 'Ana Ruiz',
  email: 'ana@r.example',
  ids: {},
  method: 'round_robin',
  rule: 'rotation',
  reason: 'drawn',
  pool: 'team',
  alsoTell: null,
  previous: [],
}

interface Row {
  owner: Assignment | null
  written: object | null
  record: string | null
}
const policy: ServiceLevelPolicyInput = {
  withinMinutes: 30,
  remindAfterMinutes: [10],
  reassign: { afterMinutes: 20, maxHops: 2, finally: 'dev' },
}
const column = (given: { policy?: ServiceLevelPolicyInput; crm?: Crm } = {}) =>
  serviceLevel<Row, 'record'>({
    owner: 'owner',
    milestones: { assigned: 'written', notified: 'written' },
    reads: ['record'],
    record: ({ record }) => (record === null ? null : { type: 'Lead', id: record }),
    policy,
    ...given,
  })

/** Submitted and decided at nine, in the CRM a minute later. */
async function standing(
  clock: string,
  over: Partial<CellContext> = {},
  given: Parameters<typeof column>[0] & { owner?: Assignment | null } = {},
) {
  const { owner = ana, ...options } = given
  const outcome = await run(
    column(options),
    { owner, written: {}, record: 'L1' },
    { now: () => at(clock), finishedAt: (name) => at(name === 'owner' ? '09:00' : '09:01'), ...over },
  )
  if (outcome.status !== 'done') throw new Error('it has a value')
  return outcome as Extract<Outcome<ServiceLevel>, { status: 'done' }>
}

describe('a service level', () => {
  test('starts at the submission, says who is waited for and by when, and when it looks again (trap 102)', async () => {
    const { value, again, redraw } = await standing('09:01')
    expect(value).toMatchObject({
      state: 'open',
      deadline: '2026-03-02T09:30:00.000Z',
      owner: { rep: 'ana' },
      capturedAt: '2026-03-02T09:00:00.000Z',
      decidedAt: '2026-03-02T09:00:00.000Z',
      assignedAt: '2026-03-02T09:01:00.000Z',
      breached: false,
    })
    expect(again).toBe(at('09:11'))
    expect(redraw).toBeUndefined()
  })

  test('tells late delivery from a lead that waited here (trap 102)', async () => {
    const occurredAt = '2026-03-02T07:00:00.000Z'
    expect((await standing('09:01', { occurredAt })).value.deliveredLateMs).toBe(2 * 3_600_000)
    const inTime = await standing('09:01', { occurredAt, receivedAt: occurredAt })
    expect(inTime.value.deliveredLateMs).toBeNull()
  })

  test('reminds, then takes the lead from its owner by drawing it anew (trap 105)', async () => {
    expect((await standing('09:12')).value.state).toBe('reminded')
    const late = await standing('09:21')
    expect(late.redraw).toEqual({
      column: 'owner',
      reason: expect.stringContaining('not touched by Ana Ruiz'),
    })
    expect(late.again).toBeUndefined()
  })

  test('is met by a touch of a person, and by nothing that a machine did (trap 103)', async () => {
    const touch = { kind: 'touched', by: 'ana', at: at('09:08') }
    const machine = await standing('09:21', { signals: [{ ...touch, automated: true }] })
    expect(machine.redraw).toBeDefined()
    const { value, again } = await standing('09:21', { signals: [touch] })
    expect(value).toMatchObject({ state: 'met', touchedBy: 'ana', wallMinutes: 8, breached: false })
    expect(again).toBeUndefined()
  })

  test('moves on at once when the owner refuses it', async () => {
    const signals = [{ kind: 'rejected', by: 'ana', at: at('09:03'), note: 'wrong country' }]
    const { redraw } = await standing('09:03', { signals })
    expect(redraw).toEqual({ column: 'owner', reason: 'rejected by ana: wrong country' })
  })

  test('ends with the named person after the last hop', async () => {
    const previous = [
      { rep: 'bo', name: 'Bo', email: null, ids: {} },
      { rep: 'cy', name: 'Cy', email: null, ids: {} },
    ]
    expect((await standing('09:21', {}, { owner: { ...ana, previous } })).redraw).toMatchObject({ to: 'dev' })
  })

  test('counts in business time where it has a calendar, and reports both (trap 104)', async () => {
    const calendar = {
      zone: 'Europe/Berlin',
      hours: { monday: [{ from: '09:00', until: '10:05' }], tuesday: [{ from: '09:00', until: '17:00' }] },
    }
    const signals = [{ kind: 'touched', by: 'ana', at: Date.parse('2026-03-03T08:10:00Z') }]
    const { value } = await standing(
      '09:01',
      { signals, now: () => signals[0]?.at ?? 0 },
      { policy: { ...policy, calendar } },
    )
    expect(value).toMatchObject({ state: 'met', businessMinutes: 15, wallMinutes: 23 * 60 + 10 })
  })
})

describe('activity in the CRM', () => {
  const seen: string[] = []
  const crm = (answer: Awaited<ReturnType<Crm['firstTouch']>> | Error) =>
    crmWith({
      firstTouch: async (record, since) => {
        seen.push(`${record.id} since ${since}`)
        if (answer instanceof Error) throw answer
        return answer
      },
    })

  test('by a person stops the clock; it is looked for since the assignment', async () => {
    seen.length = 0
    const touched = crm({ at: '2026-03-02T09:15:00.000Z', by: 'Ana', kind: 'call' })
    const { value, redraw } = await standing('09:21', {}, { crm: touched })
    expect(value).toMatchObject({ state: 'met', touchedBy: 'Ana', wallMinutes: 15 })
    expect(redraw).toBeUndefined()
    expect(seen).toEqual(['L1 since 2026-03-02T09:01:00.000Z'])
  })

  test('is not asked for right after the assignment, nor once a touch or a refusal was told', async () => {
    seen.length = 0
    const none = crm(null)
    await standing('09:01', {}, { crm: none })
    await standing('09:21', { signals: [{ kind: 'touched', by: 'ana', at: at('09:08') }] }, { crm: none })
    await standing('09:21', { signals: [{ kind: 'rejected', by: 'ana', at: at('09:08') }] }, { crm: none })
    expect(seen).toEqual([])
    expect((await standing('09:21', {}, { crm: none })).redraw).toBeDefined()
  })

  test('that cannot be read takes no lead from anybody; it is asked again in a minute', async () => {
    const down = await standing('09:21', {}, { crm: crm(failureIn('unavailable', true)) })
    expect(down.redraw).toBeUndefined()
    expect(down.again).toBe(at('09:22'))
    const gone = await standing('09:21', {}, { crm: crm(failureIn('not-found', false)) })
    expect(gone.redraw).toBeDefined()
  })
})

describe('the column', () => {
  test('reads its milestones, takes three signals, and refuses a policy that cannot be kept', () => {
    expect(column().reads).toEqual(['owner', 'written', 'record'])
    expect(column().signals).toEqual(['touched', 'accepted', 'rejected'])
    expect(column().version).not.toBe(column({ policy: { ...policy, withinMinutes: 31 } }).version)
    expect(() => column({ policy: { withinMinutes: 0 } })).toThrow()
    expect(() => column({ policy: { ...policy, remindAfterMinutes: [25] } })).toThrow('remind earlier')
  })
})

describe('a lead that nobody touches', () => {
  test('goes from rep to rep, never back, is written and told each time, and ends with the named person (trap 105)', async () => {
    const { table, crm, chat } = leads()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await until(() => crm.taken.length === 3, 'it came to the last in line')
    await running.runtime.idle()
    expect(ownersIn(crm)).toEqual(['ana', 'bo', 'dev'])
    expect(ownersIn(chat)).toEqual(['ana', 'bo', 'dev'])
    await new Promise((resolve) => setTimeout(resolve, 700))
    await running.runtime.idle()
    expect(crm.taken).toHaveLength(3)
    expect(await clockOf(running, id)).toMatchObject({ state: 'breached', hops: 2, owner: { rep: 'dev' } })
    const ledger = await running.runtime.draws({ limit: 10 })
    expect(ledger.map(({ member, state }) => [member, state])).toEqual([
      ['ana', 'released'],
      ['bo', 'released'],
    ])
    const span = { from: Date.now() - 60_000, until: Date.now() }
    expect(await running.runtime.serviceLevel('leads', span)).toMatchObject({
      leads: 1,
      breached: 1,
      neverTouched: 1,
      neverAssigned: 0,
      hops: { total: 2 },
    })
  })

  test('loses no time to a restart', async () => {
    const { table, crm } = leads()
    const running = await runTables([table])
    await insertOne(running, 'leads', { name: 'a' })
    await running.close()
    await new Promise((resolve) => setTimeout(resolve, 500))
    const again = await running.restart()
    await until(() => crm.taken.length === 3, 'it moved on')
    await again.runtime.idle()
    expect(ownersIn(crm)).toEqual(['ana', 'bo', 'dev'])
  })

  test('reminds its owner once for each reminder', async () => {
    const { table, chat } = leads({ withinMinutes: 5, remindAfterMinutes: [seconds(0.2)], reassign: null })
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await until(() => chat.taken.length === 2, 'it was reminded')
    await running.runtime.idle()
    expect(await clockOf(running, id)).toMatchObject({ state: 'reminded', reminders: 1 })
    expect(ownersIn(chat)).toEqual(['ana', 'ana'])
  })
})

describe('a lead that somebody touches', () => {
  test('stays with its owner, and the report knows every link of the chain (trap 106)', async () => {
    const { table, crm } = leads()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const { runtime } = running
    await runtime.signal('leads', id, null, { kind: 'accepted', by: 'ana', at: Date.now() })
    await runtime.signal('leads', id, null, { kind: 'touched', by: 'ana', at: Date.now() })
    await until(async () => (await clockOf(running, id))?.state === 'met', 'the touch was heard')
    await new Promise((resolve) => setTimeout(resolve, 600))
    await runtime.idle()
    expect(crm.taken).toHaveLength(1)
    const report = await runtime.serviceLevel('leads', { from: Date.now() - 60_000, until: Date.now() })
    expect(report).toMatchObject({ leads: 1, met: 1, neverTouched: 0 })
    for (const { count, p50Ms } of Object.values(report.links)) {
      expect(count).toBe(1)
      expect(p50Ms).toBeGreaterThanOrEqual(0)
    }
  })

  test('that is refused goes to somebody else, and the refusal stands in the ledger (trap 81)', async () => {
    const { table, crm } = leads({
      withinMinutes: 5,
      reassign: { afterMinutes: 4, maxHops: 5, finally: 'dev' },
    })
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.signal('leads', id, null, {
      kind: 'rejected',
      by: 'ana',
      at: Date.now(),
      note: 'spam',
    })
    await until(() => crm.taken.length === 2, 'it moved on')
    await running.runtime.idle()
    expect(ownersIn(crm)).toEqual(['ana', 'bo'])
    expect((await running.runtime.draws({ limit: 10 }))[0]).toMatchObject({
      member: 'ana',
      state: 'released',
      reason: 'rejected by ana: spam',
    })
    expect(await clockOf(running, id)).toMatchObject({ state: 'open', owner: { rep: 'bo' }, hops: 1 })
  })

  test('keeps the time of its first decision when it is decided anew', async () => {
    const { table } = leads({ withinMinutes: 5, reassign: null })
    const running = await runTables([table])
    const { runtime } = running
    const id = await insertOne(running, 'leads', { name: 'a' })
    const first = await clockOf(running, id)
    for (const reason of ['one', 'two']) {
      await new Promise((resolve) => setTimeout(resolve, 30))
      await runtime.run('leads', request({ columns: ['owner'], redraw: true, reason }))
      await runtime.idle()
    }
    const last = await clockOf(running, id)
    expect(last).toMatchObject({ hops: 2, decidedAt: first?.decidedAt })
    expect(Date.parse(last?.assignedAt ?? '')).toBeGreaterThan(Date.parse(first?.assignedAt ?? '') + 50)
    const { links } = await runtime.serviceLevel('leads', { from: Date.now() - 60_000, until: Date.now() })
    const decided = Date.parse(first?.decidedAt ?? '') - Date.parse(first?.capturedAt ?? '')
    expect(links.capturedToDecided.p50Ms).toBe(Math.max(0, decided))
  })

  test('is not taken from somebody whom a person chose (trap 49)', async () => {
    const { table, crm } = leads()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.override('leads', id, { rep: 'cy', reason: 'hers', who: 'boss' })
    await running.runtime.idle()
    await new Promise((resolve) => setTimeout(resolve, 700))
    await running.runtime.idle()
    expect(ownersIn(crm)).toEqual(['ana', 'cy'])
    expect(await clockOf(running, id)).toMatchObject({ owner: { rep: 'cy' }, state: 'breached' })
  })

  test('counts as open load of its owner until then', async () => {
    const { table } = leads({ withinMinutes: 5, reassign: null })
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const open = async () => (await running.runtime.decisionView()).load('ana').open()
    expect(await open()).toBe(1)
    await running.runtime.signal('leads', id, null, { kind: 'touched', by: 'ana', at: Date.now() })
    await until(async () => (await open()) === 0, 'it is off the plate')
  })
})

test('a table without a service level has no report', async () => {
  const { runtime } = await runTables([defineTable('leads', { input })])
  await expect(runtime.serviceLevel('leads', { from: 0, until: 1 })).rejects.toMatchObject({
    code: 'request-invalid',
    details: { field: 'table' },
  })
})

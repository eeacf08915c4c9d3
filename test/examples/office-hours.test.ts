import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Messenger } from '../../columns/ports.ts'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import type { Store } from '../../db/store.ts'
import { tables } from '../../examples/office-hours/tables.ts'
import type { Decision } from '../../routing/decision.ts'
import { temporaryFolder } from '../support/temp.ts'

const silent: Messenger = {
  vendor: 'slack',
  budget: { key: 'slack', concurrency: 1 },
  target: 'readable',
  send: () => Promise.reject(new Error('nothing is sent here')),
  find: () => Promise.reject(new Error('nothing is sent here')),
}
const owner = tables({ messenger: silent })[0]?.columns.find(({ name }) => name === 'owner')?.column.work
if (owner?.effect !== 'draw') throw new Error('the example has no owner')

let now = 0
let store: Store
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
  store = await openSqliteStore({ path: join(folder.path, 'rota.db'), now: () => now })
  await store.seed(owner)
})
afterAll(async () => {
  await store.close()
  await folder.remove()
})

/** What the ladder of the example says at this moment, from the seeds as the store holds them. */
async function decidedAt(at: string): Promise<Decision> {
  now = Date.parse(at)
  const view = await store.decisionView({
    row: 'row_1',
    column: 'owner',
    account: null,
    claimScope: 'leads.owner',
    startedAt: now,
    backfill: false,
    previous: [],
    heldSince: {},
  })
  return owner?.effect === 'draw' ? owner.decide({ company: 'Acme' }, view) : Promise.reject()
}

const consideredAt = async (at: string) =>
  (await decidedAt(at)).trace.rules
    .flatMap(({ considered = [] }) => considered)
    .map(({ member, excluded }) => [member, excluded?.code ?? 'free'])

describe('a team with office hours', () => {
  test('takes a lead of the working day itself', async () => {
    const { assignment } = await decidedAt('2026-11-24T10:00:00+01:00')
    expect(assignment).toMatchObject({ rep: 'lena', method: 'weighted_round_robin', pool: 'europe' })
  })

  test('is at lunch on its own clock, in winter and in summer (trap 77)', async () => {
    expect((await decidedAt('2026-11-24T13:00:00+01:00')).hold?.until).toBe(
      Date.parse('2026-11-24T13:30:00+01:00'),
    )
    expect((await decidedAt('2026-07-07T13:00:00+02:00')).hold?.until).toBe(
      Date.parse('2026-07-07T13:30:00+02:00'),
    )
  })

  test('leaves a lead of the evening to whoever is awake (trap 78)', async () => {
    for (const at of ['2026-11-24T20:00:00+01:00', '2026-11-27T15:30:00+01:00']) {
      const { assignment, trace } = await decidedAt(at)
      expect(assignment).toMatchObject({ rep: 'ray', method: 'fallback_pool', pool: 'anyone' })
      expect(trace.fallbackUsed).toBe(true)
    }
  })

  test('holds a lead of the weekend until the first rep opens, and says until when (trap 78)', async () => {
    const { assignment, hold, reason } = await decidedAt('2026-11-28T12:00:00+01:00')
    expect(assignment).toBeNull()
    expect(hold).toMatchObject({ on: 'hours', until: Date.parse('2026-11-30T09:00:00+01:00') })
    expect(reason).toContain('held until Monday 09:00 Europe/Berlin')
  })

  test('keeps the holidays of each place: Ascension Day in Berlin is a working day in Boston', async () => {
    expect((await decidedAt('2026-05-14T16:00:00+02:00')).assignment?.rep).toBe('ray')
    expect((await decidedAt('2026-05-14T10:00:00+02:00')).hold?.until).toBe(
      Date.parse('2026-05-14T08:30:00-04:00'),
    )
  })

  test('passes over a rep on leave, a day longer before it and a day shorter at its end', async () => {
    expect(await consideredAt('2026-12-11T10:00:00+01:00')).toEqual([
      ['lena', 'free'],
      ['tom', 'free'],
    ])
    expect(await consideredAt('2026-12-14T10:00:00+01:00')).toEqual([
      ['lena', 'leave'],
      ['tom', 'free'],
    ])
    expect(await consideredAt('2026-12-18T10:00:00+01:00')).toEqual([
      ['lena', 'free'],
      ['tom', 'free'],
    ])
  })

  test('gives a lead to the person on call at once when nobody opens in time (trap 71)', async () => {
    const { assignment } = await decidedAt('2026-12-24T23:30:00+01:00')
    expect(assignment).toMatchObject({ rep: 'dana', method: 'fallback_person' })
  })
})

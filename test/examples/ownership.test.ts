import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FoundAccount } from '../../columns/find-account.ts'
import type { CrmRecord, CrmUser } from '../../columns/ports.ts'
import { poolOf, repsOf } from '../../columns/routing-seeds.ts'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import type { Store } from '../../db/store.ts'
import { ownership } from '../../examples/inbound-leads/ownership.ts'
import { formerRep, pools, reps } from '../../examples/inbound-leads/team.ts'
import { territory } from '../../examples/inbound-leads/territory.ts'
import type { Decision } from '../../routing/decision.ts'
import { decideOwner } from '../../routing/ladder.ts'
import { Segmentation } from '../../routing/segment/segmentation.ts'
import { temporaryFolder } from '../support/temp.ts'

let now = Date.parse('2026-11-24T03:00:00Z')
let store: Store
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
  store = await openSqliteStore({ path: join(folder.path, 'rota.db'), now: () => now })
  await store.seed({
    reps: repsOf(pools, [...Object.values(reps), formerRep]),
    pools: pools.map(poolOf),
    territories: [territory],
  })
})
afterAll(async () => {
  await store.close()
  await folder.remove()
})

const user = (email: string, over: Partial<CrmUser> = {}): CrmUser => ({
  id: '005',
  name: email,
  email,
  active: true,
  kind: 'person',
  ...over,
})
const match = {
  by: 'domain',
  score: 1,
  reason: 'domain acme.example',
  candidates: [],
  tieBreak: null,
  conflict: null,
  review: null,
} as const satisfies FoundAccount['match']
const account = (owner: CrmUser | null, over: Partial<FoundAccount> = {}): FoundAccount => ({
  id: '001',
  name: 'Acme',
  domain: 'acme.example',
  website: null,
  aliases: [],
  relationship: 'customer',
  owner,
  parent: null,
  mergedInto: null,
  lastActivityAt: null,
  createdAt: '2025-01-01T00:00:00.000Z',
  match: { ...match, candidates: [] },
  ...over,
})
const record = (owner: CrmUser | null): CrmRecord => ({
  type: 'Lead',
  id: '00Q',
  ownerId: owner?.id ?? null,
  owner,
  url: 'http://127.0.0.1/00Q',
  lastActivityAt: null,
  createdAt: null,
})
const unknown: Segmentation = { region: 'unknown', segment: 'unknown', reason: 'nothing is known' }
const lead = { segment: unknown, account: null, domain: 'acme.example', record: null }
type Lead = Parameters<ReturnType<typeof ownership>[number]['decide']>[0]

async function decide(given: Partial<Lead>): Promise<Decision> {
  const view = await store.decisionView({
    row: 'row_1',
    column: 'owner',
    account: 'acme.example',
    claimScope: 'leads.owner',
    startedAt: now,
    backfill: false,
    previous: [],
    heldSince: {},
  })
  const ladder = { rules: ownership('salesforce'), otherwise: { pool: 'triage' } }
  return decideOwner<Lead>(ladder, { ...lead, ...given }, view)
}

const rejected = (decision: Decision) =>
  decision.trace.rules.filter(({ matched }) => !matched).map(({ rule }) => rule)

describe('the ladder of the example', () => {
  test('routes every region and size to somebody, at three in the morning and on a Sunday (trap 20)', async () => {
    const [axis, other] = territory.dimensions
    for (const at of ['2026-11-24T03:00:00Z', '2026-11-29T12:00:00Z', '2026-12-25T12:00:00Z']) {
      now = Date.parse(at)
      for (const region of axis?.values ?? []) {
        for (const segment of other?.values ?? []) {
          const { assignment } = await decide({
            segment: Segmentation.parse({ ...unknown, region, segment }),
          })
          expect(assignment?.rule, `${region} x ${segment}`).toBe('territory')
        }
      }
    }
  })

  test('a named account comes before whoever the CRM says owns it (trap 56)', async () => {
    const { assignment } = await decide({
      domain: 'nordicfreight.example',
      account: account(user('jonas.weber@rota.example')),
    })
    expect(assignment).toMatchObject({ rep: 'emil-sorensen', method: 'named_account', rule: 'named account' })
  })

  test('a choice between accounts waits for a person, then the next rule decides (trap 40)', async () => {
    const candidates = ['Acme', 'Acme Holding'].map((name) => ({
      id: name,
      name,
      owner: null,
      by: 'fuzzy-name' as const,
      score: 0.7,
      why: 'similar name',
    }))
    const review = { reason: 'two similar names', candidates }
    const decision = await decide({ account: account(null, { match: { ...match, candidates, review } }) })
    expect(decision.hold).toMatchObject({ on: 'human', until: now + 4 * 3_600_000 })
    expect(decision.reason).toContain('two similar names')
    expect(decision.trace.rules.at(-1)?.candidates?.map(({ name }) => name)).toEqual(['Acme', 'Acme Holding'])
  })

  test('the successor takes the accounts of a rep who left (trap 42)', async () => {
    const { assignment } = await decide({
      account: account(user('Ruth.Former@rota.example', { active: false })),
    })
    expect(assignment).toMatchObject({ rep: 'emil-sorensen', rule: 'existing account owner' })
    expect(assignment?.reason).toContain('Ruth Former')
  })

  test('an open opportunity is told apart from an existing owner', async () => {
    const owner = user('ava.brooks@rota.example')
    const methods = await Promise.all([
      decide({ account: account(owner, { relationship: 'open-opportunity' }) }),
      decide({ account: account(owner, { relationship: 'prospect' }) }),
    ])
    expect(methods.map(({ assignment }) => assignment?.method)).toEqual([
      'open_opportunity',
      'existing_owner',
    ])
  })

  test('a lead that a rep works already stays there; one in a queue is routed (traps 44, 48)', async () => {
    const kept = await decide({ record: record(user('mia.chen@rota.example')) })
    expect(kept.assignment).toMatchObject({ rep: 'mia-chen', rule: 'owner of the lead' })
    const queued = await decide({ record: record(user('Lead Triage', { kind: 'queue', email: null })) })
    expect(queued.assignment).toMatchObject({ rule: 'territory', pool: 'triage' })
    expect(rejected(queued)).toEqual([
      'named account',
      'which account',
      'existing account owner',
      'owner of the lead',
    ])
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Crm, CrmRecord, CrmUser } from '../../columns/ports.ts'
import { updateCrm } from '../../columns/update-crm.ts'
import { hubspot } from '../../connectors/hubspot.ts'
import { salesforce } from '../../connectors/salesforce.ts'
import type { Owner } from '../../routing/decision.ts'
import { idOf } from '../../sandbox/salesforce/store.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { patienceMs } from '../support/patience.ts'
import { crmWith } from './ports.ts'
import { failureOf, run } from './running.ts'

interface Row {
  owner: Owner
}
const ana: Owner = { rep: 'ana', name: 'Ana', email: 'ana@ours.example', ids: { testcrm: 'u-ana' } }

/** A CRM with one record, owned by `owner`, of whom it tells `ownedBy`. */
function crmOf({ owner, ownedBy }: { owner: string | null; ownedBy?: CrmUser }) {
  let ownerId = owner
  const writes: unknown[] = []
  const crm = crmWith({
    readRecord: async ({ type, id }): Promise<CrmRecord> => ({
      type,
      id,
      ownerId,
      owner: ownedBy?.id === ownerId ? ownedBy : null,
      url: 'https://crm.example/L1',
      lastActivityAt: null,
      createdAt: null,
    }),
    async writeOwner({ id }, change) {
      writes.push({ id, ...change })
      ownerId = change.ownerId
    },
  })
  return { crm, writes }
}

describe('an update-crm column that expects an owner', () => {
  const bo = (over: Partial<CrmUser> = {}): CrmUser => ({
    id: 'u-bo',
    name: 'Bo',
    email: 'bo@ours.example',
    active: true,
    kind: 'person',
    ...over,
  })
  const column = (
    crm: Crm,
    {
      expected = 'u-seen' as string | null,
      previous = [] as Owner[],
      replaceable = undefined as string[] | undefined,
      fields = {} as Record<string, string>,
    } = {},
  ) =>
    updateCrm<Row, never, 'owner'>({
      needs: ['owner'],
      crm,
      ...(replaceable !== undefined && { replaceable }),
      change: ({ owner }) => ({
        owner: { ...owner, previous },
        record: { type: 'Lead', id: 'L1' },
        expected,
        fields,
      }),
    })

  it('leaves a record alone that somebody gave away since the decision, and names both owners (trap 47)', async () => {
    const { crm, writes } = crmOf({ owner: 'u-bo', ownedBy: bo() })
    const failure = await failureOf(run(column(crm), { owner: ana }))
    expect(failure).toMatchObject({ retryable: false, outcomeUnknown: false })
    expect(failure.message).toMatch(/Bo \(u-bo\).*not to u-seen.*Ana/)
    expect(writes).toEqual([])
  })

  it('leaves it alone as well when the CRM does not say who the new owner is (trap 47)', async () => {
    const { crm, writes } = crmOf({ owner: 'u-somebody' })
    expect((await failureOf(run(column(crm), { owner: ana }))).message).toContain('u-somebody')
    expect(writes).toEqual([])
  })

  it('writes when the owner is the expected one, nobody, or the right one already', async () => {
    for (const owner of ['u-seen', null]) {
      const { crm, writes } = crmOf({ owner })
      expect(await run(column(crm), { owner: ana })).toMatchObject({
        value: { previous: owner, changed: true },
      })
      expect(writes).toHaveLength(1)
    }
    const { crm, writes } = crmOf({ owner: 'u-ana' })
    expect(await run(column(crm), { owner: ana })).toMatchObject({ value: { changed: false } })
    expect(writes).toEqual([])
  })

  it('writes the fields of a change also where the right owner is there already, and no blank ones', async () => {
    const { crm, writes } = crmOf({ owner: 'u-ana' })
    const fields = { Segment__c: 'SMB', Empty__c: ' ' }
    expect(await run(column(crm, { fields }), { owner: ana })).toMatchObject({
      status: 'done',
      value: { record: 'L1', ownerId: 'u-ana', previous: 'u-ana', changed: true },
    })
    expect(writes).toEqual([{ id: 'L1', ownerId: 'u-ana', fields: { Segment__c: 'SMB' } }])
    expect(await run(column(crm, { fields: { Empty__c: ' ' } }), { owner: ana })).toMatchObject({
      value: { changed: false },
    })
    expect(writes).toHaveLength(1)
  })

  it.each<[string, Partial<CrmUser>]>([
    ['a queue', { kind: 'queue' }],
    ['an integration user', { kind: 'integration' }],
    ['somebody inactive', { active: false }],
  ])('replaces %s, who works no lead, unless told otherwise (trap 48)', async (_, over) => {
    const org = () => crmOf({ owner: 'u-bo', ownedBy: bo(over) })
    expect(await run(column(org().crm), { owner: ana })).toMatchObject({ value: { previous: 'u-bo' } })
    const { crm, writes } = org()
    expect(await failureOf(run(column(crm, { replaceable: [] }), { owner: ana }))).toMatchObject({
      retryable: false,
    })
    expect(writes).toEqual([])
  })

  it.each(['u-bo', 'BO@ours.example'])(
    'replaces the default owner declared as %s (trap 48)',
    async (declared) => {
      const { crm } = crmOf({ owner: 'u-bo', ownedBy: bo() })
      const outcome = await run(column(crm, { replaceable: [declared] }), { owner: ana })
      expect(outcome).toMatchObject({ value: { previous: 'u-bo', changed: true } })
    },
  )

  it('asks once to decide anew where it knows what its expectation comes from (trap 47)', async () => {
    const { crm, writes } = crmOf({ owner: 'u-bo', ownedBy: bo() })
    const again = updateCrm<Row & { record: string }, never, 'owner' | 'record'>({
      needs: ['owner', 'record'],
      crm,
      confirms: 'owner',
      expectedFrom: 'record',
      change: ({ owner }) => ({ owner, record: { type: 'Lead', id: 'L1' }, expected: 'u-seen' }),
    })
    const outcome = await run(again, { owner: ana, record: 'r' })
    const value = { record: 'L1', ownerId: 'u-bo', previous: 'u-bo', changed: false, ceded: true }
    expect(outcome).toMatchObject({ status: 'done', value, redraw: { column: 'owner', rereads: ['record'] } })
    const failure = await failureOf(run(again, { owner: ana, record: 'r' }, { earlier: value }))
    expect(failure.message).toMatch(/Bo \(u-bo\).*run the record and owner columns again/)
    const pinned = { isPinned: (column: string) => column === 'owner' }
    expect(await failureOf(run(again, { owner: ana, record: 'r' }, pinned))).toMatchObject({
      retryable: false,
    })
    expect(writes).toEqual([])
  })

  it('takes an owner that we gave the lead before for no change by somebody else', async () => {
    const before: Owner = { rep: 'bo', name: 'Bo', email: 'Bo@ours.example', ids: {} }
    for (const previous of [before, { ...before, email: null, ids: { testcrm: 'u-bo' } }]) {
      const { crm } = crmOf({ owner: 'u-bo', ownedBy: bo() })
      const outcome = await run(column(crm, { previous: [previous] }), { owner: ana })
      expect(outcome).toMatchObject({ value: { previous: 'u-bo', changed: true } })
    }
    const { crm } = crmOf({ owner: 'u-bo', ownedBy: bo() })
    const stranger = { ...before, email: 'eve@ours.example', ids: { othercrm: 'u-bo' } }
    expect(await failureOf(run(column(crm, { previous: [stranger] }), { owner: ana }))).toMatchObject({
      kind: 'invalid-request',
    })
  })
})

describe('an expected owner in the real connectors', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await startSandbox()
  })
  afterAll(() => sandbox.close())
  const rep = (owner: string): Owner => ({ rep: 'ana', name: 'Ana', email: `${owner}@ours.example`, ids: {} })
  const [integration, anna, ben] = [idOf('User', 1), idOf('User', 2), idOf('User', 3)]
  const orgs = {
    salesforce: {
      crm: () => salesforce({ loginUrl: `${sandbox.url}/salesforce`, clientId: 'rota', clientSecret: 'x' }),
      record: { type: 'Lead', id: idOf('Lead', 1) },
      queue: idOf('Group', 1),
      ben,
    },
    hubspot: {
      crm: () => hubspot({ accessToken: 'x', baseUrl: `${sandbox.url}/hubspot` }),
      record: { type: 'contact', id: '50' },
      queue: '3',
      ben: '2',
    },
  }
  beforeEach(() => {
    sandbox.ledger.clear()
    sandbox.vendors.salesforce?.load({
      users: [
        { Id: integration, Name: 'Rota Integration' },
        { Id: anna, Name: 'Anna', Email: 'anna@ours.example' },
        { Id: ben, Name: 'Ben', Email: 'ben@ours.example' },
      ],
      queues: [{ Id: idOf('Group', 1), Name: 'Triage' }],
      leads: [{ Id: idOf('Lead', 1), LastName: 'L', Company: 'C', OwnerId: idOf('Group', 1) }],
    })
    sandbox.vendors.hubspot?.load({
      owners: [
        { id: '1', email: 'anna@ours.example', firstName: 'Anna' },
        { id: '2', email: 'ben@ours.example', firstName: 'Ben' },
        { id: '3', type: 'QUEUE' },
      ],
      contacts: [{ id: '50', properties: { hubspot_owner_id: '3' } }],
    })
  })

  it.each(['salesforce', 'hubspot'] as const)(
    'keeps what a colleague took in %s meanwhile (traps 47 and 48)',
    async (vendor) => {
      const { crm, record, queue, ben: colleague } = orgs[vendor]
      const write = updateCrm<Row, never, 'owner'>({
        needs: ['owner'],
        crm: crm(),
        change: ({ owner }) => ({ owner, record, expected: null }),
      })
      // Decided while nobody owned it; a queue that took it since then stands back.
      expect(await run(write, { owner: rep('anna') })).toMatchObject({
        value: { previous: queue, changed: true },
      })
      await crm().writeOwner(
        record,
        { ownerId: colleague },
        { signal: AbortSignal.timeout(patienceMs), timeoutMs: patienceMs, fetch },
      )
      expect((await failureOf(run(write, { owner: rep('anna') }))).message).toContain('Ben')
      expect(
        await crm().readRecord(record, {
          signal: AbortSignal.timeout(patienceMs),
          timeoutMs: patienceMs,
          fetch,
        }),
      ).toMatchObject({
        ownerId: colleague,
      })
      expect(sandbox.ledger.entries({ effect: 'owner-written' })).toHaveLength(2)
    },
  )
})

import { describe, expect, it } from 'vitest'
import { crmRecord } from '../../columns/crm-record.ts'
import type { Crm, CrmRecord } from '../../columns/ports.ts'
import { updateCrm } from '../../columns/update-crm.ts'
import type { Owner } from '../../routing/decision.ts'
import { crmWith, failureIn } from './ports.ts'
import { failureOf, reconcile, run } from './running.ts'

interface Row {
  owner: Owner
  email: string
}
const ana: Owner = { rep: 'ana', name: 'Ana', email: 'ana@ours.example', ids: {} }
const record: CrmRecord = {
  type: 'Lead',
  id: 'L1',
  ownerId: 'queue',
  owner: null,
  url: 'https://crm.example/L1',
  lastActivityAt: null,
  createdAt: null,
}
const user = { id: 'u-ana', name: 'Ana', email: ana.email, active: true, kind: 'person' } as const

/** A CRM with one record, which keeps every write it gets and counts the reads; `overwrite` is an automation of the CRM's own. */
function crmOf(options: { owner?: string | null; overwrite?: string; methods?: Partial<Crm> } = {}) {
  let ownerId = options.owner === undefined ? 'queue' : options.owner
  const writes: unknown[] = []
  const reads: string[] = []
  const crm = crmWith({
    findUserByEmail: async (email) => (email === ana.email ? user : null),
    async readRecord({ id }) {
      reads.push(id)
      return { ...record, ownerId }
    },
    async writeOwner({ id }, change) {
      writes.push({ id, ...change })
      ownerId = options.overwrite ?? change.ownerId
    },
    ...options.methods,
  })
  return { crm, writes, reads }
}
interface Change {
  fields?: Record<string, string | null>
  expected?: string | null
  stamp?: string
}
const update = (crm: Crm, { fields, expected, stamp }: Change = {}) =>
  updateCrm<Row, never, 'owner'>({
    needs: ['owner'],
    crm,
    confirms: 'owner',
    ...(stamp !== undefined && { stamp }),
    change: ({ owner }) => ({
      owner,
      record: { type: 'Lead', id: 'L1' },
      ...(fields !== undefined && { fields }),
      ...(expected !== undefined && { expected }),
    }),
  })

describe('an update-crm column', () => {
  it('writes the owner once and reads it back before it is done; a blank value overwrites nothing', async () => {
    const { crm, writes, reads } = crmOf()
    const fields = { Segment__c: 'SMB', Empty__c: '  ', Missing__c: null }
    expect(await run(update(crm, { fields, expected: 'queue' }), { owner: ana })).toMatchObject({
      status: 'done',
      value: { record: 'L1', ownerId: 'u-ana', previous: 'queue', changed: true },
    })
    expect(writes).toEqual([{ id: 'L1', ownerId: 'u-ana', fields: { Segment__c: 'SMB' } }])
    expect(reads).toHaveLength(2)
  })

  it('does not read before it writes where no owner is expected, and always reads after it', async () => {
    const { crm, writes, reads } = crmOf({ owner: 'u-eve' })
    expect(await run(update(crm), { owner: ana })).toMatchObject({
      value: { ownerId: 'u-ana', previous: null, changed: true },
    })
    expect([writes.length, reads.length]).toEqual([1, 1])
  })

  it('sends nothing when the expected owner is the right one already', async () => {
    const { crm, writes } = crmOf({ owner: 'u-ana' })
    expect(await run(update(crm, { expected: null, stamp: 'Sent__c' }), { owner: ana })).toMatchObject({
      value: { changed: false, previous: 'u-ana' },
    })
    expect(writes).toEqual([])
  })

  it('writes our send id with the owner where it has a field for it', async () => {
    const { crm, writes } = crmOf()
    await run(update(crm, { fields: { Segment__c: 'SMB' }, stamp: 'Sent__c' }), { owner: ana })
    expect(writes).toEqual([
      { id: 'L1', ownerId: 'u-ana', fields: { Segment__c: 'SMB', Sent__c: 'row_1.cell.1.abcd' } },
    ])
  })

  it('takes an id of 15 characters and its form of 18 for the same owner', async () => {
    const [short, long] = ['00550000001abcD', '00550000001abcDAAZ']
    const { crm, writes } = crmOf({ owner: 'queue', overwrite: long })
    const rep = { ...ana, ids: { testcrm: short } }
    expect(await run(update(crm), { owner: rep })).toMatchObject({ value: { changed: true } })
    expect(await run(update(crm, { expected: 'queue' }), { owner: rep })).toMatchObject({
      value: { changed: false },
    })
    expect(writes).toHaveLength(1)
    const other = { ...ana, ids: { testcrm: '00550000001abcE' } }
    expect(await failureOf(run(update(crm), { owner: other }))).toMatchObject({ retryable: true })
  })

  it.each(['unavailable', 'rate-limited', 'timeout'] as const)(
    'looks again instead of writing again when reading back ends with %s',
    async (kind) => {
      const lost = () => Promise.reject(failureIn(kind, true))
      const { crm, writes } = crmOf({ methods: { readRecord: lost } })
      expect(await failureOf(run(update(crm), { owner: ana }))).toMatchObject({ kind, outcomeUnknown: true })
      expect(writes).toHaveLength(1)
    },
  )

  it('takes the id the rep has in this CRM and asks for it by e-mail otherwise', async () => {
    const { crm, writes } = crmOf({
      methods: { findUserByEmail: () => Promise.reject(new Error('not asked')) },
    })
    await run(update(crm), { owner: { ...ana, ids: { testcrm: 'u-7', other: 'x' } } })
    expect(writes).toMatchObject([{ ownerId: 'u-7' }])
  })

  it('is not done when the CRM accepts the owner and another automation overwrites it', async () => {
    const { crm } = crmOf({ overwrite: 'u-rule' })
    const failure = await failureOf(run(update(crm), { owner: ana }))
    expect(failure).toMatchObject({ retryable: true, outcomeUnknown: false })
    expect(failure.message).toContain('u-rule')
  })

  it.each([
    ['nobody has the e-mail', { findUserByEmail: async () => null }, 'not-found'],
    ['the record is gone', { readRecord: async () => null }, 'not-found'],
  ])('fails for good and writes nothing when %s', async (_, methods, kind) => {
    const { crm, writes } = crmOf({ methods })
    const failure = await failureOf(run(update(crm, { expected: 'queue' }), { owner: ana }))
    expect(failure).toMatchObject({ kind, retryable: false })
    expect(writes).toEqual([])
  })

  it.each([
    ['is inactive there', { findUserByEmail: async () => ({ ...user, active: false }) }],
    ['is refused as inactive', { writeOwner: () => Promise.reject(failureIn('inactive-owner', false)) }],
  ])('has the owner decided anew when the one chosen %s, and writes nothing', async (_, methods) => {
    const { crm, writes } = crmOf({ methods })
    const outcome = await run(update(crm, { expected: 'queue' }), { owner: ana })
    expect(outcome).toMatchObject({
      status: 'done',
      value: { changed: false, ceded: true },
      redraw: { column: 'owner', reason: expect.stringContaining(ana.name) },
    })
    expect(writes).toEqual([])
  })

  it('is reconciled by reading the record', async () => {
    expect(await reconcile(update(crmOf().crm), { owner: ana })).toEqual({ state: 'absent' })
    expect(await reconcile(update(crmOf({ owner: 'u-ana' }).crm), { owner: ana })).toMatchObject({
      state: 'happened',
      outcome: { status: 'done', value: { ownerId: 'u-ana', record: 'L1' } },
    })
  })

  it('is written again when further fields went with it: the owner alone does not tell', async () => {
    const { crm } = crmOf({ owner: 'u-ana' })
    const fields = { Segment__c: 'SMB' }
    expect(await reconcile(update(crm, { fields }), { owner: ana })).toEqual({ state: 'absent' })
    expect(await reconcile(update(crm, { fields, expected: 'u-ana' }), { owner: ana })).toEqual({
      state: 'absent',
    })
    for (const change of [{ fields: { Segment__c: ' ' } }, { fields, expected: 'queue' }])
      expect(await reconcile(update(crm, change), { owner: ana })).toMatchObject({ state: 'happened' })
  })

  it('says what it does, and which draw its success confirms', () => {
    expect(update(crmOf().crm).work).toMatchObject({
      effect: 'write',
      sideEffect: 'writes the owner to testcrm',
      reaches: 'records',
      target: 'same-state',
      confirms: ['owner'],
    })
  })
})

describe('a crm-record column', () => {
  const column = (crm: Crm) =>
    crmRecord<Row, 'email'>({
      reads: ['email'],
      crm,
      person: ({ email }) => ({
        recordId: null,
        email,
        firstName: null,
        lastName: null,
        company: null,
        website: null,
      }),
    })

  it('takes the record that is there, and creates one keyed on the row otherwise', async () => {
    const found = crmWith({ findRecord: async () => record })
    expect(await run(column(found), { email: 'x@y.z' })).toMatchObject({
      value: record,
      detail: { created: false },
    })
    const created: unknown[] = []
    const empty = crmWith({
      findRecord: async () => null,
      async createRecord(request) {
        created.push(request)
        return record
      },
    })
    expect(await run(column(empty), { email: 'x@y.z' })).toMatchObject({
      value: record,
      detail: { created: true },
    })
    expect(created).toEqual([expect.objectContaining({ externalId: 'row_1', email: 'x@y.z' })])
  })

  it('takes a field that was left empty for a missing one, and keeps the account', async () => {
    const asked: unknown[] = []
    const crm = crmWith({
      async findRecord(request) {
        asked.push(request)
        return record
      },
    })
    const blanks = (accountId: string) =>
      crmRecord<Row, 'email'>({
        reads: ['email'],
        crm,
        person: ({ email }) => ({
          ...{ recordId: ' ', email, firstName: '', lastName: 'Kim', company: '  ', website: null },
          accountId,
        }),
      })
    await run(blanks('A1'), { email: 'x@y.z' })
    await run(blanks(''), { email: ' ' })
    const empty = { recordId: null, externalId: 'row_1', firstName: null, company: null, website: null }
    expect(asked).toEqual([
      { ...empty, lastName: 'Kim', email: 'x@y.z', accountId: 'A1' },
      { ...empty, lastName: 'Kim', email: null },
    ])
  })

  it('is reconciled by looking, never by creating', async () => {
    expect(await reconcile(column(crmWith({ findRecord: async () => null })), {})).toEqual({
      state: 'absent',
    })
    expect(await reconcile(column(crmWith({ findRecord: async () => record })), {})).toMatchObject({
      state: 'happened',
    })
  })
})

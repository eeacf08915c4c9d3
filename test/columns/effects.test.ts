import { describe, expect, it } from 'vitest'
import { crmRecord } from '../../columns/crm-record.ts'
import { enrol } from '../../columns/enrol.ts'
import { notify } from '../../columns/notify.ts'
import type {
  Crm,
  CrmRecord,
  Enrolment,
  Finding,
  Messenger,
  SentMessage,
  Sequencer,
} from '../../columns/ports.ts'
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

/** A CRM with one record, which keeps every write it gets; `overwrite` is an automation of the CRM's own. */
function crmOf(options: { owner?: string | null; overwrite?: string; methods?: Partial<Crm> } = {}) {
  let ownerId = options.owner === undefined ? 'queue' : options.owner
  const writes: unknown[] = []
  const crm = crmWith({
    findUserByEmail: async (email) => (email === ana.email ? user : null),
    readRecord: async () => ({ ...record, ownerId }),
    async writeOwner({ id }, change) {
      writes.push({ id, ...change })
      ownerId = options.overwrite ?? change.ownerId
    },
    ...options.methods,
  })
  return { crm, writes }
}
const update = (crm: Crm, fields?: Record<string, string>) =>
  updateCrm<Row, never, 'owner'>({
    needs: ['owner'],
    crm,
    confirms: 'owner',
    change: ({ owner }) => ({ owner, record: { type: 'Lead', id: 'L1' }, ...(fields && { fields }) }),
  })

describe('an update-crm column', () => {
  it('writes the owner once and reads it back before it is done', async () => {
    const { crm, writes } = crmOf()
    expect(await run(update(crm, { Segment__c: 'SMB', Empty__c: '  ' }), { owner: ana })).toMatchObject({
      status: 'done',
      value: { record: 'L1', ownerId: 'u-ana', previous: 'queue', changed: true },
    })
    expect(writes).toEqual([{ id: 'L1', ownerId: 'u-ana', fields: { Segment__c: 'SMB' } }])
  })

  it('sends nothing when the owner is right already', async () => {
    const { crm, writes } = crmOf({ owner: 'u-ana' })
    expect(await run(update(crm), { owner: ana })).toMatchObject({
      value: { changed: false, previous: 'u-ana' },
    })
    expect(writes).toEqual([])
  })

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
    ['the user is inactive', { findUserByEmail: async () => ({ ...user, active: false }) }, 'inactive-owner'],
    ['the record is gone', { readRecord: async () => null }, 'not-found'],
  ])('fails for good and writes nothing when %s', async (_, methods, kind) => {
    const { crm, writes } = crmOf({ methods })
    expect(await failureOf(run(update(crm), { owner: ana }))).toMatchObject({ kind, retryable: false })
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
    expect(await reconcile(update(crm, { Segment__c: 'SMB' }), { owner: ana })).toEqual({ state: 'absent' })
    expect(await reconcile(update(crm, { Segment__c: ' ' }), { owner: ana })).toMatchObject({
      state: 'happened',
    })
  })

  it('says what it does, and which draw its success confirms', () => {
    expect(update(crmOf().crm).work).toMatchObject({
      effect: 'write',
      sideEffect: 'writes the owner to testcrm',
      reaches: 'records',
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

  it('is reconciled by looking, never by creating', async () => {
    expect(await reconcile(column(crmWith({ findRecord: async () => null })), {})).toEqual({
      state: 'absent',
    })
    expect(await reconcile(column(crmWith({ findRecord: async () => record })), {})).toMatchObject({
      state: 'happened',
    })
  })
})

describe('a notify column', () => {
  const sent: SentMessage = { id: 'm1', channel: 'D1', fallback: false }
  const column = (via: Partial<Messenger>) =>
    notify<Row, never, 'owner'>({
      needs: ['owner'],
      via: {
        vendor: 'testchat',
        send: () => Promise.reject(new Error('not asked')),
        find: () => Promise.reject(new Error('not asked')),
        ...via,
      },
      message: ({ owner }) => ({
        to: { email: owner.email ?? '' },
        title: 'New lead',
        facts: [],
        reason: 'because',
      }),
    })

  it('sends one message with the send id', async () => {
    const calls: unknown[] = []
    const send: Messenger['send'] = async (message, sendId) => {
      calls.push([message.to, sendId])
      return sent
    }
    expect(await run(column({ send }), { owner: ana })).toMatchObject({ status: 'done', value: sent })
    expect(calls).toEqual([[{ email: ana.email }, 'row_1.cell.1.abcd']])
  })

  it('lets a lost answer through as it is, for the runtime to reconcile', async () => {
    const lost = failureIn('unavailable', true, true)
    expect(await failureOf(run(column({ send: () => Promise.reject(lost) }), { owner: ana }))).toBe(lost)
  })

  it.each<[Finding<SentMessage>, string]>([
    [{ state: 'found', value: sent }, 'happened'],
    [{ state: 'absent' }, 'absent'],
    [{ state: 'unknown', reason: 'no history' }, 'unknown'],
  ])('is reconciled by searching for the send id: %o', async (finding, state) => {
    const ids: string[] = []
    const find: Messenger['find'] = async (_, sendId) => {
      ids.push(sendId)
      return finding
    }
    expect(await reconcile(column({ find }), { owner: ana })).toMatchObject({ state })
    expect(ids).toEqual(['row_1.cell.1.abcd'])
  })
})

describe('an enrol column', () => {
  const enrolment: Enrolment = { id: 'e1', sequence: 'welcome' }
  const column = (finding: Finding<Enrolment>, enrolled: string[] = []) => {
    const via: Sequencer = {
      vendor: 'testseq',
      find: async () => finding,
      async enrol(request) {
        enrolled.push(request.record.id)
        return enrolment
      },
    }
    const sender = { email: 'ana@ours.example', crmUserId: null }
    return enrol<Row, 'email'>({
      reads: ['email'],
      via,
      enrolment: () => ({ sequence: 'welcome', record: { type: 'Lead', id: 'L1' }, sender }),
    })
  }

  it('enrols who is not in the sequence yet, and nobody twice', async () => {
    const enrolled: string[] = []
    expect(await run(column({ state: 'absent' }, enrolled), {})).toMatchObject({ value: enrolment })
    expect(await run(column({ state: 'found', value: enrolment }, enrolled), {})).toMatchObject({
      value: enrolment,
      detail: { alreadyEnrolled: true },
    })
    expect(enrolled).toEqual(['L1'])
  })

  it('is reconciled by asking', async () => {
    expect(await reconcile(column({ state: 'found', value: enrolment }), {})).toMatchObject({
      state: 'happened',
    })
    expect(await reconcile(column({ state: 'absent' }), {})).toEqual({ state: 'absent' })
    expect(await reconcile(column({ state: 'unknown', reason: 'r' }), {})).toEqual({
      state: 'unknown',
      reason: 'r',
    })
  })
})

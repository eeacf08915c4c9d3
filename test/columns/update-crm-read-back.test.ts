import { describe, expect, it } from 'vitest'
import type { Crm, CrmUser } from '../../columns/ports.ts'
import { updateCrm } from '../../columns/update-crm.ts'
import type { Owner } from '../../routing/decision.ts'
import { crmWith } from './ports.ts'
import { failureOf, reconcile, run } from './running.ts'

interface Row {
  owner: Owner
}
const ana: Owner = { rep: 'ana', name: 'Ana', email: 'ana@ours.example', ids: {} }
const user = (id: string, over: Partial<CrmUser> = {}): CrmUser => ({
  ...{ id, name: id.toUpperCase(), email: `${id}@ours.example`, active: true, kind: 'person' },
  ...over,
})

/** A CRM whose one record belongs to `owner`; `gone` and `inactive` as at the read-back. */
const crmOf = ({ owner = null as CrmUser | null, gone = false, inactive = false } = {}) =>
  crmWith({
    findUserByEmail: async () => user('ana', { active: !inactive }),
    readRecord: async ({ type, id }) =>
      gone
        ? null
        : {
            ...{ type, id, ownerId: owner?.id ?? null, owner, url: 'https://crm.example/L1' },
            lastActivityAt: null,
            createdAt: null,
          },
  })

const column = (crm: Crm, over: { expected?: string | null; fields?: Record<string, string> } = {}) =>
  updateCrm<Row, never, 'owner'>({
    needs: ['owner'],
    crm,
    change: ({ owner }) => ({ owner, record: { type: 'Lead', id: 'L1' }, ...over }),
  })

describe('an update-crm column whose answer was lost', () => {
  it.each([
    ['the record is gone', { gone: true }, 'not-found'],
    ['the owner has become inactive', { inactive: true }, 'inactive-owner'],
  ])('takes the write for absent when %s: the next sending says what is the matter', async (_, org, kind) => {
    const write = column(crmOf(org), { expected: null })
    expect(await reconcile(write, { owner: ana })).toEqual({ state: 'absent' })
    expect(await failureOf(run(write, { owner: ana }))).toMatchObject({ kind, retryable: false })
  })

  it.each([{}, { fields: { X: 'y' } }])(
    'leaves the record with a person who is not ours, also where no owner was expected (%o)',
    async (over) => {
      expect(await reconcile(column(crmOf({ owner: user('bo') }), over), { owner: ana })).toMatchObject({
        state: 'unknown',
        reason: expect.stringMatching(/BO \(bo\).*nobody knows whether Ana was written before/),
      })
    },
  )

  it('writes again over nobody, a queue, and an owner we gave the lead before', async () => {
    const bo: Owner = { rep: 'bo', name: 'Bo', email: 'bo@ours.example', ids: {} }
    for (const owner of [null, user('q', { kind: 'queue' }), user('old', { active: false })])
      expect(await reconcile(column(crmOf({ owner })), { owner: ana })).toEqual({ state: 'absent' })
    const write = column(crmOf({ owner: user('bo') }))
    expect(await reconcile(write, { owner: { ...ana, previous: [bo] } })).toEqual({ state: 'absent' })
  })

  it('leaves it to sending to look where an owner is expected', async () => {
    const write = column(crmOf({ owner: user('bo') }), { expected: null })
    expect(await reconcile(write, { owner: ana })).toEqual({ state: 'absent' })
    expect((await failureOf(run(write, { owner: ana }))).message).toContain('BO (bo)')
  })
})

it('an owner of whom nothing is known is null while another one is looked for, never blank', async () => {
  const write = updateCrm<Row, never, 'owner'>({
    needs: ['owner'],
    crm: crmOf({ inactive: true }),
    confirms: 'owner',
    change: ({ owner }) => ({ owner, record: { type: 'Lead', id: 'L1' } }),
  })
  expect(await run(write, { owner: ana })).toMatchObject({ value: { ownerId: null, previous: null } })
})

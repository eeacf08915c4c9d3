import { expect, test } from 'vitest'
import type { OwnedAccount, OwnedRecord, RecordOwner } from '../../routing/ladder/answers.ts'
import { decideOwner, type Ladder } from '../../routing/ladder.ts'
import { pool, rep, viewOf } from './decision-view.ts'

const people = ['lena', 'carl', 'abel', 'olga'].map((id) => rep(id, { ids: { salesforce: `005-${id}` } }))
const team = pool('team', [rep('ted')])

const of = (id: string): RecordOwner => ({
  id: `005-${id}`,
  name: id,
  email: null,
  active: true,
  kind: 'person',
})
const record = (id: string): OwnedRecord & { lastActivityAt: null } => ({
  owner: of(id),
  lastActivityAt: null,
})

interface Row {
  lead: OwnedRecord | null
  contact: OwnedRecord | null
  opportunity: OwnedRecord | null
  account: OwnedAccount | null
}

/** Everything the CRM holds about this person belongs to somebody else. */
const disagreeing: Row = {
  lead: record('lena'),
  contact: record('carl'),
  opportunity: record('olga'),
  account: { name: 'Acme', relationship: 'customer', owner: of('abel') },
}

const rules: Record<keyof Row, Ladder<Row>['rules'][number]> = {
  lead: { name: 'lead', decide: ({ lead }, by) => by.keep(lead, 'salesforce') },
  contact: {
    name: 'contact',
    decide: ({ contact }, by) => by.keep(contact, 'salesforce', { of: 'contact' }),
  },
  opportunity: {
    name: 'opportunity',
    decide: ({ opportunity }, by) => by.keep(opportunity, 'salesforce', { of: 'opportunity' }),
  },
  account: { name: 'account', decide: ({ account }, by) => by.owner(account, 'salesforce') },
}

const decide = (order: readonly (keyof Row)[], row: Row = disagreeing) =>
  decideOwner(
    { rules: order.map((name) => rules[name]), otherwise: { pool: 'team' } },
    row,
    viewOf({ pools: [team], reps: people }),
  )

test('owners of lead, contact, opportunity and account that disagree go by the order of the rules (trap 41)', () => {
  const orders = [
    ['opportunity', 'account', 'contact', 'lead'],
    ['lead', 'contact', 'account', 'opportunity'],
    ['contact', 'lead', 'opportunity', 'account'],
    ['account', 'opportunity', 'lead', 'contact'],
  ] as const
  expect(orders.map((order) => decide(order).assignment?.rep)).toEqual(['olga', 'lena', 'carl', 'abel'])
  const [order] = orders
  const decision = decide(order, { ...disagreeing, opportunity: null })
  expect(decision.assignment).toMatchObject({ rep: 'abel', rule: 'account', method: 'existing_owner' })
  expect(decision.trace.rules.map(({ rule, matched }) => [rule, matched])).toEqual([
    ['opportunity', false],
    ['account', true],
  ])
})

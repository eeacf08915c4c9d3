import { describe, expect, test } from 'vitest'
import type { DecisionView, HeldSince } from '../../routing/decision.ts'
import type { KeepOptions, OwnedAccount, OwnerOptions, RecordOwner } from '../../routing/ladder/answers.ts'
import { by } from '../../routing/ladder/words.ts'
import { decideOwner, type Ladder } from '../../routing/ladder.ts'
import { barred, claimOf, hours, noon, onLeave, owner, pool, rep, viewOf, weekdays } from './decision-view.ts'

const ana = rep('ana', { ids: { salesforce: '005A' } })
const bo = rep('bo')
const emea = pool('emea', [bo])

const crmOwner = (over: Partial<RecordOwner> = {}): RecordOwner => ({
  id: '005A',
  name: 'Ana in the CRM',
  email: 'ana@ours.example',
  active: true,
  kind: 'person',
  ...over,
})
const account = (over: Partial<OwnedAccount> = {}): OwnedAccount => ({
  name: 'Acme',
  relationship: 'customer',
  owner: crmOwner(),
  lastActivityAt: '2026-02-20T10:00:00Z',
  ...over,
})

const answering = (rule: Ladder<object>['rules'][number]): Ladder<object> => ({
  rules: [rule],
  otherwise: { pool: 'emea' },
})
const decideAnswer = (answer: ReturnType<typeof by.no>, view: DecisionView, counts?: string) =>
  decideOwner(
    answering({ name: 'relationship', decide: () => answer, ...(counts !== undefined && { counts }) }),
    {},
    view,
  )
const ofAccount = (
  given: OwnedAccount | null,
  options: OwnerOptions = {},
  view = viewOf({ pools: [emea], reps: [ana] }),
) => decideAnswer(by.owner(given, 'salesforce', options), view)

describe('the owner of an account', () => {
  test('gets its leads: as the rep of the roster, with the id the CRM knows', () => {
    const decision = ofAccount(account())
    expect(decision.assignment).toMatchObject({
      rep: 'ana',
      name: 'Ana',
      ids: { salesforce: '005A' },
      method: 'existing_owner',
      pool: null,
      alsoTell: null,
    })
    expect(decision.draw).toBeNull()
    expect(decision.claims).toBe(true)
    expect(ofAccount(account({ relationship: 'open-opportunity' })).assignment?.method).toBe(
      'open_opportunity',
    )
  })

  test('is found by e-mail where an environment has other ids (trap 92)', () => {
    const given = account({ owner: crmOwner({ id: 'sandbox-7', email: 'ANA@ours.example' }) })
    expect(ofAccount(given).assignment).toMatchObject({ rep: 'ana', ids: { salesforce: 'sandbox-7' } })
  })

  test('may be somebody whom only the CRM knows', () => {
    const given = account({ owner: crmOwner({ id: '005X', name: 'Xenia', email: 'x@other.example' }) })
    expect(ofAccount(given).assignment).toMatchObject({
      rep: null,
      name: 'Xenia',
      ids: { salesforce: '005X' },
    })
  })

  test('that is a queue, an integration user or nobody owns nothing (trap 44)', () => {
    for (const kind of ['queue', 'integration'] as const) {
      const { assignment, trace } = ofAccount(account({ owner: crmOwner({ kind, name: 'House' }) }))
      expect(assignment?.rule).toBe('otherwise')
      expect(trace.rules[0]?.reason).toBe(
        `account Acme (customer) is owned by the ${kind} House, which owns nothing`,
      )
    }
    expect(ofAccount(account({ owner: null })).trace.rules[0]?.reason).toBe('account Acme has no owner')
    expect(ofAccount(null).trace.rules[0]?.reason).toBe('the CRM has no account for this company')
  })

  test('who is gone is covered by the successor, then the manager, else by the next rule (trap 42)', () => {
    const gone = rep('gone', { active: false, ids: { salesforce: '005G' }, successor: 'sue', manager: 'mia' })
    const given = account({ owner: crmOwner({ id: '005G', name: 'Gone', email: null, active: false }) })
    const among = (...reps: ReturnType<typeof rep>[]) => ofAccount(given, {}, viewOf({ pools: [emea], reps }))
    expect(among(gone, rep('sue'), rep('mia'))).toMatchObject({
      assignment: {
        rep: 'sue',
        method: 'existing_owner',
        reason: expect.stringContaining('Sue covers as successor of Gone'),
      },
      trace: { fallbackUsed: true },
    })
    expect(among(gone, rep('sue', { active: false }), rep('mia')).assignment?.rep).toBe('mia')
    expect(among(gone, rep('sue', { active: false, successor: 'tim' }), rep('tim')).assignment?.rep).toBe(
      'tim',
    )
    expect(among(gone, rep('sue', { active: false, successor: 'gone' })).assignment?.rule).toBe('otherwise')
    expect(among().assignment?.rule).toBe('otherwise')
    const refused = { previous: [barred(rep('sue'))] }
    const world = { pools: [emea], reps: [gone, rep('sue'), rep('mia')] }
    expect(ofAccount(given, {}, viewOf(world, refused)).assignment?.rep).toBe('mia')
  })

  test('who is inactive here is never written, whatever the CRM says (trap 42)', () => {
    const inactive = rep('ana', { ids: { salesforce: '005A' }, active: false })
    expect(ofAccount(account(), {}, viewOf({ pools: [emea], reps: [inactive] })).assignment?.rep).toBe('bo')
  })

  test('on leave is kept while the backup is told, or makes way, as the rule says (trap 43)', () => {
    const away = rep('ana', { ids: { salesforce: '005A' }, ...onLeave, backup: 'cy', manager: 'mia' })
    const view = viewOf({ pools: [emea], reps: [away, rep('cy'), rep('mia')] })
    expect(ofAccount(account(), {}, view).assignment).toMatchObject({ rep: 'ana', alsoTell: { rep: 'cy' } })
    expect(ofAccount(account(), { onLeave: 'next-rule' }, view).assignment).toMatchObject({ rep: 'bo' })
    const back = (count: number) =>
      ofAccount(account(), { onLeave: { keepWhenBackWithinHours: count } }, view).assignment?.rep
    expect([back(24), back(24 * 5)]).toEqual(['bo', 'ana'])
    const noBackup = viewOf({ pools: [emea], reps: [{ ...away, backup: null }, rep('mia')] })
    expect(ofAccount(account(), {}, noBackup).assignment?.alsoTell).toMatchObject({ rep: 'mia' })
  })

  test('off hours keeps the account, nobody else is told', () => {
    const asleep = rep('ana', { ids: { salesforce: '005A' }, hours: weekdays('20:00', '22:00') })
    expect(ofAccount(account(), {}, viewOf({ pools: [emea], reps: [asleep] })).assignment).toMatchObject({
      rep: 'ana',
      alsoTell: null,
    })
  })

  test('with another role hands over to the pod (trap 45)', () => {
    const closer = rep('ana', { ids: { salesforce: '005A' }, role: 'ae' })
    const view = viewOf({ pools: [emea], reps: [closer, rep('sdr', { role: 'sdr' })] })
    const roles = ['sdr']
    expect(ofAccount(account(), { roles, pods: { ana: { person: 'sdr' } } }, view).assignment).toMatchObject({
      rep: 'sdr',
    })
    expect(ofAccount(account(), { roles, pods: { ana: { pool: 'emea' } } }, view)).toMatchObject({
      assignment: { rep: 'bo', method: 'round_robin', rule: 'relationship' },
      draw: { pool: 'emea' },
    })
    expect(ofAccount(account(), { roles: ['ae'] }, view).assignment).toMatchObject({ rep: 'ana' })
    expect(ofAccount(account(), { roles }, view).trace.rules[0]?.reason).toMatch(
      /is ae, not sdr, and has no pod/,
    )
  })

  test('over cap keeps ownership, the manager is told, and no counter moves unless the rule says so (trap 46)', () => {
    const full = rep('ana', {
      ids: { salesforce: '005A' },
      caps: { perDay: 3 },
      manager: 'mia',
      hours: weekdays('20:00', '22:00'),
    })
    const both = pool('both', [full, bo])
    const view = viewOf({ pools: [emea, both], reps: [rep('mia')], load: { ana: { drawn: 3 } } })
    const plain = decideAnswer(by.owner(account(), 'salesforce'), view)
    expect(plain).toMatchObject({ assignment: { rep: 'ana', alsoTell: { rep: 'mia' } }, draw: null })
    const counted = decideAnswer(by.owner(account(), 'salesforce'), view, 'both')
    expect(counted.draw).toMatchObject({ pool: 'both', member: 'ana', balances: { ana: -1, bo: 1 } })
    expect(decideAnswer(by.owner(account(), 'salesforce'), view, 'emea').draw).toBeNull()
  })

  test('of a dormant account is released, with the date it saw (trap 57)', () => {
    const old = account({ lastActivityAt: '2025-01-05T10:00:00Z' })
    const { assignment, trace } = ofAccount(old, { dormantAfterDays: 180 })
    expect(assignment?.rule).toBe('otherwise')
    expect(trace.rules[0]).toMatchObject({
      reason: 'account Acme (customer) is dormant: last activity 2025-01-05',
      conditions: [{ field: 'lastActivityAt', expected: 180, seen: '2025-01-05T10:00:00Z', matched: false }],
    })
    expect(ofAccount(old).assignment?.rep).toBe('ana')
    expect(ofAccount(account(), { dormantAfterDays: 180 }).assignment?.rep).toBe('ana')
    expect(ofAccount(account({ lastActivityAt: null }), { dormantAfterDays: 1 }).assignment?.rule).toBe(
      'otherwise',
    )
  })

  test('that this very lead wrote is no relationship (trap 54)', () => {
    const own = (over: object) =>
      ofAccount(
        account(),
        {},
        viewOf({ pools: [emea], reps: [ana] }, { claim: claimOf(ana, { row: 'row_1', ...over }) }),
      )
    expect(own({}).trace.rules[0]).toMatchObject({
      matched: false,
      reason:
        'Ana in the CRM owns account Acme (customer) because of this lead\'s own rule "rotation", which is no relationship',
    })
    expect(own({ method: 'existing_owner' }).assignment).toMatchObject({
      rep: 'ana',
      method: 'existing_owner',
    })
    expect(own({ owner: owner(bo) }).assignment).toMatchObject({ rep: 'ana', method: 'existing_owner' })
    expect(own({ row: 'row_2' }).assignment).toMatchObject({ rep: 'ana', method: 'existing_owner' })
  })

  test('that nobody owns is claimed by the draw, so that the next lead stays (trap 50)', () => {
    const first = ofAccount(account({ owner: null }))
    expect(first).toMatchObject({ assignment: { rep: 'bo' }, claims: true })
    const next = viewOf({ pools: [pool('emea', [ana, bo])] }, { claim: claimOf(bo), row: 'row_2' })
    expect(ofAccount(account({ owner: null }), {}, next)).toMatchObject({
      assignment: { rep: 'bo', method: 'sticky' },
      draw: null,
    })
  })

  test('comes before a claim of another lead, and never gets back what they let lie', () => {
    const view = viewOf({ pools: [emea], reps: [ana] }, { claim: claimOf(bo) })
    expect(ofAccount(account(), {}, view).assignment).toMatchObject({ rep: 'ana', method: 'existing_owner' })
    const refused = viewOf({ pools: [emea], reps: [ana] }, { previous: [barred(ana)] })
    expect(ofAccount(account(), {}, refused).assignment).toMatchObject({ rep: 'bo' })
  })

  test('keeps the accounts that competed and the tie-break in the trace (trap 40)', () => {
    const candidates = [
      { name: 'Acme', owner: 'Ana', why: 'domain' },
      { name: 'Acme Ltd', owner: 'Bo', why: 'domain' },
    ]
    const match = { candidates, tieBreak: 'most recent activity', review: null }
    expect(ofAccount(account({ match })).trace.rules[0]).toMatchObject({
      candidates,
      tieBreak: 'most recent activity',
    })
  })

  test('of a contested account is held for a person first, then goes to the account’s own owner (trap 55)', () => {
    const given = account({ match: { review: { reason: 'the parent is owned by Bo' } } })
    const ladder: Ladder<object> = {
      rules: [
        { name: 'contested', decide: () => by.review(given.match?.review ?? null, { dwellHours: 2 }) },
        { name: 'owner', decide: () => by.owner(given, 'salesforce') },
      ],
      otherwise: { pool: 'emea' },
    }
    const at = (heldSince: HeldSince) =>
      decideOwner(ladder, {}, viewOf({ pools: [emea], reps: [ana] }, { heldSince }))
    expect(at({}).hold).toEqual({ on: 'human', until: noon + hours(2), since: { 'human contested': noon } })
    expect(at({ 'human contested': noon - hours(2) }).assignment).toMatchObject({
      rep: 'ana',
      reason: 'Ana already owns account Acme (customer, contested: the parent is owned by Bo)',
    })
  })

  test('waits for a person who says which account it is (trap 40)', () => {
    const match = { review: { reason: 'Acme and Acme Ltd match alike' } }
    const { trace } = ofAccount(account({ owner: null, match }))
    expect(trace.rules[0]?.reason).toBe('a person has to say first: Acme and Acme Ltd match alike')
    expect(decideAnswer(by.review(match.review, { dwellHours: 2 }), viewOf({ pools: [emea] })).hold?.on).toBe(
      'human',
    )
  })
})

describe('the owner a record has already (traps 41, 48)', () => {
  const keep = (over: Partial<RecordOwner> | null, unworkedDays: number | null, options?: KeepOptions) => {
    const view = viewOf({ pools: [emea], reps: [ana] })
    const lastActivityAt =
      unworkedDays === null ? null : new Date(view.now - unworkedDays * 86_400_000).toISOString()
    const owner = over === null ? null : crmOwner(over)
    return decideAnswer(by.keep({ owner, lastActivityAt }, 'salesforce', options), view)
  }

  test('is kept', () => {
    expect(keep({}, 3).assignment).toMatchObject({ rep: 'ana', method: 'existing_owner' })
    expect(keep({}, 3, { of: 'opportunity' }).assignment?.method).toBe('open_opportunity')
  })

  test('is replaced when nobody, a queue, on the list, or too long unworked', () => {
    expect(keep(null, null).assignment?.rep).toBe('bo')
    expect(keep({ kind: 'queue' }, 0).assignment?.rep).toBe('bo')
    expect(keep({}, 0, { replaceable: ['ana@ours.example'] }).assignment?.rep).toBe('bo')
    expect(keep({}, 30, { unworkedDays: 30 }).assignment?.rep).toBe('ana')
    const late = keep({}, 31, { unworkedDays: 30 })
    expect(late.assignment?.rep).toBe('bo')
    expect(late.trace.rules[0]?.conditions).toMatchObject([
      { field: 'lead.owner', matched: true },
      { field: 'lastActivityAt', expected: 30, matched: false },
    ])
    // Never worked: it has lain since it was made.
    const made = { owner: crmOwner({}), lastActivityAt: null, createdAt: '2001-01-01T00:00:00.000Z' }
    const view = viewOf({ pools: [emea], reps: [ana] })
    expect(decideAnswer(by.keep(made, 'salesforce', { unworkedDays: 30 }), view).assignment?.rep).toBe('bo')
  })
})

describe('named accounts (trap 56)', () => {
  const list = {
    'acme.com': 'ana',
    'legal.com': { queue: { name: 'Legal', ids: {} } },
    'partner.com': { pool: 'emea' },
  }
  const named = (domain: string | null, view = viewOf({ pools: [emea], reps: [ana] })) =>
    decideAnswer(by.named(list, domain, 'deal registration'), view)

  test('go to whom the list says, before a claim', () => {
    const view = viewOf({ pools: [emea], reps: [ana] }, { claim: claimOf(bo) })
    expect(named('acme.com', view).assignment).toMatchObject({ rep: 'ana', method: 'named_account' })
    expect(named('legal.com').assignment).toMatchObject({ rep: null, name: 'Legal' })
    expect(named('partner.com').assignment).toMatchObject({ rep: 'bo', method: 'round_robin' })
    expect(named('other.com').trace.rules[0]).toMatchObject({
      matched: false,
      reason: 'other.com is not on the list',
    })
    expect(named(null).assignment?.rule).toBe('otherwise')
    expect(named('constructor').assignment?.rule).toBe('otherwise')
  })

  test('stay with their rep during a leave', () => {
    const away = rep('ana', { ...onLeave, backup: 'bo' })
    expect(named('acme.com', viewOf({ pools: [emea], reps: [away] })).assignment).toMatchObject({
      rep: 'ana',
      alsoTell: { rep: 'bo' },
    })
  })
})

test('identity is never the name: two people called Ana are two (trap 75)', () => {
  const other = rep('ana-2', { name: 'Ana', ids: { salesforce: '005B' } })
  const view = viewOf({ pools: [emea], reps: [ana, other] }, { previous: [barred(ana)] })
  const given = account({ owner: crmOwner({ id: '005B', email: other.email, name: 'Ana' }) })
  expect(ofAccount(given, {}, view).assignment?.rep).toBe('ana-2')
})

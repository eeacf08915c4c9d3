import { canOwn } from './accounts.ts'
import type { Considered, Decision, Method, Owner, RotationView, RuleTrace } from './decision.ts'
import { exclusionOf, type Rep } from './pool.ts'
import { chooseMember } from './rotation.ts'
import { type Destination, lookUp, type Territory } from './territory.ts'

/** What a rule answers: an assignment, or a reason why not. Plain data, so a rule needs no ledger to be tested. */
export type Answer =
  | { kind: 'relationship'; owner: Owner; method: Method; reason: string }
  | { kind: 'person'; rep: Rep | string; method: Method; reason: string }
  | { kind: 'pool'; pool: string; method: Method | null; reason: string }
  | { kind: 'no'; reason: string }

interface AccountWithOwner {
  name: string
  relationship: 'customer' | 'open-opportunity' | 'prospect'
  owner: {
    id: string
    name: string
    email: string | null
    active: boolean
    kind: 'person' | 'queue' | 'integration'
  } | null
}

/** The words a rule answers with. */
export interface By<PoolName extends string> {
  /** The owner of an account the CRM already has; `vendor` names the CRM the owner id belongs to. */
  owner(account: AccountWithOwner | null, vendor: string): Answer
  territory<Region extends string, Segment extends string>(
    territory: Territory<Region, Segment, Destination>,
    key: { region: Region; segment: Segment },
  ): Answer
  rotate(pool: PoolName): Answer
  person(rep: Rep, reason?: string): Answer
  no(reason: string): Answer
}

export interface Rule<Row, PoolName extends string> {
  name: string
  decide: (row: Row, by: By<PoolName>) => Answer
}

export interface Ladder<Row> {
  rules: readonly Rule<Row, string>[]
  /** Where a lead goes when no rule answers: it always goes somewhere. */
  otherwise: { pool: string } | { person: Rep }
  /** Roster in which a territory's person is found by rep id. */
  reps: ReadonlyMap<string, Rep>
}

const by: By<string> = {
  owner(account, vendor) {
    if (account === null) return { kind: 'no', reason: 'the CRM has no account for this company' }
    const { owner } = account
    if (owner === null) return { kind: 'no', reason: `account ${account.name} has no owner` }
    if (!canOwn(owner)) {
      const why = owner.kind === 'person' ? 'is inactive' : `is a ${owner.kind}`
      return { kind: 'no', reason: `the owner of account ${account.name}, ${owner.name}, ${why}` }
    }
    return {
      kind: 'relationship',
      owner: { rep: null, name: owner.name, email: owner.email, ids: { [vendor]: owner.id } },
      method: account.relationship === 'open-opportunity' ? 'open_opportunity' : 'existing_owner',
      reason: `${owner.name} already owns account ${account.name} (${account.relationship.replace('-', ' ')})`,
    }
  },
  territory(territory, key) {
    const { destination, path } = lookUp(territory, key)
    return 'person' in destination
      ? { kind: 'person', rep: destination.person, method: 'territory', reason: path }
      : {
          kind: 'pool',
          pool: destination.pool,
          method: null,
          reason: `${path} is pool ${destination.pool}`,
        }
  },
  rotate: (pool) => ({ kind: 'pool', pool, method: null, reason: `rotation of pool ${pool}` }),
  person: (rep, reason) => ({
    kind: 'person',
    rep,
    method: 'named_account',
    reason: reason ?? `${rep.name} is named by the rule`,
  }),
  no: (reason) => ({ kind: 'no', reason }),
}

export const ownerOf = (rep: Rep): Owner => ({
  rep: rep.id,
  name: rep.name,
  email: rep.email,
  ids: rep.ids ?? {},
})

/**
 * Runs the rules in order; the first that answers wins. A relationship comes first; then a company that already has a rep keeps
 * that rep (its claim); only then is anything distributed. Pure: draw and claim are written by whoever called.
 */
export function decideOwner<Row>(ladder: Ladder<Row>, row: Row, view: RotationView): Decision {
  const trace: RuleTrace[] = []
  for (const rule of ladder.rules) {
    const decision = settle(ladder, rule.name, rule.decide(row, by), view, trace)
    if (decision !== null) return decision
  }
  const fallback: Answer =
    'pool' in ladder.otherwise
      ? {
          kind: 'pool',
          pool: ladder.otherwise.pool,
          method: 'fallback_pool',
          reason: `no rule answered; pool ${ladder.otherwise.pool} takes it`,
        }
      : {
          kind: 'person',
          rep: ladder.otherwise.person,
          method: 'fallback_person',
          reason: 'no rule answered',
        }
  return settle(ladder, 'otherwise', fallback, view, trace) ?? nobody(trace)
}

const nobody = (trace: RuleTrace[]): Decision => ({
  assignment: null,
  reason: 'no rule answered and the fallback had nobody: add an active member to its pool',
  draw: null,
  claims: false,
  trace,
})

function settle<Row>(
  ladder: Ladder<Row>,
  rule: string,
  answer: Answer,
  view: RotationView,
  trace: RuleTrace[],
): Decision | null {
  const assign = (owner: Owner, method: Method, reason: string): Decision => {
    trace.push({ rule, matched: true, reason })
    return {
      assignment: { ...owner, method, rule, reason, pool: null },
      reason,
      draw: null,
      claims: view.account !== null,
      trace,
    }
  }
  if (answer.kind === 'no') {
    trace.push({ rule, matched: false, reason: answer.reason })
    return null
  }
  if (answer.kind === 'relationship') return assign(answer.owner, answer.method, answer.reason)
  if (view.claim !== null) {
    const { claim } = view
    return assign(
      claim.owner,
      'sticky',
      `${claim.account} already went to ${claim.owner.name} (${claim.row}, rule "${claim.rule}")`,
    )
  }
  if (answer.kind === 'person') {
    const rep = typeof answer.rep === 'string' ? ladder.reps.get(answer.rep) : answer.rep
    if (rep !== undefined) return assign(ownerOf(rep), answer.method, `${answer.reason}: ${rep.name}`)
    trace.push({
      rule,
      matched: false,
      reason: `${answer.reason} names rep ${answer.rep}, who is not in the roster`,
    })
    return null
  }
  return drawFrom(rule, answer, view, trace)
}

/** Draws from a pool, following what it declares for "nobody available" until somebody is found or every pool was asked. */
function drawFrom(
  rule: string,
  answer: Extract<Answer, { kind: 'pool' }>,
  view: RotationView,
  trace: RuleTrace[],
): Decision | null {
  const asked = new Set<string>()
  let name = answer.pool
  let why = answer.reason
  while (!asked.has(name)) {
    asked.add(name)
    const drawn = drawOnce(name, view, false)
    if (typeof drawn === 'string') {
      trace.push({ rule, matched: false, reason: drawn, pool: name })
      return null
    }
    const method = asked.size > 1 ? 'fallback_pool' : (answer.method ?? drawn.method)
    if (drawn.rep !== null) return drawnDecision({ rule, why, method, pool: name, drawn, view, trace })
    trace.push({
      rule,
      matched: false,
      reason: `${why}: nobody is available`,
      pool: name,
      considered: drawn.considered,
    })
    if (drawn.whenNobody === 'assign-anyway') {
      const anyway = drawOnce(name, view, true)
      if (typeof anyway === 'string' || anyway.rep === null) return null
      return drawnDecision({
        rule,
        why: `${why}; nobody is available and the pool assigns anyway`,
        method,
        pool: name,
        drawn: anyway,
        view,
        trace,
      })
    }
    if ('person' in drawn.whenNobody) {
      const rep = drawn.whenNobody.person
      const reason = `${why}; nobody is available, so ${rep.name} takes it`
      trace.push({ rule, matched: true, reason, pool: name })
      return {
        assignment: { ...ownerOf(rep), method: 'fallback_person', rule, reason, pool: name },
        reason,
        draw: null,
        claims: view.account !== null,
        trace,
      }
    }
    why = `pool ${name} has nobody available; its next pool is ${drawn.whenNobody.pool}`
    name = drawn.whenNobody.pool
  }
  trace.push({
    rule,
    matched: false,
    reason: `the pools ${[...asked].join(', ')} hand over to each other and have nobody`,
  })
  return null
}

function drawOnce(name: string, view: RotationView, anyway: boolean) {
  const state = view.pool(name)
  if (state === null) return `pool ${name} does not exist`
  const { pool } = state
  const members = pool.members.map((member) => ({
    id: member.rep.id,
    weight: member.weight,
    excluded: anyway && member.active && member.weight > 0 ? null : exclusionOf(member, view.now),
  }))
  const others = members.filter((member) => member.excluded === null && member.id !== view.previous)
  const former = members.find((member) => member.id === view.previous)
  if (former !== undefined && others.length > 0) former.excluded ??= 'had this lead before'
  const turn = chooseMember({
    strategy: pool.strategy,
    members,
    balances: state.balances,
    lastDrawn: state.lastDrawn,
  })
  const method: Method = pool.strategy === 'weighted' ? 'weighted_round_robin' : 'round_robin'
  const rep = pool.members.find((member) => member.rep.id === turn.chosen)?.rep ?? null
  const considered: Considered[] = turn.considered
  return {
    rep,
    method,
    considered,
    balances: turn.balances,
    reason: turn.reason,
    whenNobody: pool.whenNobody,
  }
}

/** How the rep stood in the rotation, for people: `: share 50 %, 0.62 leads owed, 2 of 3 reps available`. */
function standing(considered: readonly Considered[], member: string): string {
  const chosen = considered.find((each) => each.member === member)
  if (chosen === undefined) return ''
  const available = considered.filter((each) => each.excluded === null).length
  const share = Math.round(chosen.share * 100)
  return `: share ${share} %, ${chosen.balance.toFixed(2)} leads owed, ${available} of ${considered.length} reps available`
}

function drawnDecision(input: {
  rule: string
  why: string
  method: Method
  pool: string
  drawn: Exclude<ReturnType<typeof drawOnce>, string>
  view: RotationView
  trace: RuleTrace[]
}): Decision {
  const { rule, drawn, pool, trace, view } = input
  const { rep, considered, balances } = drawn
  if (rep === null) return nobody(trace)
  const reason = `${input.why}; ${rep.name} is next${standing(considered, rep.id)}`
  trace.push({ rule, matched: true, reason, pool, considered })
  return {
    assignment: { ...ownerOf(rep), method: input.method, rule, reason, pool },
    reason,
    draw: { pool, member: rep.id, balances, considered },
    claims: view.account !== null,
    trace,
  }
}

import type { ConditionTrace } from '../decision.ts'
import type { AnswerTrace, By, Candidate, OwnedAccount } from './answers.ts'

/** The words. They look at nothing but what they are given. */
export const by: By<string> = {
  owner(account, vendor, options = {}) {
    if (account === null) return { kind: 'no', reason: 'the CRM has no account for this company' }
    const trace = traceOf(account)
    const review = account.match?.review ?? null
    if (account.owner === null) {
      const reason =
        review === null
          ? `account ${account.name} has no owner`
          : `a person has to say first: ${review.reason}`
      return { kind: 'no', reason, ...trace }
    }
    // Two people have a right to it, and nobody was asked or decided in time: a third rep would only make it worse.
    const contested = review === null ? '' : `, contested: ${review.reason}`
    return {
      kind: 'owner',
      owner: account.owner,
      vendor,
      of: `account ${account.name} (${account.relationship.replace('-', ' ')}${contested})`,
      method: account.relationship === 'open-opportunity' ? 'open_opportunity' : 'existing_owner',
      options,
      lastActivityAt: account.lastActivityAt ?? null,
      ...trace,
    }
  },
  keep(record, vendor, { of = 'lead', replaceable = [], unworkedDays } = {}) {
    const owner = record?.owner ?? null
    if (record === null || owner === null) return { kind: 'no', reason: `the ${of} has no owner in the CRM` }
    const conditions: ConditionTrace[] = []
    const listed = [owner.id, owner.name, owner.email].some(
      (each) => each !== null && replaceable.includes(each),
    )
    conditions.push({
      field: `${of}.owner`,
      operator: 'not one of',
      expected: replaceable,
      seen: owner.name,
      matched: !listed,
    })
    if (listed) return { kind: 'no', reason: `${owner.name} owns the ${of} and may be replaced`, conditions }
    const method = of === 'opportunity' ? 'open_opportunity' : 'existing_owner'
    return {
      kind: 'owner',
      owner,
      vendor,
      of: `the ${of}`,
      method,
      options: unworkedDays === undefined ? {} : { dormantAfterDays: unworkedDays },
      // A record that nobody ever worked has lain since it was made.
      lastActivityAt: record.lastActivityAt ?? record.createdAt ?? null,
      conditions,
    }
  },
  named(list, domain, why = 'named account') {
    const to = domain !== null && Object.hasOwn(list, domain) ? list[domain] : undefined
    const conditions: ConditionTrace[] = [
      {
        field: 'domain',
        operator: 'on the list',
        expected: `${Object.keys(list).length} domains`,
        seen: domain,
        matched: to !== undefined,
      },
    ]
    if (to === undefined) {
      const reason = domain === null ? 'there is no domain to look for' : `${domain} is not on the list`
      return { kind: 'no', reason, conditions }
    }
    const reason = `${domain} is on the list (${why})`
    if (typeof to === 'string' || 'person' in to) {
      const rep = typeof to === 'string' ? to : to.person
      return { kind: 'person', rep, method: 'named_account', reason, beforeClaims: true, conditions }
    }
    if ('queue' in to) return { kind: 'queue', queue: to.queue, reason, conditions }
    return { kind: 'pool', pool: to.pool, stratum: null, method: null, reason, conditions }
  },
  territory: (territory, key) => ({ kind: 'territory', territory, key }),
  rotate: (pool, { stratum } = {}) => ({
    kind: 'pool',
    pool,
    stratum: stratum ?? null,
    method: null,
    reason: `rotation of pool ${pool}${stratum === undefined ? '' : `, tier ${stratum}`}`,
  }),
  person: (rep, reason) => ({
    kind: 'person',
    rep: typeof rep === 'string' ? rep : rep.id,
    method: 'named_account',
    reason: reason ?? 'named by the rule',
    beforeClaims: false,
  }),
  queue: (queue, reason) => ({ kind: 'queue', queue, reason }),
  review(what, { dwellHours, candidates }) {
    if (what === null) return { kind: 'no', reason: 'there is nothing for a person to decide' }
    const given = typeof what === 'string' ? { reason: what } : what
    return {
      kind: 'review',
      reason: given.reason,
      dwellMs: dwellHours * 3_600_000,
      candidates: (candidates ?? given.candidates ?? []).map(plainCandidate),
    }
  },
  notQualified: (reason) => ({ kind: 'not-qualified', reason }),
  no: (reason) => ({ kind: 'no', reason }),
}

function traceOf({ match }: OwnedAccount): AnswerTrace {
  const { candidates, tieBreak } = match ?? {}
  return {
    ...(candidates !== undefined && candidates.length > 1 && { candidates: candidates.map(plainCandidate) }),
    ...(typeof tieBreak === 'string' && { tieBreak }),
  }
}

const plainCandidate = ({ name, owner, why }: Candidate): Candidate => ({ name, owner, why })

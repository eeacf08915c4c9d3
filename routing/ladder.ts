import type { Decision, DecisionView } from './decision.ts'
import type { Answer, By } from './ladder/answers.ts'
import { stickTo } from './ladder/claim.ts'
import { checkWhen, type RuleWhen, recordReads } from './ladder/conditions.ts'
import { type ClaimPolicy, type Deciding, nobody, refuse } from './ladder/deciding.ts'
import { drawFrom, lastPerson, toQueue } from './ladder/draw.ts'
import { tellFailures } from './ladder/nobody.ts'
import { settle } from './ladder/settle.ts'
import { by } from './ladder/words.ts'
import type { Queue } from './pool.ts'

/** One rule of a ladder. Rules are asked in order; the first that answers wins. */
export interface Rule<Row, PoolName extends string> {
  name: string
  /** The rule is asked only when all of it holds. As data, so that the trace shows what each value was. */
  when?: RuleWhen<Row>
  /** True for a rule that never answers "no": whatever stands behind it under the same condition is never reached. */
  always?: boolean
  /** A pool in which leads that go to their owner by this rule count as turns; by default they move no counter. */
  counts?: PoolName
  decide: (row: Row, by: By<PoolName>) => Answer
}

export interface Ladder<Row> {
  rules: readonly Rule<Row, string>[]
  /** Where a lead goes when no rule answers: it always goes somewhere. */
  otherwise: { pool: string } | { person: string } | { queue: Queue }
  claims?: ClaimPolicy
}

/**
 * Runs the rules in order; the first that answers wins. A relationship comes first; then a company that already has a rep keeps
 * that rep (its claim); only then is anything distributed. Pure: draw and claim are written by whoever called.
 */
export function decideOwner<Row extends object>(ladder: Ladder<Row>, row: Row, view: DecisionView): Decision {
  const deciding: Deciding = {
    view,
    claims: ladder.claims ?? {},
    rules: [],
    failures: [],
    rule: '',
    conditions: [],
    candidates: [],
    tieBreak: null,
    counts: null,
    fallbackUsed: false,
    claimRefused: false,
    heldSince: {},
  }
  const recorder = recordReads(row)
  for (const rule of ladder.rules) {
    deciding.rule = rule.name
    deciding.counts = rule.counts ?? null
    deciding.candidates = []
    deciding.tieBreak = null
    const wishes = rule.when === undefined ? [] : checkWhen(rule.when, row)
    const unmet = wishes.find(({ matched }) => !matched)
    deciding.conditions = wishes
    if (unmet !== undefined) {
      refuse(deciding, `not for this lead: ${unmet.field} is ${textOf(unmet.seen)}`)
      continue
    }
    const answer = rule.decide(recorder.row, by)
    deciding.conditions = [...wishes, ...recorder.take(), ...(answer.conditions ?? [])]
    deciding.candidates = answer.candidates ?? []
    deciding.tieBreak = answer.tieBreak ?? null
    const decision = settle(answer, deciding)
    if (decision !== null) return decision
  }
  return stickTo(nobodyYet(deciding)) ?? goElsewhere(ladder.otherwise, deciding)
}

/** The end of the ladder is a line of the trace like any rule. */
function nobodyYet(deciding: Deciding): Deciding {
  deciding.rule = 'otherwise'
  deciding.conditions = []
  deciding.candidates = []
  deciding.tieBreak = null
  deciding.counts = null
  return deciding
}

function goElsewhere(otherwise: Ladder<never>['otherwise'], deciding: Deciding): Decision {
  deciding.fallbackUsed = true
  const why = 'no rule answered'
  const decision =
    'pool' in otherwise
      ? drawFrom(
          {
            pool: otherwise.pool,
            stratum: null,
            method: 'fallback_pool',
            reason: `${why}; pool ${otherwise.pool} takes it`,
          },
          deciding,
        )
      : 'queue' in otherwise
        ? toQueue(otherwise.queue, { reason: `${why}; queue ${otherwise.queue.name} takes it` }, deciding)
        : lastPerson(otherwise.person, { why: `${why};`, final: true }, deciding)
  return (
    decision ??
    nobody(
      deciding,
      'no_eligible',
      `${why} and nobody could take it: ${tellFailures(deciding.failures)}; add an active member to a pool, or name a person or a queue`,
    )
  )
}

const textOf = (value: unknown): string =>
  value === null || value === undefined
    ? 'missing'
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value)

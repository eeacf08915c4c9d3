import { type Cost, done, noResult, type Outcome } from '../column.ts'
import { type JsonObject, stableStringify } from '../json.ts'
import type { Conversation } from './conversation.ts'
import { type Judging, judgeValue } from './judge.ts'
import { type AiOutcome, aiOutcomes } from './outcomes.ts'

export interface Answering<Out> {
  cached: boolean
  known: Partial<Out>
  /** Stands with `known` where that overrules the model: the model's own words would contradict it. */
  explain: Partial<Out>
  /** What the detail says of every ending: the model, what was sent, how the rule decided. */
  shown: Shown
  model: string
  judging: Judging<Out>
  instead: () => Out | null
}

/** The cell after a conversation: the model's answer under the facts, or what stands without it. */
export function answered<Out extends object>(said: Conversation, answering: Answering<Out>): Outcome<Out> {
  const { cached, known, explain, model, judging, instead } = answering
  const cost = costOf(said, cached)
  const others = said.answers.flatMap((each) => (each.model === model ? [] : [each.model ?? null]))
  const shared = {
    ...answering.shown,
    cached,
    answers: said.answers,
    ...(said.estimated && { estimated: true }),
    // The server answered with another model than the pinned one: a dated name behind an alias, or a change overnight.
    ...(others.length > 0 && { otherModel: others.at(-1) }),
  }
  if (said.value === null)
    return standIn(
      instead(),
      { ...shared, outcome: outcomeNamed(said.wrong), problem: said.problem ?? '' },
      cost,
    )
  const verdict = judgeValue(said.value, judging)
  if (!verdict.ok)
    return standIn(instead(), { ...shared, outcome: verdict.outcome, problem: verdict.problem }, cost)
  const overruled = differences(verdict.value, known)
  const outcome = nameOf({ overruled: overruled.length > 0, cached, repaired: said.repaired })
  const detail = {
    outcome,
    decidedBy: 'model',
    ...shared,
    repaired: said.repaired,
    known: { ...known },
    overruled,
  }
  const reason = overruled.map(
    ({ field, model: theirs, fact }) => `${field} is ${fact} by the facts, not ${theirs} as the model said`,
  )
  return done(
    { ...verdict.value, ...(overruled.length > 0 && explain), ...known },
    { detail, cost, ...(reason.length > 0 && { reason: reason.join('; ') }) },
  )
}

export interface Shown {
  model: string
  /** The fenced values as they were sent. */
  sent: string
  rule?: object
}

export interface StandIn extends Shown {
  outcome: AiOutcome
  problem: string
  answers: readonly JsonObject[]
}

/** The cell where no answer of the model stands. Without a cost, the runtime writes down what the failed calls have taken. */
export function standIn<Out>(value: Out | null, { problem, ...rest }: StandIn, cost?: Cost): Outcome<Out> {
  const detail = { ...rest, decidedBy: 'nobody', problem }
  const reason = `the model gave no valid answer (${rest.outcome}): ${problem}`
  const extra = { detail, ...(cost !== undefined && { cost }) }
  return value === null ? noResult(reason, extra) : done(value, { ...extra, reason })
}

function nameOf(was: { overruled: boolean; cached: boolean; repaired: boolean }): AiOutcome {
  if (was.overruled) return 'overruled'
  if (was.cached) return 'cached'
  return was.repaired ? 'repaired' : 'answered-by-model'
}

const outcomeNamed = (name: string | null): AiOutcome =>
  aiOutcomes.find((each) => each === name) ?? 'schema-violation'

/** An answer that was kept, or asked for by another row at the same time, cost this one nothing. */
const costOf = (said: Conversation, cached: boolean): Cost =>
  cached ? { usd: 0 } : { usd: said.usd, inputTokens: said.inputTokens, outputTokens: said.outputTokens }

/** Fields in which the model said something else than the facts. The facts stand; the disagreement is shown. */
function differences(value: object, known: object): { field: string; model: string; fact: string }[] {
  const said = new Map<string, unknown>(Object.entries(value))
  return Object.entries(known).flatMap(([field, fact]) =>
    stableStringify(said.get(field)) === stableStringify(fact)
      ? []
      : [{ field, model: inWords(said.get(field)), fact: inWords(fact) }],
  )
}

const inWords = (value: unknown) => (typeof value === 'string' ? value : stableStringify(value))

import type {
  Assignment,
  ConditionTrace,
  Considered,
  DecisionTrace,
  Exclusion,
  Method,
  RuleTrace,
} from './decision.ts'

const endOfLadder = 'otherwise'

const byMethod: Record<Method, string> = {
  existing_owner: 'as the owner the CRM has already',
  open_opportunity: 'as the owner of an open opportunity',
  named_account: 'as a named account',
  sticky: 'because the company went there before',
  territory: 'as the one rep of the territory',
  round_robin: 'by turn',
  weighted_round_robin: 'by turn, with weights',
  fallback_pool: 'by a turn of the fallback pool',
  fallback_person: 'as the last person of the chain',
  manual_override: 'because a person said so',
  no_eligible: 'because no rep may take it',
  not_qualified: 'as not qualified',
  error: 'after an error',
}

/** The pool that a ladder ends in is the first choice of every lead that no rule was for: its turns are ordinary ones. */
const wayOf = ({ method, rule }: Assignment): string =>
  byMethod[method === 'fallback_pool' && rule === endOfLadder ? 'round_robin' : method]

/**
 * A decision as a person would tell it, one sentence a line: who got the lead, what each rule said on the way, how the reps stood in
 * the rotation, who is told as well. `assignment` is the value of the cell, null for a lead that nobody got or that is held; `anew` says
 * why it was taken from who had it before, and at whose word.
 */
export function explainDecision(
  trace: DecisionTrace,
  assignment: Assignment | null,
  anew: { reason: string; who?: string } | null = null,
): string[] {
  const told = [opening(trace, assignment)]
  const holds = isHold(trace, assignment)
  trace.rules.forEach((line, index) => {
    const decided = holds && line.matched ? 'holds it' : line.matched ? 'decided' : 'did not decide'
    told.push(
      `${index === 0 ? 'First, ' : 'Then '}${ruleName(line.rule)} ${decided}: ${sentence(line.reason)}`,
    )
    told.push(...tellSeen(line).map((each) => `  ${each}`))
  })
  const why = anew === null ? [] : [tellAnew(anew)]
  if (assignment === null) return [...told, ...why]
  if (assignment.alsoTell !== null) told.push(`${assignment.alsoTell.name} is told as well.`)
  if (assignment.previous.length > 0) {
    told.push(`${listed(assignment.previous.map(({ name }) => name))} had this lead before.`)
  }
  // What a person decided stands in the rule already.
  return assignment.method === 'manual_override' ? told : [...told, ...why]
}

const tellAnew = ({ reason, who }: { reason: string; who?: string }): string =>
  `It was decided anew${who === undefined ? '' : ` by ${who}`}: ${sentence(reason)}`

/** Nobody has the lead, and no method says that this is the end of it. */
const isHold = ({ method }: DecisionTrace, assignment: Assignment | null): boolean =>
  assignment === null && method === null

function opening(trace: DecisionTrace, assignment: Assignment | null): string {
  const { method, fallbackUsed, rules } = trace
  if (assignment !== null) {
    const { name, rule, pool } = assignment
    const from = pool === null ? '' : `, pool ${pool}`
    const instead =
      rule === endOfLadder && tookAtOnce(rules)
        ? 'no rule before it decided'
        : 'the first choice was not there'
    return `${name} got this lead ${wayOf(assignment)} (${ruleName(rule)}${from}${fallbackUsed ? `; ${instead}` : ''}).`
  }
  if (method === 'not_qualified')
    return `Nobody gets this lead: ${rules.at(-1)?.reason ?? 'it is not qualified'}.`
  if (method !== null) return 'Nobody got this lead: no rule answered, and the end of the ladder had nobody.'
  return 'Nobody has this lead yet: it is held, and decided again by itself.'
}

/** The end of the ladder took the lead as it stands there. Whom the rules before it named in vain is told with each of them. */
function tookAtOnce(rules: readonly RuleTrace[]): boolean {
  const end = rules.find(({ rule }) => rule === endOfLadder)
  return end?.matched === true && (end.considered?.some(({ excluded }) => excluded === null) ?? true)
}

/** What a rule saw beside its reason: its conditions, the records that competed, how the reps stood. */
function tellSeen(line: RuleTrace): string[] {
  const { conditions = [], candidates = [], considered = [] } = line
  const told: string[] = []
  const wished = conditions.flatMap((each) => tellCondition(each) ?? [])
  if (wished.length > 0) told.push(`It wants ${wished.join('; ')}.`)
  if (candidates.length > 0) told.push(tellCandidates(line))
  if (considered.length > 0) told.push(...tellConsidered(considered))
  return told
}

/** One condition, as what the rule wants and what it met; null where the reason of the rule says the same. */
function tellCondition({ field, operator, expected, seen, matched }: ConditionTrace): string | null {
  const met = textOf(seen)
  switch (operator) {
    case 'is':
    case 'is one of':
      if (matched && !Array.isArray(expected)) return `${field} to be ${textOf(expected)}, which it is`
      return `${field} to be ${choice(expected)}, ${matched ? 'and' : 'but'} it is ${met}`
    case 'is not':
    case 'is not one of':
      return `${field} not to be ${choice(expected)}, ${matched ? 'and' : 'but'} it is ${met}`
    case 'passes':
      return `${field} to pass ${textOf(expected)}, ${matched ? 'which it does' : 'but it does not'} (${met})`
    case 'within days':
      return `activity in the last ${textOf(expected)} days, ${matched ? 'and' : 'but'} the last one is ${dayOf(seen)}`
    case 'not one of':
      if (!matched || !Array.isArray(expected) || expected.length === 0) return null
      return `an owner who is not ${choice(expected)}, and it is ${met}`
    case 'on the list':
    case 'read':
      return null
    default:
      return `${field} ${operator} ${choice(expected)}, ${matched ? 'and' : 'but'} it is ${met}`
  }
}

function choice(expected: unknown): string {
  if (!Array.isArray(expected)) return textOf(expected)
  const values = expected.map(textOf)
  return values.length < 2
    ? (values[0] ?? 'anything')
    : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

const dayOf = (seen: unknown) => (typeof seen === 'string' ? `of ${seen.slice(0, 10)}` : 'not known')

function tellCandidates({ candidates = [], tieBreak }: RuleTrace): string {
  const all = candidates.map(({ name, owner, why }) => `${name} (${owner ?? 'nobody'}; ${why})`)
  const by = tieBreak === undefined ? '' : `, by: ${tieBreak}`
  return `${candidates.length} records came into question, the first one counts${by}: ${listed(all)}.`
}

function tellConsidered(considered: readonly Considered[]): string[] {
  const there = considered.filter(({ excluded }) => excluded === null)
  const away = considered.filter(({ excluded }) => excluded !== null)
  const told: string[] = []
  if (there.length > 0) {
    const standing = there
      .toSorted((one, other) => other.balance - one.balance)
      .map(({ name, share, balance }) => `${name} ${owedText(balance)} (share ${percent(share)})`)
    told.push(`Of ${considered.length} reps ${there.length} could be drawn: ${standing.join(', ')}.`)
  }
  if (away.length > 0) {
    const why = away.map(({ name, excluded }) => `${name} (${excluded?.reason ?? ''})`)
    told.push(`Not to be drawn: ${why.join(', ')}.`)
  }
  return told
}

/** That this rep has the lead, how and why: the answer to "why not" about its owner. Null where somebody else has it, or nobody. */
export function whyOwner(assignment: Assignment, asked: string): string | null {
  const { rep, name, method, rule, pool, reason } = assignment
  if (rep !== asked) return null
  if (method === 'manual_override') return `${name} has this lead, given by hand: ${pastSentence(reason)}`
  const from = pool === null ? '' : `, pool ${pool}`
  return `${name} has this lead ${wayOf(assignment)} (${ruleName(rule)}${from}): ${pastSentence(reason)}`
}

/**
 * Why this rep did not get the lead: for every rule that was asked, whether the rep was in its pool, kept out of it, or behind in turn.
 * `name` is the rep's, for the sentences. One sentence a line.
 */
export function whyNot(trace: DecisionTrace, rep: string, name: string): string[] {
  const told: string[] = []
  for (const line of trace.rules) {
    const sentenceOf = whyNotBy(line, rep, name)
    if (sentenceOf !== null) told.push(sentenceOf)
  }
  const pools = trace.rules.filter(({ considered }) => considered !== undefined)
  if (pools.length === 0) told.push(`No pool was asked, so ${name} never stood for a turn.`)
  return told
}

/** The rules of this ladder that were never asked, because one before them decided; null where there are none. */
export function notAsked({ rules }: DecisionTrace, ladder: readonly string[]): string | null {
  const last = rules.at(-1)
  const place = last?.matched === true ? ladder.indexOf(last.rule) : -1
  if (last === undefined || place < 0) return null
  const behind = ladder.slice(place + 1).map((rule) => `"${rule}"`)
  if (behind.length === 0) return null
  const were = behind.length === 1 ? `Rule ${listed(behind)} was` : `Rules ${listed(behind)} were`
  return `${were} never asked: ${ruleName(last.rule)} decided.`
}

function whyNotBy(
  { rule, matched, reason, pool, considered, chosen }: RuleTrace,
  rep: string,
  name: string,
): string | null {
  const asked = capital(ruleName(rule))
  if (considered === undefined) {
    return matched
      ? `${asked} decided without a rotation: ${pastSentence(reason)}`
      : `${asked}: ${pastSentence(reason)}`
  }
  const own = considered.find(({ member }) => member === rep)
  const where = `pool ${pool ?? '(unnamed)'}`
  if (own === undefined) return `${asked}: ${name} is not in ${where}.`
  if (own.excluded !== null)
    return `${asked}: in ${where} ${name} could not be drawn: ${sentence(pastReason(own.excluded))}`
  const winner = considered.find(({ member }) => member === chosen)
  if (!matched || winner === undefined) return `${asked}: ${sentence(reason)}`
  if (winner.member === rep) return `${asked}: ${name} was next in ${where}, and got it.`
  const turn = `${name} ${owedText(own.balance)}, ${winner.name} ${owedText(winner.balance)}`
  return `${asked}: ${winner.name} was before ${name} in ${where}: ${turn}${whyFirst(winner, own)}.`
}

/** Why the winner's turn was first, where the leads owed do not say so by themselves. */
function whyFirst(winner: Considered, own: Considered): string {
  const ahead = own.balance - winner.balance
  if (ahead < -1e-9) return ''
  if (ahead <= 1e-9)
    return `; owed alike, the turn goes to ${winner.name}, who waited longer or comes first by id`
  const shares = `with a share of ${percent(winner.share)} against ${percent(own.share)}`
  return `; ${shares} the turn of ${winner.name} fell due first`
}

function owedText(balance: number): string {
  const leads = Math.abs(balance).toFixed(2)
  return balance >= 0 ? `was owed ${leads} leads` : `was ${leads} leads ahead`
}

const percent = (share: number) => `${Math.round(share * 1_000) / 10} %`

const ruleName = (rule: string) =>
  rule === endOfLadder ? 'the end of the ladder' : rule === 'claim' ? "the company's claim" : `rule "${rule}"`

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** What kept a rep out, told later: a leave of the decision's time may be over, or given up, by now. */
function pastReason({ code, reason }: Exclusion): string {
  if (code !== 'leave') return reason
  return reason.startsWith('will be ') ? reason.replace('will be', 'was to be') : `was ${reason}`
}

/** The same for what a rule said of an owner. */
const pastSentence = (reason: string) => sentence(reason.replaceAll(' is on leave', ' was on leave'))

/** Ends in one full stop. */
const sentence = (text: string) => (/[.!?…]$/.test(text) ? text : `${text}.`)

function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'missing'
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing')
}

function listed(names: readonly string[]): string {
  const last = names.at(-1)
  return names.length < 2 ? (last ?? '') : `${names.slice(0, -1).join(', ')} and ${last}`
}

import type { Considered, RuleTrace } from '../../routing/decision.ts'

/**
 * A member of a pool as a decision considered it, by position. The names of these fields are the same for every member of every pool,
 * and would be half of what a decision leaves behind.
 */
export type PackedMember = [
  member: Considered['member'],
  name: Considered['name'],
  weight: number,
  share: number,
  balance: number,
  excluded: Considered['excluded'],
]

/** The members that each rule of a trace considered, null for a rule that considered none. */
export type PackedMembers = (PackedMember[] | null)[]

interface Traced {
  trace: { rules: RuleTrace[] }
}

const fields = ['member', 'name', 'weight', 'share', 'balance', 'excluded']

/** Takes the members out of the trace in this detail. Null when there is no such trace in it: anybody may write a detail. */
export function packMembers(detail: object): { detail: object; members: PackedMembers } | null {
  if (!isTraced(detail)) return null
  const { trace } = detail
  const members = trace.rules.map(({ considered }) => considered?.map(packMember) ?? null)
  const rules = trace.rules.map(({ considered: _, ...rule }) => rule)
  return { detail: { ...detail, trace: { ...trace, rules } }, members }
}

/** Puts the members back where `packMembers` took them from. */
export function unpackMembers(detail: object, members: PackedMembers): object {
  const { trace } = detail as Traced
  const rules = trace.rules.map((rule, index) => {
    const considered = members[index]
    return considered == null ? rule : { ...rule, considered: considered.map(unpackMember) }
  })
  return { ...detail, trace: { ...trace, rules } }
}

const packMember = ({ member, name, weight, share, balance, excluded }: Considered): PackedMember => [
  member,
  name,
  weight,
  share,
  balance,
  excluded,
]

const unpackMember = ([member, name, weight, share, balance, excluded]: PackedMember): Considered => ({
  member,
  name,
  weight,
  share,
  balance,
  excluded,
})

function isTraced(detail: object): detail is Traced {
  if (!('trace' in detail)) return false
  const { trace } = detail
  if (typeof trace !== 'object' || trace === null || !('rules' in trace)) return false
  const { rules } = trace
  return Array.isArray(rules) && rules.length > 0 && rules.some(hasMembers) && rules.every(isRule)
}

const hasMembers = (rule: unknown): boolean =>
  typeof rule === 'object' && rule !== null && 'considered' in rule

function isRule(rule: unknown): boolean {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return false
  return !('considered' in rule) || (Array.isArray(rule.considered) && rule.considered.every(isMember))
}

/** With these fields and no others: all that it holds comes back. */
function isMember(each: unknown): boolean {
  if (typeof each !== 'object' || each === null || Object.keys(each).length !== fields.length) return false
  return fields.every((name) => Object.hasOwn(each, name) && Reflect.get(each, name) !== undefined)
}

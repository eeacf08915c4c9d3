import { z } from 'zod'
import { type CellState, isStandIn } from '../columns/cell.ts'
import type { Cost } from '../columns/column.ts'
import { Assignment } from '../routing/decision.ts'
import { isOutThere } from './choose.ts'
import type { Skip } from './conditions.ts'
import type { PlannedColumn } from './plan.ts'

/** What the detail of an attempt may say of a question that was answered by a rule or a model. Every column may use these names. */
const Told = z.object({
  outcome: z.string(),
  decidedBy: z.string().nullable().catch(null),
  model: z.string().nullable().catch(null),
  cached: z.boolean().catch(false),
  repaired: z.boolean().catch(false),
  estimated: z.boolean().catch(false),
  problem: z.string().nullable().catch(null),
  overruled: z.array(z.object({ field: z.string(), model: z.string(), fact: z.string() })).catch([]),
  answers: z
    .array(
      z.looseObject({ text: z.string().nullable().catch(null), refusal: z.string().nullable().catch(null) }),
    )
    .catch([]),
  sent: z.string().nullable().catch(null),
})

const longestShown = 600

/** How an answer came about, one sentence a line, from the detail of its attempt: who decided, at what cost, from what, against what. */
export function evidenceOf(detail: object | undefined, cost: Cost | undefined): string[] {
  const told = Told.safeParse(detail ?? null).data
  if (told === undefined) return []
  const { outcome, decidedBy, model, cached, repaired, problem, overruled, answers, sent } = told
  const lines = [`Outcome: ${outcome}${decidedBy === null ? '' : `, decided by ${decidedBy}`}`]
  if (model !== null) {
    const how = [cached && 'an answer that was kept', repaired && 'repaired at the second try'].filter(
      Boolean,
    )
    lines.push(`Model: ${[model, ...how].join(', ')}`)
  }
  if (cost !== undefined) lines.push(`Cost: ${costInWords(cost, told.estimated)}`)
  for (const { field, model: theirs, fact } of overruled)
    lines.push(`Disagreement: ${field} is ${fact} by the facts, not ${theirs} as the model said`)
  if (problem !== null) lines.push(`Problem: ${short(problem)}`)
  for (const { text, refusal } of answers) lines.push(`Raw answer: ${short(text ?? refusal ?? '(nothing)')}`)
  if (sent !== null) lines.push(`Sent: ${short(sent)}`)
  return lines
}

/**
 * That this cell is stale, and what it takes to have it anew: no run moves an owner or repeats an effect unasked. One sentence a line.
 * `skip`: why the cell would not run for its row now.
 */
export function staleEvidence(
  column: PlannedColumn,
  cell: CellState,
  { row, skip }: { row: string; skip: Skip | null },
): string[] {
  if (skip !== null && isOutThere(column, cell)) return keptEvidence(column, cell, { row, skip })
  return [staleText(column, cell)]
}

function staleText({ column: { work } }: PlannedColumn, cell: CellState): string {
  if (isStandIn(cell)) return 'Stale: it stands in for an answer that did not come; run it again to ask anew'
  const changed = 'Stale: what it stands on has changed since'
  if (cell.status !== 'done') return `${changed}; run it again to have it anew`
  if (work.effect === 'write') return `${changed}; run it again with includeEffects to do it anew`
  if (work.effect !== 'draw') return `${changed}; run it again to have it anew`
  if (cell.pinned !== undefined)
    return `${changed}; a person chose this owner, who stays until a person lets go or chooses another`
  return `${changed}, and the owner stays; run it again with redraw to decide anew`
}

/** What stands outside is taken back by no run, so nothing that a run can do is advised. */
function keptEvidence(
  { column: { work } }: PlannedColumn,
  cell: CellState,
  { row, skip }: { row: string; skip: Skip },
): string[] {
  if (work.effect === 'write')
    return [`Stale: now ${skip.reason}; what was done stays, and no run repeats it or takes it back`]
  const kept = `Stale: now ${skip.reason}; the owner stays on purpose, since the CRM and the rep may have been told, and no run, redraw or override takes the lead back`
  const { data } = Assignment.safeParse(cell.value)
  if (cell.draw === undefined || data?.rep == null || data.pool === null) return [kept]
  const credit = JSON.stringify({ rep: data.rep, leads: 1, reason: 'disqualified', row })
  return [
    kept,
    `To take it back: change the owner in the CRM, tell ${data.name}, and give the turn back with POST /v1/pools/${encodeURIComponent(data.pool)}/credits ${credit}`,
  ]
}

function costInWords({ usd, inputTokens, outputTokens }: Cost, estimated: boolean): string {
  const tokens =
    inputTokens === undefined && outputTokens === undefined
      ? []
      : [`${inputTokens ?? 0} tokens in, ${outputTokens ?? 0} out`]
  return [dollars(usd), ...tokens, ...(estimated ? ['estimated at its maximum'] : [])].join(', ')
}

/** Three digits that say something: $0.000412. */
export const dollars = (usd: number): string =>
  usd === 0 ? '$0' : `$${Number(usd.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 9 })}`

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > longestShown ? `${line.slice(0, longestShown)}…` : line
}

import { createClient, type WhyStep } from './client.ts'
import { paint, plain } from './table-text.ts'

export interface WhyOptions {
  row: string
  column: string
  table: string
  url: string
  json: boolean
}

const marks: Record<string, string> = {
  done: '✓',
  skipped: '↷',
  'no-result': '○',
  error: '✕',
  unknown: '?',
  waiting: '◷',
}

/** Prints why a cell is what it is, one line for each step that led to it. */
export async function why({ row, column, table, url, json }: WhyOptions): Promise<void> {
  const client = createClient(url, process.env.ROTA_API_KEY)
  const path = `/v1/tables/${encodeURIComponent(table)}/rows/${encodeURIComponent(row)}/cells/${encodeURIComponent(column)}/why`
  const answer = (await client.get(path)) as { steps: WhyStep[] }
  if (json) console.log(JSON.stringify(answer, null, 2))
  else for (const step of answer.steps) console.log(stepText(step))
}

/** One step as a person would tell it: what, how it ended, why, and for an owner every rule with the reps it considered. */
export function stepText(step: WhyStep): string {
  const took = step.ms === null ? '' : paint('dim', `  ${step.ms} ms`)
  const lines = [
    `${marks[step.status] ?? '·'} ${paint('bold', step.column)} ${paint('dim', step.kind)}${took}`,
    `    ${plain(step.reason)}`,
  ]
  const trace = traceOf(step.detail)
  for (const rule of trace) {
    lines.push(`    ${rule.matched ? '→' : '·'} ${rule.rule}: ${plain(rule.reason)}`)
    for (const each of rule.considered ?? []) {
      const share = `${(each.share * 100).toFixed(0)} %`
      const state = each.excluded === null ? `share ${share}, owed ${each.balance.toFixed(2)}` : each.excluded
      lines.push(paint('dim', `        ${each.member}: ${state}`))
    }
  }
  return lines.join('\n')
}

interface TracedRule {
  rule: string
  matched: boolean
  reason: string
  considered?: { member: string; share: number; balance: number; excluded: string | null }[]
}

function traceOf(detail: object | null): TracedRule[] {
  return detail !== null && 'trace' in detail && Array.isArray(detail.trace)
    ? (detail.trace as TracedRule[])
    : []
}

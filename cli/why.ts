import type { z } from 'zod'
import type { WhyAnswer } from '../server/contract.ts'
import { createClient, tableOf } from './client.ts'
import { paint, plain } from './table-text.ts'
import { inputLines, shortValue } from './why-values.ts'

type Why = z.output<typeof WhyAnswer>
type WhyStep = Why['steps'][number]

/** Which cell of which server. */
export interface CellOptions {
  row: string
  column: string
  /** Left out: the only table the server has. */
  table?: string
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

/** Prints why a cell is what it is: a decision as a person would tell it, then one line for each step that it stands on. */
export async function why(options: CellOptions): Promise<void> {
  const answer = await ask(options, '')
  console.log(options.json ? JSON.stringify(answer, null, 2) : whyText(answer))
}

/** Prints why a certain rep did not get a lead; for the one who has it, first that and why. */
export async function whyNot({ rep, ...options }: CellOptions & { rep: string }): Promise<void> {
  const lines = (await ask(options, `?notRep=${encodeURIComponent(rep)}`)).whyNot ?? []
  console.log(options.json ? JSON.stringify(lines, null, 2) : lines.map(plain).join('\n'))
}

async function ask({ table, row, column, url }: CellOptions, query: string): Promise<Why> {
  const client = createClient(url, process.env.ROTA_API_KEY)
  const [inTable, inRow, inColumn] = [await tableOf(client, table), row, column].map(encodeURIComponent)
  const path = `/v1/tables/${inTable}/rows/${inRow}/cells/${inColumn}/why${query}`
  return (await client.get(path)) as Why
}

/** The whole answer for the terminal. What a lead wrote reaches it without control characters. */
export function whyText({ column, told, steps }: Why): string {
  if (told.length === 0) return steps.map((step) => stepText(step, step.column === column)).join('\n')
  const before = steps.filter((step) => step.column !== column)
  const own = steps.find((step) => step.column === column)
  const head = own === undefined ? `· ${paint('bold', column)}` : headText(own, namedText(own.value))
  const sentences = [...told, ...(own?.evidence ?? [])].map((sentence) => `    ${plain(sentence)}`)
  if (before.length === 0) return [head, ...sentences].join('\n')
  return [head, ...sentences, '', paint('dim', 'It stands on'), ...before.map((step) => stepText(step))].join(
    '\n',
  )
}

function headText({ status, column, stale }: WhyStep, value: string | null): string {
  const head = `${marks[status] ?? '·'} ${paint('bold', plain(column))}`
  return `${head}${value === null ? '' : ` → ${value}`}${stale ? ' ↻ stale' : ''}`
}

/** `whole`: with how the answer came about and what it was made from, which is told of the cell that was asked about. */
function stepText(step: WhyStep, whole = false): string {
  const { status, value, reason, kind, ms, evidence, inputs } = step
  const took = ms === null ? '' : paint('dim', `  ${ms} ms`)
  const head = `${headText(step, valueText(step, whole))} ${paint('dim', kind)}${took}`
  const isSaid = reason !== status || value === null
  const lines = isSaid ? [`    ${plain(reason)}`] : []
  if (!whole) return [head, ...lines].join('\n')
  lines.push(...evidence.map((line) => `    ${paint('dim', plain(line))}`))
  const from = inputLines(inputs ?? {})
  if (from.length > 0) lines.push(`    ${paint('dim', 'Made from')}`, ...from.map((line) => `      ${line}`))
  return [head, ...lines].join('\n')
}

/** Beside a reason the fields of a step that was not asked about would say little more: there its name or its one word will do. */
function valueText({ column, status, value, reason }: WhyStep, whole: boolean): string | null {
  if (value === null || value === undefined) return null
  const isWord = typeof value !== 'object'
  if (isWord || reason === status) return shortValue(value, column)
  if (whole) return shortValue(withoutReason(value, reason), column)
  return namedText(value)
}

/** Its reason has a line of its own. */
const withoutReason = (value: object, reason: string): object =>
  Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).filter(([name, each]) => name !== 'reason' || each !== reason))

const namedText = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'name' in value ? shortValue(value.name) : null

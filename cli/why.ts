import type { z } from 'zod'
import type { WhyAnswer } from '../server/contract.ts'
import { createClient, tableOf } from './client.ts'
import { paint, plain } from './table-text.ts'

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

/** Prints why a certain rep did not get a lead. */
export async function whyNot({ rep, ...options }: CellOptions & { rep: string }): Promise<void> {
  const answer = await ask(options, `?notRep=${encodeURIComponent(rep)}`)
  console.log(
    options.json ? JSON.stringify(answer.whyNot, null, 2) : (answer.whyNot ?? []).map(plain).join('\n'),
  )
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
  const head = `${marks[own?.status ?? ''] ?? '·'} ${paint('bold', column)}${valueText(own)}`
  const sentences = [...told, ...(own?.evidence ?? [])].map((sentence) => `    ${plain(sentence)}`)
  if (before.length === 0) return [head, ...sentences].join('\n')
  return [head, ...sentences, '', paint('dim', 'It stands on'), ...before.map((step) => stepText(step))].join(
    '\n',
  )
}

function valueText(step: WhyStep | undefined): string {
  const value = step?.value
  const named = typeof value === 'object' && value !== null && 'name' in value ? ` → ${value.name}` : ''
  return plain(named)
}

/** `whole`: with how the answer came about, which is told of the cell that was asked about. */
function stepText(step: WhyStep, whole = false): string {
  const took = step.ms === null ? '' : paint('dim', `  ${step.ms} ms`)
  const head = `${marks[step.status] ?? '·'} ${paint('bold', step.column)} ${paint('dim', step.kind)}${took}`
  const evidence = whole ? step.evidence : []
  return [
    head,
    `    ${plain(step.reason)}`,
    ...evidence.map((line) => `    ${paint('dim', plain(line))}`),
  ].join('\n')
}

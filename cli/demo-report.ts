import { effectsOf, type LedgerEntry } from '../sandbox/ledger.ts'
import { type CellView, type Client, isHeld, type RowView } from './client.ts'
import { poolsText } from './pools.ts'
import { paint, plain, tableText } from './table-text.ts'

export interface Report {
  client: Client
  rows: readonly RowView[]
  sandboxUrl: string
  seconds: number
  touched: number
  /** With the line of the file on which each starts. */
  invalid: readonly { line: number; company: string; why: string }[]
}

const field = (cell: CellView | undefined, name: string): string => {
  const { value } = cell ?? { value: null }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? String(value[name] ?? '') : ''
}

/** Who got what and why, each rep against the expected share, how fast, and what the stand-ins saw. */
export async function printReport(report: Report): Promise<void> {
  const { rows } = report
  console.log(`\n${paint('bold', 'Who got what, and why')}\n`)
  console.log(tableText(['Company', 'Outcome', 'Because'], rows.map(outcomeLine), [26, 24, 96]))
  printRefused(report.invalid)
  if (report.touched > 0)
    console.log(
      `\n${report.touched} submission(s) came from a person who was there already: kept as a touch, routed once.`,
    )
  printHeld(rows)
  printUnsettled(rows)
  await printPools(report.client)
  printSpeed(report)
  await printLedgers(report)
}

/** The rows of the file that were not taken, each with what to mend. */
export function printRefused(invalid: Report['invalid']): void {
  for (const { line, company, why } of invalid)
    console.log(paint('yellow', plain(`refused: line ${line}: ${company}: ${why}`)))
}

function outcomeLine(row: RowView): string[] {
  const { exit, owner } = row.cells
  const company = String(row.input.company ?? row.id)
  if (owner?.status === 'done')
    return [company, `→ ${field(owner, 'name')}`, `${field(owner, 'rule')}: ${field(owner, 'reason')}`]
  if (exit?.status === 'done') return [company, String(exit.value), exit.reason ?? '']
  if (owner?.status === 'waiting' && owner.waiting?.until) return [company, 'held', owner.reason ?? '']
  const broken = Object.entries(row.cells).find(([, cell]) => cell.error !== null)
  return [
    company,
    'unsettled',
    broken === undefined ? 'not finished' : `${broken[0]}: ${broken[1].error?.message}`,
  ]
}

/** Leads that go on by themselves later, and when. */
function printHeld(rows: readonly RowView[]): void {
  const lines = rows.flatMap((row) =>
    Object.values(row.cells).flatMap(({ waiting, reason }) =>
      waiting?.on === 'hours' || waiting?.on === 'human'
        ? [[String(row.input.company ?? row.id), waiting.until ?? '', reason ?? '']]
        : [],
    ),
  )
  if (lines.length === 0) return
  console.log(`\n${paint('bold', 'Held')}\n`)
  console.log(tableText(['Company', 'Until', 'Why'], lines, [26, 24, 96]))
}

/** Cells that ended without a result that anybody can rely on, with what to do about them. */
function printUnsettled(rows: readonly RowView[]): void {
  const lines = rows.flatMap((row) =>
    Object.entries(row.cells).flatMap(([column, cell]) => {
      const isOff = cell.status === 'waiting' && !isHeld(row)
      if (cell.status !== 'error' && cell.status !== 'unknown' && !isOff) return []
      const why = cell.error?.message ?? cell.reason ?? ''
      return [[String(row.input.company ?? row.id), column, cell.status, why]]
    }),
  )
  if (lines.length === 0) return
  console.log(`\n${paint('bold', 'Needs a person')}\n`)
  console.log(tableText(['Company', 'Cell', 'Status', 'Why'], lines.slice(0, 50), [26, 12, 9, 96]))
  if (lines.length > 50) console.log(`… and ${lines.length - 50} more`)
  console.log('A run with mode "errored" tries them again; an unknown effect is read back first.')
}

async function printPools(client: Client): Promise<void> {
  console.log(`\n${paint('bold', 'Draws against the expected share')}\n`)
  console.log(await poolsText(client))
}

function printSpeed({ rows, seconds }: Report): void {
  const times = rows.flatMap((row) => {
    const at = row.cells.handoff?.finishedAt
    return row.cells.handoff?.status === 'done' && at ? [Date.parse(at) - Date.parse(row.createdAt)] : []
  })
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  const routed = rows.filter((row) => row.cells.owner?.status === 'done').length
  console.log(`\n${paint('bold', 'Speed')}\n`)
  console.log(
    `  ${rows.length} rows at rest in ${seconds.toFixed(1)} s, ${routed} routed, ${times.length} notified`,
  )
  if (times.length > 0)
    console.log(`  insert to notified: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, slowest ${times.at(-1)} ms`)
}

async function printLedgers({ rows, sandboxUrl }: Report): Promise<void> {
  const response = await fetch(`${sandboxUrl}/ledger`)
  const ledger = (await response.json()) as LedgerEntry[]
  const read = (kind: string) => ledger.flatMap(effectsOf).filter((effect) => effect.kind === kind)
  const owners = read('owner-written')
  const messages = read('message-posted')
  const enrolments = read('enrolled')
  const perRecord = new Map<unknown, number>()
  for (const effect of owners) perRecord.set(effect.record, (perRecord.get(effect.record) ?? 0) + 1)
  const twice = [...perRecord.values()].filter((count) => count > 1).length
  const routed = rows.filter((row) => row.cells.owner?.status === 'done').length
  console.log(`\n${paint('bold', "The stand-ins' own ledgers")}\n`)
  console.log(
    `  ${owners.length} owner writes on ${perRecord.size} records (${twice} written twice), ${messages.length} messages for ${routed} routed leads, ${enrolments.length} enrolments`,
  )
}

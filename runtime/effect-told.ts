import type { CellState } from '../columns/cell.ts'
import { finishOf } from '../columns/cell.ts'
import type { StoredRow } from '../db/store.ts'
import type { HistoryEntry } from './history.ts'
import { inputHash, type PlannedColumn, type TablePlan } from './plan.ts'

/** What the effect in this cell did, in the words of its column; null for another cell, and where the column has no words for it. */
export function deedOf(
  column: PlannedColumn,
  cell: CellState | undefined,
  last: HistoryEntry | undefined,
): string | null {
  const { work } = column.column
  if (work.effect !== 'write' || work.tell === undefined) return null
  if (cell?.status !== 'done' || cell.value === undefined || cell.value === null) return null
  const inputs = last?.inputs ?? null
  // Another version of the column, or other values, would tell of something that never happened.
  const values = inputs !== null && inputHash(column, inputs) === cell.hash ? inputs : null
  const detail = last?.entry.kind === 'attempt' ? (last.entry.detail ?? null) : null
  try {
    return work.tell(cell.value, { values, detail })
  } catch {
    // Written by an older version, in a shape that this one does not know.
    return null
  }
}

/** A row with its history, to tell of one of its columns. */
export interface Story {
  plan: TablePlan
  row: StoredRow
  history: readonly HistoryEntry[]
}

/** How an effect came to what it is, and for a draw whether the effect that writes it has: one sentence a line, empty for other cells. */
export function effectEvidence(story: Story, column: PlannedColumn): string[] {
  const { work } = column.column
  if (work.effect === 'draw') return writersOf(story, column)
  if (work.effect !== 'write') return []
  const cell = story.row.cells[column.name]
  return [...attemptsOf(story.history, column), ...presentOf(cell), ...standInsOf(story, column)]
}

function attemptsOf(history: readonly HistoryEntry[], column: PlannedColumn): string[] {
  const all = history.filter(({ entry }) => entry.column === column.name).map(({ entry }) => entry)
  const run = all.findLast(({ kind }) => kind === 'attempt')?.cell.run
  const own = all.filter(({ kind, cell }) => (kind === 'attempt' || kind === 'intent') && cell.run === run)
  const last = own.at(-1)
  if (last === undefined) return []
  const lines: string[] = []
  const failed = own.slice(0, -1).flatMap(({ kind, cell }) => (kind === 'attempt' ? (cell.error ?? []) : []))
  const errors = [...new Set(failed.map(({ kind, message }) => `${kind}: ${message}`))]
  if (errors.length > 0) lines.push(`Failed before: ${errors.join('; ')}`)
  const detail = last.kind === 'attempt' ? last.detail : undefined
  if (isSet(detail, 'reconciled') || (last.cell.status === 'done' && isInDoubt(own.at(-2))))
    lines.push('Its answer was lost: it was looked for and found, and not sent again')
  else if (
    own.some(
      (entry, index) => entry.cell.status === 'queued' && isInDoubt(own[index - 1]) && !isRepeat(entry),
    )
  )
    lines.push('Its answer was lost: it was looked for, not found, and sent again')
  if (isSet(detail, 'mayRepeat') || last.cell.mayRepeat === true)
    lines.push('It may be a repetition: nobody could tell whether an earlier one arrived')
  return lines
}

type Entry = HistoryEntry['entry']

const isInDoubt = (entry: Entry | undefined) =>
  entry?.kind === 'attempt' && entry.cell.status === 'waiting' && entry.cell.intent !== undefined
const isRepeat = ({ cell }: Entry) => cell.mayRepeat === true
const isSet = (detail: object | undefined, name: string) =>
  detail !== undefined && Object.entries(detail).some(([key, value]) => key === name && value === true)

/** What becomes of it by itself, or what a person has to do. */
function presentOf(cell: CellState | undefined): string[] {
  if (cell?.status === 'unknown')
    return ['Nobody knows whether it took place: look there, then a run with includeEffects makes it again']
  if (cell?.status !== 'waiting') return []
  const { on, until = null, credential } = cell.waiting ?? {}
  const what = {
    upstream: 'It waits for another column to be late',
    credentials: `It waits for another credential${credential === undefined ? '' : ` of ${credential}`}`,
  }[String(on)]
  const next = cell.intent === undefined ? 'It is tried again' : 'Its answer was lost: it is looked for'
  return [`${what ?? next}${until === null ? '' : ` at ${new Date(until).toISOString()}`}`]
}

/** The columns that stand in while this one is late. */
const standInsOf = ({ plan, row, history }: Story, { name }: PlannedColumn): string[] =>
  plan.columns.flatMap((each) => {
    const cell = row.cells[each.name]
    if (each.late?.column !== name || cell === undefined) return []
    if (cell.status === 'done') {
      const at = finishOf(cell)
      const deed = deedOf(each, cell, lastAttempt(history, each.name))
      return [
        `${each.name} stood in for it${at === null ? '' : ` at ${new Date(at).toISOString()}`}${deed === null ? '' : `: ${deed}`}`,
      ]
    }
    const { until = null } = cell.waiting ?? {}
    if (cell.status !== 'waiting' || until === null) return []
    return [`${each.name} stands in for it at ${new Date(until).toISOString()}, unless it is done by then`]
  })

/** Whether the effects that write this draw outside have done so. */
const writersOf = ({ plan, row, history }: Story, { name }: PlannedColumn): string[] => {
  const isDrawn = row.cells[name]?.status === 'done'
  return plan.columns.flatMap((each) => {
    const { work } = each.column
    const cell = row.cells[each.name]
    if (!isDrawn || work.effect !== 'write' || !work.confirms.includes(name)) return []
    const due = cell?.due !== undefined || cell?.stale === true ? ' for an earlier answer' : ''
    if (cell?.status === 'done')
      return [
        `Written by ${each.name}${due}: ${deedOf(each, cell, lastAttempt(history, each.name)) ?? 'done'}`,
      ]
    const said = cell?.error === undefined ? cell?.reason : `${cell.error.kind}: ${cell.error.message}`
    const lines = [
      `Not written by ${each.name}: ${cell?.status ?? 'it has not run'}${said === undefined ? '' : `, ${said}`}`,
    ]
    return [...lines, ...presentOf(cell), ...standInsOf({ plan, row, history }, each)]
  })
}

/** The last execution of a column. */
export const lastAttempt = (history: readonly HistoryEntry[], column: string): HistoryEntry | undefined =>
  history.findLast(({ entry }) => entry.column === column && entry.kind === 'attempt')

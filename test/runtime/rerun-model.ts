import type { RunRequest } from '../../db/store.ts'
import type { CellView } from '../../runtime/views.ts'
import { type Told, told } from './rerun-world.ts'

/** A row as anybody can read it, and what the model remembers of it. */
export interface Lead {
  id: string
  input: Readonly<Record<string, unknown>>
  cells: Readonly<Record<string, CellView>>
  memory: Memory
}

export interface Memory {
  /** The values each cell last ran with, as JSON. */
  ranWith: Record<string, string>
  /** Who had the lead last. */
  rep: string | null
}

export interface Outside {
  fails(column: string): boolean
  isLost(column: string): boolean
  readBack: 'books' | 'unknown' | 'fails'
}

export type Verdict = 'ran' | 'failed' | 'unchanged' | 'kept' | 'skipped'

export interface Expected {
  verdict: Verdict
  /** It left, or was drawn. */
  executes: boolean
}

export interface Prediction {
  /** What becomes of the cells that the run comes to, by column. */
  cells: Map<string, Expected>
  /** Whether each cell is stale then. */
  stale: Map<string, boolean>
  memory: Memory
}

type Present = Record<string, Pick<CellView, 'status' | 'value'>>

const unsettled = new Set(['idle', 'queued', 'running', 'waiting'])

/** The values a column sees: those of the input, and those of cells that are done. */
export function inputsOf({ uses }: Told, input: Lead['input'], cells: Present): string {
  return JSON.stringify(uses.map((name) => seenIn(name, input, cells)))
}

const seenIn = (name: string, input: Lead['input'], cells: Present): unknown => {
  const cell = cells[name]
  if (cell === undefined) return input[name] ?? null
  return cell.status === 'done' ? (cell.value ?? null) : null
}

/** Something it needs is not there, or the row does not go to an owner. */
const isUnmet = ({ isRouted, needs }: Told, input: Lead['input'], cells: Present): boolean =>
  (isRouted === true && input.go !== true) || needs.some((need) => seenIn(need, input, cells) === null)

/** The words of DESIGN: which cells a run is about for one row. */
export function chosenBy({ columns, mode, downstream }: RunRequest, { cells }: Lead): Set<string> {
  const chosen = new Set<string>()
  for (const { name, isOwner } of told) {
    const { status = 'idle', stale = false } = cells[name] ?? {}
    const isNobody = status === 'no-result' && isOwner === true
    const isWanted = {
      all: true,
      stale,
      errored: status === 'error' || status === 'unknown',
      missing: unsettled.has(status) || status === 'cancelled' || status === 'skipped' || isNobody,
    }[mode]
    if (isWanted && (columns?.includes(name) ?? true)) chosen.add(name)
  }
  if (downstream) for (const name of [...chosen]) for (const behind of behindOf(name)) chosen.add(behind)
  return chosen
}

export function behindOf(source: string): Set<string> {
  const found = new Set([source])
  for (const { name, uses } of told) if (uses.some((each) => found.has(each))) found.add(name)
  found.delete(source)
  return found
}

/** What becomes of a row in a run; `after` says which values the cells got and who was drawn, and nothing else is believed of it. */
export function predict(
  request: RunRequest,
  lead: Lead,
  { outside, after }: { outside: Outside; after: Lead },
): Prediction {
  const chosen = chosenBy(request, lead)
  const follows = new Set<string>()
  const now: Present = { ...lead.cells }
  const memory: Memory = { ...lead.memory, ranWith: { ...lead.memory.ranWith } }
  const cells = new Map<string, Expected>()
  const stale = new Map<string, boolean>()
  for (const column of told) {
    const { name } = column
    if (!chosen.has(name) && !follows.has(name)) continue
    const inputs = inputsOf(column, lead.input, now)
    const unmet = isUnmet(column, lead.input, now)
    const changed = memory.ranWith[name] !== inputs
    const before = lead.cells[name]
    const { verdict, executes } = judge(column, before, {
      request,
      outside,
      unmet,
      changed,
      follows: follows.has(name),
    })
    cells.set(name, { verdict, executes })
    const isOld = verdict === 'kept' || (verdict === 'failed' && !executes)
    stale.set(name, isOld && (changed || unmet))
    if (executes) memory.ranWith[name] = inputs
    const cell = after.cells[name]
    if (cell === undefined) continue
    if (executes || verdict === 'skipped') now[name] = cell
    if (name !== 'owner' || verdict !== 'ran') continue
    const rep = repOf(cell)
    if (memory.rep !== null && memory.rep !== rep) for (const each of behindOf(name)) follows.add(each)
    memory.rep = rep
  }
  for (const column of told) {
    // A mark stays until an edit takes it off, or a run comes to the cell.
    const isMarked = lead.cells[column.name]?.stale === true
    if (!cells.has(column.name)) stale.set(column.name, isMarked || isChanged(column, { ...after, memory }))
  }
  return { cells, memory, stale }
}

/** Would a settled cell turn out otherwise today? */
export function isChanged(column: Told, { input, cells, memory }: Lead): boolean {
  const { status = 'idle' } = cells[column.name] ?? {}
  const unmet = isUnmet(column, input, cells)
  if (unsettled.has(status)) return false
  if (status === 'skipped') return !unmet
  return unmet || memory.ranWith[column.name] !== inputsOf(column, input, cells)
}

interface Case {
  request: RunRequest
  outside: Outside
  unmet: boolean
  changed: boolean
  follows: boolean
}

function judge(
  { name, kind }: Told,
  before: CellView | undefined,
  { request, outside, unmet, changed, follows }: Case,
): Pick<Expected, 'verdict' | 'executes'> {
  const pass = (verdict: Verdict) => ({ verdict, executes: false })
  const { status = 'idle', pinned = null } = before ?? {}
  const mayRepeat = request.includeEffects || follows
  // In doubt: it is asked about, and left so while nobody knows, unless somebody insists on what may still be sent.
  const isInDoubt = status === 'unknown' && outside.readBack === 'unknown'
  if (isInDoubt && unmet && follows) return pass('kept')
  if (isInDoubt && (unmet || !mayRepeat)) return pass('failed')
  if (unmet) return pass(kind !== 'plain' && status === 'done' ? 'kept' : 'skipped')
  const isDone = status === 'done' || (status === 'no-result' && kind === 'plain')
  const fails = outside.fails(name) || outside.isLost(name)
  const run = { verdict: fails ? ('failed' as const) : ('ran' as const), executes: true }
  // A repeat that was cancelled is no longer asked for; what went out before it stands.
  if (kind === 'write' && status === 'cancelled' && !mayRepeat && before?.value != null) return pass('kept')
  if (!isDone) return run
  if (kind === 'draw' && pinned !== null) return pass('kept')
  if (kind === 'draw' && request.redraw) return run
  if (!changed && !request.force) return pass('unchanged')
  if (kind === 'draw' || (kind === 'write' && !mayRepeat)) return pass('kept')
  return run
}

export function repOf(cell: CellView | undefined): string | null {
  const value = cell?.status === 'done' ? cell.value : null
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return typeof value.rep === 'string' ? value.rep : null
}

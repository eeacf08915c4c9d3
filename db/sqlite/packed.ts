import type { CellState, CellStatus } from '../../columns/cell.ts'
import type { Json } from '../../columns/json.ts'
import type { Cells, JournalEntry } from '../journal.ts'
import { type PackedMembers, packMembers, unpackMembers } from './packed-trace.ts'

/**
 * A cell as it is written: what nearly every cell has goes by position, without its names, and the value comes last where there is one.
 * A good part of the plain document would be names, and most of what a row costs is the pages it fills.
 */
type PackedCell = [
  status: CellStatus,
  attempts: number,
  hash: string | null,
  definition: number | null,
  run: number | null,
  startedAt: number | null,
  tookMs: number | null,
  rest: Partial<CellState> | null,
  value?: Json,
]

const placed = new Set<string>([
  'status',
  'attempts',
  'hash',
  'definition',
  'run',
  'startedAt',
  'tookMs',
  'value',
])

/** Where SQL finds the parts of a cell in its document. */
export const statusAt = 0
export const hashAt = 2
export const definitionAt = 3
export const restAt = 7
export const valueAt = 8

type EntryOfCell = Extract<JournalEntry, { cell: CellState }>
type PackedEntry =
  | [
      kind: EntryOfCell['kind'],
      column: string,
      cell: PackedCell,
      rest: object | null,
      /** Taken out of the trace in `rest`. */
      members?: PackedMembers,
    ]
  | Exclude<JournalEntry, EntryOfCell>

/** The cells of a row as JSON text. */
export function packCells(cells: Cells): string {
  const packed: Record<string, PackedCell> = {}
  for (const column in cells) {
    const cell = cells[column]
    if (cell !== undefined) packed[column] = packCell(cell)
  }
  return JSON.stringify(packed)
}

/** The cells that `packCells` wrote; a row without a snapshot has none. */
export function unpackCells(text: string | null): Cells {
  const cells: Cells = {}
  if (text === null) return cells
  const packed = JSON.parse(text) as Record<string, PackedCell>
  for (const [column, cell] of Object.entries(packed)) cells[column] = unpackCell(cell)
  return cells
}

/** Journal entries as JSON text. */
export function packEntries(entries: readonly JournalEntry[]): string {
  return JSON.stringify(entries.map(packEntry))
}

export function unpackEntries(text: string): JournalEntry[] {
  return (JSON.parse(text) as PackedEntry[]).map(unpackEntry)
}

function packCell(cell: CellState): PackedCell {
  const { status, attempts, hash = null, definition = null, run = null } = cell
  const { startedAt = null, tookMs = null, value } = cell
  const rest = restOf(cell)
  return value === undefined
    ? [status, attempts, hash, definition, run, startedAt, tookMs, rest]
    : [status, attempts, hash, definition, run, startedAt, tookMs, rest, value]
}

/** What has no place of its own; null for most cells. */
function restOf(cell: CellState): Partial<CellState> | null {
  let rest: Record<string, unknown> | null = null
  for (const name in cell) {
    if (placed.has(name)) continue
    rest ??= {}
    rest[name] = cell[name as keyof CellState]
  }
  return rest
}

function unpackCell(packed: PackedCell): CellState {
  const [status, attempts, hash, definition, run, startedAt, tookMs, rest] = packed
  const cell: CellState = { status, attempts }
  if (hash !== null) cell.hash = hash
  if (definition !== null) cell.definition = definition
  if (run !== null) cell.run = run
  if (startedAt !== null) cell.startedAt = startedAt
  if (tookMs !== null) cell.tookMs = tookMs
  if (rest !== null) Object.assign(cell, rest)
  const value = packed[valueAt]
  if (value !== undefined) cell.value = value
  return cell
}

function packEntry(entry: JournalEntry): PackedEntry {
  if (!('cell' in entry)) return entry
  const packed = packCell(entry.cell)
  if (entry.kind === 'intent') return [entry.kind, entry.column, packed, null]
  if (entry.kind === 'attempt' && entry.detail === undefined && entry.cost === undefined)
    return [entry.kind, entry.column, packed, null]
  const { kind, column, cell: _, ...rest } = entry
  const traced = 'detail' in rest ? packMembers(rest.detail) : null
  if (traced === null) return [kind, column, packed, rest]
  return [kind, column, packed, { ...rest, detail: traced.detail }, traced.members]
}

function unpackEntry(packed: PackedEntry): JournalEntry {
  if (!Array.isArray(packed)) return packed
  const [kind, column, cell, rest, members] = packed
  const entry = { kind, column, cell: unpackCell(cell), ...rest } as EntryOfCell
  if (members !== undefined && 'detail' in entry && entry.detail !== undefined)
    entry.detail = unpackMembers(entry.detail, members)
  return entry
}

import { type CellState, isHeld } from '../columns/cell.ts'
import type { Override } from '../columns/column.ts'
import {
  Assignment,
  type Decision,
  type EarlierOwner,
  type HeldSince,
  type Hold,
} from '../routing/decision.ts'
import { followDraw } from './follow-draw.ts'
import type { PlannedColumn } from './plan.ts'
import { startClocks } from './run-again.ts'
import { cellOf, note, pending, type Task } from './task.ts'

/** How a draw is asked for: what is given back first, who had the lead, and a person's word against the rules. */
export interface Asked {
  release: { draw: number; reason: string; who?: string } | null
  previous: readonly EarlierOwner[]
  heldSince: HeldSince
  override: Override | null
  /** Why an owner was taken from the lead, and who asked for it, where somebody did; null for a first answer. */
  anew: { reason: string; who?: string } | null
}

/**
 * Who has or had the lead by this cell, the latest first; each of them once. Whoever a column takes it from does not get it again, also
 * not when it is drawn anew later for another reason.
 */
export function ownersOf(cell: CellState | undefined): readonly EarlierOwner[] {
  if (cell?.status !== 'done') return cell?.previous ?? []
  const { data } = Assignment.safeParse(cell.value)
  if (data === undefined) return []
  const { rep, name, email, ids, previous } = data
  const earlier = previous.filter((each) => (rep === null ? each.email !== email : each.rep !== rep))
  const isBarred = cell.redraw !== undefined && cell.redraw.mayReturn !== true
  return [{ rep, name, email, ids, ...(isBarred && { barred: true }) }, ...earlier]
}

/** A lead has been decided since its first owner, however often it was drawn anew. */
export function keepFirst(cell: CellState, before: CellState | undefined): void {
  if (before?.firstAt !== undefined) cell.firstAt = before.firstAt
  else if (before?.status === 'done') cell.firstAt = (before.startedAt ?? 0) + (before.tookMs ?? 0)
}

/** A draw anew that failed leaves the earlier one standing; whoever draws next gives it back. */
export function keepStanding(cell: CellState, before: CellState | undefined): void {
  if (before === undefined) return
  keepFirst(cell, before)
  if (before.draw !== undefined) cell.draw = before.draw
  if (before.redraw !== undefined) cell.redraw = before.redraw
  const owners = ownersOf(before)
  if (owners.length > 0) cell.previous = owners
}

/**
 * Has somebody else the lead now? Then what is behind the owner follows, whatever was asked for: a CRM and a rep who know of another
 * owner are never wanted. So it is for the first owner of a lead that had found nobody.
 */
export function isAnotherOwner(
  before: CellState | undefined,
  assignment: Assignment | null,
  { previous: [earlier] }: Asked,
): boolean {
  if (earlier === undefined) return before?.status === 'no-result' && assignment !== null
  if (assignment === null) return true
  const { rep, name, email } = assignment
  return rep !== earlier.rep || (rep === null && (name !== earlier.name || email !== earlier.email))
}

/** What explains a decision. */
export const detailOf = (task: Task, { trace }: Decision, { anew }: Asked) => ({
  trace,
  account: task.row.account,
  ...(anew !== null && { anew }),
})

/** What stays beside an answer: a person's word, which no run goes against, and who had the lead when now nobody has. */
export function keepWord(cell: CellState, asked: Asked, at: number): void {
  const { override, previous } = asked
  if (override?.method === 'manual_override') cell.pinned = { who: override.who, reason: override.reason, at }
  if (cell.status !== 'done' && previous.length > 0) cell.previous = previous
}

interface Held {
  base: CellState
  decision: Decision
  hold: Hold
  asked: Asked
}

/** Nobody gets the lead now: the cell waits, says until when and why, and is asked again whenever the row is taken up. */
export function holdCell(task: Task, column: PlannedColumn, { base, decision, hold, asked }: Held): void {
  const before = cellOf(task, column)
  task.asked ??= new Set()
  task.asked.add(column.index)
  task.states[column.index] = pending
  if (isSameHold(before, base, { hold, reason: decision.reason })) return
  const cell: CellState = {
    ...base,
    status: 'waiting',
    reason: decision.reason,
    waiting: { on: hold.on, until: hold.until, since: sinceOf(hold), holds: hold.since },
    ...(takesNoTurn(task, before) && { backfill: true }),
    ...(asked.previous.length > 0 && { previous: asked.previous }),
    ...(before?.redraw !== undefined && { redraw: before.redraw }),
  }
  note(task, { kind: 'attempt', column: column.name, cell, detail: detailOf(task, decision, asked) })
  // Another run may take the row over while it is parked; what is to follow the draw then still does.
  if (before?.status === 'done')
    followDraw(task, column, { generation: base.intended ?? 1, at: base.startedAt ?? 0 })
  startClocks(task, column)
}

/** The hold that holds now began last. */
const sinceOf = ({ since }: Hold): number => Math.max(...Object.values(since))

/** The draw leaves the live rotation alone: its backfill said so, also when another run has taken the row over. */
export const takesNoTurn = ({ run }: Task, cell: CellState | undefined): boolean =>
  run.backfill?.consumeDraws === false || cell?.backfill === true

/** Asked again with the same answer: nothing became true. */
function isSameHold(
  before: CellState | undefined,
  base: CellState,
  { hold, reason }: { hold: Hold; reason: string },
): boolean {
  if (!isHeld(before) || before?.run !== base.run || before?.reason !== reason) return false
  return before.waiting?.on === hold.on && before.waiting.until === hold.until
}

import { type CellState, isHeld } from '../columns/cell.ts'
import type { Override } from '../columns/column.ts'
import { Assignment, type Decision, type Hold, type Owner } from '../routing/decision.ts'
import { followDraw } from './follow-draw.ts'
import type { PlannedColumn } from './plan.ts'
import { startClocks } from './run-again.ts'
import { cellOf, note, pending, type Task } from './task.ts'

/** How a draw is asked for: what is given back first, who had the lead, and a person's word against the rules. */
export interface Asked {
  release: { draw: number; reason: string; who?: string } | null
  previous: readonly Owner[]
  neverAgain: boolean
  heldSince: number | null
  override: Override | null
}

/** Who has or had the lead by this cell, the latest first; each of them once. */
export function ownersOf(cell: CellState | undefined): readonly Owner[] {
  if (cell?.status !== 'done') return cell?.previous ?? []
  const { data } = Assignment.safeParse(cell.value)
  if (data === undefined) return []
  const { rep, name, email, ids, previous } = data
  const earlier = previous.filter((each) => (rep === null ? each.email !== email : each.rep !== rep))
  return [{ rep, name, email, ids }, ...earlier]
}

/** A draw anew that failed leaves the earlier one standing; whoever draws next gives it back. */
export function keepStanding(cell: CellState, before: CellState | undefined): void {
  if (before === undefined) return
  if (before.draw !== undefined) cell.draw = before.draw
  if (before.redraw !== undefined) cell.redraw = before.redraw
  const owners = ownersOf(before)
  if (owners.length > 0) cell.previous = owners
}

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
  const since = asked.heldSince ?? base.startedAt ?? 0
  task.asked ??= new Set()
  task.asked.add(column.index)
  task.states[column.index] = pending
  if (isSameHold(before, base, { hold, reason: decision.reason })) return
  const cell: CellState = {
    ...base,
    status: 'waiting',
    reason: decision.reason,
    waiting: { on: hold.on, until: hold.until, since },
    ...(asked.previous.length > 0 && { previous: asked.previous }),
    ...(before?.redraw !== undefined && { redraw: before.redraw }),
  }
  const detail = { trace: decision.trace, account: task.row.account }
  note(task, { kind: 'attempt', column: column.name, cell, detail })
  const { request } = task.run
  // Another run may take the row over while it is parked; what was to follow the draw then still does.
  if (before?.status === 'done' && request?.downstream === true && request.includeEffects)
    followDraw(task, column, { generation: base.intended ?? 1, at: base.startedAt ?? 0 })
  startClocks(task, column)
}

/** Asked again with the same answer: nothing became true. */
function isSameHold(
  before: CellState | undefined,
  base: CellState,
  { hold, reason }: { hold: Hold; reason: string },
): boolean {
  if (!isHeld(before) || before?.run !== base.run || before?.reason !== reason) return false
  return before.waiting?.on === hold.on && before.waiting.until === hold.until
}

import type { CellState } from '../columns/cell.ts'
import type { Outcome } from '../columns/column.ts'
import { Assignment } from '../routing/decision.ts'
import type { Pass } from './consider.ts'
import { viewOf } from './decide.ts'
import type { Engine } from './engine.ts'
import { followDraw } from './follow-draw.ts'
import type { PlannedColumn } from './plan.ts'
import { cellOf, note, reopen, type Task } from './task.ts'

type DoneOutcome = Extract<Outcome<unknown>, { status: 'done' }>

/** A definition that redraws without end would keep its row busy for ever. */
const mostRedraws = 20

/** Why what a result asks for cannot be done: an alarm that is no time, a column that draws nothing. Null when it can. */
export function problemOfRedraw(task: Task, column: PlannedColumn, outcome: Outcome<unknown>): string | null {
  if (outcome.status !== 'done') return null
  const { again, redraw } = outcome
  if (again !== undefined && !Number.isFinite(again))
    return `again is ${again}: answer with epoch milliseconds`
  if (redraw === undefined) return null
  const drawn = task.plan.byName.get(redraw.column)
  if (drawn?.column.work.effect !== 'draw' || !drawn.downstream.includes(column.index))
    return `redraw names "${redraw.column}", which is no draw that this column stands on`
  const notBefore = redraw.rereads?.find(
    (name) => task.plan.byName.get(name)?.downstream.includes(drawn.index) !== true,
  )
  if (notBefore !== undefined)
    return `redraw rereads "${notBefore}", which is no column that "${redraw.column}" stands on`
  if (task.redraws >= mostRedraws)
    return `the lead was drawn anew ${task.redraws} times in a row: ${redraw.reason}`
  return null
}

/** Takes the draw of an earlier column back because a result says so. A person's word stands against it. */
export function redrawFor(
  engine: Engine,
  task: Task,
  { column: name, reason, to, rereads = [] }: NonNullable<DoneOutcome['redraw']>,
): void {
  const column = task.plan.byName.get(name)
  if (column === undefined || task.cancelled) return
  if (cellOf(task, column)?.pinned !== undefined) return
  const at = engine.world.now()
  for (const each of rereads) readAgain(task, task.plan.byName.get(each), { reason, at })
  // Nobody did anything wrong: what was known of the lead had changed.
  const mayReturn = rereads.length > 0 ? { mayReturn: true as const } : {}
  drawAnew(engine, task, column, { reason, ...(to !== undefined && { to }), ...mayReturn })
}

/** Without its hash the answer counts as one of other inputs; `due` lets an effect be made again, also after a restart. */
function readAgain(
  task: Task,
  column: PlannedColumn | undefined,
  { reason, at }: { reason: string; at: number },
): void {
  const cell = column === undefined ? undefined : cellOf(task, column)
  if (column === undefined || cell === undefined) return
  const { hash: _, ...before } = cell
  const due = { ...before, due: (before.intended ?? 1) + 1 }
  note(task, { kind: 'passed', column: column.name, cell: due, outcome: 'stale', reason, at })
  reopen(task, column)
}

function drawAnew(
  engine: Engine,
  task: Task,
  column: PlannedColumn,
  redraw: NonNullable<CellState['redraw']>,
): void {
  const at = engine.world.now()
  const before: CellState = cellOf(task, column) ?? { status: 'idle', attempts: 0 }
  task.redraws += 1
  const reason = `to be drawn anew: ${redraw.reason}`
  note(task, {
    kind: 'passed',
    column: column.name,
    cell: { ...before, redraw },
    outcome: 'stale',
    reason,
    at,
  })
  reopen(task, column)
  followDraw(task, column, { generation: (before.intended ?? 1) + 1, at })
}

/**
 * Asks the draws that a first write is to confirm whether their answers still hold: a rep may have gone on leave in between. True when
 * one does not; it is then drawn anew, in the same commit, and the write waits for the new answer.
 */
export function isOutOfDate(engine: Engine, task: Task, column: PlannedColumn, pass: Pass): boolean {
  const { work } = column.column
  if (work.effect !== 'write') return false
  for (const name of work.confirms) {
    const drawn = task.plan.byName.get(name)
    if (drawn?.column.work.effect !== 'draw') continue
    // Decided in this very transaction, or asked before: an answer of the rules against the hours is meant.
    if (pass.decided?.includes(drawn.index) === true || isWritten(task, drawn)) continue
    const cell = cellOf(task, drawn)
    if (cell?.status !== 'done' || cell.pinned !== undefined) continue
    const { data } = Assignment.safeParse(cell.value)
    if (data === undefined) continue
    const key = `${name} ${data.rep ?? data.name}`
    if (task.rechecked?.has(key) === true) continue
    const of = viewOf(task, drawn, { previous: data.previous, heldSince: {} })
    const reason = drawn.column.work.recheck(data, pass.settle.view(of))
    if (reason === null) continue
    task.rechecked ??= new Set()
    task.rechecked.add(key)
    drawAnew(engine, task, drawn, { reason, mayReturn: true })
    return true
  }
  return false
}

/** Some write that confirms this draw has told the outside world of its owner: the lead is with them, whatever is sent after it. */
const isWritten = ({ plan, row }: Task, drawn: PlannedColumn): boolean =>
  plan.columns.some(({ name, column: { work } }) => {
    const cell = row.cells[name]
    if (work.effect !== 'write' || !work.confirms.includes(drawn.name)) return false
    return cell?.status === 'done' && cell.due === undefined
  })

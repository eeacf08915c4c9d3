import { type CellState, isHeld } from '../columns/cell.ts'
import type { Override, Work } from '../columns/column.ts'
import type { Values } from '../db/journal.ts'
import type { Settled, Settlement, ViewOf } from '../db/store.ts'
import type { DecisionView } from '../routing/decision.ts'
import { coverFor } from '../routing/ladder/coverage.ts'
import { whyAnew } from './choose.ts'
import type { Pass } from './consider.ts'
import { type Asked, ownersOf, takesNoTurn } from './owner-cell.ts'
import type { PlannedColumn } from './plan.ts'
import { cellOf, type Task } from './task.ts'

const firstTime: Asked = {
  release: null,
  previous: [],
  heldSince: {},
  override: null,
  anew: null,
}

/** How the draw of this cell is to be asked for, from what the run says and from what happened to the cell. */
export function askedFor(task: Task, column: PlannedColumn, release: Asked['release']): Asked {
  const cell = cellOf(task, column)
  const override = overrideFor(task, column, cell)
  if (cell === undefined && override === null) return firstTime
  const previous = ownersOf(cell)
  return {
    release,
    previous,
    anew: previous.length === 0 ? null : whyAnew(cell, task.run.request, override),
    heldSince: isHeld(cell) ? (cell?.waiting?.holds ?? {}) : {},
    override,
  }
}

function overrideFor(task: Task, column: PlannedColumn, cell: CellState | undefined): Asked['override'] {
  const { request } = task.run
  if (request !== null && request.override !== null && request.columns?.includes(column.name) === true) {
    const { override: rep, reason, who } = request
    return { rep, reason: reason ?? 'no reason given', who, method: 'manual_override' }
  }
  const { redraw } = cell ?? {}
  if (redraw?.to === undefined) return null
  return { rep: redraw.to, reason: redraw.reason, who: 'service level', method: 'fallback_person' }
}

interface Draw {
  column: PlannedColumn
  work: Extract<Work<unknown>, { effect: 'draw' }>
  values: Values
  generation: number
  asked: Asked
}

/** Decides a draw inside the transaction under way: by the rules, or by a person's word. */
export function decide(task: Task, pass: Pass, { column, work, values, generation, asked }: Draw): Settled {
  const { override, release } = asked
  const settlement: Settlement = {
    ...viewOf(task, column, asked),
    release,
    generation,
    decide: (view) =>
      override === null || isNobody(override, view)
        ? work.decide(values, view)
        : work.override(override, view),
  }
  const settled = pass.settle(settlement)
  if (pass.decided === null) pass.decided = [column.index]
  else pass.decided.push(column.index)
  return settled
}

/** The last person of a service level who has gone and whom nobody covers: rather the rules decide than nobody. */
function isNobody({ method, rep: id }: Override, view: DecisionView): boolean {
  if (method !== 'fallback_person') return false
  const rep = view.rep(id)
  return rep === null || (!rep.active && coverFor(rep, view) === null)
}

/** What a decision of this cell is made for. */
export function viewOf(
  task: Task,
  column: PlannedColumn,
  { previous, heldSince }: Pick<ViewOf, 'previous' | 'heldSince'>,
): Omit<ViewOf, 'row' | 'account'> {
  const { name } = column
  const { work } = column.column
  const shared = work.effect === 'draw' ? work.claimScope : undefined
  return {
    column: name,
    claimScope: shared ?? `${task.plan.table.name}.${name}`,
    startedAt: task.run.at,
    backfill: takesNoTurn(task, cellOf(task, column)),
    previous,
    heldSince,
  }
}

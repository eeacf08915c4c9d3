import { type CellState, isHeld } from '../columns/cell.ts'
import type { Override, Work } from '../columns/column.ts'
import type { Values } from '../db/journal.ts'
import type { Settled, Settlement, ViewOf } from '../db/store.ts'
import type { DecisionView } from '../routing/decision.ts'
import type { Pass } from './consider.ts'
import { type Asked, ownersOf } from './owner-cell.ts'
import type { PlannedColumn } from './plan.ts'
import { cellOf, type Task } from './task.ts'

const firstTime: Asked = { release: null, previous: [], neverAgain: false, heldSince: null, override: null }

/** How the draw of this cell is to be asked for, from what the run says and from what happened to the cell. */
export function askedFor(task: Task, column: PlannedColumn, release: Asked['release']): Asked {
  const cell = cellOf(task, column)
  const override = overrideFor(task, column, cell)
  if (cell === undefined && override === null) return firstTime
  const { redraw } = cell ?? {}
  return {
    release,
    previous: ownersOf(cell),
    neverAgain: redraw !== undefined && redraw.mayReturn !== true,
    heldSince: isHeld(cell) ? (cell?.waiting?.since ?? null) : null,
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
  const { override, release, previous, neverAgain, heldSince } = asked
  const { at, backfill } = task.run
  const settlement: Settlement = {
    column: column.name,
    release,
    generation,
    startedAt: at,
    backfill: backfill?.consumeDraws === false,
    previous,
    neverAgain,
    heldSince,
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

/** The last person of a service level who is not in the roster: rather the rules decide than nobody. */
const isNobody = ({ method, rep }: Override, view: DecisionView): boolean =>
  method === 'fallback_person' && view.rep(rep) === null

/** What a decision of this row is made for. */
export function viewOf(
  task: Task,
  { previous, neverAgain, heldSince }: Pick<ViewOf, 'previous' | 'neverAgain' | 'heldSince'>,
): Omit<ViewOf, 'row' | 'account'> {
  return {
    startedAt: task.run.at,
    backfill: task.run.backfill?.consumeDraws === false,
    previous,
    neverAgain,
    heldSince,
  }
}

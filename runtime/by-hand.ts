import { type CellState, finishOf } from '../columns/cell.ts'
import type { Hearing, Signal } from '../columns/column.ts'
import { TableError } from '../columns/errors.ts'
import type { JournalEntry } from '../db/journal.ts'
import type { Run, RunRequest, StoredRow } from '../db/store.ts'
import { Assignment } from '../routing/decision.ts'
import type { Alarms } from './alarms.ts'
import { writeBeside } from './at-rest.ts'
import { skipNow } from './conditions.ts'
import type { Engine } from './engine.ts'
import type { Finder } from './find.ts'
import { declaredValues, type PlannedColumn, type TablePlan } from './plan.ts'
import { clocksAgain } from './run-again.ts'

export interface OverrideOptions {
  /** Id of the rep who gets the lead. */
  rep: string
  reason: string
  who: string
  /** The drawing column; needed where a table has several. */
  column?: string
}

/** What people do to single rows. */
export interface ByHand {
  /**
   * Gives a row to a rep whatever the rules say, with everything behind the owner.
   *
   * @throws {TableError} `request-invalid` without a reason, for a rep who is not there, or where the column is not clear;
   *   `row-conflict` for a row that does not come to an owner.
   */
  override(table: string, row: string, options: OverrideOptions): Promise<Run>
  /**
   * Lets go of an owner whom a person decided: the owner stays, and runs may decide again.
   *
   * @throws {TableError} `row-conflict` where no person decided it.
   */
  letGo(table: string, row: string, options: { who: string; column?: string }): Promise<void>
  /**
   * Tells the cells of one column, or of every column that takes such a signal, and runs them. Answers with their names.
   *
   * @throws {TableError} `request-invalid` where no column takes it, `row-conflict` where none can as the row is now.
   */
  signal(table: string, row: string, column: string | null, signal: Signal): Promise<string[]>
}

interface ByHandParts {
  engine: Engine
  finder: Finder
  alarms: Alarms
  start(plan: TablePlan, request: RunRequest): Promise<Run>
  alone<Result>(row: number, work: () => Promise<Result>): Promise<Result>
}

export function createByHand({ engine, finder, alarms, start, alone }: ByHandParts): ByHand {
  const { store, world } = engine
  const { planFor, findRow } = finder

  /** The rep who has the lead keeps it: the word is written down, and nobody is told anything again. False for another rep. */
  async function keptWith(
    { seq, id, table }: StoredRow,
    { name }: PlannedColumn,
    { rep, reason, who }: Pick<OverrideOptions, 'rep' | 'reason' | 'who'>,
  ): Promise<boolean> {
    const isTheirs = ({ active, cells }: StoredRow) => {
      const cell = cells[name]
      const owner = Assignment.safeParse(cell?.value)
      return active === null && cell?.status === 'done' && cell.stale !== true && owner.data?.rep === rep
    }
    if (!isTheirs(await findRow(table, id))) return false
    return alone(seq, async () => {
      const row = await findRow(table, id)
      const cell = row.cells[name]
      if (cell === undefined || !isTheirs(row)) return false
      const at = world.now()
      const pinned = { who, reason, at }
      const line = { before: { column: name, pinned: cell.pinned ?? null }, after: { column: name, pinned } }
      const told = `${who} confirmed the owner: ${reason}`
      await Promise.all([
        writeBeside(engine, row, [
          { kind: 'passed', column: name, cell: { ...cell, pinned }, outcome: 'kept', reason: told, at },
        ]),
        store.recordAudit({ subject: 'row', name: id, who, ...line }),
      ])
      return true
    })
  }

  return {
    async override(table, row, { rep, reason, who, column }) {
      const plan = planFor(table)
      const drawn = drawingColumn(plan, column)
      const { name } = drawn
      const present = await findRow(table, row)
      refuseSkipped(plan, drawn, present)
      const reps = await store.reps()
      if (!reps.some(({ id, active }) => id === rep && active)) {
        const known = reps.filter(({ active }) => active).map(({ id }) => id)
        throw new TableError('request-invalid', `there is no active rep "${rep}"`, {
          field: 'rep',
          value: rep,
          wayOut: `use one of: ${known.slice(0, 50).join(', ')}`,
        })
      }
      const request = {
        columns: [name],
        scope: { rows: [row] },
        limit: null,
        force: false,
        redraw: false,
        reason,
        who,
        unpin: false,
        alarm: false,
      }
      if (reason.trim() !== '' && (await keptWith(present, drawn, { rep, reason, who })))
        return start(plan, {
          ...request,
          mode: 'missing',
          downstream: false,
          includeEffects: false,
          override: null,
        })
      return start(plan, {
        ...request,
        mode: 'all',
        downstream: true,
        includeEffects: true,
        override: rep,
      })
    },
    async letGo(table, id, { who, column }) {
      const plan = planFor(table)
      const drawn = drawingColumn(plan, column)
      const { name } = drawn
      const { seq } = await findRow(table, id)
      await alone(seq, async () => {
        const row = await findRow(table, id)
        const { pinned, ...cell } = row.cells[name] ?? { status: 'idle', attempts: 0 }
        if (pinned === undefined) throw nothingToLetGo(plan, drawn, row)
        const reason = `let go by ${who}`
        const at = world.now()
        const line = { before: { column: name, pinned }, after: { column: name, letGo: true } }
        // In one turn, so that the one is not on disk without the other.
        await Promise.all([
          writeBeside(engine, row, [
            { kind: 'passed', column: name, cell, outcome: 'kept', reason, at },
            ...clocksAgain(drawn, plan, row.cells, { at, reason: `${name} was ${reason}` }),
          ]),
          store.recordAudit({ subject: 'row', name: id, who, ...line }),
        ])
        engine.onAlarm(at)
      })
    },
    async signal(table, id, column, signal) {
      const plan = planFor(table)
      const all = listeners(plan, column, signal.kind)
      const { seq } = await findRow(table, id)
      const columns = await alone(seq, async () => {
        const row = await findRow(table, id)
        const those = willing(plan, row, { columns: all, signal, now: world.now() })
        const entries = those.map(({ name }): JournalEntry => {
          const before = row.cells[name] ?? { status: 'idle', attempts: 0 }
          // The alarm is set with it, so that the cell runs also when the process ends now.
          const cell = { ...before, signals: [...(before.signals ?? []), signal], again: world.now() }
          return { kind: 'signal', column: name, cell, signal }
        })
        const { kind, by, note = null, at } = signal
        const after = { signal: kind, columns: those.map(({ name }) => name), note, at }
        await Promise.all([
          writeBeside(engine, row, entries),
          ...(audited.has(kind)
            ? [store.recordAudit({ subject: 'row', name: id, who: by, before: null, after })]
            : []),
        ])
        return those
      })
      const names = columns.map(({ name }) => name)
      await alarms.ring(plan, [id], names)
      return names
    },
  }
}

/**
 * A row that its conditions keep from having an owner would swallow the word of a person. While it is on its way nobody knows yet.
 *
 * @throws {TableError} `row-conflict` naming the rule and what it saw.
 */
function refuseSkipped(plan: TablePlan, column: PlannedColumn, row: StoredRow): void {
  if (row.active !== null && row.cells[column.name]?.status !== 'skipped') return
  const skip = skipNow(plan, column, row)
  if (skip === null) return
  const message = `the row does not come to an owner: ${skip.reason} (rule: ${skip.rule})`
  throw new TableError('row-conflict', message, {
    field: 'row',
    value: row.id,
    wayOut: 'edit the input that led there, run the columns before the owner again, then name the owner',
  })
}

function nothingToLetGo(plan: TablePlan, column: PlannedColumn, row: StoredRow): TableError {
  const skip = skipNow(plan, column, row)
  const message = `no person decided the ${column.name} of this row: there is nothing to let go`
  return new TableError('row-conflict', message, {
    field: 'row',
    value: row.id,
    wayOut:
      skip === null
        ? 'for another owner run the column with redraw and a reason, or name one with PUT to the same address'
        : `the row comes to no owner (${skip.reason}), and no run takes back one it has: ask why of the cell`,
  })
}

/** A refusal takes the lead from its owner, as an override does: it stands in the audit log. */
const audited: ReadonlySet<string> = new Set(['rejected'])

/** The columns that can take the signal as the row is now. */
function willing(
  plan: TablePlan,
  row: StoredRow,
  { columns, signal, now }: { columns: readonly PlannedColumn[]; signal: Signal; now: number },
): PlannedColumn[] {
  if (signal.by.trim() === '')
    throw new TableError('request-invalid', 'a signal says who gave it', {
      field: 'by',
      value: signal.by,
      wayOut: 'give the id of the rep, or the name of whoever it was',
    })
  const refusals: TableError[] = []
  const found = columns.filter((planned) => {
    const hearing: Hearing = {
      row: row.id,
      column: planned.name,
      values: declaredValues(plan, planned, row),
      occurredAt: row.occurredAt,
      receivedAt: row.createdAt,
      now,
      cell: (name) => standingOf(row.cells[name]),
    }
    const refusal = planned.column.refusal?.(signal, hearing) ?? null
    if (refusal !== null) refusals.push(refusal)
    return refusal === null
  })
  const [refusal] = refusals
  if (found.length === 0 && refusal !== undefined) throw refusal
  return found
}

const standingOf = (cell: CellState | undefined): ReturnType<Hearing['cell']> => ({
  status: cell?.status ?? 'idle',
  reason: cell?.reason ?? null,
  finishedAt: finishOf(cell),
})

function listeners(plan: TablePlan, column: string | null, kind: string): PlannedColumn[] {
  if (column !== null && !plan.byName.has(column)) throw unknownColumn(plan, column, 'column')
  const asked = plan.columns.filter(({ name }) => column === null || name === column)
  const found = asked.filter((each) => each.column.signals.includes(kind))
  if (found.length > 0) return found
  const kinds = new Set(asked.flatMap((each) => each.column.signals))
  throw new TableError(
    'request-invalid',
    `${column === null ? `no column of ${plan.table.name}` : `column ${column}`} takes the signal "${kind}"`,
    {
      field: 'kind',
      value: kind,
      wayOut:
        kinds.size === 0
          ? 'signals are for columns such as a service level; this has none'
          : `use one of: ${[...kinds].join(', ')}`,
    },
  )
}

/** The column an owner is decided in: the one that was named, the only one there is, or the only one that an effect writes. */
function drawingColumn(plan: TablePlan, name: string | undefined): PlannedColumn {
  const drawing = plan.columns.filter(({ column }) => column.work.effect === 'draw')
  const named = drawing.filter((each) => each.name === name)
  const written = drawing.filter((each) => !plan.drawnFor.includes(each))
  const [found, ...others] = name !== undefined ? named : drawing.length === 1 ? drawing : written
  if (found !== undefined && others.length === 0) return found
  throw unknownColumn(plan, name ?? '', 'column', drawing)
}

function unknownColumn(
  plan: TablePlan,
  value: string,
  field: string,
  among: readonly PlannedColumn[] = plan.columns,
): TableError {
  const names = among.map(({ name }) => name).join(', ')
  const message =
    value === ''
      ? `table ${plan.table.name} has ${among.length === 0 ? 'no column' : 'several columns'} that decides an owner`
      : `table ${plan.table.name} has no such column "${value}"`
  const wayOut = names === '' ? 'ask about a table with an owner column' : `name one of: ${names}`
  return new TableError('request-invalid', message, { field, value, wayOut })
}

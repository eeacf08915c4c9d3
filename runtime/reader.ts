import { TableError } from '../columns/errors.ts'
import type { Values } from '../db/journal.ts'
import type { CellCount, EventRecord, StoredRow, StoreInfo } from '../db/store.ts'
import { reportServiceLevel, type ServiceLevelReport } from '../routing/service-level/report.ts'
import { describeTable } from './describe.ts'
import type { Engine } from './engine.ts'
import type { Finder } from './find.ts'
import type { CredentialState } from './limits/limits.ts'
import type { TablePlan } from './plan.ts'
import { readFilter } from './run-rows.ts'
import type { Task } from './task.ts'
import {
  type AttemptView,
  attemptViews,
  type CellView,
  costOfAll,
  type RowView,
  rowView,
  type WhyStep,
  whyOf,
} from './views.ts'

export interface TouchView {
  at: string
  occurredAt: string
  input: Values
}

export interface RowDetail extends RowView {
  touches: TouchView[]
}

export interface TableView extends ReturnType<typeof describeTable> {
  definition: number
  rows: number
  /** Cells by column and status, as their rows last came to rest or were parked; `stale` for a stale one. */
  counts: CellCount[]
}

export interface RowPage {
  rows: RowView[]
  /** Give this as `after` for the next page; null at the end. */
  next: number | null
}

export interface RowQuery {
  limit: number
  after?: number
  filter?: string
  search?: string
  newestFirst?: boolean
}

/** Everything that can be asked about tables and rows without changing anything. */
export interface Reader {
  store: StoreInfo
  tables(): Promise<TableView[]>
  table(name: string): Promise<TableView>
  rows(table: string, query: RowQuery): Promise<RowPage>
  count(table: string, filter?: string): Promise<number>
  row(table: string, id: string): Promise<RowDetail>
  cell(
    table: string,
    id: string,
    column: string,
  ): Promise<CellView & { costUsd: number; history: AttemptView[] }>
  why(table: string, id: string, column: string): Promise<WhyStep[]>
  /**
   * The service level over the leads captured in this span (epoch ms, the end excluded).
   *
   * @throws {TableError} `request-invalid` for a table without a service level.
   */
  serviceLevel(
    table: string,
    span: { from: number; until: number; column?: string },
  ): Promise<ServiceLevelReport>
  /** The credentials that calls were made with since the start: what is under way, and which are not used for a while. */
  credentials(): CredentialState[]
  events(table: string, after: number, limit: number): Promise<EventRecord[]>
  lastEvent(table: string): Promise<number>
  onEvents(listener: (events: readonly EventRecord[]) => void): () => void
}

interface ReaderParts {
  engine: Engine
  planFor: Finder['planFor']
  findRow: Finder['findRow']
  plans: ReadonlyMap<string, TablePlan>
  taskOf(row: number): Task | undefined
}

export function createReader({ engine, planFor, findRow, plans, taskOf }: ReaderParts): Reader {
  const { store } = engine

  async function find(table: string, id: string): Promise<{ plan: TablePlan; row: StoredRow }> {
    return { plan: planFor(table), row: await findRow(table, id) }
  }

  function columnOf(plan: TablePlan, name: string) {
    const column = plan.byName.get(name)
    if (column !== undefined) return column
    throw new TableError('cell-unknown', `table ${plan.table.name} has no column "${name}"`, {
      field: 'column',
      value: name,
      wayOut: `use one of: ${plan.columns.map((each) => each.name).join(', ')}`,
    })
  }

  async function tableView(plan: TablePlan): Promise<TableView> {
    const { name } = plan.table
    const outdated = plan.columns.map((each) => each.outdated)
    const [rows, counts] = await Promise.all([store.count(name), store.cellCounts(name, outdated)])
    // Columns that were taken out of the table still have cells.
    const present = counts.filter(({ column }) => plan.byName.has(column))
    return { ...describeTable(plan.table), definition: plan.definition, rows, counts: present }
  }

  return {
    store: store.info,
    tables: () => Promise.all([...plans.values()].map(tableView)),
    table: (name) => tableView(planFor(name)),
    async rows(table, query) {
      const plan = planFor(table)
      const found = await store.scan({
        table,
        limit: query.limit,
        ...(query.after !== undefined && { after: query.after }),
        filter: query.filter === undefined ? null : readFilter(plan, query.filter),
        search: query.search ?? null,
        newestFirst: query.newestFirst ?? false,
      })
      const last = found.length < query.limit ? undefined : found.at(-1)
      return { rows: found.map((row) => rowView(plan, row, taskOf(row.seq))), next: last?.seq ?? null }
    },
    count: (table, filter) =>
      store.count(table, filter === undefined ? [] : readFilter(planFor(table), filter)),
    async row(table, id) {
      const { plan, row } = await find(table, id)
      const entries = row.touches === 0 ? [] : await store.journal(row.seq)
      const touches = entries.flatMap((entry) =>
        entry.kind === 'touch'
          ? [
              {
                at: new Date(entry.at).toISOString(),
                occurredAt: new Date(entry.occurredAt).toISOString(),
                input: entry.input,
              },
            ]
          : [],
      )
      return { ...rowView(plan, row, taskOf(row.seq)), touches }
    },
    async cell(table, id, name) {
      const { plan, row } = await find(table, id)
      const column = columnOf(plan, name)
      const view = rowView(plan, row, taskOf(row.seq)).cells[column.name]
      if (view === undefined)
        throw new TableError('cell-unknown', `row ${id} has no cell "${name}"`, {
          field: 'column',
          value: name,
        })
      const history = attemptViews(plan, row, await store.journal(row.seq), name)
      return { ...view, costUsd: costOfAll(history), history }
    },
    async why(table, id, name) {
      const { plan, row } = await find(table, id)
      return whyOf(plan, row, await store.journal(row.seq), columnOf(plan, name))
    },
    async serviceLevel(table, { from, until, column }) {
      const name = clockColumn(planFor(table), column)
      const clocks = await store.clocks({ table, from, until, limit: mostClocks })
      return reportServiceLevel(clocks.filter((each) => each.column === name))
    },
    credentials: () => engine.limits.states(),
    events: (table, after, limit) => store.events({ table, after, limit }),
    lastEvent: (table) => store.lastEvent(table),
    onEvents: (listener) => store.onCommit(listener),
  }
}

const mostClocks = 1_000_000

function clockColumn(plan: TablePlan, name: string | undefined): string {
  const clocks = plan.columns.filter(({ column }) => column.clock !== null).map((each) => each.name)
  const found = name === undefined ? clocks[0] : clocks.find((each) => each === name)
  if (found !== undefined) return found
  throw new TableError(
    'request-invalid',
    `table ${plan.table.name} has no service level${name === undefined ? '' : ` "${name}"`}`,
    {
      field: name === undefined ? 'table' : 'column',
      value: name ?? plan.table.name,
      wayOut:
        clocks.length === 0 ? 'add a service-level column to the table' : `use one of: ${clocks.join(', ')}`,
    },
  )
}

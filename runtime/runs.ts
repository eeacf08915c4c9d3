import { TableError } from '../columns/errors.ts'
import { type Filter, parseFilter } from '../db/filter.ts'
import type { Run, RunRequest, StoredRow } from '../db/store.ts'
import { cancelTask } from './cancel.ts'
import { chooseCells } from './choose.ts'
import type { Engine } from './engine.ts'
import type { Lanes } from './lanes.ts'
import type { TablePlan } from './plan.ts'
import { createPreview, type Preview } from './preview.ts'
import { noCounts, type Task } from './task.ts'

/** A run by hand of more rows than this goes to the bulk lane. */
const liveRows = 100
const windowRows = 100

/** Runs asked for over rows that exist. */
export interface Runs {
  start(plan: TablePlan, request: RunRequest): Promise<Run>
  preview(plan: TablePlan, request: RunRequest): Promise<Preview>
  resume(run: Run): void
  cancel(run: Run): Promise<Run>
  /** Counts a row that a run has finished with. */
  finished(task: Task): void
  begun(task: Task): void
  /** The run with the counts of the rows that are done so far. */
  current(run: Run): Promise<Run & { remaining: number }>
  known(ordinal: number): Promise<Run | null>
  remember(run: Run): void
  dispatching(): number
}

interface Tracked {
  run: Run
  inFlight: number
  handingOut: boolean
  cancelled: boolean
}

interface RunParts {
  engine: Engine
  planOf(table: string): TablePlan | null
  lanes(): Lanes
}

export function createRuns({ engine, planOf, lanes }: RunParts): Runs {
  const { store, world } = engine
  const tracked = new Map<number, Tracked>()
  /** Runs of rows in memory; small, since insert runs leave it as soon as their rows have begun. */
  const recent = new Map<number, Run>()

  function remember(run: Run): void {
    recent.set(run.ordinal, run)
    if (recent.size <= 10_000) return
    const [oldest] = recent.keys()
    if (oldest !== undefined) recent.delete(oldest)
  }

  function track(run: Run): Tracked {
    const known = tracked.get(run.ordinal)
    if (known !== undefined) return known
    const fresh = { run, inFlight: 0, handingOut: false, cancelled: run.status === 'cancelled' }
    tracked.set(run.ordinal, fresh)
    return fresh
  }

  async function* windows(plan: TablePlan, request: RunRequest, cursor: number): AsyncGenerator<StoredRow[]> {
    const { scope } = request
    const table = plan.table.name
    if ('rows' in scope) {
      const rows = await rowsByIds(table, scope.rows)
      yield rows.filter((row) => row.seq > cursor)
      return
    }
    const filter = 'filter' in scope ? readFilter(plan, scope.filter) : null
    let after = cursor
    for (;;) {
      const rows = await store.scan({ table, after, limit: windowRows, filter })
      const last = rows.at(-1)
      if (last === undefined) return
      after = last.seq
      yield rows
    }
  }

  async function rowsByIds(table: string, ids: readonly string[]): Promise<StoredRow[]> {
    const rows: StoredRow[] = []
    for (const id of new Set(ids)) {
      const row = await store.find(table, id)
      if (row === null) {
        throw new TableError('row-unknown', `table ${table} has no row ${id}`, {
          field: 'scope.rows',
          value: id,
          wayOut: 'list the rows with GET /v1/tables/{table}/rows',
        })
      }
      rows.push(row)
    }
    return rows.sort((a, b) => a.seq - b.seq)
  }

  async function handOut(each: Tracked, plan: TablePlan, request: RunRequest): Promise<void> {
    const limit = request.limit ?? Number.POSITIVE_INFINITY
    for await (const rows of windows(plan, request, each.run.cursor)) {
      const wanted = rows
        .filter((row) => chooseCells(plan, row, each.run).size > 0)
        .slice(0, limit - each.run.handedOut)
      for (const row of wanted) await lanes().whenFree(row.seq)
      if (each.cancelled) return
      const change = {
        cursor: rows.at(-1)?.seq ?? each.run.cursor,
        handedOut: each.run.handedOut + wanted.length,
      }
      const activation = { table: plan.table.name, run: each.run.ordinal, rows: wanted.map((row) => row.seq) }
      const active = await store.activate({ ...activation, progress: { id: each.run.id, change } })
      Object.assign(each.run, change)
      for (const row of active) {
        await lanes().capacity(each.run.lane)
        lanes().begin(row, each.run)
      }
      if (each.run.handedOut >= limit) return
    }
  }

  async function dispatch(run: Run): Promise<void> {
    const each = track(run)
    const plan = planOf(run.table)
    if (each.handingOut || plan === null || run.request === null) return
    each.handingOut = true
    try {
      await handOut(each, plan, run.request)
    } catch (error) {
      engine.log.error(
        { run: run.id, error },
        'a run could not hand out its rows; it goes on after the next start',
      )
    }
    each.handingOut = false
    await finishIfDone(each)
  }

  async function finishIfDone(each: Tracked): Promise<void> {
    if (each.handingOut || each.inFlight > 0 || each.run.status !== 'running') return
    if ((await store.remaining(each.run.ordinal)) > 0) return
    each.run.status = 'done'
    tracked.delete(each.run.ordinal)
    await store.updateRun(each.run.id, { status: 'done', counts: each.run.counts, finishedAt: world.now() })
  }

  return {
    async start(plan, request) {
      checkColumns(plan, request)
      let rows = 0
      if ('rows' in request.scope) rows = (await rowsByIds(plan.table.name, request.scope.rows)).length
      else
        rows = await store.count(
          plan.table.name,
          'filter' in request.scope ? readFilter(plan, request.scope.filter) : [],
        )
      const run = await store.createRun({
        id: world.id('run'),
        table: plan.table.name,
        kind: 'rerun',
        lane: rows <= liveRows ? 'live' : 'bulk',
        definition: plan.definition,
        request,
        rows,
        at: world.now(),
      })
      remember(run)
      void dispatch(run)
      return run
    },
    async preview(plan, request) {
      checkColumns(plan, request)
      const preview = createPreview(plan)
      const run = asIfStarted(plan, request, world.now())
      let counted = 0
      for await (const rows of windows(plan, request, 0)) {
        for (const row of rows)
          if (counted < (request.limit ?? Number.POSITIVE_INFINITY) && preview.add(row, run)) counted += 1
      }
      return preview.result()
    },
    resume: (run) => void dispatch(run),
    async cancel(run) {
      const each = track((await known(run.ordinal)) ?? run)
      each.cancelled = true
      for (const task of [...lanes().tasks.values()])
        if (task.run.ordinal === run.ordinal) cancelTask(engine, task)
      const cancelled = await store.updateRun(run.id, {
        status: 'cancelled',
        counts: each.run.counts,
        finishedAt: world.now(),
      })
      each.run.status = 'cancelled'
      return cancelled
    },
    begun(task) {
      if (task.run.kind === 'rerun') track(task.run).inFlight += 1
      if (task.run.status === 'cancelled') cancelTask(engine, task)
    },
    finished(task) {
      if (task.run.kind !== 'rerun') return
      const each = track(task.run)
      each.inFlight -= 1
      for (const key of Object.keys(task.counts) as (keyof typeof task.counts)[])
        each.run.counts[key] += task.counts[key]
      void finishIfDone(each)
    },
    async current(run) {
      const each = tracked.get(run.ordinal)
      const remaining = await store.remaining(run.ordinal)
      const latest = each?.run ?? run
      const status =
        run.kind === 'insert' && latest.status === 'done' && remaining > 0 ? 'running' : latest.status
      return { ...latest, status, remaining }
    },
    known,
    remember,
    dispatching: () => [...tracked.values()].filter((each) => each.handingOut || each.inFlight > 0).length,
  }

  async function known(ordinal: number): Promise<Run | null> {
    const found = tracked.get(ordinal)?.run ?? recent.get(ordinal) ?? (await store.runByOrdinal(ordinal))
    if (found !== null) remember(found)
    return found
  }
}

const asIfStarted = (plan: TablePlan, request: RunRequest, at: number): Run => ({
  id: '',
  table: plan.table.name,
  kind: 'rerun',
  lane: 'bulk',
  definition: plan.definition,
  request,
  rows: 0,
  at,
  ordinal: -1,
  status: 'running',
  cursor: 0,
  handedOut: 0,
  counts: noCounts(),
  finishedAt: null,
})

export function readFilter(plan: TablePlan, text: string): Filter {
  return parseFilter(text, { columns: plan.columns.map(({ name }) => name), inputs: plan.inputs })
}

function checkColumns(plan: TablePlan, request: RunRequest): void {
  const unknown = request.columns?.find((name) => !plan.byName.has(name))
  if (unknown === undefined) return
  throw new TableError('column-unknown', `table ${plan.table.name} has no column "${unknown}"`, {
    field: 'columns',
    value: unknown,
    wayOut: `use one of: ${plan.columns.map(({ name }) => name).join(', ')}`,
  })
}

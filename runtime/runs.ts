import { TableError } from '../columns/errors.ts'
import { type Filter, parseFilter } from '../db/filter.ts'
import type { Run, RunRequest, StoredRow } from '../db/store.ts'
import { cancelTask } from './cancel.ts'
import { chooseCells } from './choose.ts'
import type { Engine } from './engine.ts'
import type { Lanes } from './lanes.ts'
import type { TablePlan } from './plan.ts'
import { createPreview, type Preview } from './preview.ts'
import { keepPending } from './takeover.ts'
import { noCounts, type Task } from './task.ts'

/** A run by hand of more rows than this goes to the bulk lane. */
const liveRows = 100
const windowRows = 100
/** Pause before a run goes on handing out rows after the store refused, in milliseconds. */
const mendMs = 1_000

/** Runs asked for over rows that exist. */
export interface Runs {
  start(plan: TablePlan, request: RunRequest): Promise<Run>
  preview(plan: TablePlan, request: RunRequest): Promise<Preview>
  resume(run: Run): void
  cancel(run: Run): Promise<Run>
  /** Counts a row that a run has finished with. */
  finished(task: Task): void
  begun(task: Task): void
  /** A row was taken out of this run from outside. */
  lost(ordinal: number): Promise<void>
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
  /** Looking whether it is done, and writing that down. */
  finishing: number
  cancelled: boolean
}

interface RunParts {
  engine: Engine
  planOf(table: string): TablePlan | null
  lanes(): Lanes
  /** Called when a run may have been the last thing under way. */
  quiet(): void
}

export function createRuns({ engine, planOf, lanes, quiet }: RunParts): Runs {
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
    const cancelled = run.status === 'cancelled'
    const fresh = { run, inFlight: 0, handingOut: false, finishing: 0, cancelled }
    tracked.set(run.ordinal, fresh)
    return fresh
  }

  /** The rows of a run in order. Rows that came after the run began are not its own: it would never end on a busy table. */
  async function* windows(
    plan: TablePlan,
    request: RunRequest,
    { cursor, at }: { cursor: number; at: number },
  ): AsyncGenerator<StoredRow[]> {
    const { scope } = request
    const table = plan.table.name
    if ('rows' in scope) {
      const rows = await rowsByIds(table, scope.rows, 'passed by')
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
      yield rows.filter((row) => row.createdAt <= at)
      if (last.createdAt > at) return
    }
  }

  /** A row may be erased while the run is on its way; it must be there when the run is asked for. */
  async function rowsByIds(
    table: string,
    ids: readonly string[],
    absent: 'refused' | 'passed by',
  ): Promise<StoredRow[]> {
    const rows: StoredRow[] = []
    for (const id of new Set(ids)) {
      const row = await store.find(table, id)
      if (row === null && absent === 'passed by') continue
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
    for await (const rows of windows(plan, request, each.run)) {
      const wanted = rows
        .filter((row) => chooseCells(plan, row, each.run).size > 0)
        .slice(0, limit - each.run.handedOut)
      const goesOn = await handOutSome(each, plan, {
        rows: wanted.map((row) => row.seq),
        cursor: rows.at(-1)?.seq ?? each.run.cursor,
      })
      if (!goesOn || each.run.handedOut >= limit) return
    }
  }

  /** In ascending order everywhere, so that two runs over the same rows never wait for each other in a circle. */
  async function handOutSome(
    each: Tracked,
    plan: TablePlan,
    { rows, cursor }: { rows: number[]; cursor: number },
  ): Promise<boolean> {
    const held = new Set<number>()
    try {
      for (const row of rows) {
        if (!(await lanes().hold(row))) return false
        held.add(row)
      }
      if (each.cancelled) return false
      const before = await takeOver(plan, rows)
      const change = { cursor, handedOut: each.run.handedOut + rows.length }
      const progress = { id: each.run.id, change }
      const active = await store.activate({ table: plan.table.name, run: each.run.ordinal, rows, progress })
      Object.assign(each.run, change)
      for (const ordinal of before) await lost(ordinal)
      for (const row of active) {
        if (!(await lanes().capacity(each.run.lane))) return false
        held.delete(row.seq)
        lanes().begin(row, each.run)
      }
      return true
    } finally {
      for (const row of held) lanes().release(row)
    }
  }

  /** Parked rows keep what their earlier runs owe them. Answers with those runs. */
  async function takeOver(plan: TablePlan, rows: readonly number[]): Promise<Set<number>> {
    const ordinals = new Set<number>()
    for (const row of await store.load(rows)) {
      if (row.active === null) continue
      ordinals.add(row.active)
      const run = await known(row.active)
      if (run !== null) await keepPending(engine, plan, row, run)
    }
    return ordinals
  }

  async function lost(ordinal: number): Promise<void> {
    const run = await known(ordinal)
    if (run?.kind === 'rerun') await finishIfDone(track(run))
  }

  async function dispatch(run: Run): Promise<void> {
    const each = track(run)
    const plan = planOf(run.table)
    if (each.handingOut || plan === null || run.request === null) return
    each.handingOut = true
    while (!engine.stopping) {
      try {
        await handOut(each, plan, run.request)
        break
      } catch (error) {
        if (engine.stopping) return
        engine.log.error({ run: run.id, error }, 'a run could not hand out its rows; it goes on in a second')
        await new Promise((resolve) => setTimeout(resolve, mendMs))
      }
    }
    // Stopped half-way: it goes on at the next start.
    if (engine.stopping) return
    each.handingOut = false
    await finishIfDone(each)
  }

  async function finishIfDone(each: Tracked): Promise<void> {
    const { run } = each
    each.finishing += 1
    try {
      if (each.handingOut || each.inFlight > 0 || engine.stopping) return
      if (run.status === 'cancelled') await store.updateRun(run.id, { counts: run.counts })
      if (run.status === 'running' && (await store.remaining(run.ordinal)) === 0) {
        await store.updateRun(run.id, { status: 'done', counts: run.counts, finishedAt: world.now() })
        run.status = 'done'
      }
      if (run.status !== 'running' && each.inFlight === 0) tracked.delete(run.ordinal)
    } catch (error) {
      engine.log.error(
        { run: run.id, error },
        'the end of a run could not be written; it is found at the next start',
      )
    } finally {
      each.finishing -= 1
      quiet()
    }
  }

  /** Parked rows of a cancelled run come back at once to be settled, not when they would have been due. */
  async function wakeParked(run: Run): Promise<void> {
    const { rows } = await store.dueRows(Number.MAX_SAFE_INTEGER, 1_000_000)
    for (let from = 0; from < rows.length; from += windowRows) {
      const some = await store.load(rows.slice(from, from + windowRows))
      lanes().queue(
        run.lane,
        some.filter((row) => row.active === run.ordinal).map((row) => row.seq),
      )
    }
  }

  return {
    async start(plan, request) {
      checkColumns(plan, request)
      let rows = 0
      if ('rows' in request.scope)
        rows = (await rowsByIds(plan.table.name, request.scope.rows, 'refused')).length
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
      if ('rows' in request.scope) await rowsByIds(plan.table.name, request.scope.rows, 'refused')
      let left = request.limit ?? Number.POSITIVE_INFINITY
      for await (const rows of windows(plan, request, run)) {
        for (const row of rows) if (left > 0 && preview.add(row, run)) left -= 1
        if (left === 0) break
      }
      return preview.result()
    },
    resume: (run) => void dispatch(run),
    async cancel(run) {
      const { status } = await current(run)
      if (status !== 'running') return run
      const each = track((await known(run.ordinal)) ?? run)
      each.cancelled = true
      each.run.status = 'cancelled'
      for (const task of [...lanes().tasks.values()])
        if (task.run.ordinal === run.ordinal) cancelTask(engine, task)
      const cancelled = await store.updateRun(run.id, {
        status: 'cancelled',
        counts: each.run.counts,
        finishedAt: world.now(),
      })
      await wakeParked(each.run)
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
    current,
    known,
    remember,
    lost,
    dispatching: () =>
      [...tracked.values()].filter((each) => each.handingOut || each.inFlight + each.finishing > 0).length,
  }

  async function current(run: Run): Promise<Run & { remaining: number }> {
    const remaining = await store.remaining(run.ordinal)
    const latest = tracked.get(run.ordinal)?.run ?? run
    const status =
      run.kind === 'insert' && latest.status === 'done' && remaining > 0 ? 'running' : latest.status
    return { ...latest, status, remaining }
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

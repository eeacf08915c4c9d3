import type { Run, RunRequest } from '../db/store.ts'
import { cancelTask } from './cancel.ts'
import { checkRequest } from './check-request.ts'
import type { Engine } from './engine.ts'
import { type HandedOut, handOut } from './hand-out.ts'
import type { Lanes } from './lanes.ts'
import type { TablePlan } from './plan.ts'
import { createPreview, type Preview } from './preview.ts'
import { countRows, lastRowOf, windowRows, windows } from './run-rows.ts'
import { noCounts, type Task } from './task.ts'

/** A run by hand of more rows than this goes to the bulk lane. */
const liveRows = 100
/** Pause before a run goes on handing out rows after the store refused, in milliseconds. */
const mendMs = 1_000

/** Runs asked for over rows that exist. */
export interface Runs {
  start(plan: TablePlan, request: RunRequest): Promise<Run>
  /** The same, for a caller that knows the lane, and wants to know when all rows are with it. */
  begin(
    plan: TablePlan,
    request: RunRequest,
    lane?: Run['lane'],
  ): Promise<{ run: Run; handedOut: Promise<void> }>
  preview(plan: TablePlan, request: RunRequest): Promise<Preview>
  resume(run: Run): void
  cancel(run: Run): Promise<Run>
  /** A row of a run has left memory. */
  finished(task: Task): void
  begun(task: Task): void
  /** A row was taken out of this run from outside. */
  lost(ordinal: number): Promise<void>
  /** The run as it is on disk, with the counts of what is done so far. */
  current(run: Run): Promise<Run & { remaining: number }>
  known(ordinal: number): Promise<Run | null>
  dispatching(): number
}

interface Tracked extends HandedOut {
  inFlight: number
  handingOut: boolean
  /** Looking whether it is done, and writing that down. */
  finishing: number
  /** Its end, or its cancel, is being written. */
  closing: boolean
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
  /** The runs asked for last, so that the rows of one run do not each read it; the oldest leave first. */
  const recent = new Map<number, Run>()
  const parts = { engine, lanes, known, lost }

  function remember(run: Run): void {
    recent.set(run.ordinal, run)
    if (recent.size <= 10_000) return
    const [oldest] = recent.keys()
    if (oldest !== undefined) recent.delete(oldest)
  }

  function track(run: Run): Tracked {
    const known = tracked.get(run.ordinal)
    if (known !== undefined) return known
    const fresh = newlyTracked(run)
    tracked.set(run.ordinal, fresh)
    return fresh
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
        await handOut(parts, each, { plan, request: run.request })
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
    while (!engine.stopping) {
      try {
        await finish(each)
        break
      } catch (error) {
        if (engine.stopping) break
        engine.log.error(
          { run: run.id, error },
          'the end of a run could not be written; it is tried again in a second',
        )
        await new Promise((resolve) => setTimeout(resolve, mendMs))
      }
    }
    each.finishing -= 1
    quiet()
  }

  async function finish(each: Tracked): Promise<void> {
    const { run } = each
    if (each.handingOut || each.inFlight > 0 || each.closing) return
    if (run.status === 'running' && (await store.remaining(run.ordinal)) === 0) {
      // A cancel may have come while the rows were counted.
      if (!each.closing && isRunning(run)) await close(each, 'done')
    }
    if (isRunning(run) || each.inFlight > 0) return
    tracked.delete(run.ordinal)
  }

  /** One at a time, and in memory only once it is on disk: of an end and a cancel the first one counts. */
  async function close(each: Tracked, status: 'done' | 'cancelled'): Promise<Run> {
    each.closing = true
    try {
      const closed = await store.updateRun(each.run.id, { status, finishedAt: world.now() })
      each.run.status = status
      each.cancelled = status === 'cancelled'
      return closed
    } finally {
      each.closing = false
    }
  }

  /** Parked rows of a cancelled run come back at once to be settled, not when they would have been due. */
  async function wakeParked(run: Run): Promise<void> {
    const { rows } = await store.dueRows({
      tables: [run.table],
      now: Number.MAX_SAFE_INTEGER,
      limit: 1_000_000,
    })
    for (let from = 0; from < rows.length; from += windowRows) {
      const some = await store.load(rows.slice(from, from + windowRows))
      lanes().queue(
        run.lane,
        some.filter((row) => row.active === run.ordinal).map((row) => row.seq),
      )
    }
  }

  async function begin(plan: TablePlan, request: RunRequest, lane?: Run['lane']) {
    checkRequest(plan, request)
    const rows = await countRows(store, plan, request)
    const run = await store.createRun({
      id: world.id('run'),
      table: plan.table.name,
      kind: 'rerun',
      lane: lane ?? (rows <= liveRows ? 'live' : 'bulk'),
      definition: plan.definition,
      request,
      backfill: null,
      rows,
      at: world.now(),
      lastRow: await lastRowOf(store, plan.table.name),
    })
    remember(run)
    return { run, handedOut: dispatch(run) }
  }

  return {
    start: async (plan, request) => (await begin(plan, request)).run,
    begin,
    async preview(plan, request) {
      checkRequest(plan, request)
      const preview = createPreview(plan, { store, now: world.now() })
      const lastRow = await lastRowOf(store, plan.table.name)
      const run = asIfStarted(plan, request, { at: world.now(), lastRow })
      if ('rows' in request.scope) await countRows(store, plan, request)
      let left = request.limit ?? Number.POSITIVE_INFINITY
      for await (const rows of windows(store, plan, { ...run, request })) {
        for (const row of rows) if (left > 0 && (await preview.add(row, run))) left -= 1
        if (left === 0) break
      }
      return preview.result()
    },
    resume: (run) => void dispatch(run),
    async cancel(run) {
      const { status } = await current(run)
      const mine = (await known(run.ordinal)) ?? run
      // Nobody but the rows knows whether an insert is over; it is not tracked either.
      const isInsert = run.kind === 'insert'
      if (status !== 'running' || !(isInsert || isRunning(mine))) return run
      const each = isInsert ? newlyTracked(mine) : track(mine)
      if (each.closing) return run
      const cancelled = await close(each, 'cancelled').finally(() => {
        // Looking for its end made way for this one.
        if (!isInsert) void finishIfDone(each)
      })
      for (const task of lanes().tasks.values())
        if (task.run.ordinal === run.ordinal) cancelTask(engine, task)
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
      void finishIfDone(each)
    },
    current,
    known,
    lost,
    dispatching: () =>
      [...tracked.values()].filter((each) => each.handingOut || each.inFlight + each.finishing > 0).length,
  }

  async function current(run: Run): Promise<Run & { remaining: number }> {
    const remaining = await store.remaining(run.ordinal)
    const latest = (await store.findRun(run.id)) ?? run
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

const isRunning = (run: Run) => run.status === 'running'

const newlyTracked = (run: Run): Tracked => ({
  run,
  inFlight: 0,
  handingOut: false,
  finishing: 0,
  closing: false,
  cancelled: run.status === 'cancelled',
})

const asIfStarted = (
  plan: TablePlan,
  request: RunRequest,
  { at, lastRow }: { at: number; lastRow: number },
): Run => ({
  id: '',
  table: plan.table.name,
  kind: 'rerun',
  lane: 'bulk',
  definition: plan.definition,
  request,
  backfill: null,
  rows: 0,
  at,
  lastRow,
  ordinal: -1,
  status: 'running',
  cursor: 0,
  handedOut: 0,
  counts: noCounts(),
  finishedAt: null,
})

import { isHeld } from '../columns/cell.ts'
import { TableError } from '../columns/errors.ts'
import type { TableDefinition } from '../columns/table.ts'
import type { Run, RunRequest, Store, StoredRow } from '../db/store.ts'
import { type Alarms, createAlarms } from './alarms.ts'
import { createBudgets } from './budgets.ts'
import { type ByHand, createByHand } from './by-hand.ts'
import { checkChange, type FieldProblem } from './check-input.ts'
import { chooseCells } from './choose.ts'
import { drain } from './drain.ts'
import type { Engine, Log, World } from './engine.ts'
import { createFinder } from './find.ts'
import { type InsertOptions, type InsertResult, insertRows } from './insert-rows.ts'
import { createLanes, type LaneLimits } from './lanes.ts'
import { dropLate } from './late.ts'
import { createLimits } from './limits/limits.ts'
import { createLiveData, type LiveData } from './live-data.ts'
import { createMemos } from './memo.ts'
import { type PinnedCell, pinnedIn } from './pinned.ts'
import type { TablePlan } from './plan.ts'
import type { Preview } from './preview.ts'
import { createReader, type Reader } from './reader.ts'
import { recover } from './recover.ts'
import { registerTables } from './register.ts'
import { createRuns } from './runs.ts'
import { editedCells } from './stale.ts'
import { createWaiters, hasSettled, isAllHeld, isOnlyHeld } from './waiting.ts'
import { createWaker } from './wake.ts'

export interface RuntimeOptions {
  store: Store
  tables: readonly TableDefinition[]
  world: World
  log: Log
  limits?: Partial<LaneLimits>
  parkAfterMs?: number
}

export type { InsertOptions, InsertResult } from './insert-rows.ts'

export interface RunProgress extends Run {
  /** Rows of the run that are not at rest. */
  remaining: number
  /** Owners whom a person decided, who keep the lead although the run draws anew: the first hundred of its named rows. */
  pinned: PinnedCell[]
}

/** Runs the columns of the tables over their rows. */
export interface Runtime extends Reader, LiveData, Omit<ByHand, 'override'> {
  override(...given: Parameters<ByHand['override']>): Promise<RunProgress>
  insert(
    table: string,
    inputs: readonly unknown[],
    options?: InsertOptions,
  ): Promise<{ run: Run | null; rows: InsertResult[] }>
  edit(
    table: string,
    id: string,
    change: Record<string, unknown>,
  ): Promise<{ ok: true } | { ok: false; problems: FieldProblem[] }>
  erase(table: string, id: string): Promise<void>
  run(table: string, request: RunRequest): Promise<RunProgress>
  preview(table: string, request: RunRequest): Promise<Preview>
  findRun(id: string): Promise<RunProgress>
  cancelRun(id: string): Promise<RunProgress>
  /**
   * True when the rows, or one column of them, settled in time. A row that goes on only once its owner can be drawn counts as settled, and
   * so does one that was erased.
   */
  settled(table: string, ids: readonly string[], column: string | null, timeoutMs: number): Promise<boolean>
  /** Resolves when nothing is queued, running or being handed out, and the ends of runs are written. Parked rows do not count. */
  idle(): Promise<void>
  /** Stops taking up work and waits for effects that have left; rows in flight go on at the next start. */
  stop(): Promise<void>
}

/**
 * Registers the tables, settles what an earlier process left open, and starts running.
 *
 * @throws {TableError} `definition-invalid` when two tables share a name, or a column asks a table that is not served.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { store, world, log } = options
  const plans = await registerTables(store, options.tables)
  const planOf = (table: string) => plans.get(table) ?? null
  const waiters = createWaiters()
  const idlers: (() => void)[] = []

  const engine: Engine = {
    store,
    world,
    log,
    budgets: createBudgets(world.elapsed),
    limits: createLimits({ world, log, onCredentials: () => waker.wake(null) }),
    memos: createMemos(store),
    late: new Set(),
    parkAfterMs: options.parkAfterMs ?? 5_000,
    onProgress: (task) => waiters.changed(task.row.seq),
    stopping: false,
    onEnd(task, how, dueAt) {
      lanes.left(task, how, dueAt)
      runs.finished(task)
      waiters.changed(task.row.seq)
      // A company has another owner now: its held leads may follow.
      const { account } = task.row
      if (how === 'rest' && task.run.request?.override != null && account !== null) waker.wake(account)
      quiet()
    },
    onAlarm: (at) => alarms.wakeAt(at),
  }
  const quiet = () => {
    if (idlers.length > 0 && isIdle()) for (const each of idlers.splice(0)) each()
  }
  const runs = createRuns({ engine, planOf, lanes: () => lanes, quiet })
  const limits = { rows: 2_000, bulkRows: 1_000, ...options.limits }
  const lanes = createLanes({ engine, limits, plans, runOf: runs.known, begun: runs.begun, quiet })
  const waker = createWaker({ engine, lanes, tables: [...plans.keys()], quiet })
  const isIdle = () =>
    lanes.tasks.size === 0 && lanes.queued() === 0 && runs.dispatching() === 0 && !waker.isPending()
  const finder = createFinder(store, plans)
  const { planFor, findRow, findRun } = finder
  const reader = createReader({ engine, planFor, findRow, plans, taskOf: (row) => lanes.tasks.get(row) })

  /** Nobody else works on the row while `work` does. */
  async function alone<Result>(row: number, work: () => Promise<Result>): Promise<Result> {
    if (!(await lanes.hold(row))) throw new TableError('store-closed', 'the runtime is stopping')
    try {
      return await work()
    } finally {
      lanes.release(row)
    }
  }

  async function rowSettled(
    plan: TablePlan,
    id: string,
    column: string | null,
    until: number,
  ): Promise<boolean> {
    const index = column === null ? null : (plan.byName.get(column)?.index ?? null)
    for (;;) {
      const task = lanes.tasks.byId(id)
      if (task !== undefined) {
        const isThere = () => task.ended !== null || hasSettled(task, index) || isAllHeld(task)
        if (!(await waiters.wait(task.row.seq, isThere, Math.max(0, until - world.elapsed())))) return false
        if (task.ended === null || task.ended === 'rest') return true
      }
      const row = await store.find(plan.table.name, id)
      if (row === null || row.active === null) return true
      // Parked, or waiting for room in memory: it is in flight without a task.
      const run = await runs.known(row.active)
      const open = run === null ? null : chooseCells(plan, row, run)
      if (
        open !== null &&
        ((index !== null && !open.has(index)) || isOnlyHeld(plan, row.cells, (each) => open.has(each)))
      )
        return true
      if (world.elapsed() >= until) return false
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  const alarms: Alarms = createAlarms({ engine, plans, runOf: runs.known, start: runs.begin, alone })
  const live = createLiveData({ store, now: world.now, wake: () => waker.wake(null) })
  const byHand = createByHand({ engine, finder, alarms, start: runs.start, alone })

  async function progress(run: Run): Promise<RunProgress> {
    const pinned = await pinnedIn(store, planOf(run.table), run.request)
    return { ...(await runs.current(run)), pinned }
  }

  await recover(engine, { lanes, runs, tables: [...plans.keys()] })
  alarms.wakeAt(world.now())
  return {
    ...reader,
    ...live,
    ...byHand,
    override: async (table, row, given) => progress(await byHand.override(table, row, given)),
    insert: (table, inputs, options = {}) =>
      insertRows({ engine, lanes, tables: [...plans.keys()] }, planFor(table), { ...options, inputs }),
    async edit(table, id, change) {
      const plan = planFor(table)
      const { seq } = await findRow(table, id)
      return alone(seq, async () => {
        const before = await findRow(table, id)
        const checked = checkChange(plan, before.input, change)
        if (!checked.ok) return { ok: false, problems: checked.problems }
        const { input, person, account } = checked
        const occurredAt = checked.occurredAt ?? before.createdAt
        const at = world.now()
        const mark = (row: StoredRow) => editedCells(plan, row, at)
        await store.editInput({ table, id, at, input, person, account, occurredAt, mark })
        // What a held lead waits for may be what was edited.
        if (before.active !== null && Object.values(before.cells).some(isHeld)) lanes.queue('live', [seq])
        return { ok: true }
      })
    },
    async erase(table, id) {
      const { seq } = await findRow(table, id)
      await alone(seq, async () => {
        const { active } = await findRow(table, id)
        await store.erase(table, id)
        if (active !== null) await runs.lost(active)
      })
    },
    run: async (table, request) => progress(await runs.start(planFor(table), request)),
    preview: (table, request) => runs.preview(planFor(table), request),
    findRun: async (id) => progress(await findRun(id)),
    async cancelRun(id) {
      return progress(await runs.cancel(await findRun(id)))
    },
    async settled(table, ids, column, timeoutMs) {
      const plan = planFor(table)
      const until = world.elapsed() + timeoutMs
      for (const id of ids) if (!(await rowSettled(plan, id, column, until))) return false
      return true
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise<void>((resolve) => idlers.push(resolve))),
    async stop() {
      engine.stopping = true
      alarms.stop()
      waker.stop()
      lanes.stop()
      dropLate(engine)
      await drain(engine, lanes.tasks.values())
      engine.limits.stop()
      engine.budgets.stop()
      for (const each of idlers.splice(0)) each()
    },
  }
}

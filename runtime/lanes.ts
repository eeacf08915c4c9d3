import type { Run, StoredRow } from '../db/store.ts'
import { advance } from './advance.ts'
import type { Engine } from './engine.ts'
import type { TablePlan } from './plan.ts'
import { createTask, type Task } from './task.ts'

export interface LaneLimits {
  /** Rows in memory at once; further rows wait in the store. */
  rows: number
  /** Bulk rows in memory at once, so that a backfill never stands in front of a live lead. */
  bulkRows: number
}

/** Rows on their way through memory: live ones first, bulk ones within their own limit, parked ones when they are due. */
export interface Lanes {
  tasks: ReadonlyMap<number, Task>
  /** The row in memory with this public id. */
  byId(id: string): Task | undefined
  /** Takes a row that is at hand, or queues it when memory is full. */
  begin(row: StoredRow, run: Run): void
  /** Queues rows that are in the store. */
  queue(lane: Run['lane'], rows: readonly number[]): void
  /** Tells the lanes that a row has left memory. */
  left(task: Task, how: 'rest' | 'parked' | 'fenced' | 'failed', dueAt: number | null): void
  /** Resolves when a lane can take another row. */
  capacity(lane: Run['lane']): Promise<void>
  /** Resolves when the row is not in memory. */
  whenFree(row: number): Promise<void>
  wakeAt(at: number): void
  queued(): number
  stop(): void
}

interface LaneParts {
  engine: Engine
  limits: LaneLimits
  planOf(table: string): TablePlan | null
  runOf(ordinal: number): Promise<Run | null>
  begun(task: Task): void
}

const loadBatch = 100

export function createLanes({ engine, limits, planOf, runOf, begun }: LaneParts): Lanes {
  const { store, world } = engine
  const tasks = new Map<number, Task>()
  const ids = new Map<string, Task>()
  const queues = { live: [] as number[], bulk: [] as number[] }
  let loading = 0
  let bulkRows = 0
  let stopped = false
  let timer: NodeJS.Timeout | null = null
  let timerAt = Number.POSITIVE_INFINITY
  let waiters: (() => void)[] = []

  const room = (lane: Run['lane']) => {
    const free = limits.rows - tasks.size - loading
    return lane === 'live' ? free : Math.min(free, limits.bulkRows - bulkRows)
  }

  function take(row: StoredRow, run: Run): void {
    const plan = planOf(row.table)
    if (stopped || plan === null || row.active === null || tasks.has(row.seq)) return
    const task = createTask(plan, row, run)
    tasks.set(row.seq, task)
    ids.set(row.id, task)
    if (task.lane === 'bulk') bulkRows += 1
    begun(task)
    advance(engine, task)
  }

  function pump(): void {
    if (stopped) return
    for (const lane of ['live', 'bulk'] as const) {
      const free = room(lane)
      if (free > 0 && queues[lane].length > 0) void load(queues[lane].splice(0, Math.min(free, loadBatch)))
    }
    const awake = waiters
    waiters = []
    for (const waiter of awake) waiter()
  }

  async function load(seqs: number[]): Promise<void> {
    loading += seqs.length
    try {
      for (const row of await store.load(seqs)) {
        const run = row.active === null ? null : await runOf(row.active)
        if (run !== null) take(row, run)
      }
    } catch (error) {
      engine.log.error({ error }, 'rows could not be loaded; they go on after the next start')
    } finally {
      loading -= seqs.length
    }
    pump()
  }

  async function wake(): Promise<void> {
    timerAt = Number.POSITIVE_INFINITY
    if (stopped) return
    const { rows, nextAt } = await store.dueRows(world.now(), 1_000)
    queues.live.push(...rows.filter((seq) => !tasks.has(seq)))
    pump()
    if (nextAt !== null) lanes.wakeAt(nextAt)
  }

  const lanes: Lanes = {
    tasks,
    byId: (id) => ids.get(id),
    begin(row, run) {
      if (room(run.lane) > 0 && queues[run.lane].length === 0) take(row, run)
      else lanes.queue(run.lane, [row.seq])
    },
    queue(lane, rows) {
      queues[lane].push(...rows)
      pump()
    },
    left(task, how, dueAt) {
      tasks.delete(task.row.seq)
      ids.delete(task.row.id)
      if (task.lane === 'bulk') bulkRows -= 1
      if (how === 'parked' && dueAt !== null) lanes.wakeAt(dueAt)
      if (queues.live.length + queues.bulk.length + waiters.length > 0) pump()
    },
    async capacity(lane) {
      while (!stopped && (room(lane) <= 0 || queues[lane].length > 0))
        await new Promise<void>((resolve) => waiters.push(resolve))
    },
    async whenFree(row) {
      while (!stopped && tasks.has(row)) await new Promise<void>((resolve) => waiters.push(resolve))
    },
    wakeAt(at) {
      if (at >= timerAt || stopped) return
      if (timer !== null) clearTimeout(timer)
      timerAt = at
      // A longer pause would overflow the timer and fire at once.
      timer = setTimeout(() => void wake(), Math.min(Math.max(1, at - world.now()), 2 ** 31 - 1))
    },
    queued: () => queues.live.length + queues.bulk.length + loading,
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      for (const task of tasks.values()) if (task.timer !== null) clearTimeout(task.timer)
      for (const waiter of waiters) waiter()
    },
  }
  return lanes
}

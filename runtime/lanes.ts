import type { Run, StoredRow } from '../db/store.ts'
import { begin } from './advance.ts'
import { dropRemoved } from './drop.ts'
import type { Engine } from './engine.ts'
import type { TablePlan } from './plan.ts'
import { createTask, type EndOfTask, type Task } from './task.ts'

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
  /** Tells the lanes that a row has left memory. One that did not come to rest is read again. */
  left(task: Task, how: EndOfTask, dueAt: number | null): void
  /** Resolves when a lane can take another row; false when the runtime stops. */
  capacity(lane: Run['lane']): Promise<boolean>
  /**
   * Waits until the row is neither in memory nor on its way there, and keeps it out until `release` or `begin`. False when the
   * runtime stops: then nothing is held.
   */
  hold(row: number): Promise<boolean>
  release(row: number): void
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
  /** Called when a queue may have run dry without a row leaving memory. */
  quiet(): void
}

const loadBatch = 100
const dueBatch = 1_000
/** Pause before a row is read again whose step or whose loading the store refused, in milliseconds. */
const mendMs = 1_000

export function createLanes({ engine, limits, planOf, runOf, begun, quiet }: LaneParts): Lanes {
  const { store, world } = engine
  const tasks = new Map<number, Task>()
  const ids = new Map<string, Task>()
  const queues = { live: [] as number[], bulk: [] as number[] }
  /** Rows that are queued, being loaded, or waiting to be read again. */
  const expected = new Set<number>()
  const held = new Set<number>()
  /** Rows that came up while they were held. */
  const postponed = new Set<number>()
  let loading = 0
  let bulkRows = 0
  const mending = new Set<NodeJS.Timeout>()
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
    if (row.entries > 0) dropRemoved(engine, task)
    begun(task)
    begin(engine, task)
  }

  function pump(): void {
    if (stopped) return
    for (const lane of ['live', 'bulk'] as const) {
      const free = room(lane)
      if (free > 0 && queues[lane].length > 0)
        void load(lane, queues[lane].splice(0, Math.min(free, loadBatch)))
    }
    const awake = waiters
    waiters = []
    for (const waiter of awake) waiter()
  }

  async function load(lane: Run['lane'], seqs: number[]): Promise<void> {
    loading += seqs.length
    const backlog: number[] = []
    try {
      for (const row of await store.load(seqs)) {
        const run = row.active === null ? null : await runOf(row.active)
        if (run === null) continue
        // After a restart nobody knows which lane a row belongs to; a backlog must not stand in front of live rows.
        if (run.lane === 'bulk' && lane === 'live') backlog.push(row.seq)
        else take(row, run)
      }
      for (const seq of seqs) expected.delete(seq)
      lanes.queue('bulk', backlog)
    } catch (error) {
      if (!stopped) engine.log.error({ error }, 'rows could not be loaded; they are read again')
      later(lane, seqs)
    } finally {
      loading -= seqs.length
    }
    pump()
    quiet()
  }

  function later(lane: Run['lane'], seqs: readonly number[]): void {
    for (const seq of seqs) expected.add(seq)
    const again = setTimeout(() => {
      mending.delete(again)
      queues[lane].push(...seqs)
      pump()
    }, mendMs)
    mending.add(again)
  }

  async function wake(): Promise<void> {
    timerAt = Number.POSITIVE_INFINITY
    if (stopped) return
    const now = world.now()
    const { rows, nextAt } = await store.dueRows(now, dueBatch)
    const fresh = rows.filter((seq) => !tasks.has(seq) && !expected.has(seq))
    lanes.queue('live', fresh)
    // Rows in hand stay due until they are written again; the ones behind them are seen then.
    if (rows.length === dueBatch) lanes.wakeAt(now + mendMs)
    else if (nextAt !== null) lanes.wakeAt(nextAt)
  }

  function wakeUp(): void {
    wake().catch((error: unknown) => {
      if (stopped) return
      engine.log.error({ error }, 'parked rows could not be looked for; they are looked for again')
      lanes.wakeAt(world.now() + mendMs)
    })
  }

  const lanes: Lanes = {
    tasks,
    byId: (id) => ids.get(id),
    begin(row, run) {
      held.delete(row.seq)
      if (room(run.lane) > 0 && queues[run.lane].length === 0) take(row, run)
      else lanes.queue(run.lane, [row.seq])
    },
    queue(lane, rows) {
      for (const row of rows) {
        if (held.has(row)) postponed.add(row)
        else if (!expected.has(row)) {
          expected.add(row)
          queues[lane].push(row)
        }
      }
      pump()
    },
    left(task, how, dueAt) {
      tasks.delete(task.row.seq)
      ids.delete(task.row.id)
      if (task.lane === 'bulk') bulkRows -= 1
      if (how === 'parked' && dueAt !== null) lanes.wakeAt(dueAt)
      if (how === 'fenced') lanes.queue(task.lane, [task.row.seq])
      if (how === 'failed' && !stopped) later(task.lane, [task.row.seq])
      if (queues.live.length + queues.bulk.length + waiters.length > 0) pump()
    },
    async capacity(lane) {
      while (!stopped && (room(lane) <= 0 || queues[lane].length > 0))
        await new Promise<void>((resolve) => waiters.push(resolve))
      return !stopped
    },
    async hold(row) {
      while (!stopped && (tasks.has(row) || expected.has(row) || held.has(row)))
        await new Promise<void>((resolve) => waiters.push(resolve))
      if (!stopped) held.add(row)
      return !stopped
    },
    release(row) {
      if (!held.delete(row)) return
      if (postponed.delete(row)) lanes.queue('live', [row])
      else pump()
    },
    wakeAt(at) {
      if (at >= timerAt || stopped) return
      if (timer !== null) clearTimeout(timer)
      timerAt = at
      // A longer pause would overflow the timer and fire at once.
      timer = setTimeout(wakeUp, Math.min(Math.max(1, at - world.now()), 2 ** 31 - 1))
    },
    queued: () => expected.size + loading,
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      for (const each of mending) clearTimeout(each)
      for (const task of tasks.values()) if (task.timer !== null) clearTimeout(task.timer)
      for (const waiter of waiters) waiter()
    },
  }
  return lanes
}

import type { Run, StoredRow } from '../db/store.ts'
import { begin } from './advance.ts'
import { dropRemoved } from './drop.ts'
import type { Engine } from './engine.ts'
import { createInHand, type InHand } from './in-hand.ts'
import type { TablePlan } from './plan.ts'
import { createTask, type EndOfTask, type Task } from './task.ts'
import { createWakeTimer } from './wake-timer.ts'

export interface LaneLimits {
  /** Rows in memory at once; further rows wait in the store. */
  rows: number
  /** Bulk rows in memory at once, so that a backfill never stands in front of a live lead. */
  bulkRows: number
}

/**
 * Rows on their way through memory: live ones first, then a few at a time of those that an earlier process left or that are due, and bulk
 * ones within their own limit.
 */
export interface Lanes {
  tasks: Omit<InHand, 'add' | 'remove'>
  /** Takes a row that is at hand, or queues it when memory is full. */
  begin(row: StoredRow, run: Run): void
  /** Queues rows that are in the store. */
  queue(lane: Run['lane'], rows: readonly number[]): void
  /** Takes rows up that an earlier process left in flight, in order and before any that are due. */
  takeUp(rows: readonly number[]): void
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
  /** Looks for rows that are left or due now; resolves when they are queued, or when it failed and is to be tried again. */
  wakeNow(): Promise<void>
  queued(): number
  stop(): void
}

type Queue = Run['lane'] | 'due'

interface LaneParts {
  engine: Engine
  limits: LaneLimits
  plans: ReadonlyMap<string, TablePlan>
  runOf(ordinal: number): Promise<Run | null>
  begun(task: Task): void
  /** Called when a queue may have run dry without a row leaving memory. */
  quiet(): void
}

const loadBatch = 100
/** Rows in hand at most that were left or due: a live lead that comes meanwhile does not stand behind all of them. */
const dueRows = 200
/** After this the next of them come up although these are not through, in milliseconds: whom they wait for may be slow. */
const portionMs = 2_000
/** Pause before a row is read again whose step or whose loading the store refused, in milliseconds. */
const mendMs = 1_000

export function createLanes({ engine, limits, plans, runOf, begun, quiet }: LaneParts): Lanes {
  const { store, world } = engine
  const tables = [...plans.keys()]
  const tasks = createInHand()
  const queues = { live: [] as number[], due: [] as number[], bulk: [] as number[] }
  /** Rows that are queued, being loaded, or waiting to be read again. */
  const expected = new Set<number>()
  const held = new Set<number>()
  /** Rows that came up while they were held. */
  const postponed = new Set<number>()
  let loading = 0
  /** Rows that an earlier process left in flight. */
  let left: number[] = []
  /** Rows in hand because they were left or due. */
  const woken = new Set<number>()
  /** More rows are left or due than were taken. */
  let more = false
  let looking = 0
  let bulkRows = 0
  /** Rows of the bulk queue that are being loaded. */
  let loadingBulk = 0
  const timers = new Set<NodeJS.Timeout>()
  let stopped = false
  const timer = createWakeTimer(world.now, () => void wakeUp())
  let waiters: (() => void)[] = []
  /** Rows taken up so far. */
  let taken = 0

  const room = (lane: Queue) => {
    const free = limits.rows - tasks.size - loading
    return lane !== 'bulk' ? free : Math.min(free, limits.bulkRows - bulkRows - loadingBulk)
  }

  function take(row: StoredRow, run: Run): void {
    const plan = plans.get(row.table)
    if (stopped || plan === undefined || row.active === null || tasks.has(row.seq)) return
    taken += 1
    const task = createTask(plan, row, { run, order: taken })
    tasks.add(task)
    if (task.lane === 'bulk') bulkRows += 1
    if (row.entries > 0) dropRemoved(engine, task)
    begun(task)
    begin(engine, task)
  }

  function pump(): void {
    if (stopped) return
    for (const lane of ['live', 'due', 'bulk'] as const) {
      const free = room(lane)
      if (free > 0 && queues[lane].length > 0)
        void load(lane, queues[lane].splice(0, Math.min(free, loadBatch)))
    }
    if (more && woken.size <= dueRows / 2) {
      more = false
      void wakeUp()
    }
    const awake = waiters
    waiters = []
    for (const waiter of awake) waiter()
  }

  async function load(lane: Queue, seqs: number[]): Promise<void> {
    loading += seqs.length
    if (lane === 'bulk') loadingBulk += seqs.length
    const backlog: number[] = []
    try {
      for (const row of await store.load(seqs)) {
        const run = row.active === null ? null : await runOf(row.active)
        if (run === null) continue
        // Nobody knows which lane a parked row belongs to; a backlog must not stand in front of live rows.
        if (run.lane === 'bulk' && lane !== 'bulk') backlog.push(row.seq)
        else take(row, run)
      }
      for (const seq of seqs) {
        expected.delete(seq)
        if (!tasks.has(seq)) woken.delete(seq)
      }
      lanes.queue('bulk', backlog)
    } catch (error) {
      if (!stopped) engine.log.error({ error }, 'rows could not be loaded; they are read again')
      later(lane, seqs)
    } finally {
      loading -= seqs.length
      if (lane === 'bulk') loadingBulk -= seqs.length
    }
    pump()
    quiet()
  }

  function later(lane: Queue, seqs: readonly number[]): void {
    for (const seq of seqs) expected.add(seq)
    const again = setTimeout(() => {
      timers.delete(again)
      queues[lane].push(...seqs)
      pump()
    }, mendMs)
    timers.add(again)
  }

  function enqueue(lane: Queue, rows: readonly number[]): void {
    for (const row of rows) {
      if (held.has(row)) postponed.add(row)
      else if (!expected.has(row)) {
        expected.add(row)
        queues[lane].push(row)
        if (lane === 'due') woken.add(row)
      }
    }
    if (lane === 'due' && rows.length > 0) passOn(rows)
    pump()
  }

  function passOn(rows: readonly number[]): void {
    const over = setTimeout(() => {
      timers.delete(over)
      for (const row of rows) woken.delete(row)
      if (more) pump()
    }, portionMs)
    timers.add(over)
  }

  async function wake(): Promise<void> {
    if (stopped) return
    const resumed = left.splice(0, Math.max(0, dueRows - woken.size))
    for (const seq of resumed) expected.delete(seq)
    enqueue('due', resumed)
    more = left.length > 0
    if (more) return
    const now = world.now()
    // Rows in hand stay due until they are written again, and may be the first of all.
    const limit = dueRows + tasks.size + expected.size + held.size
    const { rows, nextAt } = await store.dueRows({ tables, now, limit })
    const fresh = rows.filter((seq) => !tasks.has(seq) && !expected.has(seq))
    const taken = fresh.slice(0, Math.max(0, dueRows - woken.size))
    enqueue('due', taken)
    if (rows.length < limit && taken.length === fresh.length) {
      if (nextAt !== null) lanes.wakeAt(nextAt)
    } else if (woken.size > 0) more = true
    else lanes.wakeAt(now + mendMs)
  }

  async function wakeUp(): Promise<void> {
    looking += 1
    try {
      await wake()
    } catch (error) {
      if (!stopped) {
        engine.log.error({ error }, 'parked rows could not be looked for; they are looked for again')
        lanes.wakeAt(world.now() + mendMs)
      }
    }
    looking -= 1
    quiet()
  }

  const lanes: Lanes = {
    tasks,
    begin(row, run) {
      held.delete(row.seq)
      if (room(run.lane) > 0 && queues[run.lane].length === 0) take(row, run)
      else lanes.queue(run.lane, [row.seq])
    },
    queue: enqueue,
    takeUp(rows) {
      left = rows.filter((row) => !expected.has(row))
      for (const row of left) expected.add(row)
    },
    left(task, how, dueAt) {
      tasks.remove(task)
      if (task.lane === 'bulk') bulkRows -= 1
      woken.delete(task.row.seq)
      if (how === 'parked' && dueAt !== null) lanes.wakeAt(dueAt)
      if (how === 'fenced') lanes.queue(task.lane, [task.row.seq])
      if (how === 'failed' && !stopped) later(task.lane, [task.row.seq])
      if (more || queues.live.length + queues.due.length + queues.bulk.length + waiters.length > 0) pump()
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
    wakeAt: timer.at,
    wakeNow: wakeUp,
    queued: () => expected.size + loading + looking + (more ? 1 : 0),
    stop() {
      stopped = true
      timer.stop()
      for (const each of timers) clearTimeout(each)
      for (const task of tasks.values()) if (task.timer !== null) clearTimeout(task.timer)
      for (const waiter of waiters) waiter()
    },
  }
  return lanes
}

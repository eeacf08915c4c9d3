import type { CellContext, Lateness } from '../columns/column.ts'
import { CallFailure } from '../columns/errors.ts'
import type { Json } from '../columns/json.ts'
import type { Engine, World } from './engine.ts'
import { type Flight, signalOf, waitForTurn } from './flight.ts'
import { latenessOf } from './lateness.ts'
import { ownKeyOf } from './limits/own-key.ts'
import { type PlannedColumn, resultOf } from './plan.ts'
import { charge } from './purses.ts'
import { type Execution, earlierIn } from './record.ts'
import { cellOf, type Task } from './task.ts'
import { pauseWaiting } from './within.ts'

/** An attempt and what it is made for, as far as the column's code may know of it. */
export interface Attempt {
  task: Task
  start: Execution & { sendId: string }
  flight: Flight
}

/** What the column may use. The signal is made when it is first asked for: most work in process never does. */
export function contextOf(engine: Engine, attempt: Attempt): CellContext {
  return new AttemptContext(engine, attempt)
}

/** A class for its prototype alone: one is made for every attempt, and a literal would make each accessor anew. */
class AttemptContext implements CellContext {
  readonly #engine: Engine
  readonly #task: Task
  readonly #column: PlannedColumn
  readonly #flight: Flight
  readonly #start: Execution
  readonly sendId: string
  readonly attempt: number
  readonly earlier: Json | null
  readonly mayRepeat: boolean

  constructor(engine: Engine, { task, start, flight }: Attempt) {
    this.#engine = engine
    this.#task = task
    this.#column = start.column
    this.#flight = flight
    this.#start = start
    this.sendId = start.sendId
    const cell = cellOf(task, start.column)
    this.attempt = (cell?.attempts ?? 0) + 1
    this.earlier = earlierIn(cell) ?? null
    this.mayRepeat = cell?.mayRepeat === true
  }

  get table() {
    return this.#task.row.table
  }
  get row() {
    return this.#task.row.id
  }
  get column() {
    return this.#column.name
  }
  get occurredAt() {
    return new Date(this.#task.row.occurredAt).toISOString()
  }
  get receivedAt() {
    return new Date(this.#task.row.createdAt).toISOString()
  }
  get signal() {
    return signalOf(this.#flight)
  }
  get lane() {
    return this.#task.lane
  }
  get timeoutMs() {
    return this.#column.column.timeoutMs
  }
  get signals() {
    return cellOf(this.#task, this.#column)?.signals ?? []
  }
  finishedAt(column: string, which?: 'first'): number | null {
    const cell = this.#task.row.cells[column]
    if (which === 'first' && cell?.firstAt !== undefined) return cell.firstAt
    if (cell?.status !== 'done' || cell.startedAt === undefined) return null
    return cell.startedAt + (cell.tookMs ?? 0)
  }
  isPinned(column: string): boolean {
    return this.#task.row.cells[column]?.pinned !== undefined
  }
  get lateness(): Lateness | null {
    return latenessOf(this.#task, this.#column)
  }
  get now() {
    return this.#engine.world.now
  }
  get random() {
    return this.#engine.world.random
  }
  get fetch(): World['fetch'] {
    const { world } = this.#engine
    if (!this.#asksOutside) return world.fetch
    return async (...request) => {
      this.#admit()
      return world.fetch(...request)
    }
  }
  get limit(): NonNullable<CellContext['limit']> {
    const { lane, signal } = this
    const flight = this.#flight
    return async (budget, request) => {
      flight.limited = true
      const send = async () => {
        flight.sending += 1
        try {
          return await request()
        } finally {
          flight.sending -= 1
        }
      }
      const asker = { lane, order: this.#task.order, signal, waits: () => this.#waitForTurn() }
      return this.#engine.limits.request(budget, asker, send)
    }
  }
  get wait(): NonNullable<CellContext['wait']> {
    return () => this.#waitForTurn()
  }
  get used(): NonNullable<CellContext['used']> {
    return (budget, allowance) => this.#engine.limits.used(budget, allowance)
  }
  get lookup(): CellContext['lookup'] {
    return (table, by, key) => lookUp(this.#engine, { table, by, key })
  }
  get memo(): CellContext['memo'] {
    return async (key, ask, accept) => {
      const { value, cached, kept } = await this.#engine.memos.get({
        key,
        table: this.table,
        row: this.row,
        signal: this.signal,
        ask: async () => {
          this.#admit()
          return ask()
        },
        isOwn: (error) => isOwn(this.#flight, error),
        accept,
      })
      if (kept) this.#start.memo = key
      return { value, cached }
    }
  }
  get charge(): CellContext['charge'] {
    return async (maxUsd) => {
      this.#admit()
      const start = this.#start
      const paid = (usd: number) => {
        start.paidUsd = (start.paidUsd ?? 0) + usd
      }
      const charged = await charge(this.#engine, { task: this.#task, column: start.column, maxUsd, paid })
      const { reason } = this.#flight
      if (reason === null) return charged
      // Nobody waits any more, so no call is made.
      charged.settle(0)
      throw reason
    }
  }

  #waitForTurn(): () => void {
    const flight = this.#flight
    const goOn = waitForTurn(flight)
    const pause = this.lane === 'bulk' ? pauseWaiting(this.#engine, { start: this.#start, flight }) : null
    return () => {
      flight.begun += 1
      goOn()
      pause?.()
    }
  }

  get #asksOutside(): boolean {
    const { effect } = this.#column.column.work
    return effect === 'read' || effect === 'write'
  }

  /** Lets an attempt pass once for all its calls, where the other side takes any. */
  #admit(): void {
    const flight = this.#flight
    if (flight.admitted || !this.#asksOutside) return
    const leave = this.#engine.limits.ask(ownKeyOf(this.#task.plan, this.#column))
    flight.refused = leave.refused
    if (leave.refused !== null) throw leave.refused
    flight.admitted = true
    flight.probe = leave.probe
  }
}

/** Given up, not let through, or out of money: another row may fare better. */
const isOwn = ({ reason, refused }: Flight, error: unknown): boolean =>
  reason !== null || refused !== null || (CallFailure.isInstance(error) && error.kind === 'budget-exhausted')

async function lookUp(
  engine: Engine,
  { table, by, key }: { table: string; by: 'person' | 'account'; key: string },
) {
  const found = await engine.store.lookUp(table, by, key)
  if (found === null) return null
  const values: Record<string, Json> = {}
  for (const [name, cell] of Object.entries(found.cells)) values[name] = resultOf(cell)
  return { id: found.id, input: found.input, values }
}

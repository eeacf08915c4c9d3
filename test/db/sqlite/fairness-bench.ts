import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { CellState } from '../../../columns/cell.ts'
import { openSqliteStore } from '../../../db/sqlite/store.ts'
import type { RowStep, Settle, Settled, Store, StoredRow } from '../../../db/store.ts'
import type { DecisionView } from '../../../routing/decision.ts'
import { decideOwner } from '../../../routing/ladder.ts'
import { Pool } from '../../../routing/pool.ts'
import { Rep } from '../../../routing/rep.ts'
import { at, attempt, done, newRow, newRun, settlement } from '../suite/bench.ts'

/** A store on a file, whose clock the test sets, with one row in which all draws of a test are made. */
export interface FairnessBench extends AsyncDisposable {
  readonly store: Store
  readonly time: { now: number }
  /** Every draw asked for inside shares one commit, and each is decided by the ladder with the ledger as it then stands. */
  draw(work: (next: (pool: string) => Settled) => void): Promise<void>
  /**
   * Draws as leads do: a row for each pool named, decided in a step of its own that brings it to rest. All of them share one commit.
   * Answers with the reps, in this order.
   */
  lead(pools: readonly string[]): Promise<string[]>
  /** Gives this draw back and draws anew. */
  redraw(pool: string, draw: number): Promise<void>
  /** Writes a step without a draw. */
  step(over: Partial<RowStep>): Promise<void>
  /** Inserts a row for each company and decides all of them in one turn of the event loop. */
  crowd(pool: string, accounts: readonly string[]): Promise<{ account: string; rep: string | null }[]>
  reopen(): Promise<void>
}

export async function openFairnessBench(reps: readonly Rep[]): Promise<FairnessBench> {
  const folder = mkdtempSync(join(tmpdir(), 'rota-fairness-'))
  const path = join(folder, 'rota.sqlite')
  const time = { now: at }
  const open = () => openSqliteStore({ path, now: () => time.now })
  let store = await open()
  await store.registerTable({ name: 'leads', version: 'one', document: {} })
  await store.seed({ reps, pools: [], territories: [] })
  const row = await insertRow(store)
  let generation = 0

  function nextWith(settle: Settle): (pool: string) => Settled {
    return (pool) => {
      generation += 1
      const ladder = { rules: [], otherwise: { pool } }
      return settle(settlement({ generation, decide: (view) => decideOwner(ladder, {}, view) }))
    }
  }

  async function write(build: (settle: Settle) => RowStep | null): Promise<void> {
    const { seq, id, table, account } = row
    await store.step({ row: seq, id, table, generation: 1, account, build })
  }

  return {
    get store() {
      return store
    },
    time,
    async draw(work) {
      await write((settle) => {
        work(nextWith(settle))
        return null
      })
    },
    async lead(pools) {
      const rows = pools.map(() => newRow())
      const inserted = await store.insert({ table: 'leads', at, run: newRun({ rows: rows.length }), rows })
      const drawn: string[] = []
      await Promise.all(
        inserted.rows.map(({ row }, index) => {
          if (row === null) throw new Error('the row was not accepted')
          const { seq, id, table, account } = row
          const build = (settle: Settle) => {
            const { cell, member } = ownerCell(settle, pools[index] ?? '')
            drawn[index] = member
            const snapshot = { cells: { owner: cell }, atRest: true, dueAt: null, alarmAt: null }
            return { at, position: 0, entries: [attempt('owner', cell)], confirm: [], snapshot }
          }
          return store.step({ row: seq, id, table, generation: 1, account, build })
        }),
      )
      return drawn
    },
    async redraw(pool, draw) {
      await write((settle) => {
        generation += 1
        const ladder = { rules: [], otherwise: { pool } }
        const decide = (view: DecisionView) => decideOwner(ladder, {}, view)
        settle(settlement({ generation, decide, release: { draw, reason: 'redraw' } }))
        return null
      })
    },
    async step(over) {
      await write(() => ({ at, position: 0, entries: [], confirm: [], ...over }))
    },
    async crowd(pool, accounts) {
      const rows = accounts.map((account) => newRow({ account }))
      const inserted = await store.insert({ table: 'leads', at, run: newRun({ rows: rows.length }), rows })
      const ladder = { rules: [], otherwise: { pool } }
      const decide = (view: DecisionView) => decideOwner(ladder, {}, view)
      const owners: { account: string; rep: string | null }[] = []
      await Promise.all(
        inserted.rows.map(({ row }) => {
          if (row === null || row.account === null) throw new Error('the row was not accepted')
          const { seq, id, table, account } = row
          const build = (settle: Settle) => {
            owners.push({ account, rep: settle(settlement({ decide })).decision.assignment?.rep ?? null })
            return null
          }
          return store.step({ row: seq, id, table, generation: 1, account, build })
        }),
      )
      return owners
    },
    async reopen() {
      await store.close()
      store = await open()
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The owner of a lead as the runtime writes it. */
function ownerCell(settle: Settle, pool: string): { cell: CellState; member: string } {
  const decide = (view: DecisionView) => decideOwner({ rules: [], otherwise: { pool } }, {}, view)
  const { decision, draw } = settle(settlement({ decide }))
  if (decision.assignment === null || draw === null) throw new Error(decision.reason)
  return { cell: done({ ...decision.assignment }, { draw }), member: decision.assignment.rep ?? '' }
}

async function insertRow(store: Store): Promise<StoredRow> {
  const { rows } = await store.insert({ table: 'leads', at, run: newRun(), rows: [newRow()] })
  const row = rows[0]?.row
  if (!row) throw new Error('the row was not accepted')
  return row
}

export const repOf = (index: number): Rep =>
  Rep.parse({ id: `rep-${index}`, name: `Rep ${index}`, email: `rep-${index}@ours.example` })

export interface Member {
  rep: string
  weight: number
}

/** A pool that sends leads to a queue when nobody is there, so that a draw is always one that may be made. */
export const poolOf = (name: string, members: readonly Member[], strategy: Pool['strategy'] = 'weighted') =>
  Pool.parse({ name, strategy, members, whenNobody: { queue: { name: 'triage', ids: {} } } })

/** Weights as people give them: whole, with decimals, far apart, paused. */
export const weight = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.double({ min: 0.01, max: 1000, noNaN: true }),
  fc.constantFrom(1, 1, 5, 1 / 3),
)

/** Counts draws, and names who is further from the fair share than the bound. */
export function tally(members: readonly Member[]) {
  const total = members.reduce((sum, each) => sum + each.weight, 0)
  const counts = new Map(members.map(({ rep }) => [rep, 0]))
  let turns = 0
  return {
    counts,
    add(member: string): void {
      turns += 1
      counts.set(member, (counts.get(member) ?? 0) + 1)
    },
    deviation(): number {
      return Math.max(
        ...members.map((each) => Math.abs((counts.get(each.rep) ?? 0) - (turns * each.weight) / total)),
      )
    },
    spread: () => Math.max(...counts.values()) - Math.min(...counts.values()),
  }
}

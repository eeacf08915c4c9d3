import { memberExclusion } from '../../routing/availability.ts'
import type { Counter, DecisionView, Draw } from '../../routing/decision.ts'
import type { Pool } from '../../routing/pool.ts'
import { giveBack } from '../../routing/rotation.ts'
import type { CreditRecord, GivenBack, NewCredit, Settled, Settlement, ViewOf } from '../store.ts'
import type { ClaimingRow, Claims } from './claims.ts'
import { type Counters, counterKey, type LiveCounter } from './counters.ts'
import { decisionView, type Returned } from './decision-view.ts'
import { createDrawWriter, type DrawWriter, type StandingDraw } from './draw-writer.ts'
import type { LiveData } from './live-data.ts'
import type { Loads } from './loads.ts'
import { createNamedTurns } from './named-turns.ts'
import type { Connection } from './open.ts'
import { createRepeats } from './repeats.ts'

export interface SettledRow extends ClaimingRow {
  tableId: number
}

/** The rotation's book: decides with everything as it stands, and writes draw, claim and balances of one piece. */
export interface Ledger {
  /**
   * Decides. Draw and claim are in memory at once, and handed to `later` to be written to the file, in order; whatever is given back is
   * written here.
   */
  settle(settlement: Settlement, row: SettledRow, later: (write: () => void) => void): Settled
  view(of: ViewOf): DecisionView
  /** A draw that was given back for a failed write or a removed column is taken again; one given back for another reason stays so. */
  confirm(draw: number): void
  /** Gives a draw back with nothing in its place. */
  release(given: GivenBack): void
  /** Owes the member so many leads more of the stratum, beside the draws. */
  credit(pool: Pool, stratum: string | null, credit: NewCredit): CreditRecord
  stratumOf: DrawWriter['stratumOf']
  /** Takes out what people wrote about a row that is gone. */
  eraseRow(row: number): void
}

interface Turn {
  row: SettledRow
  at: number
  later: (write: () => void) => void
}

interface Parts {
  live: LiveData
  counters: Counters
  loads: Loads
  claims: Claims
  now: () => number
}

/** Reasons of a release that is taken back when the same write succeeds later, or the column is defined again. */
const takenBack = ['write_failed', 'column_removed']

export function createLedger(connection: Connection, parts: Parts): Ledger {
  const { live, counters, loads, claims, now } = parts
  const draws = createDrawWriter(connection)
  const repeats = createRepeats(connection, live)

  function view(of: ViewOf, at: number, returned: Returned | null = null): DecisionView {
    return decisionView({ live, counters, loads, claims }, of, { now: at, returned })
  }

  /** The balances with so many leads owed to the member again, borne by those who could be drawn instead. */
  function owed(pool: Pool, counter: Counter, change: { member: string; leads: number; at: number }) {
    const roster = { rep: live.rep, load: loads.of, now: change.at }
    const members = pool.members.map((member) => ({
      id: member.rep,
      weight: member.weight,
      excluded: memberExclusion(roster, pool, member),
    }))
    const { strategy, catchUp } = pool
    const { balances } = counter
    return giveBack({ strategy, members, balances, catchUp }, change.member, change.leads)
  }

  /** What giving this draw back (1) or taking it again (-1) comes to. Null without a pool, which then has no balances either. */
  function turned(draw: StandingDraw, leads: 1 | -1, at: number): Returned | null {
    const pool = live.pool(draw.pool)
    if (pool === null) return null
    const { member } = draw
    const key = counters.keyOf(pool, draw)
    const counter = counters.get(key)
    const balances = owed(pool, counter, { member, leads, at })
    const drawn = { ...counter.drawn, [member]: (counter.drawn[member] ?? 0) - leads }
    return { key, counter: { ...counter, balances, drawn }, load: draw.backfill === 1 ? null : draw }
  }

  function writeReturn(draw: StandingDraw, reason: string, returned: Returned | null): void {
    draws.release(draw.id, reason)
    if (returned === null) return
    counters.put(returned.key, returned.counter)
    if (returned.load !== null) loads.returned(returned.load)
  }

  /** Takes the turn in memory, gives the draw its number and leaves its record to be written. */
  function takeTurn(draw: Draw, settlement: Settlement, { row, at, later }: Turn): number {
    const { column, generation, backfill } = settlement
    const { member, stratum } = draw
    const pool = live.pool(draw.pool)
    const key = pool === null ? draw.pool : counterKey(pool, { stratum, backfill })
    const { row: seq, id: publicId, tableId } = row
    const id = draws.nextId()
    const record = {
      pool: draw.pool,
      row: seq,
      publicId,
      tableId,
      column,
      generation,
      member,
      stratum,
      backfill: backfill ? (1 as const) : (0 as const),
      counter: key === draw.pool ? null : key,
      at,
    }
    later(() => draws.insert(id, record))
    const counter: LiveCounter = counters.get(key)
    counters.put(key, {
      balances: draw.balances,
      lastDrawn: { ...counter.lastDrawn, [member]: id },
      drawn: { ...counter.drawn, [member]: (counter.drawn[member] ?? 0) + 1 },
    })
    if (!backfill) loads.drawn({ row: seq, column, member, at })
    return id
  }

  function writeCredit(pool: Pool, key: string, credit: Omit<CreditRecord, 'id'>): CreditRecord {
    const counter = counters.get(key)
    counters.put(key, { ...counter, balances: owed(pool, counter, credit) })
    return draws.insertCredit(credit)
  }

  const namedTurns = createNamedTurns({
    live,
    counters,
    draws,
    owed(pool, key, change) {
      const counter = counters.get(key)
      return { key, counter: { ...counter, balances: owed(pool, counter, change) }, load: null }
    },
  })

  return {
    settle(settlement, row, later) {
      const at = now()
      const before = draws.ofCell(row.row, settlement)
      if (before !== null) return { decision: repeats.decisionOf(before), draw: before.id }
      const { release } = settlement
      const standing = release === null ? null : draws.standing(release.draw)
      const charge = standing === null ? namedTurns.standing(settlement, row, at) : null
      const returned = standing === null ? (charge?.returned ?? null) : turned(standing, 1, at)
      // Nothing is taken before the decision stands: it is made by code of the definition, which may throw.
      const decision = settlement.decide(
        view({ ...settlement, row: row.id, account: row.account }, at, returned),
      )
      if (release !== null && standing !== null) writeReturn(standing, release.reason, returned)
      const { reason: note, who = 'rota' } = release ?? { reason: decision.reason }
      namedTurns.move(decision, { draw: standing, charge }, { row: row.id, note, who, at })
      const draw = decision.draw === null ? null : takeTurn(decision.draw, settlement, { row, at, later })
      later(() => claims.write(decision, row, { ...settlement, at }))
      return { decision, draw }
    },
    view: (of) => view(of, now()),
    confirm(id) {
      if (draws.confirm(id)) return
      const draw = draws.find(id)
      if (draw === null || !takenBack.some((reason) => draw.reason?.startsWith(reason))) return
      draws.retake(id)
      const taken = turned(draw, -1, now())
      if (taken === null) return
      counters.put(taken.key, taken.counter)
      if (taken.load !== null) loads.retaken(taken.load)
    },
    release({ draw: id, reason, ifReserved }) {
      const draw = draws.standing(id)
      if (draw !== null && !(ifReserved && draw.state === 'confirmed'))
        writeReturn(draw, reason, turned(draw, 1, now()))
    },
    stratumOf: draws.stratumOf,
    credit: (pool, stratum, credit) =>
      writeCredit(pool, counterKey(pool, { stratum, backfill: false }), { ...credit, stratum, at: now() }),
    eraseRow: draws.eraseRow,
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../db/sqlite/store.ts'
import type { InsertedRow, Store } from '../db/store.ts'
import { decideOwner } from '../routing/ladder.ts'
import { definePool } from '../routing/pool.ts'
import type { RepInput } from '../routing/rep.ts'
import { rawLimits } from './measure.ts'

/**
 * Draws per second through the store: decision, draw, claim, cell and snapshot of a row in one step each, 1,000 at once, flushed to disk
 * (synchronous=FULL). Set against commits of one row in the same run. `npm run bench:draws -- 20`, the number of rounds.
 */
const rounds = Number(process.argv[2] ?? 20)
const perRound = 1_000

const roster = (size: number, capped: boolean): RepInput[] =>
  Array.from({ length: size }, (_, index) => ({
    id: `rep-${index}`,
    name: `Rep ${index}`,
    email: `rep-${index}@bench.example`,
    zone: 'Europe/Berlin',
    ...(capped && { caps: { perDay: 1_000_000, perWeek: 1_000_000, open: 1_000_000 } }),
  }))

async function drawAll(store: Store, rows: readonly InsertedRow[], at: number): Promise<void> {
  await Promise.all(
    rows.map(({ row }) => {
      if (row === null) throw new Error('a row of the benchmark was not new')
      return store.step({
        row: row.seq,
        id: row.id,
        table: 'leads',
        generation: 1,
        account: row.account,
        build(settle) {
          const { decision, draw } = settle({
            column: 'owner',
            claimScope: 'leads.owner',
            generation: 1,
            release: null,
            startedAt: at,
            backfill: false,
            previous: [],
            heldSince: {},
            decide: (view) => decideOwner({ rules: [], otherwise: { pool: 'bench' } }, {}, view),
          })
          if (decision.assignment === null || draw === null) throw new Error(decision.reason)
          const cell = { status: 'done' as const, attempts: 1, value: { ...decision.assignment }, draw }
          return {
            at,
            position: 0,
            entries: [{ kind: 'attempt' as const, column: 'owner', cell, detail: { trace: decision.trace } }],
            confirm: [],
            snapshot: { cells: { owner: cell }, atRest: true, dueAt: null, alarmAt: null },
          }
        },
      })
    }),
  )
}

async function drawsPerSecond(size: number, capped: boolean): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'rota-bench-'))
  const store = await openSqliteStore({ path: join(folder, 'draws.db'), now: Date.now })
  const pool = definePool('bench', {
    strategy: 'weighted',
    members: roster(size, capped).map((rep, index) => ({ rep, weight: 1 + (index % 5) })),
    whenNobody: 'assign-anyway',
  })
  const { reps, ...document } = pool
  await store.registerTable({ name: 'leads', version: '1', document: {} })
  await store.seed({ reps, pools: [document], territories: [] })
  let spentMs = 0
  for (let round = 0; round < rounds; round += 1) {
    const at = Date.now()
    const run = {
      id: `run_${round}`,
      table: 'leads',
      kind: 'insert' as const,
      lane: 'live' as const,
      definition: 1,
      request: null,
      backfill: null,
      rows: perRound,
      at,
    }
    const inputs = Array.from({ length: perRound }, (_, index) => ({
      id: `row_${round}_${index}`,
      person: null,
      account: `company-${round}-${index}.example`,
      occurredAt: at,
      input: { company: 'Bench' },
    }))
    const { rows } = await store.insert({ table: 'leads', at, run, rows: inputs })
    const startedAt = performance.now()
    await drawAll(store, rows, at)
    spentMs += performance.now() - startedAt
  }
  await store.close()
  await rm(folder, { recursive: true })
  return (rounds * perRound * 1_000) / spentMs
}

const load = () => `${((loadavg()[0] ?? 0) / cpus().length).toFixed(2)} per core`
console.log(`load before ${load()}; ${rounds} x ${perRound} draws, synchronous=FULL`)
const raw = rawLimits().oneRowCommits
for (const [size, capped] of [
  [3, false],
  [50, false],
  [50, true],
] as const) {
  const perSecond = await drawsPerSecond(size, capped)
  const who = `${size} reps${capped ? ' with caps' : ''}`
  console.log(
    `${who.padEnd(20)} ${Math.round(perSecond).toLocaleString('en')} draws/s, ${(perSecond / raw).toFixed(2)} x raw one-row commits`,
  )
}
console.log(`raw one-row commits ${Math.round(raw).toLocaleString('en')}/s; load after ${load()}`)

import { rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openSqliteStore } from '../db/sqlite/store.ts'
import { startRuntime } from '../runtime/runtime.ts'
import { accounts, leads } from './workload.ts'

const quiet = {
  info() {},
  warn() {},
  error: (fields: object, message: string) => console.error(message, fields),
}

function withFile<Result>(use: (path: string) => Result): Result {
  const path = join(tmpdir(), `rota-bench-${process.pid}-${performance.now()}.sqlite`)
  return use(path)
}

function removeFile(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
}

/** The raw limits of the disk and the driver, at the same durability: commits of one row, and inserts in batches of 1,000. */
export function rawLimits(): { oneRowCommits: number; batchedInserts: number } {
  return withFile((path) => {
    const database = new Database(path)
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.exec('CREATE TABLE probe (id INTEGER PRIMARY KEY, body TEXT)')
    const insert = database.prepare('INSERT INTO probe (body) VALUES (?)')
    const body = JSON.stringify({ company: 'x'.repeat(40), domain: 'x'.repeat(20), note: 'x'.repeat(60) })
    const oneRowCommits = rate(4_000, (count) => {
      for (let each = 0; each < count; each += 1) insert.run(body)
    })
    const batch = database.transaction((count: number) => {
      for (let each = 0; each < count; each += 1) insert.run(body)
    })
    const batchedInserts = rate(200_000, (count) => {
      for (let done = 0; done < count; done += 1_000) batch(1_000)
    })
    database.close()
    removeFile(path)
    return { oneRowCommits, batchedInserts }
  })
}

function rate(count: number, work: (count: number) => void): number {
  const started = performance.now()
  work(count)
  return (count / (performance.now() - started)) * 1_000
}

export interface Measured {
  rowsPerSecond: number
  p50: number
  p99: number
  /** Resident memory at the end, in MB. */
  rssMb: number
  bytesPerRow: number
  durability: string
}

/** Closed loop: `inFlight` leads at once, each inserted when another is done, until `rows` are done. */
export async function routeLeads(options: {
  rows: number
  inFlight: number
  externalMs: number
}): Promise<Measured> {
  const { rows, inFlight, externalMs } = options
  const path = withFile((each) => each)
  const store = await openSqliteStore({ path, now: Date.now })
  let ids = 0
  const world = {
    now: Date.now,
    elapsed: () => performance.now(),
    random: Math.random,
    fetch,
    id(prefix: string) {
      ids += 1
      return `${prefix}_${String(ids).padStart(12, '0')}`
    },
  }
  const runtime = await startRuntime({ store, tables: [accounts, leads(externalMs)], world, log: quiet })
  const known = Array.from({ length: 10_000 }, (_, index) => ({
    domain: `company${index}.example`,
    owner: `owner ${index % 50}`,
  }))
  for (let from = 0; from < known.length; from += 1_000)
    await runtime.insert('accounts', known.slice(from, from + 1_000))
  await runtime.idle()

  const times: number[] = []
  let next = 0
  async function worker(): Promise<void> {
    while (next < rows) {
      const index = next
      next += 1
      const started = performance.now()
      const lead = {
        company: `Company ${index}`,
        domain: `company${Math.round(index * 3.3)}.example`,
        country: 'DE',
        employees: 10 + (index % 900),
      }
      const { rows: inserted } = await runtime.insert('leads', [lead])
      const [row] = inserted
      if (row === undefined || row.status === 'invalid') throw new Error('the bench lead was refused')
      await runtime.settled('leads', [row.id], null, 60_000)
      times.push(performance.now() - started)
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: inFlight }, worker))
  const seconds = (performance.now() - started) / 1_000
  await checkAll(runtime, rows)
  await runtime.stop()
  const { durability } = store.info
  await store.close()
  const bytes = new Database(path).pragma('page_count', { simple: true }) as number
  const pageSize = new Database(path).pragma('page_size', { simple: true }) as number
  removeFile(path)
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return {
    rowsPerSecond: rows / seconds,
    p50: at(0.5),
    p99: at(0.99),
    rssMb: process.memoryUsage.rss() / 1e6,
    bytesPerRow: (bytes * pageSize) / rows,
    durability,
  }
}

/** A fast wrong answer is no answer: every lead is notified and the rotation is exact. */
async function checkAll(runtime: Awaited<ReturnType<typeof startRuntime>>, rows: number): Promise<void> {
  const notified = await runtime.count('leads', 'notify.status:done')
  const { counts } = await runtime.pool('bench')
  const drawn = counts.reduce((sum, each) => sum + each.draws, 0)
  const drift = Math.max(...counts.map((each) => Math.abs(each.draws - each.expected)))
  if (notified !== rows || drawn !== rows || drift > 0.751) {
    throw new Error(`wrong result: ${notified} of ${rows} notified, ${drawn} draws, drift ${drift}`)
  }
}

export const loadPerCore = () => loadavg()[0] ?? 0

import { cpus } from 'node:os'
import { loadPerCore, type Measured, rawLimits, routeLeads } from './measure.ts'

/**
 * Routes leads through eight columns, each result durable before the next outside call, and sets the rate against the raw limits of
 * the same disk in the same run. `npm run bench`, or with a size: `npm run bench -- 5000`.
 */
const size = Number(process.argv[2] ?? 20_000)
const load = loadPerCore() / cpus().length
const before = rawLimits()

const cases: { name: string; rows: number; inFlight: number; externalMs: number }[] = [
  { name: '0 ms, 1 in flight', rows: Math.min(size, 2_000), inFlight: 1, externalMs: 0 },
  { name: '0 ms, 100 in flight', rows: size, inFlight: 100, externalMs: 0 },
  { name: '0 ms, 1,000 in flight', rows: size * 2, inFlight: 1_000, externalMs: 0 },
  { name: '50 ms, 100 in flight', rows: Math.min(size, 3_000), inFlight: 100, externalMs: 50 },
  { name: '50 ms, 1,000 in flight', rows: size, inFlight: 1_000, externalMs: 50 },
]

const results: { name: string; externalMs: number; measured: Measured }[] = []
for (const each of cases) results.push({ ...each, measured: await routeLeads(each) })
const after = rawLimits()
const raw = (before.oneRowCommits + after.oneRowCommits) / 2
const batched = (before.batchedInserts + after.batchedInserts) / 2
const criticalPathMs = 200

console.log(
  `load ${load.toFixed(2)} per core before the run, ${cpus().length} cores, Node ${process.version}`,
)
console.log(`durability: ${results[0]?.measured.durability}`)
console.log(
  `raw one-row commits/s: ${before.oneRowCommits.toFixed(0)} before, ${after.oneRowCommits.toFixed(0)} after`,
)
console.log(`raw inserts/s in batches of 1,000: ${batched.toFixed(0)}`)
console.table(
  Object.fromEntries(
    results.map(({ name, externalMs, measured }) => [
      name,
      {
        'rows/s': Math.round(measured.rowsPerSecond),
        'x raw': Number((measured.rowsPerSecond / raw).toFixed(2)),
        'p50 ms': Number(measured.p50.toFixed(1)),
        'p99 ms': Number(measured.p99.toFixed(1)),
        'p99 / path': externalMs === 0 ? '' : Number((measured.p99 / criticalPathMs).toFixed(2)),
        'rss MB': Math.round(measured.rssMb),
        'bytes/row': Math.round(measured.bytesPerRow),
      },
    ]),
  ),
)
if (load > 1) console.log('The machine was busy: take no verdict from this run.')

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sandboxState } from '../../examples/inbound-leads/tables.ts'
import { ServerEnded, type ServerProcess, startServerProcess } from '../end-to-end/server-process.ts'
import { patienceMs } from '../support/patience.ts'
import { temporaryFolder } from '../support/temp.ts'
import { createFeed, type Feed } from './feed.ts'
import { type SandboxProcess, startSandboxProcess } from './processes.ts'
import { randomFrom } from './random.ts'
import { problemsOf, readWorld, rowsAtRest } from './verdict.ts'

const crashPoints = fileURLToPath(new URL('./crash-points.ts', import.meta.url))
const leads = 20

export interface EveryPointOptions {
  seed: number
  /** Every n-th point; each of them when left out. */
  step?: number
  /** Where to begin, for a run that goes on with an earlier one. */
  from?: number
  tell?: (line: string) => void
}

export interface PointReport {
  /** Commits and outgoing calls of an undisturbed run. */
  points: number
  /** Crashes that happened: some points are not reached, since the next run makes fewer commits. */
  crashes: number
  runs: number
  problems: string[]
}

type When = 'before' | 'after'

/** The 20-lead scenario once for each point, before and after it; on the way back half of them are killed a second time. */
export async function crashEverywhere(options: EveryPointOptions): Promise<PointReport> {
  const { seed, step = 1, from = 1, tell = () => {} } = options
  const random = randomFrom(seed)
  const sandbox = await startSandboxProcess('0')
  try {
    const undisturbed = await scenario(sandbox, [])
    const points = undisturbed.points ?? 0
    tell(`${points} points in an undisturbed run`)
    const report: PointReport = { points, crashes: 0, runs: 0, problems: [...undisturbed.problems] }
    for (let point = from; point <= points; point += step) {
      for (const when of ['before', 'after'] as const) {
        const again = random() < 0.5 ? [crashAt(1 + Math.floor(random() * points), 'after')] : []
        const { crashes, problems } = await scenario(sandbox, [crashAt(point, when), ...again])
        report.runs += 1
        report.crashes += crashes
        const where = `point ${point} ${when}${again.length > 0 ? `, then ${again[0]}` : ''}`
        report.problems.push(...problems.map((problem) => `${where}: ${problem}`))
      }
      if (point % 25 === 0) tell(`point ${point}: ${report.problems.length} problems`)
    }
    return report
  } finally {
    await sandbox.end()
  }
}

const crashAt = (point: number, when: When) => `${point}:${when}`

/** For the command: says what was found, true when nothing is wrong. */
export async function everyPoint(options: EveryPointOptions): Promise<boolean> {
  const { points, crashes, runs, problems } = await crashEverywhere(options)
  console.log(`${points} points, ${runs} runs, ${crashes} crashes, seed ${options.seed}`)
  console.log(`  problems ${problems.length}`)
  for (const problem of problems.slice(0, 20)) console.log(`    ${problem}`)
  return problems.length === 0
}

/** One life for each crash, and a last one that brings everything to rest. */
async function scenario(
  sandbox: SandboxProcess,
  crashes: readonly string[],
): Promise<{ points: number | null; crashes: number; problems: string[] }> {
  const folder = await temporaryFolder()
  try {
    await sandbox.restore(sandboxState())
    const path = join(folder.path, 'rota.db')
    const count = join(folder.path, 'points')
    const feed = createFeed(leads, leads)
    const start = (env: Record<string, string>) =>
      startServerProcess({ sandbox: sandbox.url, path, imports: [crashPoints], env })
    let crashed = 0
    for (const at of crashes) if (await crashedAt(() => start({ ROTA_CRASH_AT: at }), feed)) crashed += 1
    const server = await start({ ROTA_CRASH_COUNT: count })
    while (feed.left() > 0) await feed.post(server, 1)
    const rows = await rowsAtRest(server, patienceMs)
    const code = await server.end()
    const ledger = await sandbox.ledger()
    const world = await readWorld({ path, rows, acknowledged: feed.acknowledged, ledger })
    const problems = problemsOf(world, { lostWrites: crashed })
    if (code !== 0) problems.push(`the server ended with ${code}`)
    problems.push(...feed.refused.map((answer) => `the batch was answered ${answer}`))
    return {
      points: crashes.length === 0 ? Number(readFileSync(count, 'utf8')) : null,
      crashes: crashed,
      problems,
    }
  } finally {
    await folder.remove()
  }
}

/** True when the life ended by itself; one that comes to rest is ended. */
async function crashedAt(start: () => Promise<ServerProcess>, feed: Feed): Promise<boolean> {
  let server: ServerProcess
  try {
    server = await start()
  } catch (error) {
    if (error instanceof ServerEnded && error.signal === 'SIGKILL') return true
    throw error
  }
  const { child } = server
  await feed.post(server, 1)
  // A life that comes to rest has missed its point.
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(20)) {
    if (child.signalCode !== null) return true
    const rows = await rowsAtRest(server, 0).catch(() => null)
    if (rows !== null && rows.length === leads && rows.every(({ atRest }) => atRest)) break
  }
  await server.kill()
  return false
}

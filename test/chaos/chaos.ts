import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LedgerEntry } from '../../sandbox/ledger.ts'
import { type ServerProcess, startServerProcess } from '../end-to-end/server-process.ts'
import { patienceMs } from '../support/patience.ts'
import { temporaryFolder } from '../support/temp.ts'
import { createFeed } from './feed.ts'
import { inFlightAt, isCrmWrite, isNotify, isUnanswered, type Life, writesOwner } from './in-flight.ts'
import { type BrokenBuild, brokenModule, type SandboxProcess, startSandboxProcess } from './processes.ts'
import { randomFrom } from './random.ts'
import { extraWrites, problemsOf, readWorld, rowsAtRest } from './verdict.ts'

export interface ChaosOptions {
  kills: number
  /** Plays the same moments and faults again, as far as the machine's timing lets it. */
  seed: number
  leadsPerLife?: number
  /** Milliseconds that the stand-ins take for each answer, as `rota sandbox` takes them. */
  latency?: string
  /** Leave it out for the product as it is. */
  broken?: BrokenBuild
  tell?: (line: string) => void
}

export interface ChaosReport {
  seed: number
  kills: number
  /** Kills that landed while at least one such request had arrived at the stand-in and was not answered. */
  landed: { crmWrite: number; notify: number }
  /** Troubles that the seed gave, and requests that met one; `ownerWrites` are those that wrote an owner and lost their answer. */
  troubles: Record<'given' | 'met', { all: number; ownerWrites: number }>
  leads: number
  extraWrites: number
  /** Empty when every lead was routed once, to one owner, told once and enrolled once. */
  problems: string[]
  seconds: number
}

const batchRows = 4

/** Answers that get lost and effects that are taken late, so that kills are not the only trouble. */
const troubles = [
  [{ vendor: 'slack', path: 'chat.postMessage', kind: 'status-after', status: 500 }],
  [{ vendor: 'slack', path: 'chat.postMessage', kind: 'late-accept', delayMs: 250 }],
  [{ vendor: 'slack', path: 'chat.postMessage', kind: 'after' }],
  // The owners of a burst go as one collection, an owner that comes alone goes by itself.
  [
    { vendor: 'salesforce', path: '/composite/sobjects', method: 'PATCH', kind: 'after' },
    { vendor: 'salesforce', path: '/sobjects/Lead/00Q', method: 'PATCH', kind: 'after' },
  ],
]
const ownerTrouble = troubles.length - 1
/** One life in so many is given a trouble. */
const troubledLives = 2

/** What is under way at a kill: anything in a third of them, so that every other moment has its turn too. */
const targets = [null, isCrmWrite, isNotify] as const

/**
 * Kills a server with SIGKILL at random moments after its work began, starts it again, and asks the stand-ins what they saw. They run in a
 * process of their own.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const startedAt = performance.now()
  const folder = await temporaryFolder()
  const sandbox = await startSandboxProcess(options.latency ?? '5-30')
  try {
    return { ...(await run(options, { sandbox, path: join(folder.path, 'rota.db') })), seconds: seconds() }
  } finally {
    await sandbox.end()
    await folder.remove()
  }

  function seconds(): number {
    return Math.round((performance.now() - startedAt) / 1_000)
  }
}

async function run(
  { kills, seed, leadsPerLife = 8, broken, tell = () => {} }: ChaosOptions,
  { sandbox, path }: { sandbox: SandboxProcess; path: string },
): Promise<Omit<ChaosReport, 'seconds'>> {
  const random = randomFrom(seed)
  const feed = createFeed(kills * leadsPerLife, batchRows)
  const imports = broken === undefined ? [] : [brokenModule(broken)]
  const start = () => startServerProcess({ sandbox: sandbox.url, path, imports })
  const landed = { crmWrite: 0, notify: 0 }
  const lives: Life[] = []
  const given = { all: 0, ownerWrites: 0 }
  let seen = 0
  let server: ServerProcess = await start()
  for (let life = 1; life <= kills; life += 1) {
    const servedAt = Date.now()
    const drawn = Math.floor(random() * troubles.length * troubledLives)
    for (const fault of troubles[drawn] ?? []) await sandbox.addFault(fault)
    if (drawn < troubles.length) given.all += 1
    if (drawn === ownerTrouble) given.ownerWrites += 1
    // What an earlier life left without an answer is not what this one is killed in.
    seen = (await sandbox.ledger(seen)).at(-1)?.seq ?? seen
    const posting = feed.post(server, leadsPerLife / batchRows)
    const target = targets[life % targets.length] ?? null
    seen = await workBegan(sandbox, { seen, target })
    await sleep(target === null ? 5 + random() * 145 : random() * 3)
    const killedAt = Date.now()
    await server.kill()
    lives.push({ servedAt, killedAt })
    await posting
    server = await start()
    if (life % 25 === 0) tell(`${life} of ${kills} kills`)
  }
  while (feed.left() > 0) await feed.post(server, 5)
  const rows = await rowsAtRest(server, patienceMs)
  const code = await server.end()
  const ledger = await sandbox.ledger()
  for (const life of lives) {
    const { crmWrite, notify } = inFlightAt(ledger, life)
    if (crmWrite > 0) landed.crmWrite += 1
    if (notify > 0) landed.notify += 1
  }
  const met = ledger.filter(({ fault }) => fault !== null)
  const ownerWrites = met.filter(writesOwner).length
  const world = await readWorld({ path, rows, acknowledged: feed.acknowledged, ledger })
  const problems = problemsOf(world, { lostWrites: landed.crmWrite + ownerWrites })
  if (code !== 0) problems.push(`the server ended with ${code}`)
  problems.push(...feed.refused.map((answer) => `a batch was answered ${answer}`))
  return {
    seed,
    kills,
    landed,
    problems,
    troubles: { given, met: { all: met.length, ownerWrites } },
    leads: rows.length,
    extraWrites: extraWrites(ledger),
  }
}

/** Waits for a request of this life, or for one of the wanted kind that is not answered yet; resolves with the number of the newest line. */
async function workBegan(
  sandbox: SandboxProcess,
  { seen, target }: { seen: number; target: ((entry: LedgerEntry) => boolean) | null },
): Promise<number> {
  let newest = seen
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(2)) {
    const lines = await sandbox.ledger(seen)
    newest = lines.at(-1)?.seq ?? seen
    const isThere =
      target === null ? lines.length > 0 : lines.some((line) => isUnanswered(line) && target(line))
    if (isThere) break
  }
  return newest
}

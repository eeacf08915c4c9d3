import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import type { Store } from '../../db/store.ts'
import { pools } from '../../examples/inbound-leads/team.ts'
import { effectsOf, type LedgerEntry } from '../../sandbox/ledger.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { isCrmWrite, isNotify, isUnanswered, type Life, openAt } from '../chaos/in-flight.ts'
import { randomFrom } from '../chaos/random.ts'
import { rowsAtRest } from '../chaos/verdict.ts'
import { patienceMs } from '../support/patience.ts'
import { until } from '../support/runtime.ts'
import { temporaryFolder } from '../support/temp.ts'
import { someLeads } from './leads.ts'
import { findProblems, type World } from './oracle.ts'
import { type ServerProcess, startServerProcess, startStandIns } from './server-process.ts'

const leads = someLeads(500)
const batchRows = 25
/** What the stand-ins see right before the server is killed. */
interface Moment {
  what: string
  isIt(line: LedgerEntry): boolean
  /** The kill comes up to so much later; 0 for at once. */
  withinMs: number
}
const happened = (kind: string): Moment => ({
  what: kind,
  isIt: (line) => effectsOf(line).some((effect) => effect.kind === kind),
  withinMs: 60,
})
/** The kill comes at once, before the answer can leave. */
const asked = (what: string, isOne: (line: LedgerEntry) => boolean): Moment => ({
  what,
  isIt: (line) => isUnanswered(line) && isOne(line),
  withinMs: 0,
})
const moments: Moment[] = [
  { what: 'any request', isIt: () => true, withinMs: 60 },
  asked('a new record', ({ path }) => path.includes('/sobjects/Lead/Rota_Row_Id__c')),
  asked('an owner', isCrmWrite),
  asked('a message', isNotify),
  happened('enrolled'),
  happened('owner-written'),
  happened('message-posted'),
]
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let sandbox: Sandbox
let server: ServerProcess
let world: World
/** Effects whose request had arrived at a kill and whose answer had not left, by kind. */
let cut = new Set<string>()
/** Columns whose effect was found where it was looked for, since its answer was lost. */
let readBack = new Set<string>()
/** Set ROTA_TEST_SEED to play the same kills again, as far as the machine's timing lets it. */
const seed = Number(process.env.ROTA_TEST_SEED ?? Date.now() % 100_000)
const random = randomFrom(seed)

beforeAll(async () => {
  folder = await temporaryFolder()
  sandbox = await startStandIns(12)
  world = await runUnderFire()
})
afterAll(async () => {
  await server.kill()
  await sandbox.close()
  await folder.remove()
})

/** Posts the leads in batches while the server is killed again and again. A batch without an answer is posted again. */
async function runUnderFire(): Promise<World> {
  const path = join(folder.path, 'rota.db')
  const acknowledged: string[] = []
  const lives: Life[] = []
  const batches = Array.from({ length: leads.length / batchRows }, (_, index) => index)
  server = await startServerProcess({ sandbox: sandbox.url, path })
  for (const moment of moments) {
    const servedAt = Date.now()
    const before = sandbox.ledger.entries().length
    const seen = () => sandbox.ledger.entries({ after: before })
    const posting = post(server, batches.splice(0, 3), { acknowledged, batches })
    await until(
      () => seen().some(moment.isIt),
      `the stand-ins see ${moment.what}, seed ${seed}`,
      () => seen().map(({ method, path, status }) => [method, path, status]),
    )
    if (moment.withinMs > 0) await sleep(random() * moment.withinMs)
    const killedAt = Date.now()
    await server.kill()
    lives.push({ servedAt, killedAt })
    await posting
    server = await startServerProcess({ sandbox: sandbox.url, path })
  }
  while (batches.length > 0) await post(server, batches.splice(0, 3), { acknowledged, batches })
  const rows = await rowsAtRest(server, patienceMs)
  expect(await server.end()).toBe(0)
  const store = await openSqliteStore({ path, now: Date.now })
  const draws = await store.draws({ limit: 100_000 })
  readBack = await columnsReadBack(store)
  await store.close()
  const lines = sandbox.ledger.entries()
  cut = new Set(
    lives
      .flatMap((life) => openAt(lines, life))
      .flatMap(effectsOf)
      .map(({ kind }) => kind),
  )
  // One line for each change, so that a doctored world can lose or double a single one.
  const ledger = lines.flatMap((line) => effectsOf(line).map((effect) => ({ ...line, effect })))
  return { acknowledged, rows, draws, pools, ledger }
}

async function columnsReadBack(store: Store): Promise<Set<string>> {
  const columns = new Set<string>()
  for (const { seq } of await store.scan({ table: 'inbound-leads', limit: 10_000 }))
    for (const entry of await store.journal(seq))
      if (entry.kind === 'attempt' && entry.detail !== undefined && 'reconciled' in entry.detail)
        columns.add(entry.column)
  return columns
}

async function post(
  server: ServerProcess,
  some: readonly number[],
  { acknowledged, batches }: { acknowledged: string[]; batches: number[] },
): Promise<void> {
  for (const batch of some) {
    const answer = await fetch(`${server.url}/v1/tables/inbound-leads/rows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `batch-${batch}` },
      body: JSON.stringify({ rows: leads.slice(batch * batchRows, (batch + 1) * batchRows) }),
    }).then(
      async (response) => ({ status: response.status, body: await response.text() }),
      () => null,
    )
    if (answer === null) {
      batches.push(batch)
      continue
    }
    expect(answer.status, answer.body).toBe(202)
    const { rows } = JSON.parse(answer.body) as { rows: { id: string }[] }
    acknowledged.push(...rows.map((row) => row.id))
  }
}

describe('a server that is killed again and again in the middle of 500 leads', () => {
  test('was killed while work was under way', () => {
    // An answer was cut off for each of these, or the kills prove little.
    const cutAtLeast = ['record-created', 'owner-written', 'message-posted']
    expect([...cut], `seed ${seed}`).toEqual(expect.arrayContaining(cutAtLeast))
    expect([...readBack], `seed ${seed}`).toEqual(expect.arrayContaining(['record', 'handoff']))
  })

  test('has every lead once, routed to one owner, told once, enrolled once, drawn once and fairly', () => {
    expect(findProblems(world), `seed ${seed}`).toEqual([])
    expect(world.rows).toHaveLength(leads.length)
    expect(new Set(world.acknowledged).size).toBe(leads.length)
  })

  test('took every exit and drew from every pool, so that the verdict means something', () => {
    const exits = new Set(world.rows.map((row) => row.cells.exit?.value))
    expect([...exits].sort()).toEqual(['disqualified', 'nurture', 'route', 'self-serve'])
    expect(new Set(world.draws.map((draw) => draw.pool))).toEqual(new Set(pools.map((pool) => pool.name)))
  })

  test('wrote no owner twice: a write in doubt is read before it is written again', () => {
    const writes = world.ledger.flatMap(effectsOf).filter(({ kind }) => kind === 'owner-written')
    const routed = world.rows.filter((row) => row.cells.owner?.status === 'done')
    expect(writes).toHaveLength(routed.length)
  })
})

describe('the oracle', () => {
  const after = (change: (world: World) => World) => findProblems(change(structuredClone(world)))
  const effect = (kind: string) => {
    const found = world.ledger.find((entry) => entry.effect?.kind === kind)
    if (found === undefined) throw new Error(`the ledger has no ${kind}`)
    return found
  }
  const add = (kind: string, more: object) => (it: World) => {
    const entry = effect(kind)
    return { ...it, ledger: [...it.ledger, { ...entry, effect: { kind, ...entry.effect, ...more } }] }
  }
  const without = (kind: string) => (it: World) => ({
    ...it,
    ledger: it.ledger.filter((entry) => entry.seq !== effect(kind).seq),
  })

  const faults: Record<string, (world: World) => World> = {
    'a message sent twice': add('message-posted', {}),
    'a message for nobody': add('message-posted', { sendId: 'row_x.handoff.1.abc' }),
    'a message that was never sent': without('message-posted'),
    'a second owner': add('owner-written', { owner: '005000000000099AAA' }),
    'an owner never written': without('owner-written'),
    'a second enrolment': add('enrolled', {}),
    'a second record': add('record-created', {}),
    'a lead that is gone': (it) => ({ ...it, rows: it.rows.slice(1) }),
    'a cell that is stuck': (it) => ({
      ...it,
      rows: it.rows.map((row, at) => (at === 0 ? { ...row, atRest: false } : row)),
    }),
    'a draw too many': (it) => ({ ...it, draws: [...it.draws, ...it.draws.slice(0, 1)] }),
    'a draw too few': (it) => ({ ...it, draws: it.draws.slice(1) }),
    'an unfair rotation': (it) => ({
      ...it,
      draws: it.draws.map((draw) => ({ ...draw, member: draw.pool === 'apac' ? 'priya-nair' : draw.member })),
    }),
  }
  for (const [name, change] of Object.entries(faults)) {
    test(`sees ${name}`, () => {
      expect(after(change).length).toBeGreaterThan(0)
    })
  }
})

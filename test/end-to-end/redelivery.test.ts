import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allRows, type Client, createClient, type RowView } from '../../cli/client.ts'
import { readCsv } from '../../cli/read-csv.ts'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import { Lead } from '../../examples/inbound-leads/lead.ts'
import { effectsOf } from '../../sandbox/ledger.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { LedgerAnswer, PoolsAnswer } from '../../server/contract-routing.ts'
import { rowsAtRest } from '../chaos/verdict.ts'
import { patienceMs } from '../support/patience.ts'
import { until } from '../support/runtime.ts'
import { temporaryFolder } from '../support/temp.ts'
import { someLeads } from './leads.ts'
import { field } from './oracle.ts'
import { type ServerProcess, startServerProcess, startStandIns } from './server-process.ts'

const table = '/v1/tables/inbound-leads'
const batchRows = 20
const leads = someLeads(160)
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let sandbox: Sandbox
let server: ServerProcess
let client: Client
let file: string

/** What must not change any more: who has which lead and by which rule, and every turn that was ever taken. */
interface Routed {
  owners: Map<string, string>
  draws: string[]
}
let first: Routed
/** Owners as they could be read a moment before the kill. */
const beforeTheKill = new Map<string, string>()

beforeAll(async () => {
  folder = await temporaryFolder()
  sandbox = await startStandIns(40)
  file = join(folder.path, 'leads.csv')
  const header = ['company', 'email', 'lastName', 'country', 'employees', 'source']
  const line = (lead: Record<string, string>) =>
    header.map((name) => JSON.stringify(lead[name] ?? '')).join(',')
  await writeFile(file, [header.join(','), ...leads.map(line)].join('\n'))
  await start()
})
afterAll(async () => {
  await server.kill()
  await sandbox.close()
  await folder.remove()
})

async function start(): Promise<void> {
  server = await startServerProcess({ sandbox: sandbox.url, path: join(folder.path, 'rota.db') })
  client = createClient(server.url)
}

interface Answered {
  replayed: boolean
  rows: { id: string; status: string }[]
}

/** Posts the file in batches. Null for a batch that got no answer. */
async function importFile(options: { rowsAtOnce: number; keys: boolean }): Promise<(Answered | null)[]> {
  const { rows } = await readCsv(file, Lead)
  const batches = Array.from({ length: Math.ceil(rows.length / options.rowsAtOnce) }, (_, at) =>
    rows.slice(at * options.rowsAtOnce, (at + 1) * options.rowsAtOnce),
  )
  return Promise.all(
    batches.map(async (batch, at) => {
      const headers: Record<string, string> = { 'content-type': 'application/json' }
      if (options.keys) headers['idempotency-key'] = `batch-${at}`
      const body = JSON.stringify({ rows: batch })
      const response = await fetch(`${server.url}${table}/rows`, { method: 'POST', headers, body }).catch(
        () => null,
      )
      const text = (await response?.text().catch(() => null)) ?? null
      if (response === null || text === null) return null
      expect(response.status, text).toBe(202)
      const { rows: answered } = JSON.parse(text) as Pick<Answered, 'rows'>
      return { replayed: response.headers.get('idempotency-replayed') === 'true', rows: answered }
    }),
  )
}

async function atRest(): Promise<RowView[]> {
  const rows = await rowsAtRest(server, patienceMs)
  const stuck = rows.filter((row) => !row.atRest)
  if (stuck.length > 0)
    throw new Error(`${stuck.length} rows are not at rest, such as ${JSON.stringify(stuck[0])}`)
  return rows
}

const ownerOf = (row: RowView) =>
  ['rep', 'method', 'rule', 'reason'].map((name) => field(row, 'owner', name)).join(' | ')

const isOwned = (row: RowView) => row.cells.owner?.status === 'done'

async function routed(): Promise<Routed> {
  const rows = await atRest()
  const { pools } = PoolsAnswer.parse(await client.get('/v1/pools'))
  const draws: string[] = []
  for (const { name } of pools) {
    const { entries, next } = LedgerAnswer.parse(await client.get(`/v1/pools/${name}/ledger?limit=1000`))
    expect(next).toBeNull()
    for (const entry of entries)
      draws.push(
        entry.kind === 'draw'
          ? `${entry.id} ${entry.pool} ${entry.row} ${entry.member} ${entry.state}`
          : `credit ${entry.id} ${entry.pool} ${entry.member} ${entry.leads}`,
      )
  }
  return { owners: new Map(rows.filter(isOwned).map((row) => [row.id, ownerOf(row)])), draws }
}

async function run(wish: object): Promise<void> {
  await runDone(await startRun(wish))
}

/** Answers with the id of the run. */
async function startRun(wish: object): Promise<string> {
  const { run: started } = (await client.post(`${table}/runs`, { scope: { all: true }, ...wish })) as {
    run: { id: string }
  }
  return started.id
}

async function runDone(id: string): Promise<void> {
  let status = ''
  await until(
    async () => {
      status = ((await client.get(`/v1/runs/${id}`)) as { run: { status: string } }).run.status
      return status !== 'running'
    },
    'the run ends',
    () => status,
  )
  expect(status).toBe('done')
}

const effectsAfter = (line: number, kind: string) =>
  sandbox.ledger
    .entries({ after: line })
    .flatMap((entry) => effectsOf(entry).filter((effect) => effect.kind === kind))
const effects = (kind: string) => effectsAfter(0, kind).length

/** Rows whose owner is being written, as the file has it: their intent is on disk, and no outcome. */
async function writesOpen(): Promise<number> {
  const store = await openSqliteStore({ path: join(folder.path, 'rota.db'), now: Date.now })
  const rows = await store.scan({ table: 'inbound-leads', limit: 10_000 })
  await store.close()
  return rows.filter(({ cells }) => cells.crmOwner?.intent !== undefined).length
}

// One story, told in order.
describe('leads that arrive again and again', { shuffle: false }, () => {
  test('have one owner and one turn each after kill -9 between draw and write, and a retry with the same key (traps 68, 69)', async () => {
    const posting = importFile({ rowsAtOnce: batchRows, keys: true })
    await until(async () => {
      for (const row of await allRows(client, 'inbound-leads'))
        if (isOwned(row)) beforeTheKill.set(row.id, ownerOf(row))
      return beforeTheKill.size > 0
    }, 'a lead has an owner')
    await server.kill()
    const writtenAtTheKill = effects('owner-written')
    const answered = await posting
    await start()
    const again = await importFile({ rowsAtOnce: batchRows, keys: true })
    for (const [at, answer] of answered.entries())
      if (answer !== null) expect(again[at]?.rows).toEqual(answer.rows)
    first = await routed()
    expect(beforeTheKill.size).toBeGreaterThan(0)
    expect([...beforeTheKill].filter(([id, owner]) => first.owners.get(id) !== owner)).toEqual([])
    expect((await atRest()).length).toBe(leads.length)
    const perRow = Map.groupBy(first.draws, (draw) => draw.split(' ')[2])
    const byTurn = [...first.owners].filter(([, owner]) => /round_robin|fallback_pool/.test(owner))
    expect(first.draws.filter((draw) => !draw.endsWith(' confirmed'))).toEqual([])
    expect(perRow.size).toBe(first.draws.length)
    expect([...perRow.keys()].sort()).toEqual(byTurn.map(([id]) => id).sort())
    expect(first.draws.length).toBeGreaterThan(50)
    // Leads had an owner that was not written yet, or the kill proves little.
    expect(beforeTheKill.size).toBeGreaterThan(writtenAtTheKill)
  })

  test('change nothing when every batch is delivered a second and a third time (trap 68)', async () => {
    const before = effects('message-posted')
    for (let time = 0; time < 2; time += 1) {
      const answers = await importFile({ rowsAtOnce: batchRows, keys: true })
      expect(answers.map((answer) => answer?.replayed)).toEqual(answers.map(() => true))
    }
    expect(await routed()).toEqual(first)
    expect(effects('message-posted')).toBe(before)
  })

  test('are touches of the rows that are there when the same file is imported again (trap 52)', async () => {
    for (const rowsAtOnce of [leads.length, 7]) {
      const answers = await importFile({ rowsAtOnce, keys: false })
      const rows = answers.flatMap((answer) => answer?.rows ?? [])
      expect(rows.map(({ status }) => status)).toEqual(leads.map(() => 'touched'))
      expect(new Set(rows.map(({ id }) => id)).size).toBe(leads.length)
    }
    expect(await routed()).toEqual(first)
  })

  test('keep owner and turn in every mode of a run that does not say redraw (traps 54, 67)', async () => {
    for (const mode of ['missing', 'errored', 'stale', 'all'])
      for (const more of [{}, { force: true }, { force: true, downstream: true }])
        await run({ columns: ['owner'], mode, ...more })
    // Everything the ladder reads is asked again, and the CRM now says what we wrote.
    await run({ columns: ['account'], mode: 'all', force: true })
    await run({ mode: 'all', force: true })
    expect(await routed()).toEqual(first)
  })

  test('keep both over a second kill and everything once more, effects included', async () => {
    const before = sandbox.ledger.entries().length
    const writes = () => effectsAfter(before, 'owner-written').map(({ record }) => record)
    const columns = ['owner', 'crmOwner']
    const id = await startRun({ columns, mode: 'all', force: true, includeEffects: true })
    await until(() => writes().length > 0, 'the first owner is written again')
    await server.kill()
    const open = await writesOpen()
    expect(open).toBeGreaterThan(0)
    await start()
    await runDone(id)
    await importFile({ rowsAtOnce: 50, keys: false })
    expect(await routed()).toEqual(first)
    // What was open at the kill was read back and not sent a second time; all others were written.
    expect(new Set(writes()).size).toBe(writes().length)
    expect(writes().length).toBeGreaterThanOrEqual(first.owners.size - open)
  })
})

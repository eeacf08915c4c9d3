import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { boot, type Running } from '../../cli/boot.ts'
import { type Client, createClient, type RowView } from '../../cli/client.ts'
import { readSettings } from '../../cli/settings.ts'
import { effectsOf, type LedgerEntry } from '../../sandbox/ledger.ts'
import { until } from '../support/runtime.ts'
import { temporaryFolder } from '../support/temp.ts'
import { field } from './oracle.ts'

const table = '/v1/tables/inbound-leads'
const effects = ['record-created', 'owner-written', 'message-posted', 'enrolled']
let app: Running | null = null
let folder: Awaited<ReturnType<typeof temporaryFolder>> | null = null
let client: Client
let sandboxUrl: string

const close = async () => {
  await app?.close()
  await folder?.remove()
  app = null
}
beforeEach(async () => {
  await close()
  folder = await temporaryFolder()
  const settings = readSettings({
    ROTA_SANDBOX: '1',
    ROTA_CRM: 'salesforce',
    PORT: '0',
    ROTA_DB: join(folder.path, 'rota.db'),
  })
  app = await boot({ settings, sandboxLatencyMs: 1, logLevel: 'silent' })
  client = createClient(app.url)
  sandboxUrl = app.sandbox?.url ?? ''
})
afterAll(close)

const lead = (name: string, more: object = {}) => ({
  company: `${name}.example`,
  email: `ann@${name}.example`,
  lastName: 'Ann',
  country: 'Germany',
  employees: '500',
  source: 'demo request',
  ...more,
})

async function insert(...leads: object[]): Promise<RowView[]> {
  return (
    (await client.post(`${table}/rows?wait=done&timeoutMs=90000`, { rows: leads })) as { rows: RowView[] }
  ).rows
}

interface RunAnswer {
  id: string
  status: string
  counts: Record<string, number>
}

async function run(wish: object): Promise<RunAnswer> {
  const { run: started } = (await client.post(`${table}/runs`, wish)) as { run: RunAnswer }
  let now = started
  await until(
    async () => {
      now = ((await client.get(`/v1/runs/${started.id}`)) as { run: RunAnswer }).run
      return now.status !== 'running'
    },
    'the run ends',
    () => now,
  )
  return now
}

const read = async (id: string) => (await client.get(`${table}/rows/${id}`)) as RowView
const ledger = async () => (await (await fetch(`${sandboxUrl}/ledger`)).json()) as LedgerEntry[]
const effectsIn = (entries: readonly LedgerEntry[]) =>
  Object.fromEntries(
    effects.map((kind) => [kind, entries.flatMap(effectsOf).filter((effect) => effect.kind === kind).length]),
  )

async function draws(): Promise<{ row: string; state: string; pool: string }[]> {
  const { entries } = (await client.get('/v1/pools/emea-commercial/ledger')) as {
    entries: { kind: string; row: string; state: string; pool: string }[]
  }
  return entries.filter(({ kind }) => kind === 'draw')
}

/** Three leads at rest; the ledger starts again behind them. */
async function three() {
  const rows = await insert(lead('one'), lead('two'), lead('three'))
  expect(effectsIn(await ledger())).toEqual({
    'record-created': 3,
    'owner-written': 3,
    'message-posted': 3,
    enrolled: 3,
  })
  expect((await draws()).map((draw) => draw.state)).toEqual(['confirmed', 'confirmed', 'confirmed'])
  await fetch(`${sandboxUrl}/ledger`, { method: 'DELETE' })
  const [one, two, other] = rows.map((row) => row.id)
  if (one === undefined || two === undefined || other === undefined)
    throw new Error('three rows were expected')
  return { one, two, other, scope: { rows: [one, two] } }
}

const nothing = { 'record-created': 0, 'owner-written': 0, 'message-posted': 0, enrolled: 0 }

describe('a run over two selected rows and one column', () => {
  for (const mode of ['missing', 'errored', 'stale', 'all']) {
    test(`in mode ${mode} over unchanged rows calls nobody`, async () => {
      const { scope, one } = await three()
      const before = await read(one)
      for (const column of ['firm', 'owner', 'crmOwner', 'handoff', 'sequence']) {
        const { status, counts } = await run({ columns: [column], scope, mode })
        expect(status).toBe('done')
        expect(counts).toEqual({
          ran: 0,
          kept: 0,
          skipped: 0,
          failed: 0,
          cancelled: 0,
          unchanged: mode === 'all' ? 2 : 0,
        })
      }
      expect(effectsIn(await ledger())).toEqual(nothing)
      expect(await draws()).toHaveLength(3)
      expect(await read(one)).toEqual(before)
    })
  }

  test('with force asks again where only reading is done, and leaves the third row alone', async () => {
    const { scope, one, other } = await three()
    const before = await read(other)
    const { counts } = await run({ columns: ['account'], scope, mode: 'all', force: true })
    expect(counts).toMatchObject({ ran: 2 })
    const entries = await ledger()
    expect(entries.filter((entry) => entry.vendor === 'salesforce').length).toBeGreaterThan(0)
    expect(effectsIn(entries)).toEqual(nothing)
    expect((await read(one)).cells.account?.attempts).toBe(2)
    expect(await read(other)).toEqual(before)
  })

  test('with force on every column repeats no effect and no draw', async () => {
    const { scope, one } = await three()
    const { counts } = await run({ scope, mode: 'all', force: true, downstream: true })
    expect(counts).toMatchObject({ ran: 18, kept: 10, failed: 0 })
    expect(effectsIn(await ledger())).toEqual(nothing)
    expect(await draws()).toHaveLength(3)
    const { history } = (await client.get(`${table}/rows/${one}/cells/handoff`)) as {
      history: { outcome: string; reason: string }[]
    }
    expect(history.at(-1)).toMatchObject({
      outcome: 'kept',
      reason: expect.stringContaining('includeEffects'),
    })
  })

  test('with force and includeEffects sends the message again, to these two rows and nothing else', async () => {
    const { scope, one, two } = await three()
    await run({ columns: ['handoff'], scope, mode: 'all', force: true, includeEffects: true })
    const entries = await ledger()
    expect(effectsIn(entries)).toEqual({ ...nothing, 'message-posted': 2 })
    const sent = entries.flatMap(({ effect }) =>
      effect?.kind === 'message-posted' ? [String(effect.sendId).split('.').slice(0, 3).join('.')] : [],
    )
    expect(sent.sort()).toEqual([`${one}.handoff.2`, `${two}.handoff.2`].sort())
  })

  test('with redraw draws anew, gives the old draws back, and tells the CRM, the new owner and the old one', async () => {
    const { scope, one, two, other } = await three()
    const before = field(await read(one), 'owner', 'rep')
    const untouched = await read(other)
    await run({ columns: ['owner'], scope, mode: 'all', redraw: true, reason: 'wrong region' })
    const row = await read(one)
    const owner = field(row, 'owner', 'rep')
    expect(owner).not.toBe(before)
    expect(row.cells.owner?.value).toMatchObject({ previous: [{ rep: before }] })
    for (const cell of Object.values(row.cells)) expect(cell.stale).toBe(false)
    // The CRM has the new owner, who was told, as was the one before; the clock runs from the new assignment.
    const entries = await ledger()
    expect(effectsIn(entries)).toEqual({ ...nothing, 'owner-written': 2, 'message-posted': 4, enrolled: 2 })
    // The sequence went out in the name of the old rep: out of it, and in again in the name of the new one.
    expect(entries.flatMap(effectsOf).filter(({ kind }) => kind === 'unenrolled')).toHaveLength(2)
    expect(row.cells.sequence).toMatchObject({ status: 'done', attempts: 2 })
    const told = entries.flatMap(({ effect }) =>
      effect?.kind === 'message-posted' ? [String(effect.sendId).split('.').slice(0, 2).join('.')] : [],
    )
    expect(told.sort()).toEqual(
      [`${one}.handoff`, `${one}.takenBack`, `${two}.handoff`, `${two}.takenBack`].sort(),
    )
    expect(row.cells.firstTouch?.value).toMatchObject({ owner: { rep: owner }, hops: 1, state: 'open' })
    expect(await read(other)).toEqual(untouched)
    expect((await draws()).map((draw) => draw.state).sort()).toEqual([
      'confirmed',
      'confirmed',
      'confirmed',
      'released',
      'released',
    ])
  })

  test('of the errored mends what failed and does not touch what had happened', async () => {
    await fetch(`${sandboxUrl}/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        vendor: 'slack',
        path: 'chat.postMessage',
        kind: 'status',
        status: 200,
        body: { ok: false, error: 'missing_scope', needed: 'chat:write', provided: 'im:write' },
        times: 2,
      }),
    })
    const rows = await insert(lead('one'), lead('two'))
    const ids = rows.map((row) => row.id)
    for (const row of rows)
      expect(row.cells.handoff).toMatchObject({ status: 'error', error: { kind: 'unauthorized' } })
    expect(effectsIn(await ledger())).toMatchObject({ 'owner-written': 2, 'message-posted': 0 })
    const { counts } = await run({ columns: ['handoff'], scope: { rows: ids }, mode: 'errored' })
    expect(counts).toMatchObject({ ran: 2 })
    expect(effectsIn(await ledger())).toEqual({
      'record-created': 2,
      'owner-written': 2,
      'message-posted': 2,
      enrolled: 2,
    })
    expect(await draws()).toHaveLength(2)
  })

  test('of the stale, after an edit, follows the new values and keeps what has been done', async () => {
    const { one, two, other } = await three()
    for (const id of [one, two]) {
      const response = await fetch(`${app?.url}${table}/rows/${id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ employees: '20' }),
      })
      expect(response.status).toBe(200)
    }
    expect((await read(one)).cells.segment?.stale).toBe(true)
    const { counts } = await run({ columns: ['segment'], scope: { rows: [one, two, other] }, mode: 'stale' })
    expect(counts).toMatchObject({ ran: 2 })
    const row = await read(one)
    expect(row.cells.segment).toMatchObject({ stale: false, value: { segment: 'SMB' } })
    expect([row.cells.exit?.stale, row.cells.owner?.stale]).toEqual([true, true])
    expect(effectsIn(await ledger())).toEqual(nothing)
    expect(await draws()).toHaveLength(3)
  })

  test('as a preview says what it would do and does nothing', async () => {
    const { scope, one } = await three()
    const before = await read(one)
    // The owner alone is named: what follows a redraw is announced all the same.
    const { preview } = (await client.post(`${table}/runs`, {
      columns: ['owner'],
      scope,
      mode: 'all',
      redraw: true,
      reason: 'wrong region',
      dryRun: true,
    })) as { preview: { rows: number; sideEffects: string[] } }
    expect(preview.rows).toBe(2)
    expect([...new Set(preview.sideEffects)].sort()).toEqual([
      expect.stringMatching(/^at most 2 times: enrols the person/),
      expect.stringMatching(/^at most 2 times: sends a message with slack/),
      'at most 2 times: takes a turn of a rotation',
      'at most 2 times: writes the owner to salesforce',
    ])
    expect(effectsIn(await ledger())).toEqual(nothing)
    expect(await read(one)).toEqual(before)
  })
})

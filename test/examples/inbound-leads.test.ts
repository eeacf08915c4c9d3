import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { boot, type Running } from '../../cli/boot.ts'
import { readSettings } from '../../cli/settings.ts'
import { until } from '../support/runtime.ts'
import { temporaryFolder } from '../support/temp.ts'

const example = fileURLToPath(new URL('../../examples/inbound-leads/tables.ts', import.meta.url))
const rows = '/v1/tables/inbound-leads/rows'

const Row = z.object({
  id: z.string(),
  atRest: z.boolean(),
  cells: z.record(z.string(), z.object({ status: z.string(), attempts: z.number(), value: z.unknown() })),
})
type Row = z.output<typeof Row>
const Assigned = z.object({
  rep: z.string(),
  name: z.string(),
  email: z.string(),
  method: z.string(),
  previous: z.array(z.object({ rep: z.string() })),
})
const Ledger = z.array(z.object({ effect: z.record(z.string(), z.unknown()) }))

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let running: Running

beforeAll(async () => {
  folder = await temporaryFolder()
  const settings = readSettings({
    ROTA_SANDBOX: '1',
    ROTA_TABLES: example,
    ROTA_DB: join(folder.path, 'rota.sqlite'),
    PORT: '0',
  })
  running = await boot({ settings, logLevel: 'silent' })
})
afterAll(async () => {
  await running.close()
  await folder.remove()
})

async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${running.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const answer: unknown = response.status === 204 ? null : await response.json()
  expect(response.ok, JSON.stringify(answer)).toBe(true)
  return answer
}

async function insert(lead: object): Promise<Row> {
  const answer = await ask('POST', `${rows}?wait=done&timeoutMs=90000`, lead)
  const [row] = z.object({ rows: z.array(Row) }).parse(answer).rows
  if (row === undefined) throw new Error('nothing was inserted')
  return row
}

const ownerOf = (row: Row) => Assigned.parse(row.cells.owner?.value)
const stateOf = (row: Row) => z.object({ state: z.string() }).parse(row.cells.firstTouch?.value).state

/** The row once it is at rest and this holds of it. */
async function rowWhen(id: string, holds: (row: Row) => boolean): Promise<Row> {
  const read = async () => Row.parse(await ask('GET', `${rows}/${id}`))
  let row = await read()
  await until(
    async () => {
      row = await read()
      return row.atRest && holds(row)
    },
    'it comes to that',
    () => row.cells,
  )
  return row
}

async function effects(kind: string, of: string): Promise<Record<string, unknown>[]> {
  const ledger = Ledger.parse(await (await fetch(`${running.sandbox?.url}/ledger?effect=${kind}`)).json())
  return ledger.flatMap(({ effect }) => (JSON.stringify(effect).includes(of) ? [effect] : []))
}

const lead = (company: string, more: object = {}) => ({
  company,
  email: `kim@${company.toLowerCase()}.example`,
  lastName: 'Kim',
  country: 'France',
  employees: '400',
  source: 'demo request',
  ...more,
})

describe('a lead of the example', () => {
  test('that its rep refuses goes to another one, in the CRM too, and both are told (traps 81, 95, 105)', async () => {
    const first = await insert(lead('Mistral'))
    const former = ownerOf(first)
    await ask('POST', `${rows}/${first.id}/rejection`, { by: former.rep, reason: 'not my language' })
    const moved = await rowWhen(first.id, (row) => ownerOf(row).rep !== former.rep)
    expect(ownerOf(moved).previous.map(({ rep }) => rep)).toEqual([former.rep])
    expect(moved.cells).toMatchObject({ takenBack: { status: 'done' }, handoff: { status: 'done' } })
    expect(stateOf(moved)).toBe('open')
    const record = z.object({ id: z.string() }).parse(moved.cells.record?.value).id
    const written = await effects('owner-written', record)
    expect(new Set(written.map(({ owner }) => owner)).size).toBe(2)
    expect(written.at(-1)?.owner).toBe(
      z.object({ ownerId: z.string() }).parse(moved.cells.crmOwner?.value).ownerId,
    )
    expect(await effects('message-posted', first.id)).toHaveLength(3)
  })

  test('is met by a touch of a person and by nothing that a machine sends (trap 103)', async () => {
    const row = await insert(lead('Levante'))
    expect(stateOf(row)).toBe('open')
    await ask('POST', `${rows}/${row.id}/touches`, { by: 'sequencer', automated: true })
    const looked = await rowWhen(row.id, (each) => (each.cells.firstTouch?.attempts ?? 0) > 1)
    expect(stateOf(looked)).toBe('open')
    await ask('POST', `${rows}/${row.id}/touches`, { by: ownerOf(row).rep })
    const met = await rowWhen(row.id, (each) => stateOf(each) === 'met')
    expect(met.cells.firstTouch?.value).toMatchObject({ touchedBy: ownerOf(row).rep })
    expect(met.cells.reminder?.status).toBe('skipped')
  })

  test('that a manager gave to somebody stays there when everything runs again (trap 49)', async () => {
    const row = await insert(lead('Zonda', { country: 'Chile' }))
    expect(ownerOf(row).rep).toBe('sofia-rojas')
    await ask('PUT', `${rows}/${row.id}/owner`, { rep: 'ines-moreau', reason: 'knows the founder' })
    await rowWhen(row.id, (each) => ownerOf(each).rep === 'ines-moreau')
    const { run } = z.object({ run: z.object({ url: z.string() }) }).parse(
      await ask('POST', '/v1/tables/inbound-leads/runs', {
        scope: { rows: [row.id] },
        mode: 'all',
        force: true,
        includeEffects: true,
        redraw: true,
        reason: 'quarterly clean-up',
      }),
    )
    for (let done = false; !done; ) {
      const state = z.object({ run: z.object({ status: z.string() }) }).parse(await ask('GET', run.url))
      done = state.run.status !== 'running' && state.run.status !== 'queued'
    }
    const after = await rowWhen(row.id, () => true)
    expect(ownerOf(after)).toMatchObject({ rep: 'ines-moreau', method: 'manual_override' })
  })

  test('is routed by the territory as it is saved now, without a new definition (trap 63)', async () => {
    const before = await insert(lead('Sirocco', { country: 'Mexico' }))
    expect(ownerOf(before)).toMatchObject({ rep: 'sofia-rojas', method: 'territory' })
    const Territory = z.object({
      dimensions: z.unknown(),
      entries: z.array(z.record(z.string(), z.unknown())),
    })
    const { dimensions, entries } = Territory.parse(await ask('GET', '/v1/territories/market'))
    const smallerFirst = {
      match: { region: ['LATAM'], segment: ['Mid-Market'] },
      to: { person: 'omar-haddad' },
    }
    await ask('PUT', '/v1/territories/market', { dimensions, entries: [...entries, smallerFirst] })
    expect(ownerOf(await insert(lead('Pampero', { country: 'Mexico' }))).rep).toBe('omar-haddad')
    expect(ownerOf(await rowWhen(before.id, () => true)).rep).toBe('sofia-rojas')
  })
})

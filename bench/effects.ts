import { rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { notify } from '../columns/notify.ts'
import type { Message } from '../columns/ports.ts'
import { defineTable } from '../columns/table.ts'
import { updateCrm } from '../columns/update-crm.ts'
import { salesforce } from '../connectors/salesforce.ts'
import { slack } from '../connectors/slack.ts'
import { openSqliteStore } from '../db/sqlite/store.ts'
import { startRuntime } from '../runtime/runtime.ts'
import { idOf } from '../sandbox/salesforce/store.ts'
import { startSandbox } from '../sandbox/sandbox.ts'

/**
 * What an effect costs beyond the bare call of its client, against the same stand-ins in the same run: intent and outcome on disk at full
 * durability, limits, the row around it. `npm run bench:effects`, or with a count: `npm run bench:effects -- 1000`.
 */
const count = Number(process.argv[2] ?? 500)
const unlimited = { limits: { concurrency: 100, perSecond: 1e6, burst: 1e6 } }
const load = (loadavg()[0] ?? 0) / cpus().length

const sandbox = await startSandbox()
sandbox.vendors.salesforce?.load({
  users: [
    { Id: idOf('User', 1), Name: 'Ana', Email: 'ana@rota.test' },
    { Id: idOf('User', 2), Name: 'Bo', Email: 'bo@rota.test' },
  ],
  leads: Array.from({ length: count }, (_, index) => ({
    Id: idOf('Lead', index + 1),
    LastName: `Person ${index}`,
    Company: `Company ${index}`,
    OwnerId: idOf('User', 1),
  })),
})
const crm = salesforce({
  loginUrl: `${sandbox.url}/salesforce`,
  clientId: 'bench',
  clientSecret: 'bench',
  ...unlimited,
})
const messenger = slack({ botToken: 'xoxb-bench', apiUrl: `${sandbox.url}/slack/api/`, ...unlimited })
const bo = { rep: 'bo', name: 'Bo', email: 'bo@rota.test', ids: { salesforce: idOf('User', 2) } }
const lead = (index: number) => ({ type: 'Lead', id: idOf('Lead', index + 1) })
const message = (index: number): Message => ({
  to: { email: 'bo@rota.test' },
  title: `New lead: Company ${index}`,
  facts: [['Company', `Company ${index}`]],
  reason: 'It is a bench',
})
const call = () => ({ signal: new AbortController().signal, timeoutMs: 30_000, fetch })

/** The median of `count` pieces of work, one after the other, in milliseconds. */
async function median(work: (index: number) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < count; index += 1) {
    const started = performance.now()
    await work(index)
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)] ?? 0
}

const Index = z.object({ index: z.number() })
const owners = defineTable('owners', { input: Index }).column(
  'effect',
  updateCrm({ needs: ['index'], crm, change: ({ index }) => ({ record: lead(index), owner: bo }) }),
)
const messages = defineTable('messages', { input: Index }).column(
  'effect',
  notify({ needs: ['index'], via: messenger, message: ({ index }) => message(index) }),
)

const path = join(tmpdir(), `rota-bench-effects-${process.pid}.sqlite`)
const store = await openSqliteStore({ path, now: Date.now })
let ids = 0
const world = {
  now: Date.now,
  elapsed: () => performance.now(),
  random: Math.random,
  fetch,
  id: (prefix: string) => `${prefix}_${String(ids++).padStart(12, '0')}`,
}
const log = {
  info() {},
  warn() {},
  error: (fields: object, text: string) => console.error(text, fields),
}
const runtime = await startRuntime({ store, tables: [owners, messages], world, log })

/** Inserts a row and waits until its effect is done and on disk. */
async function throughRow(table: 'owners' | 'messages', index: number): Promise<void> {
  const [row] = (await runtime.insert(table, [{ index }])).rows
  if (row === undefined || row.status === 'invalid' || row.status === 'ignored-own-write')
    throw new Error('the bench row was refused')
  if (!(await runtime.settled(table, [row.id], null, 30_000))) throw new Error('the bench row hangs')
}

// Once each beforehand, so that logins, look-ups and compiled code are there for all.
await crm.writeOwner(lead(0), { ownerId: bo.ids.salesforce }, call())
await messenger.send(message(0), 'warm', call())

const writeBare = async (index: number) => {
  await crm.writeOwner(lead(index), { ownerId: bo.ids.salesforce }, call())
  await crm.readRecord(lead(index), call())
}
await throughRow('owners', 0)
await throughRow('messages', 0)
const bareWrite = await median(writeBare)
const rowWrite = await median((index) => throughRow('owners', index))
const bareSend = await median((index) => messenger.send(message(index), `bare_${index}`, call()))
const rowSend = await median((index) => throughRow('messages', index))
await runtime.idle()
for (const table of ['owners', 'messages']) {
  const done = await runtime.count(table, 'effect.status:done')
  if (done !== count + 1) throw new Error(`${done} of ${count + 1} rows of ${table} are done`)
}

console.log(
  `load ${load.toFixed(2)} per core before the run, ${cpus().length} cores, Node ${process.version}`,
)
console.log(`durability: ${store.info.durability}; the median of ${count}, one after the other`)
console.table({
  'owner written and read back': line(bareWrite, rowWrite),
  'message sent': line(bareSend, rowSend),
})
if (load > 1) console.log('The machine was busy: take no verdict from this run.')

await runtime.stop()
await store.close()
await sandbox.close()
for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })

function line(bare: number, row: number) {
  return {
    'bare client ms': round(bare),
    'durable row ms': round(row),
    'overhead ms': round(row - bare),
    'x bare': round(row / bare),
  }
}

function round(ms: number): number {
  return Number(ms.toFixed(2))
}

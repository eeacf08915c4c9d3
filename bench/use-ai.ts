import { rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { z } from 'zod'
import type { CellContext } from '../columns/column.ts'
import type { Model } from '../columns/ports.ts'
import { prompt } from '../columns/prompt.ts'
import { defineTable } from '../columns/table.ts'
import { useAi } from '../columns/use-ai.ts'
import { openai } from '../connectors/openai.ts'
import { openSqliteStore } from '../db/sqlite/store.ts'
import { segmentByRule } from '../routing/segment/segment-by-rule.ts'
import { Segmentation } from '../routing/segment/segmentation.ts'
import { startRuntime } from '../runtime/runtime.ts'
import { startSandbox } from '../sandbox/sandbox.ts'

/**
 * What a useAi cell costs in time: rows a second where the rule decides, and what a call of the model takes over the bare call of the
 * `openai` client with the same body, to the same server, in turns within one run. `npm run bench:use-ai -- 300`.
 */
const calls = Number(process.argv[2] ?? 300)
const rounds = 6

const Input = z.object({
  company: z.string(),
  country: z.string(),
  employees: z.string(),
  description: z.string(),
})
type Lead = z.output<typeof Input>

/** Clear leads are decided by the rule; of the messy ones it knows nothing. */
function byRule({ country, employees }: Pick<Lead, 'country' | 'employees'>) {
  const { decidedBy, ...value } = segmentByRule({ country, employees })
  return { value, complete: decidedBy.region !== null && decidedBy.segment !== null }
}

const segment = (model: Model) =>
  useAi<Lead, keyof Lead, never, Segmentation>({
    reads: ['company', 'country', 'employees', 'description'],
    model,
    output: Segmentation,
    decide(lead) {
      const { value, complete } = byRule(lead)
      return complete ? { complete, value } : { complete, known: {} }
    },
    unknown: (lead) => byRule(lead).value,
    prompt: prompt`Classify {{company}}, country {{country}}, employees {{employees}}: {{description}}.`,
    price: { input: 0.4, output: 1.6 },
    spend: { perDay: 1_000 },
  })

const countries = ['Germany', 'USA', 'Brasil', '日本', 'United Kingdom', 'Österreich', 'Mexico', 'Singapore']
const sizes = ['12', '51-199', '1,000+', '~250', '10k-50k', 'more than 200', '1.200', '40']
const clear = (index: number): Lead => ({
  company: `Company ${index}`,
  country: countries[index % countries.length] ?? '',
  employees: sizes[index % sizes.length] ?? '',
  description: '',
})
const messy = (index: number): Lead => ({
  company: `Company ${index}`,
  country: '',
  employees: 'some',
  description: `Office ${index} in Berlin, 40 people`,
})

/** As the runtime hands it in, with nothing kept and no limit of money. */
const context: CellContext = {
  ...{ table: 'leads', row: 'row_1', column: 'segment', attempt: 1, sendId: 'row_1.segment.1', signals: [] },
  ...{
    occurredAt: '2026-03-02T09:00:00.000Z',
    receivedAt: '2026-03-02T09:00:00.000Z',
    timeoutMs: 10_000,
    fetch,
  },
  signal: new AbortController().signal,
  earlier: null,
  mayRepeat: false,
  now: Date.now,
  random: Math.random,
  finishedAt: () => null,
  isPinned: () => false,
  lookup: async () => null,
  memo: async (_, ask) => ({ value: (await ask()).value, cached: false }),
  charge: async () => ({ settle() {} }),
}

async function main(): Promise<void> {
  const busy = (loadavg()[0] ?? 0) / cpus().length
  const sandbox = await startSandbox()
  const path = join(tmpdir(), `rota-bench-use-ai-${process.pid}.sqlite`)
  const store = await openSqliteStore({ path, now: Date.now })
  let ids = 0
  const id = (prefix: string) => `${prefix}_${String(ids++).padStart(12, '0')}`
  const model = openai({ apiKey: 'key', baseUrl: `${sandbox.url}/openai/v1`, model: 'bench' })
  const column = segment(model)
  const runtime = await startRuntime({
    store,
    tables: [defineTable('leads', { input: Input }).column('segment', column)],
    world: { now: Date.now, elapsed: () => performance.now(), random: Math.random, fetch, id },
    log: { info() {}, warn() {}, error: (fields, message) => console.error(message, fields) },
  })
  const insert = async (leads: Lead[]) => {
    const { rows } = await runtime.insert('leads', leads)
    await runtime.settled(
      'leads',
      rows.flatMap((row) => (row.status === 'invalid' ? [] : [row.id])),
      null,
      60_000,
    )
  }
  const runColumn = async (lead: Lead) => {
    if (column.work.effect !== 'read') throw new Error('a useAi column reads')
    const outcome = await column.work.run({ ...lead }, context)
    if (outcome.status !== 'done') throw new Error('no result')
    return outcome
  }

  const alone = await rate(200_000, async (count) => {
    for (let index = 0; index < count; index += 1) await runColumn(clear(index))
  })
  const stored = await rate(20_000, async (count) => {
    for (let from = 0; from < count; from += 1_000)
      await insert(Array.from({ length: 1_000 }, (_, index) => clear(from + index)))
  })
  if (sandbox.ledger.entries().length > 0) throw new Error('a clear lead was asked about')

  const client = new OpenAI({ apiKey: 'key', baseURL: `${sandbox.url}/openai/v1`, maxRetries: 0 })
  await runColumn(messy(-1))
  const body = OpenAiBody.parse(
    sandbox.ledger.entries().at(-1)?.body,
  ) as OpenAI.ChatCompletionCreateParamsNonStreaming
  const times: Record<'bare' | 'column' | 'row', number[]> = { bare: [], column: [], row: [] }
  let lead = 0
  for (let round = 0; round <= rounds; round += 1) {
    // The first round warms up.
    const keep = round > 0
    for (let each = 0; each < calls / rounds; each += 1) {
      const took = {
        bare: await timed(() => client.chat.completions.create(body)),
        column: await timed(() => runColumn(messy(lead++))),
        row: await timed(() => insert([messy(lead++)])),
      }
      if (keep) for (const kind of ['bare', 'column', 'row'] as const) times[kind].push(took[kind])
    }
    sandbox.ledger.clear()
  }
  const decided = await runtime.count('leads', 'segment.region=EMEA, segment.segment=SMB')
  if (decided < lead / 2) throw new Error(`only ${decided} messy leads were classified`)
  await runtime.stop()
  await store.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  await sandbox.close()

  const [bare, inColumn, inRow] = [median(times.bare), median(times.column), median(times.row)]
  console.log(
    `load ${busy.toFixed(2)} per core before the run, ${cpus().length} cores, Node ${process.version}`,
  )
  console.log('decided by the rule, rows/s')
  console.table({
    'the column alone': Math.round(alone),
    'inserted, on disk, 1,000 at a time': Math.round(stored),
  })
  console.log(`one call of the model after the other, median of ${times.bare.length}, in ms`)
  console.table({
    'the bare client': { ms: round2(bare), over: 0 },
    'the column': { ms: round2(inColumn), over: round2(inColumn - bare) },
    'a row: insert, charge, call, check, keep, settle': { ms: round2(inRow), over: round2(inRow - bare) },
  })
  if (busy > 1) console.log('The machine was busy: take no verdict from this run.')
}

const OpenAiBody = z.looseObject({ model: z.string(), messages: z.array(z.unknown()) })

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

async function rate(count: number, work: (count: number) => Promise<void>): Promise<number> {
  await work(Math.min(count, 1_000))
  const took = await timed(() => work(count))
  return (count / took) * 1_000
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
const round2 = (ms: number) => Number(ms.toFixed(2))

await main()

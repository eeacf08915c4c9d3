import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import { boot, type Running } from './boot.ts'
import { createClient, untilDone } from './client.ts'
import { connect } from './connect.ts'
import { printRefused, printReport } from './demo-report.ts'
import { loadTables } from './load-tables.ts'
import { type CsvRows, readCsv } from './read-csv.ts'
import { readSettings, type Settings } from './settings.ts'
import { stopOnSignal } from './start.ts'
import { paint } from './table-text.ts'

export interface DemoOptions {
  file: string | null
  crm: string
  /** Null takes any free one where the usual one is taken. */
  port: string | null
  exit: boolean
}

const example = fileURLToPath(new URL('../examples/inbound-leads/tables.ts', import.meta.url))
const sampleLeads = fileURLToPath(new URL('../examples/inbound-leads/leads.csv', import.meta.url))
const table = 'inbound-leads'
const batchRows = 50

/** Starts sandbox and server, posts leads over HTTP, and tells who got what and why. Needs no account and no network. */
export async function demo(options: DemoOptions): Promise<void> {
  const port = options.port ?? process.env.PORT ?? '4400'
  requirePort(port)
  requireCrm(options.crm)
  const file = options.file ?? sampleLeads
  const read = await readCsv(file, await inputOf())
  const { headers, encoding } = read
  console.log(`${read.rows.length + read.refused.length} leads in ${file}`)
  if (options.file !== null) {
    console.log(
      `  read as   ${headers.used.map(({ header, field }) => (header === field ? field : `${header} → ${field}`)).join(', ')}`,
    )
    if (encoding !== 'UTF-8') console.log(`  encoding  ${encoding}: the file is not UTF-8`)
    if (headers.ignored.length > 0) console.log(`  left out  ${headers.ignored.join(', ')}`)
  }
  const path = join(tmpdir(), `rota-demo-${process.pid}.sqlite`)
  const settings = readSettings({
    ROTA_SANDBOX: '1',
    ROTA_CRM: options.crm,
    PORT: port,
    ROTA_DB: path,
    ROTA_TABLES: example,
  })
  const running = await bootAt(settings, options.port === null)
  const close = async () => {
    await running.close()
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  }
  stopOnSignal(close)
  let taken = 0
  try {
    taken = await route(running, read)
  } catch (error) {
    await close()
    throw error
  }
  if (taken === 0) process.exitCode = 1
  if (options.exit || taken === 0) {
    await close()
    return
  }
  console.log(`\n${paint('bold', 'Rota is running')} on the sandbox: nothing leaves this machine.`)
  console.log(`  page      ${running.url}/`)
  console.log(`  API docs  ${running.url}/docs`)
  console.log(`  ledgers   ${running.sandbox?.url}/ledger`)
  console.log('  Ctrl+C stops it and forgets the leads.')
}

/** Said before anything starts: half a demo on the terminal hides what was wrong. */
function requirePort(port: string): void {
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) return
  throw new TableError('settings-invalid', `--port takes a whole number from 0 to 65535, not "${port}"`, {
    field: 'port',
    value: port,
    wayOut: 'leave it out for 4400, or give 0 for any free port',
  })
}

/** As a flag: what the settings say about a wrong ROTA_CRM is of no use to somebody who set no variable. */
function requireCrm(crm: string): void {
  if (crm === 'salesforce' || crm === 'hubspot') return
  throw new TableError('settings-invalid', `--crm takes salesforce or hubspot, not "${crm}"`, {
    field: 'crm',
    value: crm,
    wayOut: 'give one of the two, or leave it out for salesforce',
  })
}

async function inputOf(): Promise<z.ZodObject> {
  const nothing = readSettings({ ROTA_SANDBOX: '1' })
  const [first] = (await loadTables(example)).tables(connect(nothing).connectors)
  if (first === undefined) throw new TableError('definition-invalid', 'the example has no table')
  return first.input
}

async function bootAt(settings: Settings, mayMove: boolean): Promise<Running> {
  const options = { sandboxLatencyMs: 20, logLevel: 'warn' }
  try {
    return await boot({ settings, ...options })
  } catch (error) {
    if (!TableError.isInstance(error) || error.details.field !== 'PORT' || !mayMove) throw error
    console.log(`port ${settings.PORT} is taken; using a free one`)
    return boot({ settings: { ...settings, PORT: 0 }, ...options })
  }
}

/** How many rows of the file were taken; where none was, there is nothing to tell but why. */
async function route(running: Running, { rows, lines, refused }: CsvRows): Promise<number> {
  const client = createClient(running.url)
  const started = performance.now()
  const invalid = refused.map(({ line, row, why }) => ({ line, company: companyOf(row), why }))
  let touched = 0
  for (let from = 0; from < rows.length; from += batchRows) {
    const batch = rows.slice(from, from + batchRows)
    const answer = (await client.post(`/v1/tables/${table}/rows`, { rows: batch })) as {
      rows: { status: string; errors?: { field: string; message: string; value: string }[] }[]
    }
    answer.rows.forEach((row, index) => {
      if (row.status === 'touched') touched += 1
      if (row.status !== 'invalid') return
      const why = (row.errors ?? [])
        .map((each) => `${each.field}: ${each.message} (${each.value})`)
        .join('; ')
      invalid.push({ line: lines[from + index] ?? 0, company: companyOf(batch[index]), why })
    })
  }
  invalid.sort((one, other) => one.line - other.line)
  const taken = rows.length + refused.length - invalid.length
  if (taken === 0) {
    printRefused(invalid)
    console.log('No row was taken: there is nothing to route.')
    return 0
  }
  const finished = await untilDone(client, table, { told: progress() })
  await printReport({
    client,
    rows: finished,
    sandboxUrl: running.sandbox?.url ?? '',
    seconds: (performance.now() - started) / 1_000,
    touched,
    invalid,
  })
  return taken
}

const companyOf = (row: Record<string, string> | undefined) => row?.company ?? '(no company)'

/** A line that counts up on a terminal, and a line now and then elsewhere. */
function progress(): (done: number, all: number) => void {
  let last = -1
  return (done, all) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r  ${done} of ${all} leads done${done === all ? '\n' : ''}`)
    else if (done === all || done - last >= 100 || last < 0)
      process.stderr.write(`  ${done} of ${all} leads done\n`)
    last = done === all || last < 0 || done - last >= 100 ? done : last
  }
}

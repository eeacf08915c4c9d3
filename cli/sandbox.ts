import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import type { FaultRequest } from '../sandbox/faults.ts'
import { SandboxError } from '../sandbox/named-faults.ts'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'
import { sandboxSettings } from './connect.ts'
import { loadTables } from './load-tables.ts'
import { readSettings, Settings } from './settings.ts'
import { stopOnSignal } from './start.ts'

export interface SandboxCommand {
  port: string
  latency: string
  /** File with what the stand-ins know, by vendor. */
  state?: string
  /** File with a script of faults. */
  faults?: string
  ledger: string
}

/** Runs the stand-ins alone, so that a server that is restarted, or killed, finds them as it left them. */
export async function sandbox(options: SandboxCommand): Promise<void> {
  const started = await openSandbox(options)
  tell(started)
  stopOnSignal(() => started.close())
}

/**
 * Starts the stand-ins as the options say.
 *
 * @throws {TableError} `settings-invalid` naming the option that is wrong.
 */
export async function openSandbox(options: SandboxCommand): Promise<Sandbox> {
  const started = await startSandbox({
    port: wholeNumber('port', options.port, 65_535),
    latencyMs: latencyOf(options.latency),
    ledgerLines: wholeNumber('ledger', options.ledger, 10_000_000),
  }).catch((error: unknown) => {
    throw portTaken(options.port, error)
  })
  try {
    loadState(started, options.state === undefined ? await stateOfTables() : readJson('state', options.state))
    if (options.faults !== undefined) loadScript(started, options.faults)
    return started
  } catch (error) {
    await started.close()
    throw error
  }
}

function tell({ url, vendors }: Sandbox): void {
  console.log(`Rota's sandbox runs at ${url}: ${Object.keys(vendors).join(', ')}`)
  console.log(`  ledger    ${url}/ledger?vendor=&effect=&after=&limit=`)
  console.log(`  state     ${url}/state/{vendor}, GET and PUT`)
  console.log(`  faults    ${url}/faults, GET, POST and DELETE; ${url}/faults/names`)
  console.log(`  reset     ${url}/reset, POST: back to the start`)
  console.log('\nFor .env, to run Rota on it:\n')
  console.log(`ROTA_SANDBOX=${url}`)
  console.log('\nOr, for each vendor:\n')
  for (const [name, value] of variables(url)) console.log(`${name}=${value}`)
  console.log(`# TEAMS_WEBHOOK_URL=${url}/teams/workflows/leads?sig=sandbox`)
}

/** The variables that send the connectors to the sandbox. */
function variables(url: string): [string, string][] {
  const plain = Settings.parse({})
  const set: [string, unknown][] = Object.entries(sandboxSettings(plain, url))
  const without = new Map<string, unknown>(Object.entries(plain))
  return set.flatMap(([name, value]) =>
    typeof value === 'string' && value !== without.get(name) ? [[name, value]] : [],
  )
}

/** What the module of `ROTA_TABLES` wants the stand-ins to know. Without such a module they start empty. */
async function stateOfTables(): Promise<unknown> {
  const { ROTA_TABLES: path } = readSettings()
  if (process.env.ROTA_TABLES === undefined && !existsSync(path)) return {}
  return (await loadTables(path)).sandboxState?.() ?? {}
}

function loadState(sandbox: Sandbox, given: unknown): void {
  const states = z.record(z.string(), z.unknown()).safeParse(given)
  if (!states.success) throw refused('state', 'it is no object with a state for each vendor')
  for (const [name, state] of Object.entries(states.data)) {
    try {
      sandbox.startWith(name, state)
    } catch (error) {
      if (error instanceof SandboxError) throw refused('state', error.message)
      if (!(error instanceof z.ZodError)) throw error
      throw refused('state', `${name}: ${z.prettifyError(error)}`)
    }
  }
}

const Script = z.array(z.custom<FaultRequest>((step) => typeof step === 'object' && step !== null))

function loadScript({ faults }: Sandbox, path: string): void {
  const script = Script.safeParse(readJson('faults', path))
  if (!script.success) throw refused('faults', `${path} is no list of faults`)
  try {
    faults.script(script.data)
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error
    throw refused('faults', `${path}: ${error.message}`)
  }
}

function readJson(option: string, path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw refused(option, `${path} cannot be read as JSON: ${error instanceof Error ? error.message : error}`)
  }
}

function wholeNumber(option: string, value: string, most: number): number {
  if (/^\d{1,8}$/.test(value) && Number(value) <= most) return Number(value)
  throw refused(option, `it takes a whole number from 0 to ${most}, not "${value}"`)
}

/** `20`, or `5-30` for some of them. */
function latencyOf(value: string): readonly [number, number] {
  const [, least, most = least] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(value) ?? []
  if (least === undefined || Number(most) < Number(least))
    throw refused('latency', `it takes milliseconds such as 20 or 5-30, not "${value}"`)
  return [Number(least), Number(most)]
}

function refused(option: string, message: string): TableError {
  return new TableError('settings-invalid', `--${option}: ${message}`, { field: option })
}

function portTaken(port: string, error: unknown): unknown {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  if (!taken) return error
  return new TableError('settings-invalid', `port ${port} is taken`, {
    field: 'port',
    value: port,
    wayOut: 'give another --port, or 0 for any free one',
  })
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { sandboxState } from '../../examples/inbound-leads/tables.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'

export const house = fileURLToPath(new URL('../..', import.meta.url))
/** Loaded in front of a process that routes leads, so that its deadlines are those of a slow machine. */
export const patient = fileURLToPath(new URL('./patient.ts', import.meta.url))

/** The stand-ins in this process, so that they and their ledgers outlive the server. */
export async function startStandIns(latencyMs: number): Promise<Sandbox> {
  const sandbox = await startSandbox({ latencyMs })
  for (const [vendor, state] of Object.entries(sandboxState())) sandbox.vendors[vendor]?.load(state)
  return sandbox
}

/** The server ended before it served. */
export class ServerEnded extends Error {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null

  constructor(code: number | null, signal: NodeJS.Signals | null, said: string) {
    super(`the server ended with ${code ?? signal}: ${said}`)
    this.code = code
    this.signal = signal
  }
}

export interface ServerProcess {
  url: string
  child: ChildProcess
  /** SIGKILL: no handler runs. */
  kill(): Promise<void>
  /** SIGTERM: it ends what it is doing. Answers with the exit code. */
  end(): Promise<number | null>
}

export interface ServerProcessOptions {
  sandbox: string
  path: string
  /** Modules loaded in front of it: broken builds, crash points. */
  imports?: readonly string[]
  env?: Record<string, string>
}

/**
 * `rota start` as a process of its own, connected to stand-ins over their real protocols. Rejects with `ServerEnded` when it ends before it
 * serves.
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const imported = [patient, ...(options.imports ?? [])].flatMap((path) => [
    '--import',
    pathToFileURL(path).href,
  ])
  const child = spawn(process.execPath, [...imported, 'cli/rota.ts', 'start'], {
    cwd: house,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      ROTA_SANDBOX: options.sandbox,
      ROTA_CRM: 'salesforce',
      ROTA_DB: options.path,
      PORT: '0',
      ...options.env,
    },
  })
  let said = ''
  child.stderr?.on('data', (part: Buffer) => {
    said = `${said}${part}`.slice(-4_000)
  })
  const ended = once(child, 'exit')
  const stop = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
    return child.exitCode
  }
  const url = await new Promise<string>((resolve, reject) => {
    let out = ''
    child.stdout?.on('data', (part: Buffer) => {
      out += part
      const found = /page +(http:\/\/\S+?)\/?\n/.exec(out)
      if (found?.[1] !== undefined) resolve(found[1])
    })
    child.once('exit', (code, signal) => reject(new ServerEnded(code, signal, `${out}${said}`)))
  })
  return { url, child, kill: async () => void (await stop('SIGKILL')), end: () => stop('SIGTERM') }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { sandboxSettings } from '../../cli/connect.ts'
import { readSettings } from '../../cli/settings.ts'
import { sandboxState } from '../../examples/inbound-leads/tables.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'

export const house = fileURLToPath(new URL('../..', import.meta.url))

/** The stand-ins in this process, so that they and their ledgers outlive the server. */
export async function startStandIns(latencyMs: number): Promise<Sandbox> {
  const sandbox = await startSandbox({ latencyMs })
  for (const [vendor, state] of Object.entries(sandboxState())) sandbox.vendors[vendor]?.load(state)
  return sandbox
}

export interface ServerProcess {
  url: string
  child: ChildProcess
  /** SIGKILL: no handler runs. */
  kill(): Promise<void>
  /** SIGTERM: it ends what it is doing. Answers with the exit code. */
  end(): Promise<number | null>
}

/** `rota start` as a process of its own, connected to stand-ins over their real protocols. */
export async function startServerProcess(options: { sandbox: string; path: string }): Promise<ServerProcess> {
  const settings = sandboxSettings(readSettings({}), options.sandbox)
  const connected = Object.entries(settings).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
  const child = spawn(process.execPath, ['cli/rota.ts', 'start'], {
    cwd: house,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      ...Object.fromEntries(connected),
      ROTA_SANDBOX: '',
      ROTA_CRM: 'salesforce',
      ROTA_DB: options.path,
      PORT: '0',
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
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${out}${said}`)))
  })
  return { url, child, kill: async () => void (await stop('SIGKILL')), end: () => stop('SIGTERM') }
}

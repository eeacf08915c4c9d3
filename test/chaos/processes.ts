import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { LedgerEntry } from '../../sandbox/ledger.ts'
import { house } from '../end-to-end/server-process.ts'

/** The modules that break a server process, by name; each is loaded in front of it. */
export const brokenBuilds = [
  'send-before-intent',
  'resend-without-read-back',
  'draw-outside-transaction',
  'sdk-retries-on',
  'acknowledge-before-commit',
] as const
export type BrokenBuild = (typeof brokenBuilds)[number]

export const brokenModule = (name: BrokenBuild): string =>
  fileURLToPath(new URL(`./broken/${name}.ts`, import.meta.url))

/** `rota sandbox` in a process of its own: whatever happens to the server, its state and its ledger stay. */
export interface SandboxProcess {
  url: string
  /** Lines behind the one with this number. */
  ledger(after?: number): Promise<LedgerEntry[]>
  addFault(fault: Record<string, unknown>): Promise<void>
  /** Forgets everything, and knows this again. */
  restore(states: Record<string, unknown>): Promise<void>
  end(): Promise<void>
}

const page = 5_000
const Lines = z.array(z.custom<LedgerEntry>((line) => typeof line === 'object' && line !== null))

export async function startSandboxProcess(latency: string): Promise<SandboxProcess> {
  const child = spawn(
    process.execPath,
    ['cli/rota.ts', 'sandbox', '--port', '0', '--latency', latency, '--ledger', '2000000'],
    {
      cwd: house,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, ROTA_CRM: 'salesforce' },
    },
  )
  const url = await printed(child, /runs at (http:\/\/[\d.]+:\d+)/)
  const asked = (path: string, init?: RequestInit) => fetch(`${url}${path}`, init)
  return {
    url,
    async ledger(after = 0) {
      const lines: LedgerEntry[] = []
      for (let from = after; ; ) {
        const answer = await asked(`/ledger?after=${from}&limit=${page}`)
        const some = Lines.parse(await answer.json())
        lines.push(...some)
        from = some.at(-1)?.seq ?? from
        if (some.length < page) return lines
      }
    },
    async addFault(fault) {
      const answer = await asked('/faults', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fault),
      })
      if (answer.status !== 201) throw new Error(`the sandbox refuses the fault: ${await answer.text()}`)
    },
    async restore(states) {
      await asked('/reset', { method: 'POST' })
      for (const [vendor, state] of Object.entries(states)) {
        const answer = await asked(`/state/${vendor}`, { method: 'PUT', body: JSON.stringify(state) })
        if (answer.status !== 204)
          throw new Error(`the sandbox refuses the state of ${vendor}: ${await answer.text()}`)
      }
    },
    async end() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** The first thing a process prints that fits. */
function printed(child: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = ''
    child.stdout?.on('data', (part: Buffer) => {
      out += part
      const found = wanted.exec(out)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}: ${out}`)))
  })
}

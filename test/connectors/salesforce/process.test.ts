import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Setup, startSetup } from './setup.ts'

const child = fileURLToPath(new URL('./read-until-whole.ts', import.meta.url))

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

/** Runs a process that reads a lead again and again; gives what it printed and how it ended. */
async function readInProcess(): Promise<{ code: unknown; lines: string[] }> {
  const running = spawn(process.execPath, [child, `${setup.sandbox.url}/salesforce`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  running.stdout.on('data', (chunk) => {
    printed += String(chunk)
  })
  const [code] = await once(running, 'close')
  return { code, lines: printed.trim().split('\n') }
}

test('an answer that breaks off never takes the process down, at the login or later', async () => {
  setup.sandbox.faults.add({ vendor: 'salesforce', path: '/oauth2/token', kind: 'half-body' })
  setup.sandbox.faults.add({ vendor: 'salesforce', name: 'half-body', times: 3 })
  const { code, lines } = await readInProcess()
  expect(lines).toEqual(['unavailable', 'unavailable', 'unavailable', 'unavailable', 'read'])
  expect(code).toBe(0)
})

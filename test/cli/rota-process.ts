import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { patienceMs } from '../support/patience.ts'

const run = promisify(execFile)
const house = fileURLToPath(new URL('../..', import.meta.url))

export interface Said {
  stdout: string
  stderr: string
  code: number
}

/** `rota` as a process of its own, with these settings and no others. */
export function rota(settings: Readonly<Record<string, string>>, ...args: string[]): Promise<Said> {
  const env = { PATH: process.env.PATH, NO_COLOR: '1', ...settings }
  const options = { cwd: house, env, timeout: patienceMs, maxBuffer: 32 * 1024 * 1024 }
  return run(process.execPath, ['cli/rota.ts', ...args], options).then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    (error: Said) => ({ stdout: error.stdout, stderr: error.stderr, code: error.code }),
  )
}

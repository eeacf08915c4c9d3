import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./child.ts', import.meta.url))

export interface StoreProcess {
  /** What it printed, line by line. */
  lines: AsyncIterator<string>
  errors(): string
  /** kill -9, and wait until the system has cleaned up behind it. */
  kill(): Promise<void>
  exit: Promise<number | null>
}

/** Starts a process that has the store at `path` open, or tries to. */
export function startStoreProcess(task: 'hold' | 'insert' | 'charge', path: string): StoreProcess {
  const child: ChildProcess = spawn(process.execPath, [script, task, path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.stdout === null || child.stderr === null) throw new Error('the child has no output')
  let errors = ''
  child.stderr.on('data', (data) => {
    errors += data
  })
  const exit = once(child, 'exit').then(([code]): number | null => (typeof code === 'number' ? code : null))
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    errors: () => errors,
    exit,
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

import { advance } from './advance.ts'
import type { Engine } from './engine.ts'
import type { Lanes } from './lanes.ts'
import type { Task } from './task.ts'

/** Has held leads asked again when what they wait for may be there, and rows that wait for credentials. */
export interface Waker {
  /** All of them, or those of one account, in a moment: edits that follow each other closely wake them once. */
  wake(account: string | null): void
  isPending(): boolean
  stop(): void
}

interface WakerParts {
  engine: Engine
  lanes: Lanes
  tables: readonly string[]
  /** Called when waking may have been the last thing under way. */
  quiet(): void
}

/** A person who saves one document after the other is faster than this only by script. */
const gatherMs = 50

export function createWaker({ engine, lanes, tables, quiet }: WakerParts): Waker {
  const { store } = engine
  /** Accounts whose leads are to be woken; null is everybody's. */
  let wanted = new Set<string | null>()
  let timer: NodeJS.Timeout | null = null
  let waking = false

  async function wakeThem(accounts: ReadonlySet<string | null>): Promise<void> {
    if (accounts.has(null)) await store.wakeHeld({ tables })
    else
      await Promise.all(
        [...accounts].flatMap((account) => (account === null ? [] : store.wakeHeld({ tables, account }))),
      )
    await lanes.wakeNow()
    for (const task of lanes.tasks.values()) {
      if (accounts.has(null) && waitsForCredentials(task)) advance(engine, task)
      if (task.asked === null || !(accounts.has(null) || accounts.has(task.row.account))) continue
      task.asked = null
      advance(engine, task)
    }
  }

  async function fire(): Promise<void> {
    const accounts = wanted
    wanted = new Set()
    timer = null
    waking = true
    try {
      await wakeThem(accounts)
    } catch (error) {
      if (!engine.stopping)
        engine.log.error({ error }, 'held leads could not be woken; they go on when they are due')
    }
    waking = false
    if (wanted.size > 0) schedule()
    else quiet()
  }

  function schedule(): void {
    if (timer === null && !waking && !engine.stopping) timer = setTimeout(() => void fire(), gatherMs)
  }

  return {
    wake(account) {
      wanted.add(account)
      schedule()
    },
    isPending: () => timer !== null || waking,
    stop() {
      if (timer !== null) clearTimeout(timer)
      timer = null
    },
  }
}

const waitsForCredentials = ({ row }: Task): boolean =>
  Object.values(row.cells).some((cell) => cell.status === 'waiting' && cell.waiting?.on === 'credentials')

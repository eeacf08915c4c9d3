import { createClient, untilDone } from '../../cli/client.ts'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import { pools } from '../../examples/inbound-leads/team.ts'
import type { RowView } from '../../runtime/views.ts'
import { effectsOf, type LedgerEntry } from '../../sandbox/ledger.ts'

import { findProblems, type World } from '../end-to-end/oracle.ts'
import type { ServerProcess } from '../end-to-end/server-process.ts'

/** Every row, once all are at rest or the time is over; those that are not at rest then are stuck. */
export async function rowsAtRest(server: ServerProcess, withinMs: number): Promise<RowView[]> {
  return untilDone(createClient(server.url), 'inbound-leads', { done: ({ atRest }) => atRest, withinMs })
}

/** The world as it is when everything has come to rest: rows as the server shows them, draws from the file, effects from the stand-ins. */
export async function readWorld(parts: {
  path: string
  rows: readonly RowView[]
  acknowledged: readonly string[]
  ledger: readonly LedgerEntry[]
}): Promise<World> {
  const store = await openSqliteStore({ path: parts.path, now: Date.now })
  const draws = await store.draws({ limit: 1_000_000 })
  await store.close()
  const { rows, acknowledged, ledger } = parts
  return { acknowledged, rows, draws, pools, ledger }
}

/** Owner writes beyond the one that each record takes. */
export function extraWrites(ledger: readonly LedgerEntry[]): number {
  const written = ledger
    .flatMap(effectsOf)
    .flatMap((effect) => (effect.kind === 'owner-written' ? [effect.record] : []))
  return written.length - new Set(written).size
}

/**
 * Everything that is wrong. Beyond what the oracle finds: more extra owner writes than there were times when a request that writes owners
 * lost its answer (`lostWrites`: a collection counts once, however many records it has), a message of one send id twice.
 */
export function problemsOf(world: World, { lostWrites }: { lostWrites: number }): string[] {
  const extra = extraWrites(world.ledger)
  const problems = findProblems(world)
  if (extra > lostWrites)
    problems.push(`${extra} extra owner writes, and only ${lostWrites} lost answers to a write`)
  const sent = new Map<unknown, number>()
  for (const effect of world.ledger.flatMap(effectsOf)) {
    if (effect.kind === 'message-posted') sent.set(effect.sendId, (sent.get(effect.sendId) ?? 0) + 1)
  }
  for (const [sendId, count] of sent)
    if (count > 1) problems.push(`message ${sendId} was posted ${count} times`)
  return problems
}

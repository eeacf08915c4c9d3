import type { Claim, Counter, DecisionView, EarlierOwner, Owner } from '../../routing/decision.ts'
import { definePool, type PoolDefinition, type PoolOptions } from '../../routing/pool.ts'
import { Rep, type RepInput } from '../../routing/rep.ts'
import type { Territory } from '../../routing/territory.ts'

/** Monday noon in UTC. */
export const noon = Date.parse('2026-03-02T12:00:00Z')
export const hours = (count: number) => count * 3_600_000
export const days = (count: number) => count * 86_400_000

export const rep = (id: string, over: Partial<RepInput> = {}): Rep =>
  Rep.parse({ id, name: id.charAt(0).toUpperCase() + id.slice(1), email: `${id}@ours.example`, ...over })

/** On leave over the time of these tests. */
export const onLeave = { leave: [{ from: '2026-03-01', until: '2026-03-04' }] }
export const weekdays = (from: string, until: string): RepInput['hours'] => {
  const blocks = [{ from, until }]
  return { monday: blocks, tuesday: blocks, wednesday: blocks, thursday: blocks, friday: blocks }
}

export const pool = (
  name: string,
  members: readonly Rep[],
  over: Partial<PoolOptions> = {},
): PoolDefinition =>
  definePool(name, {
    strategy: 'standard',
    members: members.map((each) => ({ rep: each })),
    whenNobody: { queue: { name: 'Triage', ids: {} } },
    ...over,
  })

export const owner = (of: Rep): Owner => ({ rep: of.id, name: of.name, email: of.email, ids: of.ids })

/** Somebody who let the lead lie, or refused it. */
export const barred = (of: Rep): EarlierOwner => ({ ...owner(of), barred: true })

export const claimOf = (of: Rep, over: Partial<Claim> = {}): Claim => ({
  account: 'acme.com',
  scope: 'leads.owner',
  owner: owner(of),
  table: 'leads',
  column: 'owner',
  row: 'row_9',
  rule: 'rotation',
  method: 'round_robin',
  at: '2026-02-20T09:00:00.000Z',
  renewedAt: over.at ?? '2026-02-20T09:00:00.000Z',
  ...over,
})

export interface World {
  reps?: readonly Rep[]
  pools?: readonly PoolDefinition[]
  territories?: readonly Territory[]
  counters?: Record<string, Counter>
  /** Leads drawn today and open, by rep. */
  load?: Record<string, { drawn?: number; open?: number }>
}

/** A view over plain data, as the store builds one over its own. */
export function viewOf(world: World, over: Partial<DecisionView> = {}): DecisionView {
  const reps = new Map<string, Rep>()
  for (const each of [...(world.pools ?? []).flatMap((one) => one.reps), ...(world.reps ?? [])])
    reps.set(each.id, each)
  return {
    now: noon,
    account: 'acme.com',
    claim: null,
    row: 'row_1',
    column: 'owner',
    previous: [],
    heldSince: {},
    rep: (id) => reps.get(id) ?? null,
    repOf: ({ vendor, id, email }) =>
      [...reps.values()].find((each) => each.ids[vendor] === id) ??
      [...reps.values()].find((each) => each.email.toLowerCase() === email?.toLowerCase()) ??
      null,
    load: (id) => ({
      drawnSince: () => world.load?.[id]?.drawn ?? 0,
      open: () => world.load?.[id]?.open ?? 0,
    }),
    pool: (name) => world.pools?.find((each) => each.name === name) ?? null,
    counter: (of, stratum) =>
      world.counters?.[`${of.counter ?? of.name}${stratum === null ? '' : `#${stratum}`}`] ?? {
        balances: {},
        lastDrawn: {},
      },
    territory: (name) => world.territories?.find((each) => each.name === name) ?? null,
    ...over,
  }
}

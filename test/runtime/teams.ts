import { assignOwner } from '../../columns/assign-owner.ts'
import type { Json } from '../../columns/json.ts'
import { definePool, type PoolOptions } from '../../routing/pool.ts'
import type { RepInput } from '../../routing/rep.ts'
import type { RunningRuntime } from '../support/runtime.ts'

export const rep = (id: string, more: Partial<RepInput> = {}): RepInput => ({
  id,
  name: id.toUpperCase(),
  email: `${id}@r.example`,
  ...more,
})

/** A leave that begins an hour ago and ends so many milliseconds from now. */
export const awayFor = (ms: number) => ({
  leave: [
    {
      from: new Date(Date.now() - 3_600_000).toISOString(),
      until: new Date(Date.now() + ms).toISOString(),
    },
  ],
})

export const dayMs = 86_400_000

/** A pool `team` of these reps in equal turns. */
export const teamOf = (reps: readonly RepInput[], more: Partial<PoolOptions> = {}) =>
  definePool('team', {
    strategy: 'standard',
    members: reps.map((each) => ({ rep: each })),
    whenNobody: 'assign-anyway',
    ...more,
  })

/** An owner column that takes turns in `team`. */
export const owner = (team: ReturnType<typeof teamOf>, reps: readonly RepInput[] = []) =>
  assignOwner<{ name: string }, 'team'>({
    pools: [team],
    reps,
    rules: [{ name: 'rotation', decide: (_, by) => by.rotate('team') }],
    otherwise: { pool: 'team' },
  })

/** The value of an owner cell as an object; empty while there is none. */
export async function ownerOf(
  { runtime }: RunningRuntime,
  id: string,
  table = 'leads',
): Promise<{ [key: string]: Json }> {
  const value = (await runtime.row(table, id)).cells.owner?.value
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

export const cellOf = async ({ runtime }: RunningRuntime, id: string, column = 'owner') =>
  (await runtime.row('leads', id)).cells[column]

export const draws = ({ runtime }: RunningRuntime) => runtime.draws({ limit: 10_000 })

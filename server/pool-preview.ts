import type { z } from 'zod'
import type { PoolState } from '../routing/decision.ts'
import { exclusionOf } from '../routing/pool.ts'
import { chooseMember } from '../routing/rotation.ts'
import type { PoolPreviewAnswer } from './contract.ts'

const turns = 20

/** The next turns of a pool if nothing changed, from the balances it has now. Pure: nothing is drawn. */
export function previewPool({ pool, ...state }: PoolState, now: number): z.output<typeof PoolPreviewAnswer> {
  const nobodyIsThere = pool.members.every((member) => exclusionOf(member, now) !== null)
  const anyway = nobodyIsThere && pool.whenNobody === 'assign-anyway'
  const members = pool.members.map((member) => ({
    id: member.rep.id,
    weight: member.weight,
    excluded: anyway && member.active && member.weight > 0 ? null : exclusionOf(member, now),
  }))
  const nameOf = new Map(pool.members.map(({ rep }) => [rep.id, rep.name]))
  const draws: z.output<typeof PoolPreviewAnswer>['draws'] = []
  let { balances } = state
  const lastDrawn = { ...state.lastDrawn }
  let ordinal = Math.max(0, ...Object.values(lastDrawn))
  let nobody: string | null = null
  for (let turn = 1; turn <= turns; turn += 1) {
    const choice = chooseMember({ strategy: pool.strategy, members, balances, lastDrawn })
    if (choice.chosen === null) {
      nobody = choice.reason
      break
    }
    ordinal += 1
    lastDrawn[choice.chosen] = ordinal
    balances = choice.balances
    draws.push({
      turn,
      member: choice.chosen,
      name: nameOf.get(choice.chosen) ?? choice.chosen,
      reason: choice.reason,
      considered: choice.considered,
    })
  }
  return { pool: pool.name, draws, nobody, whenNobody: pool.whenNobody }
}

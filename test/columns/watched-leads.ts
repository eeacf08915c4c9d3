import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { type ServiceLevel, serviceLevel } from '../../columns/service-level.ts'
import { defineTable } from '../../columns/table.ts'
import type { Assignment } from '../../routing/decision.ts'
import { definePool } from '../../routing/pool.ts'
import type { ServiceLevelPolicyInput } from '../../routing/service-level/policy.ts'
import { createOutside, deliver } from '../support/outside.ts'
import type { RunningRuntime } from '../support/runtime.ts'

export const input = z.object({ name: z.string(), occurredAt: z.iso.datetime().optional() })
export const rep = (id: string) => ({ id, name: id.toUpperCase(), email: `${id}@r.example` })
/** Minutes, as a policy counts. */
export const seconds = (count: number) => count / 60

/** owner -> written, told -> clock -> reminder. The lead goes to the next one when nobody touches it. */
export function leads(over: Partial<ServiceLevelPolicyInput> = {}) {
  const [crm, chat] = [createOutside(), createOutside()]
  const team = definePool('team', {
    strategy: 'standard',
    members: [{ rep: rep('ana') }, { rep: rep('bo') }, { rep: rep('cy') }],
    whenNobody: 'assign-anyway',
  })
  const table = defineTable('leads', { input })
    .column(
      'owner',
      assignOwner({
        reads: ['name'],
        pools: [team],
        reps: [rep('dev')],
        rules: [{ name: 'rotation', decide: (_, by) => by.rotate('team') }],
        otherwise: { pool: 'team' },
      }),
    )
    .column('written', deliver(crm, { needs: ['owner'], confirms: ['owner'] }))
    .column('told', deliver(chat, { needs: ['owner'], reaches: 'people' }))
    .column(
      'clock',
      serviceLevel({
        owner: 'owner',
        milestones: { assigned: 'written', notified: 'told' },
        policy: {
          withinMinutes: seconds(0.5),
          reassign: { afterMinutes: seconds(0.4), maxHops: 1, finally: 'dev' },
          ...over,
        },
      }),
    )
    .column('reminder', deliver(chat, { needs: ['owner', 'clock'], reaches: 'people' }), {
      when: { clock: (value) => value?.state === 'reminded' },
    })
  return { table, crm, chat }
}

export const clockOf = async ({ runtime }: RunningRuntime, id: string) =>
  (await runtime.row('leads', id)).cells.clock?.value as ServiceLevel | null
/** Whom each effect was about, in order. */
export const ownersIn = (outside: ReturnType<typeof createOutside>) =>
  outside.taken.map(({ values }) => (values.owner as Assignment).rep)

import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { compute } from '../../columns/compute.ts'
import { serviceLevel } from '../../columns/service-level.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'

const rep = (id: string, name: string) => ({ id, name, email: `${id}@reps.example` })
const last = rep('last', 'Last Resort')

const desk = definePool('desk', {
  strategy: 'standard',
  members: [{ rep: rep('ana', 'Ana Ruiz') }, { rep: rep('bo', 'Bo Chen') }],
  whenNobody: { hold: 'until-opening', atMostHours: 48, otherwise: { person: last } },
})

/** An owner, what is told about it, and the clock of the first touch. */
export const calls = defineTable('calls', {
  input: z.object({ email: z.email(), review: z.boolean().optional() }),
  person: (call) => call.email,
  account: (call) => call.email.split('@')[1] ?? null,
})
  .column(
    'owner',
    assignOwner({
      reads: ['review'],
      pools: [desk],
      reps: [last],
      rules: [
        {
          name: 'a person looks',
          decide: ({ review }, by) =>
            review === true
              ? by.review('two accounts fit', { dwellHours: 4 })
              : by.no('nobody asked for a review'),
        },
        { name: 'desk', decide: (_, by) => by.rotate('desk') },
      ],
      otherwise: { pool: 'desk' },
    }),
  )
  .column('greeting', compute({ needs: ['owner'], run: ({ owner }) => `Hello from ${owner.name}` }))
  .column(
    'firstTouch',
    serviceLevel({
      owner: 'owner',
      policy: {
        withinMinutes: 30,
        reassign: { afterMinutes: 60, maxHops: 1, finally: 'last' },
      },
    }),
  )

let serial = 0
/** A call of a company of its own. */
export const call = (more: object = {}) => {
  serial += 1
  return { email: `p${serial}@call${serial}.example`, ...more }
}

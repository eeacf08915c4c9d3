import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { notify } from '../../columns/notify.ts'
import type { Connectors } from '../../columns/ports.ts'
import { defineTable } from '../../columns/table.ts'
import { accountKey } from '../../routing/company.ts'
import { dana, pools } from './team.ts'

const Lead = z.object({ company: z.string(), email: z.email() })

/**
 * A team with working hours, holidays, leave and caps: at night a lead goes to whoever is awake, on a weekend it is held until the first
 * rep opens, and the row says until when and why.
 */
export const tables = ({ messenger }: Pick<Connectors, 'messenger'>) => [
  defineTable('office-hours', {
    input: Lead,
    person: (lead) => lead.email.toLowerCase(),
    account: (lead) => accountKey(lead),
  })
    .column(
      'owner',
      assignOwner({
        reads: ['company'],
        pools,
        reps: [dana],
        rules: [{ name: 'europe first', decide: (_, by) => by.rotate('europe') }],
        otherwise: { person: dana },
      }),
    )
    .column(
      'handoff',
      notify({
        needs: ['owner', 'company'],
        via: messenger,
        message: ({ owner, company }) => ({
          to: owner.email === null ? { channel: 'leads' } : { email: owner.email },
          fallbackChannel: 'leads',
          title: `New lead: ${company}`,
          facts: [],
          reason: owner.reason,
        }),
      }),
    ),
]

/** Where the stand-in of the messenger puts what it cannot deliver to a person. */
export const sandboxState = () => ({ slack: { channels: [{ name: 'general' }, { name: 'leads' }] } })

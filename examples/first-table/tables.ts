import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import { findAccount } from '../../columns/find-account.ts'
import { notify } from '../../columns/notify.ts'
import type { Connectors } from '../../columns/ports.ts'
import { defineTable } from '../../columns/table.ts'
import { accountKey, companyDomain } from '../../routing/company.ts'
import { definePool } from '../../routing/pool.ts'

const Lead = z.object({ company: z.string(), email: z.email(), employees: z.number().optional() })
const anna = { id: 'anna', name: 'Anna Keller', email: 'anna.keller@rota.example' }
const ben = { id: 'ben', name: 'Ben Okafor', email: 'ben.okafor@rota.example' }
const members = [{ rep: anna, weight: 3 }, { rep: ben }]
const reps = definePool('reps', { strategy: 'weighted', members, whenNobody: { person: anna } })

// biome-ignore format: each column reads as one block
export const tables = ({ crm, messenger }: Connectors) => [
  defineTable('leads', { input: Lead, person: (lead) => lead.email, account: (lead) => accountKey(lead) })
    .column('account', findAccount({ reads: ['email'], crm, domain: (lead) => companyDomain(lead) }))
    .column('exit', branch({
      reads: ['employees'],
      exits: ['route', 'self-serve'],
      handle: { route: 'continue', 'self-serve': { ends: 'the free trial' } },
      decide: ({ employees }) => ((employees ?? 20) < 20 ? 'self-serve' : 'route'),
    }))
    .column('owner', assignOwner({
      reads: ['account'],
      pools: [reps],
      rules: [{ name: 'existing owner', decide: ({ account }, by) => by.owner(account, crm.vendor) }],
      otherwise: { pool: 'reps' },
    }), { when: { exit: 'route' } })
    .column('handoff', notify({
      needs: ['owner', 'company'],
      via: messenger,
      message: ({ owner, company }) => ({
        to: { email: owner.email ?? anna.email },
        title: `New lead: ${company}`,
        facts: [],
        reason: owner.reason,
      }),
    })),
]

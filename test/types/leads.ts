import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import type { Connectors } from '../../columns/ports.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'

/** What the type tests build on. It is compiled, never run. */
export declare const connectors: Connectors

export const Lead = z.object({
  email: z.string(),
  website: z.string().optional(),
  employees: z.number().nullable(),
  source: z.string().default('form'),
  tags: z.array(z.string()).nullish(),
})

export const leads = defineTable('leads', {
  input: Lead,
  person: (lead) => lead.email,
  account: (lead) => lead.website,
}).column('domain', compute({ reads: ['email', 'website'], run: (row) => row.website ?? row.email }))

export const emea = definePool('emea', { strategy: 'standard', members: [], whenNobody: 'assign-anyway' })
export const amer = definePool('amer', { strategy: 'weighted', members: [], whenNobody: { pool: 'emea' } })

export const Segment = z.object({
  region: z.enum(['EMEA', 'AMER', 'unknown']),
  segment: z.enum(['SMB', 'ENT', 'unknown']),
})

import { z } from 'zod'
import { orderAccounts } from '../routing/accounts.ts'
import { asSeen, buildColumn } from './build.ts'
import { type Column, type ColumnOptions, done, noResult } from './column.ts'
import type { Crm, CrmAccount } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const AccountShape: z.ZodType<CrmAccount> = z.object({
  id: z.string(),
  name: z.string(),
  domain: z.string(),
  relationship: z.enum(['customer', 'open-opportunity', 'prospect']),
  owner: z
    .object({
      id: z.string(),
      name: z.string(),
      email: z.string().nullable(),
      active: z.boolean(),
      kind: z.enum(['person', 'queue', 'integration']),
    })
    .nullable(),
  lastActivityAt: z.string().nullable(),
  createdAt: z.string(),
})

export interface FindAccountOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  crm: Crm
  domain: (row: NoInfer<Seen<Row, Reads, Needs>>) => string | null
}

/** The account the CRM already has for this company. Several are ordered by one tie-break, kept in the cell. */
export function findAccount<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: FindAccountOptions<Row, Reads, Needs>): Column<Row, CrmAccount> {
  return buildColumn<Row, CrmAccount>({
    ...options,
    kind: 'find-account',
    output: AccountShape,
    describe: { crm: options.crm.vendor },
    versionOf: [options.domain],
    work: {
      effect: 'read',
      async run(values, context) {
        const domain = options.domain(asSeen(values))
        if (domain === null || domain === '') return noResult('there is no company domain to look for')
        const { ordered, tieBreak } = orderAccounts(await options.crm.findAccounts(domain, context))
        const [first] = ordered
        if (first === undefined) return noResult(`${options.crm.vendor} has no account with domain ${domain}`)
        return done(first, { detail: { candidates: ordered.map((each) => ({ ...each })), tieBreak } })
      },
    },
  })
}

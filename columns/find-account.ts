import { z } from 'zod'
import { AccountMatch, type DomainPolicy } from '../routing/matching/account-match.ts'
import { defaultThresholds, type Thresholds } from '../routing/matching/match-accounts.ts'
import { hintsOf, lookThrough, stagesOf } from './account-look-ups.ts'
import { asSeen, buildColumn } from './build.ts'
import { type Column, type ColumnOptions, done, noResult } from './column.ts'
import { TableError } from './errors.ts'
import type { Crm, CrmAccount, CrmUser } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const CrmUserShape: z.ZodType<CrmUser> = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  active: z.boolean(),
  kind: z.enum(['person', 'queue', 'integration']),
})

/** An account of the CRM and why it is the lead's. While a person has to say which it is, `owner` is null. */
export interface FoundAccount extends CrmAccount {
  match: AccountMatch
}

export const AccountShape: z.ZodType<FoundAccount> = z.object({
  id: z.string(),
  name: z.string(),
  domain: z.string().nullable(),
  website: z.string().nullable(),
  aliases: z.array(z.string()),
  relationship: z.enum(['customer', 'open-opportunity', 'prospect']),
  owner: CrmUserShape.nullable(),
  parent: z
    .object({
      id: z.string(),
      name: z.string(),
      ownerId: z.string().nullable(),
      owner: CrmUserShape.nullable(),
    })
    .nullable(),
  mergedInto: z.string().nullable(),
  lastActivityAt: z.string().nullable(),
  createdAt: z.string(),
  match: AccountMatch,
})

/** What to match by: each of the functions that is given is a matcher. */
export interface FindAccountOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions,
    Partial<Thresholds> {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  crm: Crm
  /** The account's id in the CRM, where the lead comes with it. An account merged since then stands as the one it went into. */
  accountId?: (row: NoInfer<Seen<Row, Reads, Needs>>) => string | null
  /** The person's address: the account of the contact that has it. */
  email?: (row: NoInfer<Seen<Row, Reads, Needs>>) => string | null
  /** The company's domain; mailbox providers' domains never match. */
  domain?: (row: NoInfer<Seen<Row, Reads, Needs>>) => string | null
  /** The company's name, also when it is only similar: below `certainAt` a person decides. */
  name?: (row: NoInfer<Seen<Row, Reads, Needs>>) => string | null
  /** When accounts are matched by domain; `always` unless told otherwise. */
  domains?: DomainPolicy
  /** Registrable domains that several companies share, such as a franchise's or an agency's: never matched by. */
  sharedDomains?: readonly string[]
}

/**
 * The account the CRM already has for this company, by the surest of the given matchers: account id, contact, domain and further
 * domains, name, similar name. The cell keeps why, all that competed, and what a person has to decide.
 */
export function findAccount<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: FindAccountOptions<Row, Reads, Needs>): Column<Row, FoundAccount> {
  const { crm, accountId, email, domain, name } = options
  const policy = options.domains ?? 'always'
  const thresholds = checkedThresholds({
    certainAt: options.certainAt ?? defaultThresholds.certainAt,
    reviewAt: options.reviewAt ?? defaultThresholds.reviewAt,
  })
  const shared = options.sharedDomains ?? []
  if ([accountId, email, domain, name].every((each) => each === undefined)) {
    throw new TableError('definition-invalid', 'findAccount has nothing to find an account by', {
      wayOut: 'give it at least one of accountId, email, domain and name',
    })
  }
  return buildColumn<Row, FoundAccount>({
    ...options,
    kind: 'find-account',
    output: AccountShape,
    describe: { crm: crm.vendor, domains: policy, sharedDomains: [...shared], ...thresholds },
    versionOf: [accountId ?? null, email ?? null, domain ?? null, name ?? null],
    work: {
      effect: 'read',
      async run(values, context) {
        const row = asSeen<Seen<Row, Reads, Needs>>(values)
        const hints = hintsOf({
          accountId: accountId?.(row) ?? null,
          email: email?.(row) ?? null,
          domain: domain?.(row) ?? null,
          name: name?.(row) ?? null,
          shared,
        })
        const stages = stagesOf(hints, { crm, policy, context })
        if (stages.length === 0) return noResult('there is nothing to find an account by')
        const { result, asked } = await lookThrough(stages, { hints, thresholds, crm, context })
        const detail = { candidates: result.compared.map((each) => ({ ...each })), asked }
        const { account, match } = result
        if (account === null || match === null) {
          return noResult(`${crm.vendor} has no account for ${asked.join(', nor for ')}`, { detail })
        }
        const owner = result.state === 'review' ? null : account.owner
        return done(
          { ...account, owner, match },
          { reason: match.reason, detail: { ...detail, tieBreak: match.tieBreak } },
        )
      },
    },
  })
}

function checkedThresholds(given: Thresholds): Thresholds {
  const { certainAt, reviewAt } = given
  if (reviewAt > 0 && reviewAt <= certainAt && certainAt <= 1) return given
  throw new TableError(
    'definition-invalid',
    `findAccount asks a person from ${reviewAt} on and is certain from ${certainAt} on`,
    { value: given, wayOut: 'both lie above 0 and at most at 1, and reviewAt is not above certainAt' },
  )
}

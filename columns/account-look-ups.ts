import { companyDomain, companyName } from '../routing/company.ts'
import type { DomainPolicy } from '../routing/matching/account-match.ts'
import { type MatchResult, matchAccounts, type Thresholds } from '../routing/matching/match-accounts.ts'
import type { Found, Source } from '../routing/matching/score.ts'
import type { CellContext } from './column.ts'
import type { Crm, CrmAccount } from './ports.ts'

/** What one row gives to match by. */
export interface Hints {
  accountId: string | null
  email: string | null
  emailDomain: string | null
  domain: string | null
  name: string | null
}

interface Step {
  source: Source
  /** What is looked for, for the reason when nothing is found. */
  what: string
  look(): Promise<CrmAccount[]>
}

/** What of a row's values can be matched by: placeholders, mailbox providers and shared domains cannot. */
export function hintsOf(given: {
  accountId: string | null
  email: string | null
  domain: string | null
  name: string | null
  shared: readonly string[]
}): Hints {
  const usable = (text: string | null) => (text === null || text.trim() === '' ? null : text.trim())
  const ownDomain = (domain: string | null) =>
    domain === null || given.shared.includes(domain) ? null : domain
  return {
    accountId: usable(given.accountId),
    email: usable(given.email),
    emailDomain: ownDomain(companyDomain({ email: given.email })),
    domain: ownDomain(companyDomain({ website: given.domain })),
    name: companyName(given.name) === null ? null : usable(given.name),
  }
}

/** The look-ups in order; those of one stage are made together, and a later one only where the earlier ones leave it open. */
export function stagesOf(
  { accountId, email, domain, name }: Hints,
  { crm, policy, context }: { crm: Crm; policy: DomainPolicy; context: CellContext },
): Step[][] {
  const byId: Step[] =
    accountId === null
      ? []
      : [
          {
            source: 'account-id',
            what: `the id ${accountId}`,
            look: async () => [await crm.readAccount(accountId, context)].filter((each) => each !== null),
          },
        ]
  const byContact: Step[] =
    email === null
      ? []
      : [
          {
            source: 'contact',
            what: `a contact ${email}`,
            look: () => crm.findContactAccounts(email, context),
          },
        ]
  const byDomain: Step[] =
    domain === null || policy === 'never'
      ? []
      : [{ source: 'domain', what: `domain ${domain}`, look: () => crm.findAccounts(domain, context) }]
  const byName: Step[] =
    name === null
      ? []
      : [{ source: 'name', what: `the name "${name}"`, look: () => crm.findAccountsByName(name, context) }]
  const middle = policy === 'always' ? [[...byContact, ...byDomain]] : [byContact, byDomain]
  return [byId, ...middle, byName].filter((stage) => stage.length > 0)
}

/** Asks stage by stage until an account is certain. */
export async function lookThrough(
  stages: readonly Step[][],
  around: { hints: Hints; thresholds: Thresholds; crm: Crm; context: CellContext },
): Promise<{ result: MatchResult<CrmAccount>; asked: string[] }> {
  const found: Found<CrmAccount>[] = []
  const asked: string[] = []
  let result = matchAccounts(found, around.hints, around.thresholds)
  for (const stage of stages) {
    asked.push(...stage.map(({ what }) => what))
    const answers = await Promise.all(
      stage.map(async ({ source, look }) => ({ source, accounts: await look() })),
    )
    found.push(...answers.flatMap(({ source, accounts }) => accounts.map((account) => ({ source, account }))))
    await addSurvivors(found, around)
    result = matchAccounts(found, around.hints, around.thresholds)
    if (result.state === 'certain') break
  }
  return { result, asked }
}

/** Accounts that were merged into one that no look-up brought: that one goes on, so it is read. */
async function addSurvivors(
  found: Found<CrmAccount>[],
  { crm, context }: { crm: Crm; context: CellContext },
): Promise<void> {
  const known = new Set(found.map(({ account }) => account.id))
  for (const { source, account } of [...found]) {
    if (account.mergedInto === null || known.has(account.mergedInto)) continue
    const survivor = await crm.readAccount(account.mergedInto, context)
    if (survivor === null) continue
    known.add(account.mergedInto)
    found.push({ source, account: survivor })
  }
}

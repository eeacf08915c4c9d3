import type { CompanyFacts, MatchableAccount, MatchCandidate, Matcher } from './account-match.ts'

/** How the account was come by; what it is then recognised by is decided here. */
export type Source = 'account-id' | 'contact' | 'domain' | 'name'

export interface Found<Account extends MatchableAccount> {
  source: Source
  account: Account
}

/** An account with the evidence for it. */
export interface Scored<Account extends MatchableAccount>
  extends Omit<MatchCandidate, 'id' | 'name' | 'owner'> {
  account: Account
}

const scores: Readonly<Record<Exclude<Matcher, 'fuzzy-name'>, number>> = {
  'account-id': 1,
  contact: 0.99,
  domain: 0.98,
  'alias-domain': 0.96,
  name: 0.95,
}

/** The CRM's contact belongs to a company with another domain than the person writes from now: they may have moved. */
const movedContact = 0.8
/** A company of the same name at another domain is another company as often as not. */
const otherDomain = 0.15

/** The evidence for one account, from 0 to 1. `alike` compares a name with the lead's. */
export function scoreAccount<Account extends MatchableAccount>(
  { source, account }: Found<Account>,
  facts: CompanyFacts,
  alike: (name: string) => number,
): Scored<Account> {
  const says = (by: Matcher, score: number, why: string): Scored<Account> => ({
    account,
    by,
    score: Math.round(score * 100) / 100,
    why,
  })
  if (source === 'account-id') {
    // Salesforce ids come in 15 and in 18 characters, the shorter being the start of the longer.
    const itself = facts.accountId === null || account.id.startsWith(facts.accountId)
    const why = itself
      ? 'the lead names this account'
      : `the lead names ${facts.accountId}, which was merged into it`
    return says('account-id', scores['account-id'], why)
  }
  if (source === 'contact') return scoreContact(account, facts, says)
  if (source === 'domain') {
    return account.domain === facts.domain
      ? says('domain', scores.domain, `its domain is ${facts.domain}`)
      : says('alias-domain', scores['alias-domain'], `${facts.domain} is a further domain of it`)
  }
  return scoreName(account, { ...facts, similarity: alike(account.name) }, says)
}

type Says<Account extends MatchableAccount> = (by: Matcher, score: number, why: string) => Scored<Account>

function scoreContact<Account extends MatchableAccount>(
  account: Account,
  { emailDomain }: CompanyFacts,
  says: Says<Account>,
): Scored<Account> {
  return differs(account, emailDomain)
    ? says(
        'contact',
        movedContact,
        `a contact of it has this e-mail address, but ${emailDomain} is none of its domains: the person may have moved`,
      )
    : says('contact', scores.contact, 'a contact of it has this e-mail address')
}

function scoreName<Account extends MatchableAccount>(
  account: Account,
  { name, domain, similarity }: CompanyFacts & { similarity: number },
  says: Says<Account>,
): Scored<Account> {
  const elsewhere = differs(account, domain)
  const score = Math.max(0, scores.name * similarity - (elsewhere ? otherDomain : 0))
  const but = elsewhere ? `, but its domain is ${account.domain}, not ${domain}` : ''
  return similarity === 1
    ? says('name', score, `it has the same name${but}`)
    : says('fuzzy-name', score, `its name is ${Math.round(similarity * 100)} % like "${name}"${but}`)
}

/** Both domains are known, and none of the account's is this one. */
function differs(account: MatchableAccount, domain: string | null): boolean {
  return (
    domain !== null &&
    account.domain !== null &&
    account.domain !== domain &&
    !account.aliases.includes(domain)
  )
}

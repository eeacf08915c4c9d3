import { domainToASCII } from 'node:url'
import providers from 'email-providers/all.json' with { type: 'json' }
import { parse } from 'tldts'
import { foldedWords } from './segment/fold.ts'

/** Where a company can be recognised. Empty, missing and unusable values are all "not known". */
export interface CompanyHints {
  email?: string | null | undefined
  website?: string | null | undefined
  company?: string | null | undefined
}

/** Free, disposable and access-provider mailboxes that the `email-providers` list of about 8,700 lacks. */
const mailProviders = new Set([
  ...providers,
  ...'duck.com ymail.com tuta.com tutanota.de tuta.io pm.me mozmail.com privaterelay.appleid.com'.split(' '),
  ...'mailinator.net guerrillamail.info grr.la moakt.com mohmal.com temp-mail.io tempmail.com emailondeck.com'.split(
    ' ',
  ),
  ...'getnada.com inboxkitten.com burnermail.io tempmailo.com minutemail.com fakeinbox.com spam4.me'.split(
    ' ',
  ),
])

/** Sites on which a page belongs to somebody other than the owner of the domain: a profile there names no company. */
const sharedSites = new Set(
  [
    'linkedin.com facebook.com fb.com instagram.com twitter.com x.com t.me youtube.com youtu.be tiktok.com threads.net',
    'pinterest.com reddit.com medium.com substack.com github.com gitlab.com bitbucket.org crunchbase.com wellfound.com',
    'angel.co google.com goo.gl bit.ly linktr.ee carrd.co notion.so notion.site about.me calendly.com xing.com yelp.com',
    'wikipedia.org example.com example.org example.net',
  ]
    .join(' ')
    .split(' '),
)

/** Is this the domain of a free, disposable or access provider's mailbox, so that it says nothing about a company? */
export function isMailProvider(domain: string): boolean {
  if (mailProviders.has(domain)) return true
  const parsed = parse(domain)
  if (parsed.domain !== null && mailProviders.has(parsed.domain)) return true
  // National editions: yahoo.co.id and hotmail.no are not all on the list.
  return /^(yahoo|hotmail|outlook|live|gmail|googlemail|gmx|aol|icloud|yandex|protonmail)$/.test(
    parsed.domainWithoutSuffix ?? '',
  )
}

/**
 * The registrable domain of the company behind a lead, lower case and in ASCII (`xn--` for IDN), or null.
 * The e-mail goes first: somebody who changed company still pastes the old website. Mailbox providers, social profiles, IP
 * addresses and names without a public suffix are no company's domain.
 *
 * @example
 * companyDomain({ email: 'jo@gmail.com', website: 'https://www.Acme.co.uk./about' }) // 'acme.co.uk'
 */
export function companyDomain({ email, website }: Omit<CompanyHints, 'company'>): string | null {
  return domainOfText(email?.includes('@') ? email : null) ?? domainOfText(website)
}

/**
 * The key under which leads of one company share an owner: the company's domain; without one its normalised name as `name:…`; else null,
 * and the lead is its own company. Placeholders such as "n/a" or "self-employed" give null, so that strangers never share a key.
 *
 * @example
 * accountKey({ email: 'jo@gmail.com', company: 'Müller & Söhne GmbH' }) // 'name:muller and sohne'
 */
export function accountKey({ email, website, company }: CompanyHints): string | null {
  const domain = companyDomain({ email, website })
  if (domain !== null) return domain
  const name = companyName(company)
  return name === null ? null : `name:${name}`
}

/** The normalised name of a company; null for an empty one and for placeholders such as "n/a" or "self-employed". */
export function companyName(company: string | null | undefined): string | null {
  const name = normalizeCompanyName(company ?? '')
  return name === '' || placeholders.has(name) ? null : name
}

/**
 * A company name as a key: folded, punctuation gone, legal forms (Inc, GmbH & Co. KG, S.A. de C.V., 株式会社 …) taken off.
 * A name that is nothing but a legal form keeps it. Empty when the text has no letter or digit.
 */
export function normalizeCompanyName(name: string): string {
  const words = foldedWords(name)
  if (words[0] === 'the' && words.length > 1) words.shift()
  let start = 0
  let end = words.length
  while (end - start > 1 && legalForms.has(words[end - 1] ?? '')) end -= 1
  while (end - start > 1 && leadingLegalForms.has(words[start] ?? '')) start += 1
  const kept = words.slice(start, end).join(' ')
  return (
    kept.replace(
      /^(株式会社|有限会社|合同会社)|(株式会社|有限会社|合同会社|有限公司|有限责任公司|股份有限公司)$/g,
      '',
    ) || kept
  )
}

const legalForms = new Set(
  [
    'inc incorporated corp corporation co company llc llp lp ltd limited plc pllc pbc pty pte pvt private and',
    'gmbh mbh ag kg kgaa ug ohg gbr ev eg se haftungsbeschrankt sarl sas sasu sa scs snc eurl sca',
    'spa srl srls sl slu sau bv nv vof cv bvba as asa ab aps oy oyj ab hf ehf sro doo dd ood ead eood kft zrt nyrt',
    'ltda eireli rl de spzoo sp z oo uab sia ou kk gk yk kabushiki kaisha bhd sdn berhad tbk jsc ojsc cjsc llp fze fzco fzc dmcc',
    'ооо зао оао пао ао тов ltda wll as',
  ]
    .join(' ')
    .split(' '),
)

const leadingLegalForms = new Set(['ооо', 'зао', 'оао', 'пао', 'ао', 'тов', 'pt'])

const placeholders = new Set(
  [
    'na|n a|none|null|nil|undefined|unknown|other|test|testing|test company|tbd|tba|xxx|abc|asdf|no|no company|not applicable',
    'self|self employed|selfemployed|freelance|freelancer|individual|personal|private|independent|consultant|student',
    'company|my company|your company|retired|unemployed|home|me|keine|privat|particulier|autonomo',
  ]
    .join('|')
    .split('|'),
)

function domainOfText(text: string | null | undefined): string | null {
  for (const part of (text ?? '').normalize('NFKC').split(/[\s,;<>()"'|]+/)) {
    const domain = part === '' ? null : domainOfAddress(part)
    if (domain !== null) return domain
  }
  return null
}

function domainOfAddress(address: string): string | null {
  const authority = address.replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\/|^mailto:/i, '').split(/[/?#\\]/)[0] ?? ''
  const host = (authority.split('@').at(-1) ?? '').replace(/:\d*$/, '').replace(/\.+$/, '')
  const ascii = domainToASCII(host)
  const parsed = parse(ascii, { allowPrivateDomains: true })
  // RFC 2606 keeps .example for documentation; accepting it lets samples and tests have companies of their own.
  const listed = parsed.isIcann === true || parsed.isPrivate === true || parsed.publicSuffix === 'example'
  if (parsed.isIp === true || !listed) return null
  // A host that is itself a private suffix (blogspot.com) is its operator's, not nobody's.
  const domain = parsed.domain ?? parse(ascii).domain
  if (domain === null || sharedSites.has(domain) || isMailProvider(domain) || isMailProvider(ascii))
    return null
  return domain
}

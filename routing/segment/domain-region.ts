import { domainToASCII } from 'node:url'
import { parse } from 'tldts'
import { isMailProvider } from '../company.ts'
import { codeOf } from './countries.ts'

/** Country-code domains sold to the whole world as words or brands; registered there, a company may be anywhere. */
const genericTlds = new Set(
  'ac ad ag ai am as bz cc cd ci co cx dj fm gd gg gl gs im in-addr io is la li ly me mn ms mu nf nu pn pw sc sh so sr st su tc tf tk to tv vc vg vu ws xyz'.split(
    ' ',
  ),
)

/** Second levels that only the country's own institutions get, even under a generic ending: `edu.co`. */
const institutional = new Set(['ac', 'edu', 'gov', 'gob', 'gouv', 'go', 'govt', 'mil', 'sch', 'nic'])

const special: Record<string, string> = {
  uk: 'GB',
  gov: 'US',
  mil: 'US',
  'xn--p1ai': 'RU',
  'xn--fiqs8s': 'CN',
  'xn--fiqz9s': 'CN',
  'xn--3e0b707e': 'KR',
  'xn--j6w193g': 'HK',
  'xn--kprw13d': 'TW',
  'xn--kpry57d': 'TW',
  'xn--h2brj9c': 'IN',
  'xn--o3cw4h': 'TH',
  'xn--j1amh': 'UA',
  'xn--90ais': 'BY',
  'xn--90ae': 'BG',
  'xn--e1a4c': 'EU',
  'xn--qxam': 'GR',
  'xn--qxa6a': 'EU',
  'xn--mgbaam7a8h': 'AE',
  'xn--mgberp4a5d4ar': 'SA',
  'xn--wgbh1c': 'EG',
  'xn--4dbrk0ce': 'IL',
  'xn--y9a3aq': 'AM',
  'xn--node': 'GE',
  'xn--80ao21a': 'KZ',
  'xn--l1acc': 'MN',
  'xn--90a3ac': 'RS',
  'xn--d1alf': 'MK',
}

/**
 * The country a company domain's ending stands for: an ISO code, `EU` or `ASIA` for the two regional endings, or null where it
 * says nothing (.com, the generic country codes, mailbox providers).
 */
export function countryOfDomain(domain: string): string | null {
  const parsed = parse(domainToASCII(parse(domain).hostname ?? ''))
  const labels = parsed.publicSuffix?.split('.') ?? []
  const ending = labels.at(-1)
  if (parsed.domain === null || ending === undefined || parsed.isIcann !== true || isMailProvider(domain))
    return null
  if (genericTlds.has(ending) && !institutional.has(labels.at(-2) ?? '')) return null
  if (ending === 'eu' || ending === 'asia') return ending.toUpperCase()
  return special[ending] ?? (ending.length === 2 ? codeOf(ending) : null)
}

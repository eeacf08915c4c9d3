import countries from 'i18n-iso-countries'
import { foldedWords } from './fold.ts'

/** What people write for a country and no ISO list has. Several codes where the word fits several countries. */
const aliases: Record<string, string> = {
  US: 'usa|us|u s|u s a|united states|united states america|america|the states|us of a|estados unidos|eeuu|eua|estados unidos da america|amerika|vereinigte staaten|etats unis',
  GB: 'uk|gb|united kingdom|great britain|britain|england|scotland|wales|northern ireland|u k|inglaterra|angleterre|schottland|grossbritannien',
  NL: 'holland|the netherlands|netherlands|nederland|holanda',
  'KR KP': 'korea',
  KR: 'south korea|korea south|republic korea|korea republic|rok',
  KP: 'north korea|dprk',
  VN: 'vietnam|viet nam',
  RU: 'russia|russian federation',
  CZ: 'czech republic|czechia|cesko',
  CI: 'ivory coast|cote divoire',
  'CG CD': 'congo',
  CD: 'dr congo|drc|democratic republic congo|congo kinshasa',
  MM: 'burma|myanmar',
  MK: 'macedonia|north macedonia',
  SZ: 'swaziland',
  CV: 'cape verde',
  TL: 'east timor',
  AE: 'uae|emirates|united arab emirates',
  SA: 'ksa|saudi arabia|saudi',
  CN: 'prc|mainland china|china|peoples republic china',
  HK: 'hongkong|hong kong|hong kong sar|hk',
  MO: 'macau|macao',
  TW: 'taiwan|roc|chinese taipei',
  BO: 'bolivia',
  VE: 'venezuela',
  IR: 'iran',
  SY: 'syria',
  LA: 'laos',
  MD: 'moldova|moldavia',
  TZ: 'tanzania',
  BN: 'brunei',
  PS: 'palestine',
  VA: 'vatican',
  FM: 'micronesia',
  BA: 'bosnia|bosnia herzegovina',
  TT: 'trinidad|trinidad tobago',
  IE: 'eire|republic ireland|ireland',
  TR: 'turkey|turkiye',
  NZ: 'aotearoa|new zealand',
  DE: 'brd|federal republic germany|germany',
  AU: 'aus',
  PH: 'philippines|the philippines',
  FK: 'falkland islands|the falklands|falklands|islas malvinas',
  GM: 'gambia|the gambia',
  BS: 'bahamas|the bahamas',
}

let english: Map<string, Set<string>> | null = null
let everyLanguage: Map<string, Set<string>> | null = null

/** Languages whose country names are also looked for inside running text; the others only answer for a whole field. */
const proseLanguages = ['en', 'de', 'es', 'fr', 'pt', 'it', 'nl']

/**
 * The ISO alpha-2 codes a country field can mean: names in 78 languages, ISO codes of two and three letters, numeric codes,
 * nicknames and flags. Empty when it means none, several when it is ambiguous ("Congo").
 */
export function countryCodes(text: string): string[] {
  const flag = flagCode(text)
  if (flag !== null) return [flag]
  const key = countryKey(text)
  const code = codeOf(text.normalize('NFKC').trim())
  return [...(names().get(key) ?? (code === null ? null : [code]) ?? allNames().get(key) ?? [])]
}

/** As `countryCodes`, for words inside running text: names only, in the larger European languages. */
export function countryCodesInProse(words: string): string[] {
  return [...(names().get(words) ?? [])]
}

/** `🇫🇷` is FR. */
export function flagCode(text: string): string | null {
  const flag = /([\u{1F1E6}-\u{1F1FF}])([\u{1F1E6}-\u{1F1FF}])/u.exec(text)
  if (flag === null) return null
  const letters = [flag[1], flag[2]].map((sign) =>
    String.fromCharCode((sign?.codePointAt(0) ?? 0) - 0x1f1e6 + 65),
  )
  return known(letters.join(''))
}

/** An ISO 3166-1 code of any of the three kinds as alpha-2, or null. Codes may be in lower case. */
export function codeOf(text: string): string | null {
  const upper = text.toUpperCase()
  if (/^[A-Z]{2}$/.test(upper)) return known(upper)
  if (/^[A-Z]{3}$/.test(upper)) return countries.alpha3ToAlpha2(upper) ?? null
  return /^\d{3}$/.test(upper) ? (countries.numericToAlpha2(upper) ?? null) : null
}

function known(code: string): string | null {
  return countries.alpha2ToAlpha3(code) === undefined ? null : code
}

/** Small words and forms of state say nothing: "the Republic of Moldova" and "Moldova" are one. */
function countryKey(text: string): string {
  const words = foldedWords(text).filter((word) => word !== 'of' && word !== 'and')
  const key = words.join(' ')
  const short = key.replace(
    /^(the )?((federal |islamic |peoples )?(republic|kingdom|state|commonwealth|federation) )/,
    '',
  )
  return names().has(key) ? key : short
}

function names(): Map<string, Set<string>> {
  if (english !== null) return english
  english = namesIn(proseLanguages)
  for (const [codes, list] of Object.entries(aliases)) {
    for (const alias of list.split('|')) english.set(alias, new Set(codes.split(' ')))
  }
  return english
}

function allNames(): Map<string, Set<string>> {
  everyLanguage ??= namesIn(countries.getSupportedLanguages())
  return everyLanguage
}

function namesIn(languages: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const language of languages) {
    for (const [code, list] of Object.entries(countries.getNames(language, { select: 'all' }))) {
      for (const name of list) {
        const key = foldedWords(name)
          .filter((word) => word !== 'of' && word !== 'and')
          .join(' ')
        const codes = found.get(key) ?? new Set()
        // The first language to use a name decides, so that English "Niger" is not lost to another tongue.
        if (codes.size === 0 || language === 'en') codes.add(code)
        found.set(key, codes)
      }
    }
  }
  return found
}

import type { CompanySegment } from './segmentation.ts'

/** How many people a text says there are. `low` and `high` are whole or decimal numbers, `high` Infinity when open. */
export interface Headcount {
  low: number
  high: number
  /** The words it was read from. */
  text: string
}

/** SMB is under the first number of employees, Enterprise over the second, Mid-Market between them, both included. */
export const segmentBorders = { midMarketFrom: 200, midMarketTo: 1000 } as const

/**
 * The segment of a head-count. A bucket that touches two segments is `unknown`, unless the declared policy takes its lower end
 * (`floor`) or its upper end (`ceil`).
 */
export function segmentOfHeadcount(
  { low, high }: Pick<Headcount, 'low' | 'high'>,
  straddle: 'unknown' | 'floor' | 'ceil' = 'unknown',
): CompanySegment {
  const [lower, upper] = [segmentOf(low), segmentOf(high)]
  if (lower === upper || straddle === 'floor') return lower
  return straddle === 'ceil' ? upper : 'unknown'
}

function segmentOf(count: number): CompanySegment {
  if (count < segmentBorders.midMarketFrom) return 'SMB'
  return count > segmentBorders.midMarketTo ? 'Enterprise' : 'Mid-Market'
}

const digits = String.raw`(?:\d{1,3}(?:(?:,\d{2})*,\d{3}|(?:\.\d{3})+|(?:['’]\d{3})+|(?: \d{3})+)(?!\d)|\d+(?:[.,]\d+)?)`
const scale = String.raw`(?:\s?(?:k|tsd\.?|thousand|tausend|mille|mila|mil|million|mio\.?|m)(?![\p{L}]))?`
const numeral = `${digits}${scale}`
const dash = String.raw`\s?(?:-|‐|–|—|−|~|\.{2,3}|/|up to|to|bis zu|bis|until|through|hasta|à|a|and|und|y|et|or|oder|ou|o)\s?`
const below = String.raw`<=?|≤|less than|fewer than|under|below|up to|at most|max\.?|maximum|nearly|almost|nearing|weniger als|unter|bis zu|fast|moins de|jusqu'à|presque|menos de|hasta|casi`
const above = String.raw`>=?|≥|more than|over|above|at least|min\.?|minimum|mehr als|über|uber|mindestens|plus de|au moins|más de|mas de|al menos|mais de`
const belowAfter = String.raw`\s*\(?(?:(?:or|oder|ou|o|and|und|et|y)\s+(?:fewer|less|below|under|weniger|darunter|moins|menos)|max(?:imum|imal|\.)?(?![\p{L}]))\)?`
const quantity = new RegExp(
  String.raw`(?<![\p{L}\d.,/#$€£^+-])(?:(?<below>${below})\s*|(?<above>${above})\s*|(?:from|between|von|de|zwischen|entre)\s+)?\+?\s?` +
    String.raw`(?<low>${numeral})(?:\s?\++)?(?:${dash}(?<high>${numeral}))?(?:\s?\++)?(?:ish)?(?![\da-z/])(?<belowAfter>${belowAfter})?`,
  'giu',
)

const people = String.raw`employees?|people|persons?|staff|staffers|team[ -]?(?:members?|mates?)|teammates|folks|ftes?|full[ -]?time(?:rs)?|fulltime|members|colleagues|professionals|specialists|developers|engineers|workers|head\s?count|heads|talents?|experts|mitarbeiter\p{L}*|mitarbeitende\p{L}*|beschäftigte\p{L}*|leute|personen|employés?|salariés?|personnes|collaborateurs|empleados|personas|trabajadores|colaboradores|funcionários|pessoas|dipendenti|persone|medewerkers|pracowników|anställda|сотрудник\p{L}*|名|人|명`
const others = String.raw`(?:different |time ?zones?|timezones?|countries|country|nationalities|offices?|locations?|cities|states|languages|continents|clients?|customers|users|students?|note|years?|months?|teams?\b(?! ?members?)|contributors?|contractors?|regular contractors|freelanc\p{L}*|volunteers?|partners|associated|%|percent|usd|eur|\$|open|jobs|products?)`
const isPeople = new RegExp(
  String.raw`^[\s)\]]*(?:(?!(?:${others}))\p{L}[\p{L}’'/-]*\s){0,3}?(?:${people})(?!\p{L})`,
  'iu',
)
const isOthers = new RegExp(String.raw`^[\s)\]-]*${others}`, 'iu')
const isFounders = /^\s*(?:co-?)?(?:founders?|gründer|fondateurs?)\b/iu

interface Candidate extends Headcount {
  rank: number
}

/**
 * Reads a head-count from what people write: `1,000+`, `~150 (2019)`, `51-200`, `10k-50k`, `more than 200`, `1.000`, `2 founders and
 * 30 people`. `N+` is read as N: companies report the last round number they passed. `more than N` starts at N + 1, `less than N`
 * ends at N - 1, `N or fewer` at N. Two bare numbers of different segments are taken as a range. Null for text without a usable number; 0 and negative numbers are missing, not small.
 */
export function readHeadcount(value: string): Headcount | null {
  const text = prepare(value)
  if (/^-\s?\d+(?:[.,]\d+)?$/.test(text.trim())) return null
  const candidates = [...text.matchAll(quantity)].flatMap((found) => candidateOf(found, text) ?? [])
  const rank = Math.max(0, ...candidates.map((each) => each.rank))
  const [best, ...others] = rank === 0 ? [] : candidates.filter((each) => each.rank === rank)
  if (best === undefined) return null
  const { low, high } = best
  // Of two bare numbers nobody knows which one counts people: both do where they say the same.
  const differ =
    rank === bareNumber && others.filter((each) => segmentOfHeadcount(each) !== segmentOfHeadcount(best))
  if (differ === false || differ.length === 0) return { low, high, text: best.text }
  const all = [best, ...differ]
  return {
    low: Math.min(...all.map((each) => each.low)),
    high: Math.max(...all.map((each) => each.high)),
    text: all.map((each) => each.text).join(' and '),
  }
}

const months =
  'jan\\p{L}*|feb\\p{L}*|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug\\p{L}*|sep\\p{L}*|oct\\p{L}*|nov\\p{L}*|dec\\p{L}*'

/** Full-width digits become plain, links keep their words, dates and footnotes go. */
function prepare(value: string): string {
  return value
    .normalize('NFKC')
    .replace(/[\u00a0\u2007\u2009\u202f]/g, ' ')
    .replace(/\]\([^)]*\)|\]\[[^\]]*\]|\[\^[^\]]*\]:?|https?:\/\/\S+|<[^<>\d][^<>]*>/gi, ' ')
    .replace(/[[\]*|]/g, ' | ')
    .replace(
      /\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{1,2}\/(?:19|20)\d\d\b|\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b/g,
      ' ',
    )
    .replace(
      new RegExp(
        String.raw`(?:\b\d{1,2}\.? )?\b(?:${months})\b\.?(?: \d{1,2},)? ?(?:of )?(?:19|20)\d\d\b`,
        'giu',
      ),
      ' ',
    )
    .replace(
      /\b(?:as of|in|since|from|founded(?: in)?|early|mid|late|stand|seit|depuis|desde|summer|winter|spring|fall)[ ~:]+(?:19|20)\d\d\b(?!\s?[-–]\s?\d)/giu,
      ' ',
    )
    .replace(/\((?:19|20)\d\d\)/g, ' ')
    .replace(/\b(?:fortune|forbes|inc\.?|global|top)[ -]?\d[\d,]*\b/giu, ' ')
}

function candidateOf(found: RegExpExecArray, text: string): Candidate | null {
  const { low: lowText = '', high: highText, below, above: isAbove, belowAfter: after } = found.groups ?? {}
  const isBelow = below ?? (after === undefined ? undefined : '<=')
  const high = highText === undefined ? null : numberOf(highText)
  const low = numberOf(
    high !== null && scaleOf(lowText) === 1 ? inheritScale(lowText, highText ?? '') : lowText,
  )
  const words = found[0].trim()
  const range = rangeOf({ low, high, isBelow, isAbove })
  if (range === null) return null
  const rest = text.slice(found.index + found[0].length)
  return { ...range, text: words, rank: rankOf(words, rest) }
}

function rangeOf(read: {
  low: number
  high: number | null
  isBelow: string | undefined
  isAbove: string | undefined
}): Pick<Headcount, 'low' | 'high'> | null {
  const { low, high, isBelow, isAbove } = read
  if (high !== null) return high > 0 && low <= high ? { low, high } : null
  if (low <= 0) return null
  if (isBelow !== undefined) {
    const inclusive = /^(?:<=|≤|up to|at most|max|bis zu|jusqu|hasta)/i.test(isBelow)
    // "Nearly 200" is a count just under 200, not any number from 1 on.
    if (/^(?:nearly|almost|nearing|fast|presque|casi)/i.test(isBelow))
      return low > 1 ? { low: low - 1, high: low - 1 } : null
    return { low: 1, high: Math.max(1, inclusive ? low : low - 1) }
  }
  const strict =
    isAbove !== undefined && !/^(?:>=|≥|at least|min|mindestens|au moins|al menos)/i.test(isAbove)
  return strict ? { low: low + 1, high: low + 1 } : { low, high: low }
}

const bareNumber = 3

/** A number of employees beats a bare number, a bare number beats a year or the number of founders; the rest does not count. */
function rankOf(words: string, rest: string): number {
  if (isFounders.test(rest)) return 1
  if (isOthers.test(rest)) return 0
  if (isPeople.test(rest)) return 4
  return /^(?:19|20)\d\d$/.test(words) ? 2 : bareNumber
}

function scaleOf(text: string): number {
  if (/(?:k|tsd\.?|thousand|tausend|mille|mila|mil)$/i.test(text)) return 1000
  return /(?:m|million|mio\.?)$/i.test(text) ? 1_000_000 : 1
}

function numberOf(text: string): number {
  const plain = text
    .replace(/[^\d.,'’ ]/g, '')
    .replace(/[ '’]/g, '')
    .replace(/[.,]$/, '')
  const grouped = /^\d{1,3}(?:[.,]\d{2,3})*[.,]\d{3}$/.test(plain) && scaleOf(text) === 1
  const value = Number(grouped ? plain.replace(/[.,]/g, '') : plain.replace(',', '.'))
  return Number.isFinite(value) ? Math.round(value * scaleOf(text) * 100) / 100 : 0
}

/** In "10-50k" the k belongs to both. */
function inheritScale(low: string, high: string): string {
  return scaleOf(high) === 1000 && numberOf(low) < numberOf(high) / 1000 ? `${low}k` : low
}

import type { Told } from './request.ts'

/** What the stand-in concludes from the values of a prompt. The words are those of the written rule. */
export interface Conclusion {
  region: 'NA' | 'EMEA' | 'APAC' | 'LATAM' | 'unknown'
  segment: 'Enterprise' | 'Mid-Market' | 'SMB' | 'unknown'
  reason: string
  /** Names of the values it stands on, as the prompt has them. */
  decidingFields: string[]
}

/** Countries, a few well-known cities and country-code endings by region: as much geography as a demo needs. */
const geography: Record<Exclude<Conclusion['region'], 'unknown'>, string> = {
  NA: 'united states|usa|u.s.|us|america|canada|new york|san francisco|california|texas|boston|chicago|seattle|austin|denver|atlanta|toronto|montreal|vancouver|.us|.ca',
  EMEA: [
    'united kingdom|great britain|england|scotland|uk|gb|ireland|germany|deutschland|de|france|fr|spain|españa|es|portugal|italy|italia|it',
    'netherlands|holland|nl|belgium|luxembourg|switzerland|schweiz|ch|austria|österreich|at|poland|polska|czech republic|czechia|slovakia|hungary',
    'romania|bulgaria|greece|croatia|serbia|slovenia|ukraine|russia|estonia|latvia|lithuania|finland|sweden|se|norway|denmark|dk|iceland|turkey|türkiye',
    'israel|united arab emirates|uae|dubai|saudi arabia|qatar|egypt|morocco|nigeria|kenya|south africa|ghana|london|paris|berlin|munich|münchen|hamburg',
    'bavaria|amsterdam|madrid|barcelona|lisbon|milan|rome|zurich|zürich|vienna|stockholm|copenhagen|oslo|helsinki|warsaw|prague|dublin|tel aviv|lagos|nairobi',
    '.uk|.de|.fr|.es|.it|.nl|.be|.ch|.at|.se|.no|.dk|.fi|.pl|.cz|.ie|.pt|.za|.ae|.il|.tr|.eu',
  ].join('|'),
  APAC: [
    'japan|jp|china|cn|hong kong|taiwan|south korea|korea|india|singapore|sg|indonesia|malaysia|thailand|vietnam|philippines|australia|au|new zealand|nz',
    'pakistan|bangladesh|sri lanka|kazakhstan|tokyo|osaka|shanghai|beijing|seoul|mumbai|bangalore|bengaluru|delhi|sydney|melbourne|auckland|jakarta|manila',
    '.jp|.cn|.kr|.in|.sg|.au|.nz|.hk|.tw|.my|.th|.vn|.ph',
  ].join('|'),
  LATAM:
    'mexico|méxico|mx|brazil|brasil|br|argentina|chile|colombia|peru|perú|uruguay|ecuador|costa rica|panama|guatemala|dominican republic|são paulo|sao paulo|rio de janeiro|buenos aires|bogotá|bogota|santiago|lima|mexico city|.mx|.br|.ar|.cl|.pe|.uy',
}

/**
 * Applies the guide's rule to the values, as an obedient model would: country, then headquarters or description, then a country-code
 * domain; SMB under 200 employees, Mid-Market 200 to 1000, Enterprise over 1000; what the values do not tell is unknown.
 */
export function conclude(values: ReadonlyMap<string, Told>): Conclusion {
  const [region, place] = decideRegion(values)
  const [segment, size] = decideSegment(values)
  const regionReason =
    place === null ? 'no value names a country' : `${place.from} says ${quoted(place.value)}`
  const segmentReason = size === null ? noSize(values) : `${size.from} says ${quoted(size.value)}`
  const deciding = [region === 'unknown' ? null : place, segment === 'unknown' ? null : size]
  return {
    region,
    segment,
    reason: `Region ${region} because ${regionReason}, segment ${segment} because ${segmentReason}.`,
    decidingFields: [...new Set(deciding.flatMap((told) => (told === null ? [] : [told.from])))],
  }
}

function decideRegion(values: ReadonlyMap<string, Told>): [Conclusion['region'], Told | null] {
  for (const field of ['country', 'headquarters', 'location', 'address', 'description', 'domain']) {
    const told = values.get(field)
    const region = told === undefined ? null : regionIn(told.value, field)
    if (region !== null && told !== undefined) return [region, told]
  }
  return ['unknown', null]
}

/** A field for the count, else a sentence that counts people: years, customers and offices are no head-count. */
function decideSegment(values: ReadonlyMap<string, Told>): [Conclusion['segment'], Told | null] {
  const told = toldSize(values)
  if (told !== undefined && numbersIn(told.value).length > 0) return [segmentIn(told.value), told]
  const prose = values.get('description')
  const counted = prose === undefined ? null : peopleIn(prose.value)
  return prose === undefined || counted === null ? ['unknown', null] : [segmentIn(counted), prose]
}

function toldSize(values: ReadonlyMap<string, Told>): Told | undefined {
  const field = ['employees', 'headcount', 'size'].find((name) => values.get(name)?.value)
  return field === undefined ? undefined : values.get(field)
}

function noSize(values: ReadonlyMap<string, Told>): string {
  const told = toldSize(values)
  return told === undefined
    ? 'employees is empty'
    : `${told.from} says ${quoted(told.value)}, which is no number of people`
}

/** "40 people", "2,000 scientists", "two hundred employees", "85 Mitarbeiter", "a family business of 25". Of several the first. */
function peopleIn(text: string): string | null {
  return countBefore.exec(text)?.[1] ?? countBehind.exec(text)?.[1] ?? null
}

const people = [
  'people|employees|staff|colleagues|scientists|engineers|team members|members of staff|workers|specialists',
  'mitarbeiter|mitarbeitende|beschäftigte|angestellten?|leute|personen|salariés|employés|personnes|collaborateurs',
  'empleados|personas|trabajadores|colaboradores|pessoas|funcionários|dipendenti|medewerkers|anställda',
].join('|')
/** Digits, or English words. */
const simple =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety'
const large = 'hundred|thousand|dozen'
const number = `\\d[\\d,.]*k?|(?:a (?:${large})|${simple})(?:[ -](?:and|${simple}|${large}))*`
const countBefore = new RegExp(`(?<![\\p{L}\\d])(${number})\\s+(?:\\p{L}+\\s)?(?:${people})(?!\\p{L})`, 'iu')
const countBehind = new RegExp(`\\b(?:team|business|company|staff|firm) of (${number})(?!\\p{L})`, 'iu')

/** Mailbox providers: their ending is not the company's. */
const mailboxes =
  /^(?:www\.)?(?:gmail|googlemail|yahoo|hotmail|outlook|live|icloud|aol|gmx|web|qq|163|126|mail|proton(?:mail)?)\./

/** The region of all the places that a text names; null when it names none, or places of several regions. */
function regionIn(value: string, field: string): Exclude<Conclusion['region'], 'unknown'> | null {
  const text = ` ${value.toLowerCase().replace(/[,;:()/|]|(?<!\b\w)\.(?=\s|$)/g, ' ')} `.replace(/\s+/g, ' ')
  if (field === 'domain' && mailboxes.test(text.trim())) return null
  const found = (['NA', 'EMEA', 'APAC', 'LATAM'] as const).filter((region) =>
    geography[region].split('|').some((name) => {
      // Codes of two letters are words in running text, and endings belong to domains.
      if (name.startsWith('.') !== (field === 'domain') || (name.length === 2 && field !== 'country'))
        return false
      return text.includes(field === 'domain' ? `${name} ` : ` ${name} `)
    }),
  )
  const [region, ...others] = found
  return region === undefined || others.length > 0 ? null : region
}

function segmentIn(text: string): Conclusion['segment'] {
  const counts = numbersIn(text)
  const segments = new Set(counts.filter((count) => count > 0).map(segmentOf))
  const [segment] = segments
  return segments.size === 1 && segment !== undefined ? segment : 'unknown'
}

function segmentOf(count: number): Conclusion['segment'] {
  if (count < 200) return 'SMB'
  return count > 1000 ? 'Enterprise' : 'Mid-Market'
}

const words: Record<string, number> = Object.fromEntries([
  ...'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'
    .split(' ')
    .map((word, value) => [word, value]),
  ...'twenty thirty forty fifty sixty seventy eighty ninety'
    .split(' ')
    .map((word, index) => [word, (index + 2) * 10]),
  ['a', 1],
  ['dozen', 12],
])

/** The first number, or both ends of a range, in digits or English words: "51-200", "about two hundred", "1.5k". */
function numbersIn(text: string): number[] {
  const plain = text
    .toLowerCase()
    .replace(/\((?:19|20)\d\d\)/g, '')
    .replace(/^\s*-\s*\d+/, '')
    .replace(/(\d)[,.](?=\d{3}(?!\d))/g, '$1')
  const digits = /(\d+(?:\.\d+)?)\s?(k\b)?(?:\s?(?:-|–|to)\s?(\d+(?:\.\d+)?)\s?(k\b)?)?/.exec(plain)
  if (digits !== null) {
    const [, low = '', lowScale, high, highScale] = digits
    const ends = [Number(low) * (lowScale === undefined ? 1 : 1000)]
    if (high !== undefined) ends.push(Number(high) * (highScale === undefined ? 1 : 1000))
    return ends
  }
  const spoken = spokenNumber(plain.split(/[^a-z]+/))
  return spoken === null ? [] : [spoken]
}

function spokenNumber(text: readonly string[]): number | null {
  let total = 0
  let part: number | null = null
  for (const word of text) {
    const value = words[word]
    if (word === 'hundred') part = (part ?? 1) * 100
    else if (word === 'thousand') {
      total += (part ?? 1) * 1000
      part = 0
    } else if (word === 'dozen') part = (part ?? 1) * 12
    else if (value !== undefined) part = (word === 'a' ? 0 : (part ?? 0)) + value
    else if (part !== null && word !== 'and') {
      if (part + total > 1) break
      part = null
    }
  }
  return part === null || part + total <= 1 ? null : total + part
}

function quoted(text = ''): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text)
}

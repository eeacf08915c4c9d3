import { codeOf, countryCodesInProse, flagCode } from './countries.ts'
import { foldedWords } from './fold.ts'
import { type Place, places, subdivisionCodes } from './places.ts'
import type { SalesRegion } from './segmentation.ts'

export type RegionOfCountry = (code: string) => SalesRegion

/** One name as it stands in the text. */
export interface Mention extends Place {
  start: number
  end: number
}

/** Named in lists of cities, where a country would qualify the city before it. */
const cityStates = new Set(['SG', 'HK', 'MC', 'GI', 'LU', 'MO', 'VA'])

interface Word {
  text: string
  key: string
  start: number
  end: number
}

/** Every place name, postal code and flag of a text, in order; neighbours are not yet joined. */
export function findMentions(text: string, regionOfCountry: RegionOfCountry): Mention[] {
  const mentions = findPostalCodes(text)
  const words = wordsOf(text)
  const cased = /\p{Lu}/u.test(text)
  for (let at = 0; at < words.length; ) {
    const [place, length] = placeAt(words, at, { text, cased, regionOfCountry })
    const [first, last] = [words[at], words[at + length - 1]]
    if (place !== null && first !== undefined && last !== undefined) {
      mentions.push({ ...place, start: first.start, end: last.end })
    }
    at += length
  }
  for (const flag of text.matchAll(/[\u{1F1E6}-\u{1F1FF}]{2}/gu)) {
    const code = flagCode(flag[0])
    const span = { start: flag.index, end: flag.index + flag[0].length }
    if (code !== null) mentions.push({ level: 'country', regions: [regionOfCountry(code)], ...span })
  }
  return mentions.sort((left, right) => left.start - right.start)
}

/** British, Canadian and Brazilian postal codes are unmistakable; five digits are not. */
function findPostalCodes(text: string): Mention[] {
  const kinds = [
    { pattern: /\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b/g, region: 'EMEA' },
    { pattern: /\b[A-CEGHJ-NPR-TVXY]\d[A-Z] \d[A-Z]\d\b/g, region: 'NA' },
    { pattern: /\b\d{5}-\d{3}\b/g, region: 'LATAM' },
  ] as const
  return kinds.flatMap(({ pattern, region }) =>
    [...text.matchAll(pattern)].map((found): Mention => {
      return {
        level: 'subdivision',
        regions: [region],
        start: found.index,
        end: found.index + found[0].length,
      }
    }),
  )
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(/\p{L}(?:[\p{L}\p{M}'’]|\.(?=\p{L}\.?))*/gu)].map((found) => ({
    text: found[0],
    key: foldedWords(found[0]).join(' '),
    start: found.index,
    end: found.index + found[0].length,
  }))
}

interface Reading {
  text: string
  /** Is any letter upper case, so that lower case means "not a name"? */
  cased: boolean
  regionOfCountry: RegionOfCountry
}

/** The longest place that starts at a word, and how many words to go on by. */
function placeAt(words: readonly Word[], at: number, reading: Reading): [Place | null, number] {
  const first = words[at]
  if (first === undefined || (reading.cased && !/^\p{Lu}|^\p{Lo}/u.test(first.text))) return [null, 1]
  for (let length = Math.min(4, words.length - at); length >= 1; length -= 1) {
    const span = words.slice(at, at + length)
    const last = span.at(-1)
    if (last === undefined || !areNeighbours(span, reading.text)) continue
    const key = span.map((word) => word.key).join(' ')
    const place = length === 1 ? singleWord(first, reading) : named(key, reading)
    if (place !== null && !isStreet(reading.text.slice(last.end))) return [place, length]
  }
  return [null, 1]
}

function areNeighbours(span: readonly Word[], text: string): boolean {
  return span.slice(1).every((word, index) => /^[\s.-]{1,2}$/.test(text.slice(span[index]?.end, word.start)))
}

function isStreet(rest: string): boolean {
  return /^\s(?:street|st|road|rd|avenue|ave|blvd|boulevard|lane|ln|drive|dr|way|square|parkway|pkwy|highway|tower)\b/i.test(
    rest,
  )
}

function named(key: string, { regionOfCountry }: Reading): Place | null {
  const place = places.get(key)
  if (place !== undefined) return place
  const codes = countryCodesInProse(key.replace(/^the | of(?= )| and(?= )/g, ''))
  if (codes.length === 0) return null
  const level = codes.some((code) => cityStates.has(code)) ? 'city' : 'country'
  return { level, regions: [...new Set(codes.map(regionOfCountry))] }
}

function singleWord(word: Word, reading: Reading): Place | null {
  const { text, cased, regionOfCountry } = reading
  const upper = word.text.replaceAll('.', '').toUpperCase()
  const code = subdivisionCodes.get(upper)
  const qualifies = /[,(–/-]\s*$/.test(text.slice(0, word.start)) && !/^\d/.test(text.slice(word.end))
  const beforeZip = /^,?\s+\d{5}\b/.test(text.slice(word.end))
  // "austin, tx" ends in a state, "remote, no office" in no country.
  const ends = /^\s*(?:[,;)\]]|\d{5}|$)/.test(text.slice(word.end))
  const shouted = cased ? word.text === word.text.toUpperCase() || beforeZip : ends
  if (upper.length <= 3 && shouted && code !== undefined && (qualifies || beforeZip)) {
    const iso = codeOf(upper)
    const country = iso === null || beforeZip ? code : regionOfCountry(iso)
    // Written like an American address, so the state comes first; a known city before it may say otherwise ("Frankfurt, DE").
    return { level: 'subdivision', regions: [...new Set([code, country])], assume: code }
  }
  // "us" and "la" are words unless they are written as names.
  if (upper.length <= 3 && !(shouted && cased) && !qualifies) return null
  const place = named(word.key, reading)
  if (place !== null) return upper.length <= 3 && !shouted && !qualifies ? null : place
  const iso = qualifies && shouted && upper.length <= 3 ? codeOf(upper) : null
  return iso === null ? null : { level: 'country', regions: [regionOfCountry(iso)] }
}

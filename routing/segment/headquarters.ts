import { countryCodes } from './countries.ts'
import { foldedWords } from './fold.ts'
import { findMentions, type Mention, type RegionOfCountry } from './mentions.ts'
import { places, subdivisionCodes } from './places.ts'
import type { SalesRegion } from './segmentation.ts'

/** One place found in running text, "Cincinnati, OH" being a single one. */
export interface Location {
  name: string
  /** Several when the name alone leaves it open ("Cambridge", "Georgia"). */
  regions: readonly SalesRegion[]
  start: number
  end: number
}

const generality = { city: 1, subdivision: 2, country: 3, region: 4 }

/**
 * The place of the headquarters in what people write about their offices: the one marked as headquarters, else the only one, else
 * the first of several. Null when there is none, when the names are ambiguous, or when a list without a marked headquarters
 * spans three or more regions.
 */
export function findHeadquarters(
  text: string,
  regionOfCountry: RegionOfCountry,
): { region: SalesRegion; name: string } | null {
  const whole = wholeCountry(text, regionOfCountry)
  if (whole !== null) return { region: whole, name: text }
  const locations = findLocations(text, regionOfCountry)
  const settled = locations.filter((location) => location.regions.length === 1)
  const marked = markedHeadquarters(text, locations)
  if (marked === null && new Set(settled.flatMap(({ regions }) => regions)).size > 2) return null
  const chosen = marked ?? settled[0]
  const [region, ...others] = chosen?.regions ?? []
  if (chosen === undefined || region === undefined || region === 'unknown' || others.length > 0) return null
  return { region, name: chosen.name }
}

/** The whole text as a country ("us", "日本"), unless it can also be read as a city or a state. */
function wholeCountry(text: string, regionOfCountry: RegionOfCountry): SalesRegion | null {
  if (text.length > 60 || places.has(foldedWords(text).join(' ')) || subdivisionCodes.has(text.toUpperCase()))
    return null
  const [region, ...others] = new Set(countryCodes(text).map(regionOfCountry))
  return region === undefined || region === 'unknown' || others.length > 0 ? null : region
}

/** Every place named in a text, in order. */
export function findLocations(text: string, regionOfCountry: RegionOfCountry): Location[] {
  const plain = text.replace(/https?:\/\/[^\s)\]]+/g, (link) => ' '.repeat(link.length))
  const locations: Location[] = []
  let group: Mention[] = []
  const close = () => {
    const [first, last] = [group[0], group.at(-1)]
    if (first === undefined || last === undefined) return
    locations.push({
      name: plain.slice(first.start, last.end).replace(/\s+/g, ' '),
      regions: regionsOf(group),
      start: first.start,
      end: last.end,
    })
  }
  for (const mention of findMentions(plain, regionOfCountry)) {
    const last = group.at(-1)
    if (last?.level === 'country' && repeats(mention, last, plain)) continue
    const joins =
      last !== undefined &&
      generality[mention.level] > generality[last.level] &&
      /^[\s,()[\]/.–-]*(?:[A-Z]{2},?\s)?[\s\d,]*$/.test(plain.slice(last.end, mention.start))
    if (!joins) {
      close()
      group = []
    }
    group.push(mention)
  }
  close()
  return locations
}

/** "Germany (DE)" is not Germany and Delaware. */
function repeats(mention: Mention, last: Mention, text: string): boolean {
  const between = text.slice(last.end, mention.start)
  return (
    mention.assume !== undefined &&
    /^\s*\(\s*$/.test(between) &&
    mention.regions.some((each) => last.regions.includes(each))
  )
}

/** The most general mention decides; where it is ambiguous, the ones before it narrow it down. */
function regionsOf(group: readonly Mention[]): readonly SalesRegion[] {
  let regions = group.at(-1)?.regions ?? []
  for (const mention of group.slice(0, -1).reverse()) {
    if (regions.length === 1) break
    const common = regions.filter((region) => mention.regions.includes(region))
    if (common.length > 0) regions = common
  }
  const assumed = group.at(-1)?.assume
  return regions.length > 1 && assumed !== undefined ? [assumed] : regions
}

const marker =
  /\b(?:head\s?quarter(?:s|ed|d)?|head\s?quat?ters|headquaters|hq|(?:main|head|corporate) office|based in|hauptsitz|si[eè]ge|sede)\b/giu

function markedHeadquarters(text: string, locations: readonly Location[]): Location | null {
  for (const found of text.matchAll(marker)) {
    const before = locations.findLast((location) => location.end <= found.index)
    const after = locations.find((location) => location.start >= found.index)
    const gap = before === undefined ? null : text.slice(before.end, found.index)
    const introduces = /^(?::|\s+(?:in|at|is|are|en|à)\s)/i.test(text.slice(found.index + found[0].length))
    // "Leesburg, USA (Headquarters)", "San Antonio, TX (global HQ)", "Chicago - Headquarters", "our Chicago headquarters"
    const follows = gap !== null && /^[\s,]*(?:[(–-]\s*(?:\p{L}+\s){0,2}|)$/u.test(gap)
    const chosen = follows && !introduces ? before : after
    if (chosen !== undefined) return chosen
  }
  return null
}

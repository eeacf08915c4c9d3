import { countryCodes } from './countries.ts'
import { countryOfDomain } from './domain-region.ts'
import { readHeadcount, segmentOfHeadcount } from './headcount.ts'
import { findHeadquarters, findLocations } from './headquarters.ts'
import { present } from './missing.ts'
import { regionByCountry, regionTableOf } from './regions.ts'
import type { CompanySegment, SalesRegion, Segmentation } from './segmentation.ts'

/** What is known of a company, as forms and enrichment write it. Blank, "N/A" and the like count as missing. */
export interface SegmentFacts {
  country?: string | null | undefined
  headquarters?: string | null | undefined
  domain?: string | null | undefined
  employees?: string | number | null | undefined
}

export interface SegmentPolicy {
  /** What a bucket such as 51-200, which touches two segments, becomes. */
  straddle?: 'unknown' | 'floor' | 'ceil'
  /** Regions by ISO alpha-2 code, in capitals, laid over the built-in table. */
  regions?: Readonly<Record<string, SalesRegion>>
  /** Your name for the version of `regions`; their entries are named where it is absent. */
  regionTable?: string
}

/** A segmentation with the names of the fields that decided it, null for what stayed unknown, and of the table of regions. */
export interface SegmentDecision extends Segmentation {
  decidedBy: {
    region: string | null
    segment: string | null
    regionTable: string
    /** The two halves of the reason: `EMEA from country "Deutschland"`. */
    because: { region: string; segment: string }
  }
}

interface Finding<Value> {
  value: Value
  field: string | null
  why: string
}

/**
 * Region and segment by the written rule, without a model: the country, else the headquarters, else a true country-code domain names the
 * region; the head-count names the segment. What the fields do not tell is `unknown`, never guessed.
 *
 * @example
 * segmentByRule({ country: 'Deutschland', employees: '1,001-5,000' }) // { region: 'EMEA', segment: 'Enterprise', … }
 */
export function segmentByRule(facts: SegmentFacts, policy: SegmentPolicy = {}): SegmentDecision {
  const region = decideRegion(facts, policy)
  const segment = decideSegment(facts, policy)
  const because = { region: `${region.value} ${region.why}`, segment: `${segment.value} ${segment.why}` }
  return {
    region: region.value,
    segment: segment.value,
    reason: `Region ${because.region}; segment ${because.segment}.`,
    decidedBy: { region: region.field, segment: segment.field, regionTable: regionTableOf(policy), because },
  }
}

function decideRegion(facts: SegmentFacts, policy: SegmentPolicy): Finding<SalesRegion> {
  const regionOf = (code: string) => policy.regions?.[code] ?? regionByCountry.get(code) ?? 'unknown'
  const country = limited(facts.country)
  const headquarters = limited(facts.headquarters)
  const domain = limited(facts.domain)
  if (country !== null) {
    const region = regionOfCountryField(country, regionOf)
    if (region !== null) return { value: region, field: 'country', why: `from country ${quote(country)}` }
  }
  const place = headquarters === null ? null : findHeadquarters(headquarters, regionOf)
  if (place !== null) {
    return { value: place.region, field: 'headquarters', why: `from headquarters ${quote(place.name)}` }
  }
  const ending = domain === null ? null : countryOfDomain(domain)
  const region = ending === null ? 'unknown' : regionOfEnding(ending, regionOf)
  if (region !== 'unknown')
    return { value: region, field: 'domain', why: `from the ending of domain ${quote(domain)}` }
  const seen = [
    ['country', country] as const,
    ['headquarters', headquarters] as const,
    ['domain', domain] as const,
  ]
  const given = seen.filter(([, value]) => value !== null).map(([field, value]) => `${field} ${quote(value)}`)
  const why =
    given.length === 0
      ? 'as no country, headquarters or domain is given'
      : `as ${given.join(' and ')} does not settle it`
  return { value: 'unknown', field: null, why }
}

/** A country field may hold more than a country ("Berlin, Germany"); it decides only when all it names lies in one region. */
function regionOfCountryField(text: string, regionOf: (code: string) => SalesRegion): SalesRegion | null {
  const codes = countryCodes(text)
  const regions = new Set(
    codes.length > 0 ? codes.map(regionOf) : findLocations(text, regionOf).flatMap((each) => each.regions),
  )
  const [region, ...others] = regions
  return region === undefined || region === 'unknown' || others.length > 0 ? null : region
}

function regionOfEnding(ending: string, regionOf: (code: string) => SalesRegion): SalesRegion {
  if (ending === 'EU') return 'EMEA'
  return ending === 'ASIA' ? 'APAC' : regionOf(ending)
}

function decideSegment(facts: SegmentFacts, policy: SegmentPolicy): Finding<CompanySegment> {
  const employees = limited(facts.employees)
  if (employees === null) return { value: 'unknown', field: null, why: 'as no employee count is given' }
  const count = readHeadcount(employees)
  if (count === null)
    return { value: 'unknown', field: null, why: `as employees ${quote(employees)} holds no usable count` }
  const segment = segmentOfHeadcount(count, policy.straddle)
  if (segment !== 'unknown')
    return { value: segment, field: 'employees', why: `from employees ${quote(count.text)}` }
  return {
    value: 'unknown',
    field: null,
    why: `as employees ${quote(count.text)} touches more than one segment`,
  }
}

/** A form may hold a novel; the places and counts that matter come early. */
function limited(value: string | number | null | undefined): string | null {
  return present(value)?.slice(0, 2000) ?? null
}

function quote(value: string | null): string {
  const plain = (value ?? '').replace(/\s+/g, ' ')
  return JSON.stringify(plain.length > 80 ? `${plain.slice(0, 79)}…` : plain)
}

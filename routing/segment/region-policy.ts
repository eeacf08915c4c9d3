import { codeOf, countryCodes } from './countries.ts'
import { regionByCountry } from './regions.ts'
import type { SegmentPolicy } from './segment-by-rule.ts'
import type { SalesRegion } from './segmentation.ts'

/**
 * A company's own regions, laid over the built-in table, under a name that every decision then carries. Keys are ISO alpha-2 codes:
 * an entry under any other key would be ignored in silence, so it is refused here.
 *
 * @throws {RangeError} for a key that is no country of the table, with the code that was probably meant.
 * @example
 * segmentByRule({ country: 'Puerto Rico' }, defineRegions('acme-3', { PR: 'NA' })) // { region: 'NA', … }
 */
export function defineRegions(
  name: string,
  regions: Readonly<Record<string, SalesRegion>>,
): Required<Pick<SegmentPolicy, 'regions' | 'regionTable'>> {
  if (name.trim() === '')
    throw new RangeError('a table of regions needs a name, so that decisions can say it')
  const wrong = Object.keys(regions).find((code) => !regionByCountry.has(code))
  if (wrong === undefined) return { regions, regionTable: name }
  const meant = codeOf(wrong) ?? countryCodes(wrong)[0]
  const hint = meant === undefined ? 'use ISO 3166-1 codes of two capital letters' : `write ${meant}`
  throw new RangeError(`regions of "${name}": "${wrong}" is no code of a country: ${hint}`)
}

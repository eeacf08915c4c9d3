import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { places, subdivisionCodes } from '../../../routing/segment/places.ts'
import { defineRegions } from '../../../routing/segment/region-policy.ts'
import { regionByCountry, regionTableVersion } from '../../../routing/segment/regions.ts'
import { segmentByRule } from '../../../routing/segment/segment-by-rule.ts'

/** Of every entry, whatever its order. */
function fingerprint(): string {
  const entries = [regionByCountry, places, subdivisionCodes].flatMap((table) =>
    [...table].map((entry) => JSON.stringify(entry)),
  )
  return createHash('sha256').update(entries.sort().join('\n')).digest('hex').slice(0, 16)
}

describe('the version of the region table', () => {
  test('is raised with every change of the data: give it a new name, then mend this fingerprint', () => {
    expect([regionTableVersion, fingerprint()]).toEqual(['2026-11', 'c881e5a81079dbe2'])
  })

  test('is in every decision, also in one that knows nothing', () => {
    for (const facts of [{}, { country: 'Peru' }, { domain: 'acme.jp' }, { employees: 5 }])
      expect(segmentByRule(facts).decidedBy.regionTable).toBe(regionTableVersion)
  })
})

describe("a company's own regions", () => {
  const own = defineRegions('acme-3', { PR: 'NA', TR: 'APAC' })

  test('stand over the built-in table wherever a country is read, and leave the rest alone', () => {
    expect(segmentByRule({ country: 'Puerto Rico' }, own).region).toBe('NA')
    expect(segmentByRule({ headquarters: 'Turkey' }, own).region).toBe('APAC')
    expect(segmentByRule({ domain: 'kahve.com.tr' }, own).region).toBe('APAC')
    expect(segmentByRule({ country: 'Cuba' }, own).region).toBe('LATAM')
    expect(segmentByRule({ country: 'Puerto Rico' }).region).toBe('LATAM')
  })

  test('are named in the decision, by their name or by their entries in order', () => {
    expect(segmentByRule({}, own).decidedBy.regionTable).toBe(`${regionTableVersion} with acme-3`)
    const regions = { TR: 'APAC', PR: 'NA' } as const
    expect(segmentByRule({}, { regions }).decidedBy.regionTable).toBe(
      `${regionTableVersion} with PR=NA TR=APAC`,
    )
    expect(segmentByRule({}, { regions: {} }).decidedBy.regionTable).toBe(regionTableVersion)
  })

  test.each([
    ['pr', 'write PR'],
    ['PRI', 'write PR'],
    ['Germany', 'write DE'],
    ['UK', 'write GB'],
    ['XX', 'ISO 3166-1'],
  ])('are refused under the key %s, which would never be asked for', (key, hint) => {
    expect(() => defineRegions('acme-3', { [key]: 'NA' })).toThrow(hint)
  })

  test('need a name', () => {
    expect(() => defineRegions(' ', { PR: 'NA' })).toThrow('needs a name')
  })
})

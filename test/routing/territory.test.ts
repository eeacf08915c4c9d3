import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defineTerritory,
  describeEntry,
  lookUp,
  type Territory,
  whyNowhere,
} from '../../routing/territory.ts'

const region = z.enum(['NA', 'EMEA', 'unknown'])
const segment = z.enum(['SMB', 'unknown'])
const dimensions = [
  ['region', region],
  ['segment', segment],
] as const

const territory = defineTerritory('market', {
  dimensions,
  destinations: {
    NA: { SMB: { pool: 'na-smb' }, unknown: { pool: 'na' } },
    EMEA: { SMB: { person: 'ana' }, unknown: { pool: 'emea' } },
    unknown: { pool: 'triage' },
  },
})

const document = (entries: Territory['entries']): Territory => ({
  name: 'market',
  dimensions: [
    { name: 'region', values: ['NA', 'EMEA'] },
    { name: 'segment', values: ['SMB', 'ENT'] },
  ],
  entries,
})

describe('a territory', () => {
  test('has a destination for every combination and tells the path to it', () => {
    expect(lookUp(territory, { region: 'EMEA', segment: 'SMB' })).toMatchObject({
      destination: { person: 'ana' },
      path: 'EMEA x SMB',
    })
    for (const each of region.options) {
      for (const other of segment.options) {
        expect(lookUp(territory, { region: each, segment: other })?.path).toBe(`${each} x ${other}`)
      }
    }
  })

  test('lets a destination stand for everything below it, at any level', () => {
    for (const each of segment.options) {
      expect(lookUp(territory, { region: 'unknown', segment: each })?.destination).toEqual({ pool: 'triage' })
    }
  })

  test('takes as many dimensions as the market has: states, verticals, partners (trap 62)', () => {
    const wide = defineTerritory('wide', {
      dimensions: [
        ['country', z.enum(['US', 'CA'])],
        ['state', z.enum(['CA', 'NY', 'none'])],
        ['vertical', z.enum(['bank', 'other'])],
        ['partner', z.enum(['yes', 'no'])],
      ],
      destinations: {
        US: {
          CA: { bank: { yes: { person: 'kim' }, no: { pool: 'banks' } }, other: { pool: 'west' } },
          NY: { pool: 'east' },
          none: { pool: 'triage' },
        },
        CA: { pool: 'canada' },
      },
    })
    const key = { country: 'US', state: 'CA', vertical: 'bank' } as const
    expect(lookUp(wide, { ...key, partner: 'yes' })?.destination).toEqual({ person: 'kim' })
    expect(lookUp(wide, { ...key, partner: 'no' })?.destination).toEqual({ pool: 'banks' })
    expect(lookUp(wide, { ...key, vertical: 'other', partner: 'no' })?.path).toBe('US x CA x other x no')
    expect(lookUp(wide, { ...key, country: 'CA', partner: 'no' })?.destination).toEqual({ pool: 'canada' })
  })

  test('is a short document that people can edit: values with one destination share an entry', () => {
    expect(territory.entries).toEqual([
      { match: { region: ['unknown'] }, to: { pool: 'triage' } },
      { match: { region: ['NA'], segment: ['SMB'] }, to: { pool: 'na-smb' } },
      { match: { region: ['NA'], segment: ['unknown'] }, to: { pool: 'na' } },
      { match: { region: ['EMEA'], segment: ['SMB'] }, to: { person: 'ana' } },
      { match: { region: ['EMEA'], segment: ['unknown'] }, to: { pool: 'emea' } },
    ])
    const described = territory.entries.map((entry) => describeEntry(territory.dimensions, entry))
    expect(described.slice(0, 2)).toEqual(['unknown x any segment', 'NA x SMB'])
    const same = { SMB: { pool: 'a' }, unknown: { pool: 'a' } }
    const one = defineTerritory('one', { dimensions, destinations: { NA: same, EMEA: same, unknown: same } })
    expect(one.entries.map(({ match }) => match)).toEqual([
      { region: ['NA'] },
      { region: ['EMEA'] },
      { region: ['unknown'] },
    ])
  })

  test('survives being written down and read back', () => {
    const copy = JSON.parse(JSON.stringify(territory))
    expect(lookUp(copy, { region: 'NA', segment: 'SMB' })).toEqual(
      lookUp(territory, { region: 'NA', segment: 'SMB' }),
    )
  })
})

describe('where a lead goes', () => {
  test('the narrowest entry wins, whatever the order they are written in (trap 60)', () => {
    const entries: Territory['entries'] = [
      { match: {}, to: { pool: 'rest' } },
      { match: { region: ['EMEA'] }, to: { pool: 'emea' } },
      { match: { region: ['EMEA'], segment: ['ENT'] }, to: { pool: 'emea-ent' } },
    ]
    for (const order of [entries, entries.toReversed()]) {
      const market = document(order)
      const poolOf = (key: object) => lookUp(market, key)?.destination
      expect(poolOf({ region: 'EMEA', segment: 'ENT' })).toEqual({ pool: 'emea-ent' })
      expect(poolOf({ region: 'EMEA', segment: 'SMB' })).toEqual({ pool: 'emea' })
      expect(poolOf({ region: 'NA', segment: 'ENT' })).toEqual({ pool: 'rest' })
    }
  })

  test('rank decides between an EMEA generalist and an enterprise specialist, and never against the narrower entry (trap 60)', () => {
    const market = document([
      { match: {}, to: { pool: 'rest' }, rank: 1 },
      { match: { region: ['EMEA'] }, to: { pool: 'emea' }, rank: 3 },
      { match: { segment: ['ENT'] }, to: { pool: 'ent' }, rank: 2 },
    ])
    expect(lookUp(market, { region: 'EMEA', segment: 'ENT' })?.destination).toEqual({ pool: 'ent' })
    expect(lookUp(market, { region: 'EMEA', segment: 'SMB' })?.destination).toEqual({ pool: 'emea' })
  })

  test('an overlap that no rank decides has no destination rather than an accidental one', () => {
    const market = document([
      { match: { region: ['EMEA'] }, to: { pool: 'emea' } },
      { match: { segment: ['ENT'] }, to: { pool: 'ent' } },
    ])
    expect(lookUp(market, { region: 'EMEA', segment: 'ENT' })).toBeNull()
    expect(whyNowhere(market, { region: 'EMEA', segment: 'ENT' })).toBe(
      'territory market has no single entry for EMEA x ENT',
    )
  })

  test('a blank or unknown value never falls to the entry that takes the rest (trap 66)', () => {
    const market = document([{ match: {}, to: { pool: 'rest' } }])
    for (const blank of ['', null, undefined, ' ', 'emea', 7, 'constructor']) {
      expect(lookUp(market, { region: blank, segment: 'SMB' })).toBeNull()
    }
    expect(lookUp(market, { segment: 'SMB' })).toBeNull()
    expect(whyNowhere(market, { region: '', segment: 'SMB' })).toBe(
      'territory market has no place for no region; it knows NA, EMEA',
    )
    expect(whyNowhere(market, { region: 'LATAM', segment: 'SMB' })).toBe(
      'territory market has no place for region "LATAM"; it knows NA, EMEA',
    )
  })

  test('more values in the key than the territory has dimensions do no harm', () => {
    expect(lookUp(territory, { region: 'NA', segment: 'SMB', reason: 'by rule' })?.path).toBe('NA x SMB')
  })
})

describe('a definition', () => {
  const full = { SMB: { pool: 'a' }, unknown: { pool: 'a' } }

  test('does not compile without one of the regions or segments, and names it at run time (trap 61)', () => {
    expect(() =>
      // @ts-expect-error Property 'unknown' is missing in the list of regions
      defineTerritory('market', { dimensions, destinations: { NA: full, EMEA: full } }),
    ).toThrow('territory market is not complete: unknown is missing')
    expect(() =>
      defineTerritory('market', {
        dimensions,
        // @ts-expect-error Property 'unknown' is missing in the segments of NA
        destinations: { NA: { SMB: { pool: 'a' } }, EMEA: full, unknown: full },
      }),
    ).toThrow('NA x unknown is missing')
  })

  test('refuses combinations that do not exist and destinations that are neither pool nor person', () => {
    const untyped = (destinations: unknown) => () =>
      Reflect.apply(defineTerritory, undefined, ['market', { dimensions, destinations }])
    expect(untyped({ NA: full, EMEA: full, unknown: full, LATAM: full })).toThrow(
      'LATAM is not a region (NA, EMEA, unknown)',
    )
    expect(untyped({ NA: { ...full, Huge: { pool: 'a' } }, EMEA: full, unknown: full })).toThrow(
      'NA x Huge is not a segment',
    )
    expect(untyped({ NA: { ...full, SMB: { queue: 'a' } }, EMEA: full, unknown: full })).toThrow(
      'NA x SMB must be { pool } or { person }, not {"queue":"a"}',
    )
    expect(untyped(null)).toThrow('NA is missing; EMEA is missing; unknown is missing')
  })

  test('does not change when the object it was made from does', () => {
    const destinations = { NA: { SMB: { pool: 'a' } } }
    const copied = defineTerritory('copied', {
      dimensions: [
        ['region', z.enum(['NA'])],
        ['segment', z.enum(['SMB'])],
      ],
      destinations,
    })
    destinations.NA.SMB.pool = 'b'
    expect(lookUp(copied, { region: 'NA', segment: 'SMB' })?.destination).toEqual({ pool: 'a' })
  })
})

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTerritory, lookUp } from '../../routing/territory.ts'

const axes = { region: z.enum(['NA', 'EMEA', 'unknown']), segment: z.enum(['SMB', 'unknown']) }

const territory = defineTerritory(axes, {
  NA: { SMB: { pool: 'na-smb' }, unknown: { pool: 'na' } },
  EMEA: { SMB: { person: 'ana@rota.example' }, unknown: { pool: 'emea' } },
  unknown: { SMB: { pool: 'triage' }, unknown: { pool: 'triage' } },
})

describe('a territory matrix', () => {
  test('has a destination for every combination and tells the path to it', () => {
    expect(lookUp(territory, { region: 'EMEA', segment: 'SMB' })).toEqual({
      destination: { person: 'ana@rota.example' },
      path: 'EMEA x SMB',
    })
    for (const region of axes.region.options) {
      for (const segment of axes.segment.options) {
        expect(lookUp(territory, { region, segment }).path).toBe(`${region} x ${segment}`)
      }
    }
  })

  test('does not compile without one of the regions or segments, and names it at run time', () => {
    expect(() =>
      // @ts-expect-error Property 'unknown' is missing in the list of regions
      defineTerritory(axes, {
        NA: { SMB: { pool: 'a' }, unknown: { pool: 'a' } },
        EMEA: { SMB: { pool: 'a' }, unknown: { pool: 'a' } },
      }),
    ).toThrow('the territory matrix is not complete: unknown x SMB is missing; unknown x unknown is missing')
    expect(() =>
      defineTerritory(axes, {
        // @ts-expect-error Property 'unknown' is missing in the segments of NA
        NA: { SMB: { pool: 'a' } },
        EMEA: { SMB: { pool: 'a' }, unknown: { pool: 'a' } },
        unknown: { SMB: { pool: 'a' }, unknown: { pool: 'a' } },
      }),
    ).toThrow('NA x unknown is missing')
  })

  test('refuses combinations that are not on the axes and destinations that are neither pool nor person', () => {
    const full = { SMB: { pool: 'a' }, unknown: { pool: 'a' } }
    const untyped = (value: unknown) => () => Reflect.apply(defineTerritory, undefined, [axes, value])
    expect(untyped({ NA: full, EMEA: full, unknown: full, LATAM: full })).toThrow(
      "'LATAM' is an unknown region",
    )
    expect(untyped({ NA: { ...full, Huge: { pool: 'a' } }, EMEA: full, unknown: full })).toThrow(
      'NA x Huge names an unknown segment',
    )
    expect(untyped({ NA: { ...full, SMB: { queue: 'a' } }, EMEA: full, unknown: full })).toThrow(
      'NA x SMB must be { pool } or { person }, not {"queue":"a"}',
    )
    expect(untyped(null)).toThrow('NA x SMB is missing')
  })

  test('refuses to look up a value that is not on the axes', () => {
    const lookUpUntyped = (at: unknown) => () => Reflect.apply(lookUp, undefined, [territory, at])
    expect(lookUpUntyped({ region: 'LATAM', segment: 'SMB' })).toThrow(
      'no combination LATAM x SMB (regions NA, EMEA, unknown',
    )
    expect(lookUpUntyped({ region: 'NA', segment: 'constructor' })).toThrow(RangeError)
    // @ts-expect-error 'LATAM' is not a region of this matrix
    expect(() => lookUp(territory, { region: 'LATAM', segment: 'SMB' })).toThrow(RangeError)
  })

  test('does not change when the object it was made from does', () => {
    const destinations = { NA: { SMB: { pool: 'a' } } }
    const copied = defineTerritory({ region: z.enum(['NA']), segment: z.enum(['SMB']) }, destinations)
    destinations.NA.SMB.pool = 'b'
    expect(lookUp(copied, { region: 'NA', segment: 'SMB' }).destination).toEqual({ pool: 'a' })
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pool } from '../../routing/pool.ts'
import { Rep } from '../../routing/rep.ts'
import { checkTerritory, lookUp, Territory } from '../../routing/territory.ts'
import { workMs } from '../support/own-time.ts'

const rep = (id: string, more: object = {}) =>
  Rep.parse({ id, name: id, email: `${id}@rota.example`, ...more })
const reps = [rep('ana'), rep('gone', { active: false, successor: 'ana' })]
const pool = (name: string, member = 'ana') =>
  Pool.parse({ name, strategy: 'standard', members: [{ rep: member }], whenNobody: { person: 'ana' } })
const known = { pools: [pool('emea'), pool('na'), pool('rest'), pool('empty', 'gone')], reps }

const market = (entries: readonly object[], regions = ['NA', 'EMEA']): Territory =>
  Territory.parse({
    name: 'market',
    dimensions: [
      { name: 'region', values: regions },
      { name: 'segment', values: ['SMB', 'ENT'] },
    ],
    entries,
  })

const messagesOf = (territory: Territory) =>
  checkTerritory(territory, known).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('a territory is refused at save', () => {
  test('with a gap, naming the combination (trap 61)', () => {
    const entries = [
      { match: { region: ['EMEA'] }, to: { pool: 'emea' } },
      { match: { region: ['NA'], segment: ['SMB'] }, to: { pool: 'na' } },
    ]
    expect(checkTerritory(market(entries), known)).toEqual([
      {
        path: ['entries'],
        message: 'NA x ENT has no destination; add an entry that takes it',
        value: 'NA x ENT',
      },
    ])
    expect(messagesOf(market([{ match: { region: ['NA'] }, to: { pool: 'na' } }]))).toEqual([
      'entries: EMEA x any segment has no destination; add an entry that takes it',
    ])
  })

  test('with an overlap that no rank decides, naming both entries and the combination (trap 60)', () => {
    const entries = [
      { match: {}, to: { pool: 'rest' } },
      { match: { region: ['EMEA'] }, to: { pool: 'emea' } },
      { match: { segment: ['ENT'] }, to: { person: 'ana' } },
    ]
    expect(messagesOf(market(entries))).toEqual([
      'entries.2: EMEA x ENT goes two ways: entries.1 (EMEA x any segment) and entries.2 (any region x ENT) both take it; give one of them a rank, or narrow one',
    ])
    const ranked = entries.map((entry, index) => (index === 2 ? { ...entry, rank: 1 } : entry))
    expect(messagesOf(market(ranked))).toEqual([])
    const tied = entries.map((entry) => ({ ...entry, rank: 4 }))
    expect(messagesOf(market(tied))[0]).toContain('change their ranks so that one comes first')
  })

  test('with two entries for the same combination', () => {
    const entries = [
      { match: {}, to: { pool: 'rest' } },
      { match: {}, to: { pool: 'emea' } },
    ]
    expect(messagesOf(market(entries))[0]).toContain('any region x any segment goes two ways')
  })

  test('with an entry that lists every value beside one that leaves the dimension out: they are the same', () => {
    const entries = [
      { match: {}, to: { pool: 'rest' } },
      { match: { region: ['EMEA', 'NA'] }, to: { pool: 'emea' } },
    ]
    expect(messagesOf(market(entries))).toEqual([
      expect.stringContaining('any region x any segment goes two ways'),
    ])
  })

  test('with more combinations than anybody could check, in a moment', () => {
    const values = Array.from({ length: 40 }, (_, index) => `value${index}`)
    const names = ['x', 'y', 'z']
    const territory = Territory.parse({
      name: 'endless',
      dimensions: names.map((name) => ({ name, values })),
      entries: names.flatMap((name, at) =>
        values.map((value) => ({ match: { [name]: [value] }, to: { pool: 'rest' }, rank: at + 1 })),
      ),
    })
    expect(messagesOf(territory)).toEqual([
      'entries: the entries tell more than 50000 combinations apart; name fewer values or split the territory',
    ])
  })

  test('with ranks and nesting that go round in a circle', () => {
    const entries = [
      { match: { region: ['NA'] }, to: { pool: 'na' }, rank: 1 },
      { match: { region: ['NA'], segment: ['SMB'] }, to: { pool: 'na' }, rank: 3 },
      { match: { region: ['NA', 'EMEA'], segment: ['SMB'] }, to: { pool: 'emea' }, rank: 2 },
      { match: {}, to: { pool: 'rest' } },
    ]
    expect(messagesOf(market(entries))).toEqual([])
    const circle = [
      { match: { region: ['NA', 'EMEA'] }, to: { pool: 'na' }, rank: 1 },
      { match: { region: ['NA', 'LATAM'], segment: ['SMB'] }, to: { pool: 'emea' }, rank: 2 },
      { match: { region: ['NA'] }, to: { pool: 'na' }, rank: 3 },
      { match: {}, to: { pool: 'rest' } },
    ]
    const [first] = messagesOf(market(circle, ['NA', 'EMEA', 'LATAM']))
    expect(first).toContain('NA x SMB goes two ways')
    expect(first).toContain('change their ranks')
  })

  test('with an entry that is never reached, naming the ones before it (trap 65)', () => {
    const entries = [
      { match: {}, to: { pool: 'rest' } },
      { match: { region: ['EMEA'], segment: ['SMB'] }, to: { pool: 'emea' } },
      { match: { region: ['EMEA'], segment: ['ENT'] }, to: { pool: 'emea' } },
      { match: { region: ['EMEA'] }, to: { pool: 'na' } },
    ]
    expect(messagesOf(market(entries))).toEqual([
      'entries.3: entries.3 (EMEA x any segment) is never reached: entries.1 (EMEA x SMB), entries.2 (EMEA x ENT) take all of it; remove it, or rank it first',
    ])
  })

  test('with a dimension or a value that it does not have', () => {
    const entries = [
      { match: { regio: ['EMEA'] }, to: { pool: 'emea' } },
      { match: { region: ['EMAE'] }, to: { pool: 'emea' } },
    ]
    expect(messagesOf(market(entries))).toEqual([
      'entries.0.match.regio: regio is not a dimension of this territory; use one of: region, segment',
      'entries.1.match.region.0: EMAE is not a value of region; use one of: NA, EMEA',
    ])
    expect(messagesOf(market([{ match: {}, to: { pool: 'rest' } }], ['NA', 'NA']))).toEqual([
      'dimensions.0.values.1: region has NA twice; remove one',
    ])
  })

  test.each([
    [{ pool: 'emae' }, 'entries.0.to.pool: there is no pool emae; use one of: emea, na, rest, empty'],
    [{ pool: 'empty' }, 'entries.0.to.pool: pool empty has no active member with a weight; add one'],
    [{ person: 'nobody' }, 'entries.0.to.person: there is no rep nobody; add the rep first'],
    [{ person: 'gone' }, 'entries.0.to.person: rep gone is inactive; name ana'],
  ])('with a destination that has nobody: %j', (to, message) => {
    expect(messagesOf(market([{ match: {}, to }]))[0]).toContain(message)
  })

  test('with a document of another shape', () => {
    for (const wrong of [{ to: { pool: 'a', person: 'b' } }, { to: {} }, { to: { pool: 'a' }, rank: 0 }]) {
      expect(() => market([{ match: {}, ...wrong }])).toThrow()
    }
    expect(() => market([])).toThrow()
    expect(() => market([{ match: { region: [] }, to: { pool: 'a' } }])).toThrow()
  })
})

describe('a territory that passes', () => {
  const value = fc.subarray(['a', 'b', 'c'], { minLength: 1 })
  const match = fc.record({ x: value, y: value, z: value }, { requiredKeys: [] })
  const entry = fc.record(
    { match, to: fc.constant({ pool: 'rest' }), rank: fc.integer({ min: 1, max: 5 }) },
    { requiredKeys: ['match', 'to'] },
  )
  const values = ['a', 'b', 'c']
  const dimensions = ['x', 'y', 'z'].map((name) => ({ name, values }))
  const combinations = values.flatMap((x) => values.flatMap((y) => values.map((z) => ({ x, y, z }))))

  test('has exactly one destination for every combination, and no other one does', () => {
    const seen = { passed: 0, refused: 0 }
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 6 }), fc.boolean(), (some, complete) => {
        const rest = { match: {}, to: { pool: 'rest' } }
        const territory = Territory.parse({
          name: 'any',
          dimensions,
          entries: complete ? [...some, rest] : some,
        })
        const found = combinations.map((key) => lookUp(territory, key))
        const reached = new Set(found.flatMap((each) => (each === null ? [] : [each.entry])))
        const whole = found.every((each) => each !== null) && reached.size === territory.entries.length
        expect(checkTerritory(territory, known).length === 0).toBe(whole)
        seen[whole ? 'passed' : 'refused'] += 1
      }),
      { numRuns: 3_000, seed: 7 },
    )
    expect(Math.min(seen.passed, seen.refused)).toBeGreaterThan(100)
  })

  test('answers in microseconds and is checked in a moment, with sixty states and forty verticals', async () => {
    const states = Array.from({ length: 60 }, (_, index) => `state${index}`)
    const verticals = Array.from({ length: 40 }, (_, index) => `vertical${index}`)
    const territory = Territory.parse({
      name: 'wide',
      dimensions: [
        { name: 'state', values: states },
        { name: 'vertical', values: verticals },
        { name: 'size', values: ['small', 'large'] },
      ],
      entries: [
        { match: {}, to: { pool: 'rest' } },
        ...states.slice(1).map((state) => ({ match: { state: [state] }, to: { pool: 'na' } })),
        ...states
          .slice(1)
          .map((state) => ({ match: { state: [state], size: ['large'] }, to: { pool: 'emea' } })),
        ...verticals
          .map((vertical) => ({
            match: { state: states.slice(0, 1), vertical: [vertical] },
            to: { pool: 'na' },
          }))
          .slice(1),
      ],
    })
    const often = (work: (key: Record<string, string | undefined>) => unknown) => () => {
      for (let turn = 0; turn < 20_000; turn++)
        work({ state: states[turn % 60], vertical: verticals[turn % 40], size: 'large' })
    }
    const lookUps = often((key) => {
      if (lookUp(territory, key) === null) throw new Error('nowhere')
    })
    const asJson = often((key) => JSON.stringify(key))
    lookUps()
    asJson()
    const [lookedUp, written] = [await workMs(lookUps), await workMs(asJson)]
    const checked = await workMs(() => expect(checkTerritory(territory, known)).toEqual([]))
    expect(lookedUp).toBeLessThan(100 * written)
    expect(checked).toBeLessThan(100 * written)
  })
})

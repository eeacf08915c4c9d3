import { describe, expect, test } from 'vitest'
import { ZodError } from 'zod'
import { definePool, Pool, type PoolOptions } from '../../routing/pool.ts'
import { Rep, type RepInput } from '../../routing/rep.ts'

const ana: RepInput = { id: 'ana', name: 'Ana', email: 'ana@ours.example' }
const block = (from: string, until: string) => ({ from, until })

/** What is wrong, as path and message. */
function problems(parse: () => unknown): string[] {
  try {
    parse()
  } catch (thrown) {
    const error = thrown instanceof RangeError ? thrown.cause : thrown
    if (error instanceof ZodError)
      return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw thrown
  }
  return []
}

describe('a pool', () => {
  const define = (members: PoolOptions['members']) =>
    problems(() => definePool('p', { strategy: 'weighted', members, whenNobody: 'assign-anyway' }))

  test('takes decimals and pauses with 0, and refuses what is no weight (trap 72)', () => {
    expect(
      define([
        { rep: ana, weight: 0.5 },
        { rep: { ...ana, id: 'bo' }, weight: 0 },
      ]),
    ).toEqual([])
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(define([{ rep: ana, weight }])[0]).toMatch(/^members\.0\.weight: /)
    }
    expect(define([{ rep: ana, weight: 0 }])).toEqual([
      'members: nobody in the pool has a weight above 0; add a member, or set one weight',
    ])
  })

  test('knows no weights but 0 and 1 in a standard rotation, and none beyond a million', () => {
    const of = (strategy: 'standard' | 'weighted', weight: number) =>
      problems(() =>
        definePool('p', {
          strategy,
          members: [{ rep: ana }, { rep: { ...ana, id: 'bo' }, weight }],
          whenNobody: 'assign-anyway',
        }),
      )
    expect([of('standard', 0), of('standard', 1), of('weighted', 1_000_000)]).toEqual([[], [], []])
    for (const weight of [0.5, 2])
      expect(of('standard', weight)[0]).toMatch(/^members\.1\.weight: .*make the strategy "weighted"/)
    expect(of('weighted', 1_000_001)[0]).toMatch(/^members\.1\.weight: .*at most 1000000/)
  })

  test.each([
    [
      { whenNobody: 'hold' as never },
      /^pool p is not valid: whenNobody: say what happens when nobody is there: .*, not "hold"$/,
    ],
    [
      { whenNobody: undefined as never },
      /^pool p is not valid: whenNobody: say what happens .*, not nothing$/,
    ],
    [
      { members: [{ rep: ana, weight: -1 }, { rep: { ...ana, id: 'bo' } }] },
      /^pool p is not valid: members\.0\.weight: a weight cannot be below 0; 0 pauses the member, not -1$/,
    ],
    [
      { members: [{ rep: { ...ana, email: 'ana' } }] },
      /^a rep of pool p is not valid: email: .*, not "ana"$/,
    ],
    [{ membrs: [] } as object, /^pool p is not valid: Unrecognized key: "membrs"$/],
  ])('tells a mistake of a definition in one line, with pool, field and value: %o', (wrong, message) => {
    const right: PoolOptions = { strategy: 'weighted', members: [{ rep: ana }], whenNobody: 'assign-anyway' }
    expect(() => definePool('p', { ...right, ...wrong })).toThrow(
      expect.objectContaining({ name: 'RangeError', message: expect.stringMatching(message) }),
    )
  })

  test('says which answers there are where nobody is there, and which catch-ups', () => {
    const given = { name: 'p', strategy: 'standard', members: [{ rep: 'ana' }], whenNobody: 'assign-anyway' }
    const of = (more: object) => problems(() => Pool.parse({ ...given, ...more }))
    for (const whenNobody of [undefined, null, 7, 'hold', {}, { pol: 'x' }, { hold: 'until-opening' }])
      expect(of({ whenNobody })).toEqual([
        expect.stringMatching(/^whenNobody: .*"person": "rep id".*"hold": "until-opening"/),
      ])
    expect(of({ catchUp: 'some' })).toEqual([
      expect.stringMatching(/^catchUp: use "none", \{ "bounded": 2 \}.*"full"$/),
    ])
  })

  test('holds each rep once, and hands over to another pool than itself', () => {
    expect(define([{ rep: ana }, { rep: ana }])[0]).toBe(
      'members.1.rep: rep ana is in the pool twice; give each rep one entry',
    )
    const hold = { hold: 'until-opening', otherwise: { pool: 'p' } }
    const given = { name: 'p', strategy: 'standard', members: [{ rep: 'ana' }], whenNobody: hold }
    expect(problems(() => Pool.parse(given))).toEqual([
      'whenNobody.otherwise.pool: a pool cannot hand over to itself',
    ])
  })

  test('carries the reps it names, the last person as well, once each', () => {
    const mia: RepInput = { ...ana, id: 'mia' }
    const pool = definePool('p', {
      strategy: 'standard',
      members: [{ rep: ana }],
      whenNobody: { person: mia },
    })
    expect(pool.reps.map(({ id }) => id)).toEqual(['ana', 'mia'])
    expect(pool).toMatchObject({
      members: [{ rep: 'ana', weight: 1 }],
      whenNobody: { person: 'mia' },
      catchUp: 'none',
    })
  })
})

describe('a rep', () => {
  const of = (over: Partial<RepInput>) => problems(() => Rep.parse({ ...ana, ...over }))

  test('is refused with hours that overlap or run backwards, with the way out', () => {
    expect(of({ hours: { monday: [block('09:00', '13:00'), block('12:00', '18:00')] } })[0]).toBe(
      'hours.monday.1: 12:00 to 18:00 overlaps 09:00 to 13:00; make them one block',
    )
    expect(of({ hours: { monday: [block('22:00', '06:00')] } })[0]).toMatch(
      /^hours\.monday\.0\.until: .*until "24:00"/,
    )
    expect(of({ hours: { monday: [block('09:00', '12:00'), block('12:00', '18:00')] } })).toEqual([])
  })

  test('is refused with a leave that ends before it starts, or a zone that does not exist', () => {
    expect(of({ leave: [{ from: '2026-05-02', until: '2026-05-01' }] })[0]).toMatch(
      /leave ends before it starts/,
    )
    expect(of({ leave: [{ from: '2026-05-02', until: '2026-05-02' }] })).toEqual([])
    for (const zone of ['Europe/Atlantis', '+02:00', '', 'EST', 'CET', 'GMT'])
      expect(of({ zone })[0]).toMatch(/^zone: .*"Europe\/Berlin", or "UTC"/)
    for (const zone of ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'])
      expect(of({ zone })).toEqual([])
  })

  test('is refused with hours that never come: null means any hour', () => {
    for (const hours of [{}, { monday: [] }])
      expect(of({ hours })).toEqual([expect.stringMatching(/^hours: .*null for any hour/)])
    expect(of({ hours: null })).toEqual([])
  })

  test('says how a leave is written', () => {
    for (const leave of [['x'], [{ from: '2026-02-30', until: '2026-03-01' }], [{ from: '2026-12-01' }]]) {
      expect(problems(() => Rep.parse({ ...ana, leave }))).toEqual([
        expect.stringMatching(/^leave\.0: write two dates that exist, .*or two ISO times with their zone/),
      ])
    }
  })

  test('does not stand in for itself', () => {
    expect(of({ successor: 'ana' })).toEqual(['successor: is the rep; name somebody else'])
  })
})

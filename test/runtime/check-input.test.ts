import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { checkChange, checkInput } from '../../runtime/check-input.ts'
import { planTable } from '../../runtime/plan.ts'
import { insertOne, rerun, runTables } from '../support/runtime.ts'

const input = z.object({
  email: z.email(),
  company: z.string().trim().min(1).optional(),
  occurredAt: z.iso.datetime().optional(),
  tags: z.array(z.object({ name: z.string() })).optional(),
})
const plan = planTable(
  defineTable('t', {
    input,
    person: ({ email }) => email.toLowerCase(),
    account: ({ company }) => {
      if (company === 'broken') throw new Error('no key')
      return company
    },
  }),
  1,
)

describe('an input', () => {
  test('is parsed, and says whom it is about and since when', () => {
    const checked = checkInput(plan, {
      email: 'Ana@X.example',
      company: '  Acme ',
      occurredAt: '2026-01-02T03:04:05Z',
      extra: 1,
    })
    expect(checked).toEqual({
      ok: true,
      input: { email: 'Ana@X.example', company: 'Acme', occurredAt: '2026-01-02T03:04:05Z' },
      person: 'ana@x.example',
      account: 'Acme',
      origin: null,
      occurredAt: Date.parse('2026-01-02T03:04:05Z'),
      ignored: ['extra'],
    })
  })

  test('without a company has no account, and without a time is of now', () => {
    expect(checkInput(plan, { email: 'a@x.example' })).toMatchObject({
      ok: true,
      account: null,
      occurredAt: null,
    })
  })

  test('that is refused names each field and the value that is wrong', () => {
    expect(checkInput(plan, { email: 'x', tags: [{ name: 'a' }, { name: 7 }] })).toEqual({
      ok: false,
      problems: [
        { field: 'email', message: expect.any(String), value: '"x"' },
        { field: 'tags.1.name', message: expect.any(String), value: '7' },
      ],
    })
    expect(checkInput(plan, {})).toMatchObject({
      ok: false,
      problems: [{ field: 'email', value: 'missing' }],
    })
    for (const nothing of [null, 7, 'text', [], undefined]) expect(checkInput(plan, nothing).ok).toBe(false)
  })

  test('that is refused is shown shortened', () => {
    const checked = checkInput(plan, { email: 'x'.repeat(10_000) })
    expect(checked.ok ? '' : checked.problems[0]?.value.length).toBe(101)
  })

  test('whose key cannot be worked out is refused, not half taken', () => {
    expect(checkInput(plan, { email: 'a@x.example', company: 'broken' })).toEqual({
      ok: false,
      problems: [{ field: '', message: 'the key of this row could not be worked out: no key', value: '' }],
    })
  })

  test.each([{ id: 1 }, Promise.resolve('a'), 7])('whose key is no text is refused: %s', (key) => {
    // Definitions in plain JavaScript are not type-checked.
    const answer = () => key as unknown as string
    for (const options of [{ person: answer }, { account: answer }]) {
      const odd = planTable(defineTable('t', { input, ...options }), 1)
      expect(checkInput(odd, { email: 'a@x.example' })).toMatchObject({
        ok: false,
        problems: [{ message: expect.stringContaining(`text or null, and its type is ${typeof key}`) }],
      })
    }
  })

  test.each([
    ['a transform throws', z.string().transform((text) => new URL(text).hostname)],
    ['a check is asynchronous', z.string().refine(async (text) => text.length > 0)],
  ])('that its schema cannot be applied to, as %s, is refused, and its batch goes on', async (_, site) => {
    const mixed = z.object({ site: z.union([z.literal('ok'), site]), name: z.string().optional() })
    const running = await runTables([defineTable('t', { input: mixed })])
    const { rows } = await running.runtime.insert('t', [{ site: 'acme' }, { site: 'ok' }])
    expect(rows).toMatchObject([
      { status: 'invalid', problems: [{ message: expect.stringContaining('could not be applied: ') }] },
      { status: 'accepted' },
    ])
    const [, accepted] = rows
    const id = accepted?.status === 'accepted' ? accepted.id : ''
    expect(await running.runtime.edit('t', id, { site: 'acme' })).toMatchObject({ ok: false })
    expect(await running.runtime.edit('t', id, { name: 'Acme' })).toEqual({ ok: true })
  })

  test('cannot reach a prototype', () => {
    const checked = checkInput(plan, JSON.parse('{"email":"a@x.example","__proto__":{"company":"evil"}}'))
    expect(checked).toMatchObject({ ok: true, account: null, input: { email: 'a@x.example' } })
  })
})

describe('an input that its schema makes something else than JSON', () => {
  const planOf = (shape: z.ZodRawShape) => planTable(defineTable('t', { input: z.object(shape) }), 1)

  test('is a text where it was a date, in the first run as in every later one', async () => {
    const seen: unknown[] = []
    const table = defineTable('t', { input: z.object({ at: z.coerce.date() }) }).column(
      'a',
      compute({
        reads: ['at'],
        run: ({ at }) => {
          seen.push(at)
          return 1
        },
      }),
    )
    const running = await runTables([table])
    await insertOne(running, 't', { at: '2026-01-01' })
    await rerun(running, 't', { force: true })
    expect(seen).toEqual(['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'])
  })

  test('keeps its time of submission when the schema makes a date of it', () => {
    const checked = checkInput(planOf({ occurredAt: z.coerce.date() }), {
      occurredAt: '2026-01-02T03:04:05Z',
    })
    expect(checked).toMatchObject({ ok: true, occurredAt: Date.parse('2026-01-02T03:04:05Z') })
  })

  test.each<[string, z.ZodType, string]>([
    ['a bigint', z.coerce.bigint(), 'a bigint'],
    ['a map', z.string().transform((text) => new Map([[text, 1]])), 'a Map'],
    ['no number', z.string().transform(() => Number.NaN), 'NaN'],
    ['something deep', z.string().transform(() => ({ list: [{ size: 1n }] })), 'a bigint'],
  ])('is refused as a problem of the row when it is %s', (_, schema, what) => {
    const checked = checkInput(planOf({ size: schema }), { size: '12' })
    expect(checked).toMatchObject({
      ok: false,
      problems: [{ field: expect.stringMatching(/^size/), message: expect.stringContaining(what) }],
    })
  })

  test('is refused, not thrown at, when code hands in what JSON cannot show', () => {
    const self: Record<string, unknown> = {}
    self.self = self
    for (const email of [1n, self]) expect(checkInput(plan, { email })).toMatchObject({ ok: false })
  })

  test('reaches the store through a running table as a refusal too', async () => {
    const running = await runTables([defineTable('t', { input: z.object({ size: z.coerce.bigint() }) })])
    const { rows } = await running.runtime.insert('t', [{ size: '12' }])
    expect(rows).toMatchObject([{ status: 'invalid', problems: [{ field: 'size', value: '"12"' }] }])
  })
})

describe('a change of an input', () => {
  const ranged = planTable(
    defineTable('t', {
      input: z
        .object({
          size: z.string().transform(Number),
          name: z.string(),
          plan: z.string().default('free'),
          until: z.coerce.date().optional(),
        })
        .refine(({ size, name }) => size < 100 || name === 'big', { path: ['size'], error: 'too large' })
        .refine(({ until }) => until === undefined || until.getTime() > 0),
      person: ({ name }) => name,
    }),
    1,
  )
  const stored = { size: 12, name: 'x', plan: 'paid' }

  test('parses what is changed and leaves the rest as its schema made it', () => {
    expect(checkChange(ranged, stored, { name: 'y' })).toMatchObject({
      ok: true,
      input: { size: 12, name: 'y', plan: 'paid' },
      person: 'y',
    })
    expect(checkChange(ranged, stored, { size: '7' })).toMatchObject({
      ok: true,
      input: { size: 7, name: 'x' },
    })
  })

  test('clears a field with null where it need not be there, and keeps a null that the schema takes', () => {
    const changeOf = (shape: z.ZodRawShape, change: Record<string, unknown>) =>
      checkChange(planTable(defineTable('t', { input: z.object(shape) }), 1), { a: 'x', b: 'y' }, change)
    const a = z.string()
    expect(changeOf({ a: a.optional(), b: a }, { a: null })).toMatchObject({ input: { b: 'y' } })
    const cleared = changeOf({ a: a.optional(), b: a }, { a: null, b: 'z' })
    expect(cleared.ok && cleared.input).toEqual({ b: 'z' })
    expect(changeOf({ a: a.default('none') }, { a: null })).toMatchObject({ input: { a: 'none' } })
    expect(changeOf({ a: a.nullish() }, { a: null })).toMatchObject({ input: { a: null } })
    for (const required of [a, a.transform((text) => text.toUpperCase())])
      expect(changeOf({ a: required }, { a: null })).toMatchObject({
        ok: false,
        problems: [{ field: 'a', value: 'null' }],
      })
  })

  test('is refused by the schema of its field, and by a rule over several', () => {
    expect(checkChange(ranged, stored, { name: 7 })).toMatchObject({
      ok: false,
      problems: [{ field: 'name', value: '7' }],
    })
    expect(checkChange(ranged, stored, { size: '700' })).toMatchObject({
      ok: false,
      problems: [{ field: 'size', message: 'too large' }],
    })
    expect(checkChange(ranged, stored, { size: '700', name: 'big' }).ok).toBe(true)
  })

  test('is refused clearly when a rule over several fields cannot read what is stored', () => {
    const checked = checkChange(ranged, { ...stored, until: '2026-01-01T00:00:00.000Z' }, { name: 'y' })
    expect(checked).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('could not be checked together with the other fields') }],
    })
  })

  test('of the time of submission is one of the row as well', async () => {
    const running = await runTables([defineTable('t', { input })])
    const timesOf = async (id: string) => {
      const row = await running.runtime.row('t', id)
      return [row.input.occurredAt, row.occurredAt, row.createdAt]
    }
    const id = await insertOne(running, 't', { email: 'a@x.example' })
    const [none, received, created] = await timesOf(id)
    expect([none, received]).toEqual([undefined, created])
    await running.runtime.edit('t', id, { company: 'Acme' })
    expect(await timesOf(id)).toEqual([undefined, created, created])
    await running.runtime.edit('t', id, { occurredAt: '2026-01-02T03:04:05Z' })
    expect(await timesOf(id)).toEqual(['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z', created])
    await running.runtime.edit('t', id, { company: 'Acme Inc' })
    expect((await timesOf(id))[1]).toBe('2026-01-02T03:04:05.000Z')
  })

  test('does not touch a field that is not there', () => {
    const change = JSON.parse('{"nope":1,"__proto__":{"size":1}}')
    expect(checkChange(ranged, stored, change)).toMatchObject({ ok: true, input: stored })
  })
})

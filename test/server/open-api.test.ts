import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask } from './http.ts'
import { type Operation, readOpenApi } from './open-api.ts'

let app: RunningApp
let document: object
let operations: Operation[]

beforeAll(async () => {
  app = await startApp()
  ;({ document, operations } = await readOpenApi(app))
})
afterAll(() => app.close())

/** Every value under a key, anywhere in the document. */
function* valuesUnder(key: string, value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, each] of Object.entries(value)) {
    if (name === key) yield each
    yield* valuesUnder(key, each)
  }
}

test('every reference leads somewhere', () => {
  const references = [...new Set(valuesUnder('$ref', document))]
  expect(references).toContain('#/components/schemas/Problem')
  for (const reference of references) {
    const [start, ...steps] = String(reference).split('/')
    const found = steps.reduce<unknown>((value, step) => Reflect.get(Object(value), step), document)
    expect([start, typeof found], String(reference)).toEqual(['#', 'object'])
  }
})

test('the parameters of a path are those in its braces, each required', () => {
  for (const { key, path, parameters } of operations) {
    const inPath = parameters.filter((each) => each.in === 'path')
    expect(inPath.map(({ name }) => `{${name}}`).sort(), key).toEqual((path.match(/\{\w+\}/g) ?? []).sort())
    expect(
      inPath.every(({ required }) => required),
      key,
    ).toBe(true)
    const names = parameters.map((each) => `${each.in} ${each.name}`)
    expect(new Set(names).size, key).toBe(names.length)
  }
})

test('every schema is one that zod can read back, defaults fit theirs, and no pattern carries flags', () => {
  const schemas = operations.flatMap(({ body, parameters, answers }) => [
    ...(body === null ? [] : [body]),
    ...parameters.map(({ schema }) => schema),
    ...Object.values(answers).flatMap(({ content = {} }) =>
      Object.values(content).map(({ schema }) => schema),
    ),
  ])
  expect(schemas.length).toBeGreaterThan(100)
  for (const schema of schemas) {
    if (typeof schema === 'object' && '$ref' in schema) continue
    expect(() => z.fromJSONSchema(schema)).not.toThrow()
    if (typeof schema === 'object' && 'default' in schema)
      expect(z.fromJSONSchema(schema).safeParse(schema.default).success, JSON.stringify(schema)).toBe(true)
  }
  for (const pattern of valuesUnder('pattern', document)) {
    // A pattern is the bare expression: `/…/i` would be taken for a part of it, and match nothing.
    expect(pattern).not.toMatch(/\/[a-z]*$/)
    expect(() => new RegExp(String(pattern), 'u')).not.toThrow()
  }
})

test('every operation lists an answer, and the problems of what it takes', () => {
  for (const { key, path, body, answers } of operations) {
    const statuses = Object.keys(answers)
    expect(
      statuses.some((status) => status.startsWith('2')),
      key,
    ).toBe(true)
    expect(
      Object.values(answers).every((each) => each.$ref !== undefined || each.description !== ''),
      key,
    ).toBe(true)
    if (path.startsWith('/v1/')) expect(statuses, key).toEqual(expect.arrayContaining(['401', '403', '422']))
    if (path.includes('{')) expect(statuses, key).toContain('404')
    if (key === 'post /v1/tables/{table}/rows') expect(statuses).toContain('504')
    if (body !== null) expect(statuses, key).toEqual(expect.arrayContaining(['400', '413', '415']))
  }
})

test('names of reps and pools are described as they are taken, in either case', async () => {
  const put = operations.find(({ key }) => key === 'put /v1/reps/{rep}')
  const json = { id: 'Zoe-1', name: 'Zoe', email: 'zoe@reps.example' }
  expect(z.fromJSONSchema(put?.body ?? false).safeParse(json).error).toBeUndefined()
  expect((await ask(app, '/v1/reps/Zoe-1', { method: 'PUT', json })).status).toBe(201)
})

import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compute } from '../../../columns/compute.ts'
import { TableError } from '../../../columns/errors.ts'
import { jsonSchemaOf } from '../../../columns/json.ts'
import { nearestName } from '../../../columns/nearest.ts'
import type { Model } from '../../../columns/ports.ts'
import { prompt } from '../../../columns/prompt.ts'
import { defineTable } from '../../../columns/table.ts'
import { checkOutput, rulesOf } from '../../../columns/use-ai/rules.ts'
import { useAi } from '../../../columns/use-ai.ts'

const model: Model = {
  vendor: 'test',
  budget: { key: 'test', concurrency: 1 },
  model: 'm',
  answer: () => Promise.reject(new Error('nobody asks')),
}
const Region = z.object({ region: z.enum(['EMEA', 'NA', 'unknown']) })
const Firm = z.object({
  country: z.string().nullable(),
  size: z.object({ employees: z.number() }).nullable(),
  tags: z.record(z.string(), z.string()),
})
const leads = defineTable('leads', {
  input: z.object({ company: z.string(), country: z.string().optional() }),
})
  .column('firm', compute({ reads: ['company'], output: Firm, run: () => null }))
  .column('untold', compute({ reads: ['company'], run: () => ({ anything: 1 }) }))

const enumOf = (count: number) =>
  z.enum(['unknown', ...Array.from({ length: count - 1 }, (_, index) => `t${index}`)])

/** As a template written by somebody whose editor checks nothing. */
const written = (text: string) => prompt(Object.assign([text], { raw: [] }))

/** What the table says of a column, or the column of itself before it has a table. */
function problemOf(define: () => object): TableError {
  try {
    const made = define()
    if ('flaw' in made && TableError.isInstance(made.flaw)) return made.flaw
  } catch (error) {
    if (TableError.isInstance(error)) return error
    throw error
  }
  throw new Error('it was accepted')
}

const ask = (text: string) =>
  leads.column(
    'segment',
    useAi({ reads: ['company', 'country', 'firm', 'untold'], model, output: Region, prompt: written(text) }),
  )

describe('a reference in a prompt', () => {
  it.each([
    '{{company}}',
    '{{ firm.country }}',
    '{{firm.size.employees}}',
    '{{firm.tags.industry}}',
    '{{untold.anything}}',
  ])('to %s is taken', (text) => {
    expect(() => ask(text)).not.toThrow()
  })

  it.each([
    ['{{compny}}', 'compny', 'did you mean "company"?'],
    ['{{frim.country}}', 'frim.country', 'did you mean "firm"?'],
    ['{{firm.contry}}', 'firm.contry', 'did you mean "country"?'],
    ['{{firm.size.employes}}', 'firm.size.employes', 'did you mean "employees"?'],
    ['{{firm.country.code}}', 'firm.country.code', 'there is none to use'],
    ['{{company.name}}', 'company.name', 'there is none to use'],
  ])('to %s is refused with the nearest name', (text, value, wayOut) => {
    const { code, message, details } = problemOf(() => ask(text))
    expect(code).toBe('definition-invalid')
    expect(message).toContain(`{{${value}}}`)
    expect(details).toMatchObject({ value, wayOut: expect.stringContaining(wayOut) })
  })

  it('names table and column, as every fault of the definition does', () => {
    expect(problemOf(() => ask('{{compny}}'))).toMatchObject({
      message:
        'table "leads": column "segment": the prompt refers to {{compny}}, which the column does not read',
      details: { field: 'columns.segment.prompt', value: 'compny' },
    })
    const column = useAi<object>({
      model,
      output: z.object({ a: z.string() }),
      prompt: prompt`A?`,
      maxTokens: 0,
    })
    expect(problemOf(() => leads.column('size', column))).toMatchObject({
      message: 'table "leads": column "size": maxTokens is no number of tokens',
    })
  })

  it('that leads nowhere names the column it stands in', () => {
    expect(problemOf(() => ask('{{firm.contry}}')).message).toBe(
      'table "leads": column "segment" refers to {{firm.contry}}, and firm has no "contry"',
    )
  })

  it('to a column that was renamed names the nearest', () => {
    const renamed = compute<{ company: string }, 'company'>({ reads: ['company'], run: () => 1 })
    const column = { ...renamed, reads: ['companyName' as 'company'] }
    expect(problemOf(() => leads.column('size', column)).details.wayOut).toContain('did you mean "company"?')
  })
})

describe('the list of what is sent', () => {
  const sent = (send: readonly ('company' | 'country')[]) => () =>
    useAi<{ company: string; country: string }, 'company' | 'country', never, z.output<typeof Region>>({
      reads: ['company', 'country'],
      model,
      output: Region,
      prompt: prompt`Where is {{company}}?`,
      send,
    })

  it('may hold more than the prompt refers to, and must hold all of that', () => {
    expect(sent(['company', 'country'])().flaw).toBeUndefined()
    expect(problemOf(sent(['country']))).toMatchObject({ details: { field: 'send', value: 'company' } })
    expect(problemOf(sent(['company', 'contry' as 'country'])).details.wayOut).toContain(
      'did you mean "country"?',
    )
  })
})

const Shared = z.object({ region: z.enum(['EMEA', 'NA']) }).meta({ id: 'Shared' })
const Tree = z.object({
  kind: z.enum(['a', 'b']),
  get inside() {
    return z.array(Tree)
  },
})

describe('an output', () => {
  const output = (shape: z.ZodRawShape, cites?: string) => () =>
    useAi<object, never, never, object>({
      model,
      output: z.object(shape),
      prompt: prompt`Which?`,
      ...(cites !== undefined && { cites: { field: cites as never } }),
    })

  it.each([
    ['an enum without unknown', { region: z.enum(['EMEA', 'NA']) }, 'output.region', 'add "unknown"'],
    [
      'an enum without unknown in a list',
      { regions: z.array(z.enum(['EMEA', 'NA'])) },
      'output.regions[]',
      'add "unknown"',
    ],
    [
      'literals without unknown',
      { region: z.union([z.literal('EMEA'), z.literal('NA')]) },
      'output.region',
      'add "unknown"',
    ],
    ['an optional field', { a: z.object({ b: z.string().optional() }) }, 'output.a.b', 'make it nullable'],
    ['a loose object', { a: z.looseObject({ b: z.string() }) }, 'output.a', 'z.strictObject'],
    ['a record', { a: z.record(z.string(), z.string()) }, 'output.a', 'use z.object'],
    ['anything', { a: z.object({ b: z.any() }) }, 'output.a.b', 'say what it is'],
    ['an enum of 1,001 values', { a: z.object({ b: enumOf(1_001) }) }, 'output.a.b', 'in a compute column'],
    ['enums of 1,001 values in all', { a: enumOf(600), b: enumOf(401) }, 'output', 'in a compute column'],
    [
      'a tuple',
      { a: z.tuple([z.string(), z.number()]) },
      'output.a',
      'use z.object with a name for each place',
    ],
    [
      'an enum without unknown in one of several forms',
      {
        a: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('firm'), size: z.enum(['SMB', 'ENT']) }),
          z.object({ kind: z.literal('person') }),
        ]),
      },
      'output.a.size',
      'add "unknown"',
    ],
    [
      'an enum without unknown in a shared part',
      { a: Shared, b: Shared },
      'output.a.region',
      'add "unknown"',
    ],
    [
      'an enum without unknown in a part that holds itself',
      { tree: Tree },
      'output.tree.kind',
      'add "unknown"',
    ],
  ] as const)('with %s is refused', (_, shape, field, wayOut) => {
    expect(problemOf(output(shape)).details).toMatchObject({ field, wayOut: expect.stringContaining(wayOut) })
  })

  it('with enums of 1,000 values is taken', () => {
    expect(() => checkOutput(jsonSchemaOf(z.object({ a: enumOf(600), b: enumOf(400) })))).not.toThrow()
  })

  it('that no strict JSON can say is refused, whoever wrote the schema', () => {
    const shape = { b: { type: 'object', properties: {}, additionalProperties: false } }
    const given = {
      type: 'object',
      properties: { a: { allOf: [shape.b, shape.b] } },
      required: ['a'],
      additionalProperties: false,
    }
    expect(problemOf(() => checkOutput(given)).details).toMatchObject({
      field: 'output.a',
      wayOut: expect.stringContaining('one object with the fields of both'),
    })
  })

  it('may have enums with unknown or null, literals, numbers and lists', () => {
    const shape = {
      region: z.enum(['EMEA', 'unknown']),
      size: z.enum(['SMB', 'ENT']).nullable(),
      kind: z.literal('lead'),
      score: z.number().min(0).max(10),
      tags: z.array(z.object({ name: z.string() })),
    }
    expect(output(shape)().flaw).toBeUndefined()
  })

  it('cites in a list of texts only', () => {
    expect(output({ a: z.string(), from: z.array(z.string()) }, 'from')().flaw).toBeUndefined()
    expect(problemOf(output({ a: z.string() }, 'a')).details).toMatchObject({ field: 'cites', value: 'a' })
    expect(problemOf(output({ a: z.string() }, 'b')).details).toMatchObject({ field: 'cites', value: 'b' })
  })

  it('is told to the bottom of its lists, and once where it holds itself', () => {
    const Node = z.object({
      kind: z.enum(['a', 'unknown']).describe('What it is.'),
      get inside() {
        return z.array(Node)
      },
    })
    const Output = z.object({
      offices: z.array(z.object({ country: z.enum(['DE', 'unknown']).describe('ISO code.') })),
      either: z.discriminatedUnion('is', [
        z.object({ is: z.literal('firm'), size: z.number() }),
        z.object({ is: z.literal('person') }),
      ]),
      node: Node,
    })
    expect(
      rulesOf(jsonSchemaOf(Output) ?? {})
        .split('\n')
        .slice(1),
    ).toEqual([
      '- offices: a list, each an object.',
      '- offices[].country: one of "DE", "unknown". ISO code.',
      '- either: an object.',
      '- either.is: "firm".',
      '- either.size: a number.',
      '- either.is: "person".',
      '- node: an object.',
      '- node.kind: one of "a", "unknown". What it is.',
      '- node.inside: a list, each an object.',
    ])
  })

  it('becomes the rules the model is told, with its descriptions', () => {
    const Output = z.object({
      region: z.enum(['EMEA', 'unknown']).describe('EMEA is Europe.'),
      score: z.number().min(0).max(10).nullable(),
      count: z.int(),
      note: z.string().max(20),
      tags: z.array(z.string()),
      person: z.object({ vip: z.boolean().describe('Somebody who decides.') }),
    })
    expect(rulesOf(jsonSchemaOf(Output) ?? {}).split('\n')).toEqual([
      'Answer with one JSON object and nothing around it. Its fields, all of them and no others:',
      '- region: one of "EMEA", "unknown". EMEA is Europe.',
      '- score: a number from 0 up to 10, or null.',
      '- count: a whole number.',
      '- note: text of at most 20 characters.',
      '- tags: a list, each text.',
      '- person: an object.',
      '- person.vip: true or false. Somebody who decides.',
    ])
  })
})

it('a limit of money without a price is refused', () => {
  const define = () =>
    useAi<object>({ model, output: z.object({ a: z.string() }), prompt: prompt`A?`, spend: { perDay: 1 } })
  expect(problemOf(define).details).toMatchObject({
    field: 'spend',
    wayOut: expect.stringContaining('price'),
  })
})

it.each([
  ['price.input', { price: { input: Number.NaN, output: 1 } }],
  ['price.output', { price: { input: 1, output: -1 } }],
  ['price.output', { price: { input: 1, output: Number.POSITIVE_INFINITY } }],
  ['maxTokens', { maxTokens: 0 }],
  ['maxTokens', { maxTokens: Number.NaN }],
  ['maxTokens', { maxTokens: 1.5 }],
  ['spend.perDay', { price: { input: 1, output: 1 }, spend: { perDay: -1 } }],
  ['prompt', { prompt: 'A?' as never }],
] as const)('%s that cannot be held to is refused', (field, over) => {
  const define = () =>
    useAi<object>({ model, output: z.object({ a: z.string() }), prompt: prompt`A?`, ...over })
  expect(problemOf(define)).toMatchObject({ code: 'definition-invalid', details: { field } })
})

it('a price of nothing is one, also with a limit', () => {
  const price = { input: 0, output: 0 }
  const output = z.object({ a: z.string() })
  const column = useAi<object>({ model, output, prompt: prompt`A?`, price, spend: { perDay: 0 } })
  expect(column.flaw).toBeUndefined()
})

it.each([
  ['compnay', ['company', 'country'], 'company'],
  ['Company', ['company'], 'company'],
  ['employes', ['industry', 'employees'], 'employees'],
  ['x', ['company'], null],
  ['zzzzzz', ['company', 'country'], null],
  ['a', [], null],
])('the name nearest to %s of %o is %s', (name, known, nearest) => {
  expect(nearestName(name, known)).toBe(nearest)
})

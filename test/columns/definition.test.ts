import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import { buildColumn } from '../../columns/build.ts'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { TableError } from '../../columns/errors.ts'
import type { Model } from '../../columns/ports.ts'
import { prompt } from '../../columns/prompt.ts'
import { defineTable } from '../../columns/table.ts'
import { useAi } from '../../columns/use-ai.ts'
import { definePool } from '../../routing/pool.ts'
import { budgetOf } from './ports.ts'

const Lead = z.object({ email: z.string(), company: z.string().optional() })
const one = compute({ run: () => 1 })
const leads = defineTable('leads', { input: Lead }).column(
  'domain',
  compute({ reads: ['email'], run: (row) => row.email }),
)

/** What is thrown, or what a column says of itself before it has a table. */
function problemOf(define: () => unknown): Pick<TableError, 'code' | 'message' | 'details'> {
  try {
    const made = define()
    if (typeof made === 'object' && made !== null && 'flaw' in made && TableError.isInstance(made.flaw))
      return made.flaw
  } catch (error) {
    if (TableError.isInstance(error)) return error
    throw error
  }
  throw new Error('the definition was accepted')
}

/** What the compiler refuses is refused at definition too: for definitions written in JavaScript, or built from data. */
describe('a definition that is wrong says what, where and the way out', () => {
  it('for a name that is taken by a column or by the input', () => {
    const wayOut = expect.stringContaining('another name')
    // @ts-expect-error
    expect(problemOf(() => leads.column('domain', one))).toMatchObject({
      code: 'definition-invalid',
      message: 'table "leads": column "domain" is already defined',
      details: { field: 'columns.domain', value: 'domain', wayOut },
    })
    // @ts-expect-error
    expect(problemOf(() => leads.column('email', one))).toMatchObject({
      message: 'table "leads": column "email" has the name of a field of the input',
      details: { field: 'columns.email', value: 'email', wayOut },
    })
  })

  it.each([
    ['a kind that was not called', compute, 'a value of type function'],
    ['options of no kind', { reads: ['email'] }, 'a value of type object'],
    ['nothing', undefined, 'nothing'],
  ])('for %s in the place of a column', (_, column, told) => {
    // @ts-expect-error
    expect(problemOf(() => leads.column('size', column))).toMatchObject({
      code: 'definition-invalid',
      message: `table "leads": column "size" is given ${told}, which is no column`,
      details: {
        field: 'columns.size',
        value: 'size',
        wayOut: expect.stringMatching(/^give what a call such as compute/),
      },
    })
  })

  it('for a value that is not there, or comes later', () => {
    const problem = {
      code: 'definition-invalid',
      message: expect.stringContaining('column "size" uses "domian"'),
      details: {
        field: 'columns.size',
        value: 'size',
        wayOut: expect.stringMatching(/email, company, domain/),
      },
    }
    // @ts-expect-error
    expect(problemOf(() => leads.column('size', compute({ reads: ['domian'], run: () => 1 })))).toMatchObject(
      problem,
    )
    // @ts-expect-error
    expect(problemOf(() => leads.column('size', compute({ needs: ['domian'], run: () => 1 })))).toMatchObject(
      problem,
    )
    // @ts-expect-error
    expect(problemOf(() => leads.column('size', one, { when: { domian: 'x' } }))).toMatchObject(problem)
    // @ts-expect-error
    const inherited = () => leads.column('size', compute({ reads: ['toString'], run: () => 1 }))
    expect(problemOf(inherited)).toMatchObject({ message: expect.stringContaining('"toString"') })
  })

  it('for a name of one letter, which is like no other', () => {
    const short = defineTable('leads', { input: z.object({ a: z.string() }) })
    // @ts-expect-error
    const define = () => short.column('x', compute({ reads: ['y'], run: () => 1 }))
    expect(problemOf(define)).toMatchObject({
      details: { wayOut: expect.stringMatching(/^use one of: a\./) },
    })
  })

  it('for two columns that use each other, whichever comes first', () => {
    const define = (name: string, other: string) => {
      // @ts-expect-error
      return problemOf(() => leads.column(name, compute({ reads: [other], run: () => 1 })))
    }
    for (const [name, other] of [
      ['first', 'last'],
      ['last', 'first'],
    ] as const)
      expect(define(name, other)).toMatchObject({
        code: 'definition-invalid',
        message: `table "leads": column "${name}" uses "${other}", which is neither a field of the input nor a column before it`,
        details: {
          field: `columns.${name}`,
          wayOut: `use one of: email, company, domain. If "${other}" is a column defined further down, define it before "${name}"; if it uses "${name}" as well, "${name}" and "${other}" are a cycle, and one of the two must do without the other`,
        },
      })
  })

  it('for a cycle, the shortest there can be', () => {
    // @ts-expect-error
    expect(problemOf(() => leads.column('size', compute({ reads: ['size'], run: () => 1 })))).toMatchObject({
      code: 'definition-invalid',
      message: expect.stringContaining('reads itself, which is a cycle'),
      details: { field: 'columns.size', wayOut: 'read earlier columns only' },
    })
  })

  it.each([
    '',
    '1st',
    'has space',
    'semi;colon',
    'dot.ted',
    'quote"',
    'ü',
    'x'.repeat(65),
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
  ])('for the name %o, of a table, a field or a column', (name) => {
    const wayOut = expect.stringContaining('start with a letter')
    const details = (field: string) => ({
      code: 'definition-invalid',
      details: { field, value: name, wayOut },
    })
    expect(problemOf(() => defineTable(name, { input: Lead }))).toMatchObject(details('table'))
    expect(problemOf(() => leads.column(name, one))).toMatchObject(details('column'))
    if (name === '__proto__') return
    const input = z.object({ [name]: z.string() })
    expect(problemOf(() => defineTable('leads', { input }))).toMatchObject(details('input field'))
  })

  it('for an exit that nobody handles', () => {
    const handle = { route: 'continue' } as const
    // @ts-expect-error
    const define = () => branch({ exits: ['route', 'nurture'], decide: () => 'route', handle })
    expect(problemOf(define)).toMatchObject({
      code: 'definition-invalid',
      message: 'exit "nurture" is not handled',
      details: { field: 'handle', value: 'nurture', wayOut: expect.stringContaining('nurture') },
    })
  })

  it('for a ladder that ends in a pool it does not hold', () => {
    const members = [{ rep: { id: 'ana', name: 'Ana', email: 'ana@ours.example' } }]
    const pool = definePool('emea', { strategy: 'standard', members, whenNobody: 'assign-anyway' })
    // @ts-expect-error
    const define = () => assignOwner({ pools: [pool], rules: [], otherwise: { pool: 'amer' } })
    expect(problemOf(define)).toMatchObject({
      code: 'definition-invalid',
      details: { field: 'otherwise', value: 'amer', wayOut: expect.stringContaining('emea') },
    })
  })

  it('for a prompt that refers to what the column does not declare', () => {
    const model: Model = {
      vendor: 'test',
      budget: budgetOf('test'),
      model: 'm',
      answer: () => Promise.reject(new Error('nobody asks')),
    }
    const output = z.object({ region: z.string() })
    const ask = (text: TemplateStringsArray) =>
      useAi<{ domain: string }, 'domain', never, { region: string }>({
        reads: ['domain'],
        model,
        output,
        prompt: prompt(text),
      })
    expect(() => ask`Where is {{ domain }}?`).not.toThrow()
    for (const name of ['domian', 'email', 'two words', '1st', ''])
      expect(problemOf(() => ask(Object.assign([`Where is {{${name}}}?`], { raw: [] })))).toMatchObject({
        code: 'definition-invalid',
        message: `the prompt refers to {{${name}}}, which the column does not read`,
        details: { field: 'prompt', value: name, wayOut: expect.stringContaining('domain') },
      })
    const text = z.string() as unknown as typeof output
    expect(problemOf(() => useAi({ model, output: text, prompt: prompt`Where?` }))).toMatchObject({
      code: 'definition-invalid',
      details: { field: 'output', value: 'string', wayOut: expect.stringContaining('z.object') },
    })
  })
})

describe('a table', () => {
  it('knows for each column what it waits for, in an order that is valid to run in', () => {
    const table = leads
      .column('size', compute({ reads: ['domain', 'email'], run: () => 1 }))
      .column('end', compute({ needs: ['size', 'domain'], run: () => 1 }), {
        when: { domain: 'x', company: 'y' },
      })
    expect(table.columns.map(({ name, index, dependsOn }) => [name, index, dependsOn])).toEqual([
      ['domain', 0, []],
      ['size', 1, ['domain']],
      ['end', 2, ['size', 'domain']],
    ])
    expect(leads.columns).toHaveLength(1)
  })

  it('works out its keys from the input with null for what is missing; an empty key is no key', () => {
    const seen: unknown[] = []
    const table = defineTable('leads', {
      input: Lead,
      person: (lead) => {
        seen.push(lead)
        return lead.email
      },
      account: (lead) => lead.company,
    })
    expect(table.personOf({ email: 'ana@acme.com' })).toBe('ana@acme.com')
    expect(table.personOf({ email: '' })).toBeNull()
    expect(table.accountOf({ email: 'x' })).toBeNull()
    expect(table.accountOf({ email: 'x', company: 'Acme' })).toBe('Acme')
    expect(seen[0]).toEqual({ email: 'ana@acme.com', company: null })
    expect(leads.personOf({ email: 'ana@acme.com' })).toBeNull()
  })

  it('changes its version with anything that could change an answer, and with nothing else', () => {
    type Lead = { email: string }
    const versionWith = (column: ReturnType<typeof compute<Lead>>, when = {}) =>
      defineTable('leads', { input: z.object({ email: z.string() }) }).column('a', column, { when }).version
    const base = { reads: ['email'] as const, run: (row: Lead) => row.email }
    const first = versionWith(compute({ ...base }))
    expect(versionWith(compute({ ...base }))).toBe(first)
    const others = [
      versionWith(compute({ ...base, run: (row: Lead) => row.email.trim() })),
      versionWith(compute({ ...base, revision: 1 })),
      versionWith(compute({ ...base, output: z.string() })),
      versionWith(compute({ ...base, output: z.string().min(3) })),
      versionWith(compute({ needs: base.reads, run: base.run })),
      versionWith(compute(base), { email: 'x' }),
      versionWith(compute(base), { email: (email: string) => email !== '' }),
      versionWith(compute(base), { email: (email: string) => email === '' }),
    ]
    expect(new Set([first, ...others]).size).toBe(others.length + 1)
    expect(versionWith(compute({ ...base, timeoutMs: 5, retry: { attempts: 9 } }))).toBe(first)
  })
})

describe('a column of one’s own', () => {
  it('gets the defaults of its effect class and keeps what it says itself', () => {
    const read = buildColumn<{ a: string }, number>({
      kind: 'mine',
      versionOf: [],
      work: { effect: 'read', run: () => done(1) },
      retry: { attempts: 2 },
      budget: { key: 'mine', concurrency: 3 },
    })
    expect(read).toMatchObject({
      kind: 'mine',
      reads: [],
      needs: [],
      output: null,
      retry: { attempts: 2, baseMs: 500, maxMs: 60_000 },
      timeoutMs: 20_000,
      budget: { key: 'mine', concurrency: 3 },
      costUsd: 0,
    })
    expect(compute({ run: () => 1 }).retry.attempts).toBe(1)
  })
})

import { beforeAll, describe, expect, it } from 'vitest'
import { compile } from './compile.ts'

interface Case {
  wrong: string
  right: string
  says: readonly string[]
}

const market = `const full = { SMB: { pool: 'emea' }, ENT: { pool: 'emea' } }
const dimensions = [['region', z.enum(['EMEA', 'unknown'])], ['segment', z.enum(['SMB', 'ENT'])]] as const
`
const territory = (destinations: string) =>
  `${market}defineTerritory('market', { dimensions, destinations: ${destinations} })`
const handled = `handle: { route: 'continue', nurture: { ends: 'n' } }`
const rotate = (pool: string, otherwise = 'emea') =>
  `leads.column('owner', assignOwner({ pools: [emea, amer], otherwise: { pool: '${otherwise}' },
     rules: [{ name: 'rotation', decide: (_, by) => by.rotate('${pool}') }] }))`
const ask = (text: string) =>
  `leads.column('segment', useAi({ reads: ['domain'], model: connectors.model, output: z.object({ a: z.string() }), prompt: prompt('${text}') }))`

const refer = (text: string) =>
  `leads.column('firm', compute({ output: z.object({ country: z.string() }), run: () => null }))
     .column('segment', useAi({ reads: ['firm'], model: connectors.model, output: z.object({ a: z.string() }), prompt: prompt('${text}') }))`

const cases: Readonly<Record<string, Case>> = {
  'an unknown column': {
    wrong: `leads.column('a', compute({ reads: ['emial'], run: () => 1 }))`,
    right: `leads.column('a', compute({ reads: ['email'], run: () => 1 }))`,
    says: [`'"emial"'`, `Did you mean '"email"'?`],
  },
  'a value that is used and not declared': {
    wrong: `leads.column('a', compute({ reads: ['email'], run: (row) => row.website }))`,
    right: `leads.column('a', compute({ reads: ['email', 'website'], run: (row) => row.website }))`,
    says: [`Property 'website' does not exist on type`, 'readonly email: string'],
  },
  'a value that may be missing': {
    wrong: `leads.column('a', compute({ reads: ['domain'], run: (row) => row.domain.length }))`,
    right: `leads.column('a', compute({ needs: ['domain'], run: (row) => row.domain.length }))`,
    says: [`'row.domain' is possibly 'null'`],
  },
  'a name that is taken by a column': {
    wrong: `leads.column('domain', compute({ run: () => 1 }))`,
    right: `leads.column('otherDomain', compute({ run: () => 1 }))`,
    says: [`column \\"domain\\" is already defined`],
  },
  'a name that is taken by the input': {
    wrong: `leads.column('email', compute({ run: () => 1 }))`,
    right: `leads.column('otherEmail', compute({ run: () => 1 }))`,
    says: [`column \\"email\\" is already defined`],
  },
  'a later column': {
    wrong: `leads.column('a', compute({ reads: ['b'], run: () => 1 })).column('b', compute({ run: () => 1 }))`,
    right: `leads.column('b', compute({ run: () => 1 })).column('a', compute({ reads: ['b'], run: () => 1 }))`,
    says: [`Type '"b"' is not assignable to type 'NameOf<{ email: string;`],
  },
  'a condition on an unknown value': {
    wrong: `leads.column('a', compute({ run: () => 1 }), { when: { exti: 'route' } })`,
    right: `leads.column('a', compute({ run: () => 1 }), { when: { source: 'route' } })`,
    says: [`'exti' does not exist in type 'When<`],
  },
  'a stand-in for a column that is not there': {
    wrong: `leads.column('a', compute({ run: () => 1 }), { late: { column: 'domian', afterMs: 1 } })`,
    right: `leads.column('a', compute({ run: () => 1 }), { late: { column: 'domain', afterMs: 1 } })`,
    says: [`'"domian"'`, `Did you mean '"domain"'?`],
  },
  'a territory with a missing combination': {
    wrong: territory(`{ EMEA: full, unknown: { SMB: { pool: 'emea' } } }`),
    right: territory('{ EMEA: full, unknown: full }'),
    says: [`Property 'ENT' is missing`],
  },
  'a territory with a missing region': {
    wrong: territory('{ EMEA: full }'),
    right: territory(`{ EMEA: full, unknown: { pool: 'emea' } }`),
    says: [`Property 'unknown' is missing`],
  },
  'a territory with a region it does not have': {
    wrong: territory('{ EMEA: full, unknown: full, APAC: full }'),
    right: territory('{ EMEA: full, unknown: full }'),
    says: [`'APAC' does not exist in type`],
  },
  'a pool that does not say what happens when nobody is available': {
    wrong: `definePool('apac', { strategy: 'standard', members: [] })`,
    right: `definePool('apac', { strategy: 'standard', members: [], whenNobody: 'assign-anyway' })`,
    says: [`Property 'whenNobody' is missing`],
  },
  'a pool that waits for an opening and does not say what happens when none comes': {
    wrong: `definePool('apac', { strategy: 'standard', members: [], whenNobody: { hold: 'until-opening' } })`,
    right: `definePool('apac', { strategy: 'standard', members: [], whenNobody: { hold: 'until-opening', otherwise: 'assign-anyway' } })`,
    says: [`Property 'otherwise' is missing`],
  },
  'a territory asked for with a value it does not have': {
    wrong: `${market}const to = defineTerritory('market', { dimensions, destinations: { EMEA: full, unknown: full } })
leads.column('o', assignOwner({ pools: [emea], otherwise: { pool: 'emea' }, rules: [{ name: 'r', decide: (_, by) => by.territory(to, { region: 'APAC', segment: 'SMB' }) }] }))`,
    right: `${market}const to = defineTerritory('market', { dimensions, destinations: { EMEA: full, unknown: full } })
leads.column('o', assignOwner({ pools: [emea], otherwise: { pool: 'emea' }, rules: [{ name: 'r', decide: (_, by) => by.territory(to, { region: 'EMEA', segment: 'SMB' }) }] }))`,
    says: [`Type '"APAC"' is not assignable to type '"EMEA" | "unknown"'`],
  },
  'an exit that is not handled': {
    wrong: `leads.column('exit', branch({ exits: ['route', 'nurture'], decide: () => 'route', handle: { route: 'continue' } }))`,
    right: `leads.column('exit', branch({ exits: ['route', 'nurture'], decide: () => 'route', ${handled} }))`,
    says: [`Property 'nurture' is missing`],
  },
  'an answer that is no exit': {
    wrong: `leads.column('exit', branch({ exits: ['route', 'nurture'], decide: () => 'rout', ${handled} }))`,
    right: `leads.column('exit', branch({ exits: ['route', 'nurture'], decide: () => 'route', ${handled} }))`,
    says: [`'"rout"'`, `Did you mean '"route"'?`],
  },
  'an unknown pool in a rule': {
    wrong: rotate('emae'),
    right: rotate('amer'),
    says: [`'"emae"' is not assignable to parameter of type '"amer" | "emea"'`],
  },
  'an unknown pool at the end of the ladder': {
    wrong: rotate('emea', 'emeaa'),
    right: rotate('emea', 'amer'),
    says: [`Did you mean '"emea"'?`],
  },
  'a prompt that refers to a value the column does not declare': {
    wrong: ask('Where is {{domian}}?'),
    right: ask('Where is {{domain}}?'),
    says: [`'Prompt<"domian">' is not assignable to type 'Prompt<"domain">'`],
  },
  'a prompt that refers to what a value does not hold': {
    wrong: refer('Where is {{firm.contry}}?'),
    right: refer('Where is {{firm.country}}?'),
    says: [`Did you mean '"firm.country"'?`],
  },
}

describe('a wrong definition does not compile, and the message says why', () => {
  let messages: Record<string, string[]> = {}

  beforeAll(() => {
    const snippets = Object.entries(cases).flatMap(([name, { wrong, right }]) => [
      [`wrong: ${name}`, wrong] as const,
      [`right: ${name}`, right] as const,
    ])
    messages = compile(Object.fromEntries(snippets))
  })

  it.each(Object.keys(cases))('%s', (name) => {
    expect(messages[`right: ${name}`]).toEqual([])
    expect(messages[`wrong: ${name}`]).toHaveLength(1)
    for (const part of cases[name]?.says ?? []) expect(messages[`wrong: ${name}`]?.[0]).toContain(part)
  })
})

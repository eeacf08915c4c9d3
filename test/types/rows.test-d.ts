import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import type { Column } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { enrich } from '../../columns/enrich.ts'
import { http } from '../../columns/http.ts'
import { lookup } from '../../columns/lookup.ts'
import { type Notified, notify } from '../../columns/notify.ts'
import type { Firm } from '../../columns/ports.ts'
import { prompt } from '../../columns/prompt.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import type { Table } from '../../columns/table.ts'
import type { InputRow, Seen, When } from '../../columns/types.ts'
import { useAi } from '../../columns/use-ai.ts'
import type { Assignment } from '../../routing/decision.ts'
import type { Equal, Expect } from './expect.ts'
import { connectors, emea, type Lead, leads, Segment } from './leads.ts'

type RowOf<Given> = Given extends Table<infer Row> ? Row : never

interface Inputs {
  email: string
  website: string | null
  employees: number | null
  source: string
  tags: string[] | null
}
type Leads = Inputs & { domain: string | null }
type Flat<Shape> = { [Key in keyof Shape]: Shape[Key] }

/** An optional input is null where it is missing; one with a default is always there. */
export type InputIsNullWhereMissing = Expect<Equal<InputRow<z.output<typeof Lead>>, Inputs>>

/** A column adds what it gives, or null: it may have been skipped, have found nothing or have failed. */
export type ColumnIsNullable = Expect<Equal<RowOf<typeof leads>, Flat<Leads>>>

/** A cell sees what it reads as it is, and what it needs without null. */
export type SeenIsDeclared = Expect<
  Equal<
    Seen<Leads, 'email' | 'employees', 'domain'>,
    { readonly email: string; readonly employees: number | null; readonly domain: string }
  >
>
export type NeedsWinOverReads = Expect<Equal<Seen<Leads, 'domain', 'domain'>, { readonly domain: string }>>
export type NothingDeclaredNothingSeen = Expect<Equal<keyof Seen<Leads, never, never>, never>>

/** A condition names values of the row, never of another type. */
export type ConditionFitsItsValue = Expect<
  Equal<
    When<{ employees: number | null }>['employees'],
    number | readonly number[] | ((value: number | null) => boolean) | undefined
  >
>

const Kind = z.object({ kind: z.enum(['fleet', 'other']), tags: z.array(z.string()) })
const Site = z.object({ title: z.string(), visits: z.number().optional() })

export const whole = leads
  .column(
    'size',
    compute({ needs: ['employees'], run: ({ employees }) => (employees > 50 ? 'big' : 'small') }),
  )
  .column(
    'later',
    compute({ reads: ['email'], run: async ({ email }) => (email === '' ? null : email.length) }),
  )
  .column('kind', compute({ output: Kind, run: () => ({ kind: 'fleet', tags: ['a'] }) }))
  .column(
    'facts',
    compute({ reads: ['tags'], run: ({ tags }) => ({ tags: [...(tags ?? [])], plan: 'free' }) }),
  )
  .column(
    'firm',
    enrich({ needs: ['domain'], providers: connectors.enrichments, domain: (row) => row.domain }),
  )
  .column(
    'segment',
    useAi({
      reads: ['email'],
      needs: ['domain'],
      model: connectors.model,
      output: Segment,
      prompt: prompt('Where is {{domain}}, who wrote from {{ email }}?'),
      decide: ({ domain }) =>
        domain === 'acme.com'
          ? { complete: true, value: { region: 'EMEA', segment: 'SMB' } }
          : { complete: false, known: { region: 'EMEA' } },
      unknown: (_, known) => ({ region: known.region ?? 'unknown', segment: 'unknown' }),
    }),
  )
  .column(
    'exit',
    branch({
      needs: ['segment'],
      reads: ['firm'],
      exits: ['route', 'nurture'],
      handle: { route: 'continue', nurture: { ends: 'nurture programme' } },
      decide: ({ segment, firm }) =>
        firm === null && segment.segment === 'unknown'
          ? { exit: 'nurture', reason: 'nobody knows it' }
          : 'route',
    }),
  )
  .column(
    'owner',
    assignOwner({
      needs: ['segment'],
      reads: ['domain'],
      pools: [emea],
      otherwise: { pool: 'emea' },
      rules: [
        {
          name: 'rotation',
          decide: ({ segment }, by) => (segment.region === 'EMEA' ? by.rotate('emea') : by.no('not ours')),
        },
      ],
    }),
    { when: { exit: 'route', employees: (employees) => employees !== 0, source: ['form', 'chat'] } },
  )
  .column('turn', roundRobin({ needs: ['domain'], pool: emea }))
  .column(
    'site',
    http({
      needs: ['domain'],
      url: 'https://sites.example/{domain}',
      path: ({ domain }) => ({ domain }),
      output: Site,
    }),
  )
  .column(
    'known',
    lookup({
      table: 'customers',
      by: 'account',
      needs: ['domain'],
      key: ({ domain }) => domain,
      output: z.number(),
      take: () => 1,
    }),
  )
  .column(
    'handoff',
    notify({
      needs: ['owner'],
      via: connectors.messenger,
      message: ({ owner }) => ({
        to: { email: owner.email ?? '' },
        title: owner.name,
        facts: [],
        reason: owner.reason,
      }),
    }),
  )

interface Whole extends Leads {
  size: 'big' | 'small' | null
  later: number | null
  kind: { kind: 'fleet' | 'other'; tags: string[] } | null
  facts: { readonly tags: readonly string[]; readonly plan: 'free' } | null
  firm: Firm | null
  segment: z.output<typeof Segment> | null
  exit: 'route' | 'nurture' | null
  owner: Assignment | null
  turn: Assignment | null
  site: { title: string; visits?: number | undefined } | null
  known: number | null
  handoff: Notified | null
}

export type EveryKindAddsItsValue = Expect<Equal<RowOf<typeof whole>, Flat<Whole>>>

/** A column of one's own is written as ours are: it fits every table that has the values it reads. */
export const ownColumn = <Row extends { email: string }>(column: Column<Row, number>) => column

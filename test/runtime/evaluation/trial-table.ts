import { z } from 'zod'
import { buildColumn } from '../../../columns/build.ts'
import { type CellContext, type Column, type ColumnOptions, done, noResult } from '../../../columns/column.ts'
import { compute } from '../../../columns/compute.ts'
import { CallFailure } from '../../../columns/errors.ts'
import { defineTable } from '../../../columns/table.ts'
import { type PlannedColumn, planTable, type TablePlan } from '../../../runtime/plan.ts'

const Place = z.object({ city: z.string(), people: z.number() })

interface Row {
  site: string | null
  country: string | null
}

/** Asks a server which city a site is in: 404 is no result, 503 may be asked again, 400 may not. */
export function askCity(url: string, options: ColumnOptions): Column<Row, z.output<typeof Place>> {
  return buildColumn<Row, z.output<typeof Place>>({
    ...options,
    kind: 'ask-city',
    needs: ['site'],
    reads: ['country'],
    output: Place,
    versionOf: [],
    work: {
      effect: 'read',
      otherwise: ({ country }, { kind }) =>
        country === 'known' ? done({ city: 'Bonn', people: 1 }, { detail: { outcome: kind } }) : null,
      async run({ site }, context) {
        const response = await askedFor(`${url}/${encodeURIComponent(String(site))}`, context)
        if (response.status === 404) return noResult('nobody knows it')
        if (!response.ok)
          throw new CallFailure('unavailable', `it said ${response.status}`, {
            retryable: response.status === 503,
          })
        return done(Place.parse(await response.json()), {
          cost: { usd: 0.01 },
          detail: { decidedBy: 'model' },
        })
      },
    },
  })
}

const askedFor = (url: string, { fetch, signal }: CellContext) => fetch(url, { signal })

const Input = z.object({
  company: z.string().min(1),
  employees: z.number().int().optional(),
  asked: z.boolean().optional(),
  website: z.string().trim().optional(),
})

/** A column that asks a server, behind columns that only compute, and one that draws nothing but writes. */
export function trialTable(url: string, options: ColumnOptions = {}): TablePlan {
  const table = defineTable('trial', { input: Input })
    .column(
      'country',
      compute({ reads: ['website'], run: ({ website }) => website?.split('.').at(-1) ?? null }),
    )
    .column(
      'site',
      compute({
        reads: ['website', 'country'],
        run: ({ website, country }) => (country === 'broken' ? boom() : website && `${website}!${country}`),
      }),
    )
    .column('place', askCity(url, options), { when: { asked: true } })
    .column('size', compute({ reads: ['employees'], output: z.enum(['small', 'large']), run: sizeOf }))
    .column('told', {
      ...compute({ needs: ['place'], run: () => 'never' }),
      work: {
        effect: 'write',
        sideEffect: 'tells somebody',
        reaches: 'people',
        target: 'readable',
        confirms: [],
        horizonMs: 0,
        send: async () => done('told'),
        reconcile: async () => ({ state: 'absent' }),
      },
    })
  return planTable(table, 0)
}

function boom(): never {
  throw new Error('boom')
}

const sizeOf = ({ employees }: { employees: number | null }) => {
  if (employees === null) return null
  return employees < 200 ? ('small' as const) : ('large' as const)
}

/** A column of a table that is known to have it. */
export function columnOf(plan: TablePlan, name: string): PlannedColumn {
  const column = plan.byName.get(name)
  if (column === undefined) throw new Error(`the table has no column ${name}`)
  return column
}

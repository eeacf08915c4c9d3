import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { ColumnOptions } from '../../../columns/column.ts'
import { compute } from '../../../columns/compute.ts'
import type { Model } from '../../../columns/ports.ts'
import { prompt } from '../../../columns/prompt.ts'
import { defineTable } from '../../../columns/table.ts'
import { useAi } from '../../../columns/use-ai.ts'
import { openai } from '../../../connectors/openai.ts'
import {
  Classification,
  classifiedWithoutModel,
  classifyByRule,
} from '../../../examples/inbound-leads/qualify.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { insertRows, type RunningRuntime, runTables } from '../../support/runtime.ts'

export const price = { input: 2, output: 10 }

/** The classification of the example, and a column behind it that routes by its answer. */
export const leadsTable = (
  model: Model,
  options: ColumnOptions & { output?: z.ZodType<Classification>; maxTokens?: number } = {},
) =>
  defineTable('leads', {
    input: z.object({
      company: z.string(),
      country: z.string().optional(),
      employees: z.string().optional(),
      description: z.string().optional(),
      email: z.string().optional(),
    }),
  })
    .column(
      'segment',
      useAi({
        reads: ['company', 'country', 'employees', 'description', 'email'],
        model,
        output: Classification,
        cites: { field: 'decidingFields' },
        decide: (lead) => classifyByRule({ ...lead, headquarters: null, domain: null, firm: null }),
        unknown: (lead) => classifiedWithoutModel({ ...lead, headquarters: null, domain: null, firm: null }),
        prompt: prompt`Classify {{company}}, country {{country}}, employees {{employees}}: {{description}}.`,
        price,
        retry: { attempts: 2, baseMs: 5, maxMs: 20 },
        ...options,
      }),
    )
    .column(
      'route',
      compute({ needs: ['segment'], run: ({ segment }) => `${segment.region} ${segment.segment}` }),
    )

export interface Hostile extends RunningRuntime {
  sandbox: Sandbox
  /** Requests that reached the model. */
  calls(): unknown[]
}

/** The table on the real runtime, asking the stand-in through the real client. */
export async function startLeads(options: ColumnOptions = {}): Promise<Hostile> {
  const sandbox = await startSandbox()
  onTestFinished(() => sandbox.close())
  const running = await runTables([leadsTable(modelAt(sandbox), options)])
  return {
    ...running,
    sandbox,
    calls: () => sandbox.ledger.entries({ vendor: 'openai' }).map(({ body }) => body),
  }
}

export const modelAt = ({ url }: Sandbox): Model =>
  openai({ apiKey: 'key', baseUrl: `${url}/openai/v1`, model: 'gpt-test' })

const Detail = z.looseObject({ outcome: z.string(), decidedBy: z.string() })

export interface Ended {
  id: string
  status: string | undefined
  value: unknown
  /** What the column behind it made of it. */
  route: unknown
  reason: string | null
  detail: z.output<typeof Detail> | null
  usd: number
  attempts: number
  late: { status: string; value: unknown; detail: object | null }[]
}

/** Inserts leads and gives, for each, how its cell ended. */
export async function classify(running: RunningRuntime, leads: readonly object[]): Promise<Ended[]> {
  const ids = await insertRows(running, 'leads', leads)
  await running.runtime.idle()
  return Promise.all(ids.map((id) => cellOf(running, id)))
}

export async function classifyOne(running: RunningRuntime, lead: object): Promise<Ended> {
  const [ended] = await classify(running, [lead])
  if (ended === undefined) throw new Error('no row')
  return ended
}

export async function cellOf({ runtime }: RunningRuntime, id: string): Promise<Ended> {
  const { cells } = await runtime.row('leads', id)
  const { history: attempts } = await runtime.cell('leads', id, 'segment')
  const own = attempts.filter(({ kind }) => kind === 'attempt')
  return {
    id,
    status: cells.segment?.status,
    value: cells.segment?.value,
    route: cells.route?.value,
    reason: cells.segment?.reason ?? null,
    detail: Detail.safeParse(own.at(-1)?.detail).data ?? null,
    usd: attempts.reduce((sum, { cost }) => sum + (cost?.usd ?? 0), 0),
    attempts: own.length,
    late: attempts
      .filter(({ kind }) => kind === 'late')
      .map(({ status, value, detail }) => ({ status, value, detail })),
  }
}

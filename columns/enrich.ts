import { z } from 'zod'
import { asSeen, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, noResult } from './column.ts'
import { CallFailure } from './errors.ts'
import type { JsonObject } from './json.ts'
import type { EnrichmentProvider, Firm } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const FirmShape = z.object({
  name: z.string().nullable(),
  domain: z.string(),
  country: z.string().nullable(),
  industry: z.string().nullable(),
  employees: z.string().nullable(),
})

export interface EnrichOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  /** Asked in order until one has a match. */
  providers: readonly EnrichmentProvider[]
  /** The registrable domain to ask for; null skips every provider. */
  domain: (row: NoInfer<Seen<Row, Reads, Needs>>) => string | null
}

interface ProviderReport {
  provider: string
  outcome: 'matched' | 'no-match' | 'error' | 'not-run'
  costUsd: number
  error: string | null
  raw: JsonObject | null
}

/** Company facts from a waterfall of providers: the first match wins, and each provider's part is kept. */
export function enrich<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: EnrichOptions<Row, Reads, Needs>): Column<Row, Firm> {
  const vendors = options.providers.map((provider) => provider.vendor)
  return buildColumn<Row, Firm>({
    ...options,
    kind: 'enrich',
    output: FirmShape,
    costUsd: options.providers.reduce((sum, provider) => sum + provider.costUsd, 0),
    describe: { providers: vendors },
    versionOf: [options.domain],
    work: {
      effect: 'read',
      async run(values, context) {
        const domain = options.domain(asSeen(values))
        if (domain === null) return noResult('there is no company domain to ask for')
        return waterfall(options.providers, domain, context)
      },
    },
  })
}

async function waterfall(providers: readonly EnrichmentProvider[], domain: string, context: CellContext) {
  const reports: ProviderReport[] = []
  const failures: CallFailure[] = []
  let firm: Firm | null = null
  for (const provider of providers) {
    const report: ProviderReport = {
      provider: provider.vendor,
      outcome: 'not-run',
      costUsd: 0,
      error: null,
      raw: null,
    }
    reports.push(report)
    if (firm !== null) continue
    try {
      const answer = await provider.findFirm({ domain }, context)
      firm = answer.firm
      Object.assign(report, { outcome: firm === null ? 'no-match' : 'matched', raw: answer.raw })
      report.costUsd = provider.costUsd
    } catch (error) {
      if (!CallFailure.isInstance(error)) throw error
      Object.assign(report, { outcome: 'error', error: error.message })
      failures.push(error)
    }
  }
  const detail = { providers: reports.map((report) => ({ ...report })) }
  const cost = { usd: reports.reduce((sum, report) => sum + report.costUsd, 0) }
  if (firm !== null) return done(firm, { detail, cost })
  // One provider that could not be asked means "not known", which is not the same as "no match".
  const worth = failures.find((failure) => failure.retryable) ?? failures[0]
  if (worth !== undefined) throw worth
  return noResult(`no provider knows ${domain}`, { detail, cost })
}

import { z } from 'zod'
import { asSeen, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, noResult } from './column.ts'
import { CallFailure, type FailureKind } from './errors.ts'
import { type JsonObject, stableStringify } from './json.ts'
import { wasNeverSent } from './never-sent.ts'
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
  /** Why a provider is not to be asked for this row, null to ask it: one that knows no company outside its country, say. */
  skip?: (row: NoInfer<Seen<Row, Reads, Needs>>, vendor: string) => string | null
}

/**
 * One provider's part in the detail of a cell. `why` is the reason of `skipped` and `error`, and null otherwise. `cached`: it was asked
 * before, and is not paid again.
 */
export interface ProviderReport {
  provider: string
  outcome: 'matched' | 'no-match' | 'skipped' | 'error' | 'not-run'
  cached: boolean
  costUsd: number
  why: string | null
  raw: JsonObject | null
}

/**
 * Company facts from a waterfall of providers: the first match wins, and each provider's part is kept with its cost. One that rests, or
 * whose credential is dead, is skipped for the next. When nobody matched and somebody could not be asked, the cell is tried again: "not
 * known" is not "no match".
 *
 * What a provider said of a domain is kept for 30 days, for all rows and columns: a retry asks and pays only those that could not answer.
 * Raise `revision` to have everybody asked anew. An answer that was lost stays paid, since the provider may send a bill for it.
 */
export function enrich<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: EnrichOptions<Row, Reads, Needs>): Column<Row, Firm> {
  const { providers, domain, skip, revision = 0 } = options
  return buildColumn<Row, Firm>({
    ...options,
    kind: 'enrich',
    output: FirmShape,
    costUsd: providers.reduce((sum, provider) => sum + provider.costUsd, 0),
    describe: { providers: providers.map(({ vendor }) => vendor) },
    versionOf: [domain, ...(skip === undefined ? [] : [skip])],
    work: {
      effect: 'read',
      async run(values, context) {
        const row = asSeen<Seen<Row, Reads, Needs>>(values)
        const asked = domain(row)
        if (asked === null) return noResult('there is no company domain to ask for')
        const question = { domain: asked, revision, skip: (vendor: string) => skip?.(row, vendor) ?? null }
        return waterfall(providers, question, context)
      },
    },
  })
}

interface Question {
  domain: string
  revision: number
  skip(vendor: string): string | null
}

interface PaidQuestion extends Question {
  /** Told what this row pays, which is nothing where another row asked. */
  pays(usd: number): void
}

async function waterfall(providers: readonly EnrichmentProvider[], question: Question, context: CellContext) {
  const reports: ProviderReport[] = []
  const failures: CallFailure[] = []
  let firm: Firm | null = null
  for (const provider of providers) {
    const { vendor: name } = provider
    const why = firm === null ? question.skip(name) : null
    const report: ProviderReport = {
      provider: name,
      outcome: 'not-run',
      cached: false,
      costUsd: 0,
      why,
      raw: null,
    }
    reports.push(report)
    if (why !== null) report.outcome = 'skipped'
    if (firm !== null || why !== null) continue
    const pays = (usd: number) => {
      report.costUsd = usd
    }
    try {
      const { answer, cached } = await answerOf(provider, { ...question, pays }, context)
      firm = answer.firm
      report.outcome = firm === null ? 'no-match' : 'matched'
      report.cached = cached
      report.raw = answer.raw
    } catch (error) {
      // Out of money, or no longer waited for: no other provider is asked either.
      if (!CallFailure.isInstance(error) || error.kind === 'budget-exhausted' || context.signal.aborted)
        throw error
      report.outcome = rests(error) ? 'skipped' : 'error'
      report.why = error.message
      failures.push(error)
    }
  }
  const detail = { providers: reports }
  const cost = { usd: reports.reduce((sum, report) => sum + report.costUsd, 0) }
  if (firm !== null) return done(firm, { detail, cost })
  const soonest = failures.toSorted((one, other) => waitOf(one) - waitOf(other))[0]
  if (soonest !== undefined) throw notKnown(question.domain, reports, soonest)
  return noResult(`no provider knows ${question.domain}`, { detail, cost })
}

/** A company does not change from one day to the next, and a retry may come days later. */
const keptMs = 30 * 24 * 60 * 60 * 1_000

const Kept = z.object({
  firm: FirmShape.nullable(),
  raw: z.record(z.string(), z.json()).nullable(),
  /** Epoch ms at which it was given. */
  at: z.number(),
})
type Kept = z.output<typeof Kept>

/** What the provider said of this domain not long ago, else what it says now. */
async function answerOf(
  provider: EnrichmentProvider,
  question: PaidQuestion,
  context: CellContext,
): Promise<{ answer: Kept; cached: boolean }> {
  const { domain, revision } = question
  const ask = async () => {
    const { firm, raw } = await paidFor(provider, question, context)
    return { value: { firm: firm === null ? null : { ...firm }, raw, at: context.now() }, keep: true }
  }
  const key = `enrich.${stableStringify([provider.vendor, provider.budget.key, domain.toLowerCase(), revision])}`
  const isFresh = (value: unknown) => context.now() - (Kept.safeParse(value).data?.at ?? 0) < keptMs
  const { value, cached } = await context.memo(key, ask, isFresh)
  return { answer: Kept.parse(value), cached }
}

/** The price counts against the column's `spend` before the call, and is in the books also when the cell fails behind it. */
async function paidFor(provider: EnrichmentProvider, { domain, pays }: PaidQuestion, context: CellContext) {
  const charged = provider.costUsd > 0 ? await context.charge(provider.costUsd) : null
  const settle = (usd: number) => {
    charged?.settle(usd)
    pays(usd)
  }
  try {
    const answer = await provider.findFirm({ domain }, context)
    settle(priceOf(provider, answer))
    return answer
  } catch (error) {
    settle(lossOf(provider, error))
    throw error
  }
}

/** What a call that failed may cost: a provider that said no sends no bill, one whose answer was lost perhaps does. */
function lossOf({ costUsd }: EnrichmentProvider, error: unknown): number {
  if (!CallFailure.isInstance(error)) return costUsd
  const { kind, outcomeUnknown, cause } = error
  const isLost = outcomeUnknown || kind === 'timeout' || kind === 'invalid-output'
  const brokeOff = kind === 'unavailable' && cause instanceof Error && !wasNeverSent(cause)
  return isLost || brokeOff ? costUsd : 0
}

const priceOf = ({ costUsd, paidFor }: EnrichmentProvider, { firm }: { firm: Firm | null }): number =>
  paidFor === 'match' && firm === null ? 0 : costUsd

const restingKinds: ReadonlySet<FailureKind> = new Set([
  'rate-limited',
  'quota-exhausted',
  'needs-credentials',
])

const rests = ({ kind }: CallFailure) => restingKinds.has(kind)

/** How long until asking again is worth it, in milliseconds: nobody knows when a dead credential is replaced. */
function waitOf({ kind, retryable, retryAfterMs }: CallFailure): number {
  if (!retryable) return Number.POSITIVE_INFINITY
  return kind === 'needs-credentials' ? Number.MAX_VALUE : (retryAfterMs ?? 0)
}

/** Names every provider's part, as a cell that failed has no detail. */
function notKnown(domain: string, reports: readonly ProviderReport[], soonest: CallFailure): CallFailure {
  const parts = reports.map(
    ({ provider, outcome, why }) => `${provider}: ${outcome}${why === null ? '' : ` (${why})`}`,
  )
  const { kind, retryable, retryAfterMs } = soonest
  return new CallFailure(kind, `nobody could say who ${domain} is; ${parts.join('; ')}`, {
    retryable,
    ...(retryAfterMs !== null && { retryAfterMs }),
    cause: soonest,
  })
}

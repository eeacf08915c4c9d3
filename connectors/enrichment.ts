import { z } from 'zod'
import { CallFailure, type FailureKind } from '../columns/errors.ts'
import type { JsonObject } from '../columns/json.ts'
import type { EnrichmentProvider, Firm } from '../columns/ports.ts'
import {
  excerpt,
  exchange,
  type HttpAnswer,
  parseAnswer,
  type RunningCall,
  retryAfterMs,
  startCall,
} from './call.ts'
import { isJsonObject } from './json-object.ts'
import { budgetOf, credentialName, type Limits } from './limits.ts'
import { isForeign, usualRestMs } from './status.ts'

export interface EnrichmentSettings {
  /** Asked as `{baseUrl}/companies?domain=…`. */
  baseUrl: string
  /** Sent as a bearer token. */
  apiKey?: string
  /** Price of one answer in US dollars. */
  costUsd?: number
  limits?: Limits
}

const maxAnswerBytes = 1024 * 1024

const Text = z
  .string()
  .nullish()
  .transform((text) => text?.trim() || null)
const Company = z.object({
  name: Text,
  domain: Text,
  country: Text,
  industry: Text,
  employees: z.union([z.number().int().min(0).transform(String), Text]),
})

/** An enrichment provider behind a plain HTTP address: 200 with a company, 404 when it knows none. */
export function enrichment(settings: EnrichmentSettings): EnrichmentProvider {
  const budget = budgetOf(
    credentialName('enrichment', `${settings.baseUrl} ${settings.apiKey ?? ''}`),
    { concurrency: 20 },
    settings.limits,
  )
  return {
    vendor: 'enrichment',
    budget,
    costUsd: settings.costUsd ?? 0,
    findFirm: ({ domain }, call) => findFirm(settings, domain, startCall(call, budget)),
  }
}

async function findFirm(
  settings: EnrichmentSettings,
  domain: string,
  call: RunningCall,
): Promise<{ firm: Firm | null; raw: JsonObject | null }> {
  const asked = domain.trim().toLowerCase()
  if (asked === '') {
    throw new CallFailure('invalid-request', 'enrichment: a firm cannot be looked up by an empty domain', {
      retryable: false,
    })
  }
  const answer = await exchange(
    {
      vendor: 'enrichment',
      method: 'GET',
      url: `${settings.baseUrl.replace(/\/+$/, '')}/companies?domain=${encodeURIComponent(asked)}`,
      headers: {
        accept: 'application/json',
        ...(settings.apiKey !== undefined && { authorization: `Bearer ${settings.apiKey}` }),
      },
      write: false,
      maxBytes: maxAnswerBytes,
      failure: (answer) => {
        const isAnswer = answer.status === 200 || (answer.status === 404 && isOwn(answer))
        return isAnswer ? null : refusal(answer)
      },
    },
    call,
  )
  const raw = parseAnswer(answer.text)
  if (answer.status === 404 && isJsonObject(raw)) return { firm: null, raw }
  const company = Company.safeParse(raw)
  if (!isJsonObject(raw) || !company.success) throw unreadable(answer, company.error)
  return { firm: { ...company.data, domain: company.data.domain?.toLowerCase() ?? asked }, raw }
}

/** A 404 with a JSON answer is the provider's "no match"; any other comes from a gateway, or a wrong address. */
const isOwn = ({ text }: HttpAnswer) => isJsonObject(parseAnswer(text))

function refusal(answer: HttpAnswer): CallFailure {
  const foreign = isForeign(answer, { isOwn })
  const [kind, retryable]: Verdict = foreign ? ['unavailable', true] : judge(answer.status)
  const wait = retryAfterMs(answer.headers, Date.now()) ?? (kind === 'rate-limited' ? usualRestMs : null)
  const said = `${excerpt(answer.text)}${foreign ? "; is this the provider's address?" : ''}`
  return new CallFailure(kind, `enrichment: answered ${answer.status} ${said}`.trimEnd(), {
    retryable,
    ...(wait !== null && { retryAfterMs: wait }),
  })
}

type Verdict = [kind: FailureKind, retryable: boolean]

function judge(status: number): Verdict {
  if (status === 401) return ['needs-credentials', true]
  if (status === 403) return ['unauthorized', false]
  if (status === 402) return ['quota-exhausted', false]
  if (status === 429) return ['rate-limited', true]
  // 202 is how some providers say that they have started to look.
  if (status === 202 || status === 408 || status >= 500) return ['unavailable', true]
  return ['invalid-request', false]
}

function unreadable(answer: HttpAnswer, cause: unknown): CallFailure {
  return new CallFailure('invalid-output', `enrichment: the answer is no company: ${excerpt(answer.text)}`, {
    retryable: true,
    cause,
  })
}

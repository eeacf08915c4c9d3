import { z } from 'zod'
import { CallFailure } from '../columns/errors.ts'
import type { EnrichmentProvider } from '../columns/ports.ts'
import { type HttpAnswer, parseAnswer, type RunningCall, startCall } from './call.ts'
import { isJsonObject } from './json-object.ts'
import { budgetOf, credentialName, type Limits } from './limits.ts'
import { ask, type RestAccount } from './rest.ts'

export interface PeopleDataLabsSettings {
  apiKey: string
  /** `https://api.peopledatalabs.com/v5` unless told otherwise. */
  baseUrl?: string
  /** Price of one match in US dollars; a company that is not known costs nothing. */
  costUsd?: number
  /** From 1 to 10: below it People Data Labs answers that it knows no such company. */
  minLikelihood?: number
  limits?: Limits
}

const Text = z
  .string()
  .nullish()
  .transform((text) => text?.trim() || null)

/** By its own OpenAPI document. `size` is a range that may lie across two segments, so the count is preferred. */
const Answer = z.looseObject({
  name: Text,
  display_name: Text,
  website: Text,
  industry: Text,
  size: Text,
  employee_count: z.number().int().min(0).nullish(),
  location: z.looseObject({ country: Text }).nullish(),
})
const Refusal = z.looseObject({ error: z.looseObject({ type: z.string() }) })
const isOwn = ({ text }: HttpAnswer) => Refusal.safeParse(parseAnswer(text)).success

/** Company facts from People Data Labs, charged for each match. */
export function peopleDataLabs(settings: PeopleDataLabsSettings): EnrichmentProvider {
  const { apiKey, baseUrl, limits } = settings
  const budget = budgetOf(
    credentialName('people-data-labs', apiKey),
    { concurrency: 10, perSecond: 10 },
    limits,
  )
  const account: RestAccount = {
    vendor: 'People Data Labs',
    baseUrl: (baseUrl ?? 'https://api.peopledatalabs.com/v5').replace(/\/+$/, ''),
    headers: { 'x-api-key': apiKey },
    isOwn,
    failure(answer) {
      const { status } = answer
      // Its own 404 names an error; another one comes from a wrong address, and says nothing of the company.
      if (status === 404 && isOwn(answer))
        return new CallFailure('not-found', 'no match', { retryable: false, cause: 'no-match' })
      if (status !== 402) return null
      return new CallFailure('quota-exhausted', 'People Data Labs answered 402: the credits are used up', {
        retryable: true,
        retryAfterMs: 3_600_000,
      })
    },
  }
  return {
    vendor: 'people-data-labs',
    budget,
    costUsd: settings.costUsd ?? 0,
    paidFor: 'match',
    findFirm: ({ domain }, call) => findFirm({ account, settings }, domain, startCall(call, budget)),
  }
}

async function findFirm(
  { account, settings }: { account: RestAccount; settings: PeopleDataLabsSettings },
  domain: string,
  call: RunningCall,
): ReturnType<EnrichmentProvider['findFirm']> {
  const website = domain.trim().toLowerCase()
  const query = { website, min_likelihood: String(settings.minLikelihood ?? 2) }
  const request = { method: 'GET', path: '/company/enrich', query, write: false, answer: Answer } as const
  let answer: z.output<typeof Answer>
  try {
    answer = await ask(account, request, call)
  } catch (error) {
    if (CallFailure.isInstance(error) && error.cause === 'no-match') return { firm: null, raw: null }
    throw error
  }
  const { name, display_name, industry, size, employee_count: count, location } = answer
  return {
    firm: {
      name: display_name ?? name,
      domain: answer.website?.toLowerCase() ?? website,
      country: location?.country ?? null,
      industry,
      employees: count == null ? size : String(count),
    },
    raw: isJsonObject(answer) ? answer : null,
  }
}

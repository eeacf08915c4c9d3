import { CallFailure } from '../../columns/errors.ts'
import { budgetOf, credentialName, type Limits } from '../limits.ts'
import { namesError, type RestAccount } from '../rest.ts'

export interface ApolloSettings {
  /** For sequences a master key: any other is refused with 403. */
  apiKey: string
  /** `https://api.apollo.io/api/v1` unless told otherwise. */
  baseUrl?: string
  /** Price of one company in US dollars. */
  costUsd?: number
  limits?: Limits
}

/** Apollo's limits depend on the plan; these are below the lowest that its documentation names. */
export const apolloBudget = ({ apiKey, limits }: ApolloSettings) =>
  budgetOf(credentialName('apollo', apiKey), { concurrency: 5, perSecond: 3, burst: 20 }, limits)

export const accountOf = ({ apiKey, baseUrl }: ApolloSettings): RestAccount => ({
  vendor: 'Apollo',
  baseUrl: (baseUrl ?? 'https://api.apollo.io/api/v1').replace(/\/+$/, ''),
  headers: { 'x-api-key': apiKey, 'cache-control': 'no-cache' },
  isOwn: namesError,
  failure(answer) {
    const { status } = answer
    if (status === 403 && namesError(answer))
      return new CallFailure('unauthorized', 'Apollo answered 403: this call takes a master key', {
        retryable: false,
      })
    if (status === 402)
      return new CallFailure('quota-exhausted', 'Apollo answered 402: the credits are used up', {
        retryable: true,
        retryAfterMs: 3_600_000,
      })
    return null
  },
})

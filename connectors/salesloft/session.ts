import { budgetOf, credentialName, type Limits } from '../limits.ts'
import { namesError, type RestAccount } from '../rest.ts'

export interface SalesloftSettings {
  /** An API key or OAuth token; cadence memberships, people and users to read, memberships to write. */
  apiKey: string
  /** `https://api.salesloft.com/v2` unless told otherwise. */
  baseUrl?: string
  limits?: Limits
}

/** Salesloft counts 600 points a minute for a team, one for most calls: a burst and what follows it in a minute are 600. */
export const salesloftBudget = ({ apiKey, limits }: SalesloftSettings) =>
  budgetOf(credentialName('salesloft', apiKey), { concurrency: 10, perSecond: 9, burst: 60 }, limits)

export const accountOf = ({ apiKey, baseUrl }: SalesloftSettings): RestAccount => ({
  vendor: 'Salesloft',
  baseUrl: (baseUrl ?? 'https://api.salesloft.com/v2').replace(/\/+$/, ''),
  headers: { authorization: `Bearer ${apiKey}` },
  isOwn: namesError,
})

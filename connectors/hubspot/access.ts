import type { Budget } from '../../columns/budget.ts'
import { budgetOf, credentialName, type Limits } from '../limits.ts'

export interface HubspotSettings {
  /**
   * Of a private app: contacts, companies and, where they are used, leads to read and write, owners to read; for sequences also their
   * reading and enrolment scopes, and for first touches the scopes to read calls, meetings and the content of logged e-mails.
   */
  accessToken: string
  /** `https://api.hubapi.com` unless told otherwise; a path in front of `/crm/…` is kept. */
  baseUrl?: string
  /** What a person who fills in a form becomes: a contact, or a lead (`0-136`) with its contact. Contacts unless told otherwise. */
  records?: 'contact' | 'lead'
  /** What the account takes, where it is more than the 100 requests in ten seconds that every account does. */
  limits?: Limits
  /** The same for the search, which has a limit of its own: five requests a second. */
  searchLimits?: Limits
}

/**
 * Limits that keep to so many requests in ten seconds. HubSpot counts over ten seconds that roll, so what leaves together and what follows in
 * that time must be within the number.
 */
export function withinTenSeconds(requests: number): Required<Pick<Budget, 'perSecond' | 'burst'>> {
  const burst = Math.max(1, Math.floor(requests / 10))
  return { burst, perSecond: (requests - burst) / 10 }
}

/** How HubSpot is reached with one token, and what that token takes. */
export interface Access {
  baseUrl: string
  accessToken: string
  budget: Budget
  /** The search stops at a limit of its own while other requests go on. */
  searchBudget: Budget
}

/** The access that the settings give. */
export function accessOf(settings: HubspotSettings): Access {
  // The account's number would be a better name, but it is known only after a first request.
  const key = credentialName('hubspot', settings.accessToken)
  return {
    baseUrl: (settings.baseUrl ?? 'https://api.hubapi.com').replace(/\/+$/, ''),
    accessToken: settings.accessToken,
    budget: budgetOf(key, { concurrency: 8, ...withinTenSeconds(100) }, settings.limits),
    searchBudget: budgetOf(
      `${key}:search`,
      { concurrency: 3, perSecond: 4, burst: 1 },
      settings.searchLimits,
    ),
  }
}

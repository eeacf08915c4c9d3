import { hash } from 'node:crypto'
import type { Budget } from '../columns/budget.ts'

/** What a connector may be told about its account, in place of what is usual with the vendor. */
export type Limits = Partial<Omit<Budget, 'key'>>

/** Names a credential without giving it away: the same secret has the same name in every connector. */
export function credentialName(vendor: string, secret: string): string {
  return `${vendor}:${hash('sha256', secret).slice(0, 8)}`
}

/** The limits of one credential: what is usual with the vendor, and what the settings say instead. */
export const budgetOf = (key: string, usual: Omit<Budget, 'key'>, limits: Limits = {}): Budget => ({
  key,
  ...usual,
  ...limits,
})

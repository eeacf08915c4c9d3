import { randomBytes } from 'node:crypto'

/** A session lasts two hours, the default of an org. */
const lifetimeMs = 2 * 60 * 60_000

/** The access tokens an org has given out. */
export interface Tokens {
  issue(now: number): string
  isValid(token: string, now: number): boolean
}

/** Tokens are random, and valid for as long as this process lives or two hours. */
export function createTokens(organizationId: string): Tokens {
  const expiries = new Map<string, number>()
  return {
    issue(now) {
      const token = `${organizationId.slice(0, 15)}!${randomBytes(48).toString('base64url')}`
      expiries.set(token, now + lifetimeMs)
      return token
    },
    isValid: (token, now) => (expiries.get(token) ?? 0) > now,
  }
}

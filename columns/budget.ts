/**
 * How much one credential takes, shared by every column and table that uses it. A connector declares it; `key` names the account, never
 * its secret. Where two of one key differ, the smaller limit counts for all, from the first call that brings it.
 */
export interface Budget {
  key: string
  /** Requests under way at once. */
  concurrency: number
  /** Requests a second on average. Left out: as many as `concurrency` lets through. */
  perSecond?: number
  /** Requests that may leave together after a quiet time; `perSecond` when left out. */
  burst?: number
}

/** What a vendor says of its own allowance, such as Salesforce's daily calls. */
export interface Allowance {
  used: number
  limit: number
}

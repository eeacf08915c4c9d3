/** When a version of a territory holds; epoch ms. */
export interface Effective {
  /** Counts from 1. */
  version: number
  effectiveFrom: number
  savedAt: number
  /** Taken back before it came into force: it never holds. Null for one that stands. */
  withdrawnAt: number | null
}

/**
 * The version that what began at this time is decided by: of those saved by then the one that came into force last. Before any did, the
 * first there is.
 */
export function inForceAt<Version extends Effective>(
  versions: Iterable<Version>,
  at: number,
): Version | null {
  let first: Version | null = null
  let best: Version | null = null
  for (const each of versions) {
    if (each.withdrawnAt !== null) continue
    if (first === null || each.version < first.version) first = each
    if (each.effectiveFrom > at || each.savedAt > at) continue
    if (best === null || comesLater(each, best)) best = each
  }
  return best ?? first
}

const comesLater = (each: Effective, other: Effective) =>
  each.effectiveFrom === other.effectiveFrom
    ? each.version > other.version
    : each.effectiveFrom > other.effectiveFrom

import { TableError } from '../columns/errors.ts'
import type { TerritoryVersion } from '../db/store.ts'

/** The version that a lead which comes at this time is decided by; before the first one begins, the first. */
export function inForceAt(versions: readonly TerritoryVersion[], at: number): TerritoryVersion | null {
  const begun = versions.filter(({ effectiveFrom, savedAt }) => effectiveFrom <= at && savedAt <= at)
  const from = begun.length > 0 ? begun : versions
  let best: TerritoryVersion | null = null
  for (const each of from) {
    if (best === null) best = each
    else if (begun.length === 0 ? each.version < best.version : comesLater(each, best)) best = each
  }
  return best
}

const comesLater = (each: TerritoryVersion, other: TerritoryVersion) =>
  each.effectiveFrom === other.effectiveFrom
    ? each.version > other.version
    : each.effectiveFrom > other.effectiveFrom

export const namesOf = (all: readonly TerritoryVersion[]): string[] =>
  [...new Set(all.map(({ territory }) => territory.name))].sort()

/**
 * The version of this territory in force at `at`.
 *
 * @throws {TableError} `territory-unknown`
 */
export function findVersion(all: readonly TerritoryVersion[], name: string, at: number): TerritoryVersion {
  const found = inForceAt(
    all.filter(({ territory }) => territory.name === name),
    at,
  )
  if (found !== null) return found
  const known = namesOf(all)
  throw new TableError('territory-unknown', `there is no territory "${name}"`, {
    field: 'territory',
    value: name,
    wayOut: known.length === 0 ? 'no table has a territory' : `use one of: ${known.join(', ')}`,
  })
}

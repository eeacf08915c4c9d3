import { TableError } from '../columns/errors.ts'
import type { TerritoryVersion } from '../db/store.ts'
import { inForceAt } from '../routing/territory.ts'

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

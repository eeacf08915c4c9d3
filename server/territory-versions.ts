import { TableError } from '../columns/errors.ts'
import type { TerritoryVersion } from '../db/store.ts'
import { inForceAt } from '../routing/territory.ts'
import type { TerritoryView } from './contract-routing.ts'
import { territoryPath } from './paths.ts'
import { etagOf } from './precondition.ts'

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

/** A version as answers carry it, among all that there are. */
export function versionView(
  { territory, version, who, ...times }: TerritoryVersion,
  all: readonly TerritoryVersion[],
  at: number,
): TerritoryView {
  const versions = all.filter((each) => each.territory.name === territory.name)
  return {
    ...territory,
    url: territoryPath(territory.name),
    etag: territoryEtag(versions, at),
    version,
    effectiveFrom: new Date(times.effectiveFrom).toISOString(),
    savedAt: new Date(times.savedAt).toISOString(),
    who,
    inForce: version === inForceAt(versions, at)?.version,
    withdrawnAt: times.withdrawnAt === null ? null : new Date(times.withdrawnAt).toISOString(),
  }
}

/**
 * The ETag of a territory: by which version it decides, and which stand, those to come as well. No version is ever changed. It is another
 * one when a version comes into force by the clock, since an edit of the version before would undo that unseen.
 */
export function territoryEtag(versions: readonly TerritoryVersion[], at: number): string {
  const standing = versions.filter(({ withdrawnAt }) => withdrawnAt === null).map(({ version }) => version)
  return etagOf([inForceAt(versions, at)?.version ?? 0, ...standing.sort((one, other) => one - other)])
}

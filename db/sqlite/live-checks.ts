import type { z } from 'zod'
import { type ErrorDetails, TableError } from '../../columns/errors.ts'
import { circleFrom, circleText } from '../../routing/hand-over-circle.ts'
import { handOversOf, type Pool } from '../../routing/pool.ts'
import type { Rep } from '../../routing/rep.ts'
import { findSameEmail } from '../../routing/same-email.ts'
import type { Territory } from '../../routing/territory.ts'
import type { TerritoryVersion } from '../store.ts'

/** What documents of live data may name. */
export interface Known {
  reps: ReadonlyMap<string, Rep>
  pools: ReadonlyMap<string, Pool>
}

/**
 * The document as its schema reads it. The last guard: what is stored is read again at the next start.
 *
 * @throws {TableError} `request-invalid`, naming the field.
 */
export function checked<Document>(schema: z.ZodType<Document>, document: unknown): Document {
  const parsed = schema.safeParse(document)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = fieldOf(issue?.path ?? [])
  throw invalid(issue?.message ?? 'is not valid', { field, wayOut: `correct ${field || 'the document'}` })
}

/** @throws {TableError} `request-invalid` where the rep names somebody who is not there, or has the address of another active rep. */
export function checkRep(rep: Rep, known: Known): void {
  const same = findSameEmail(rep, known.reps.values())
  if (same !== null) {
    throw invalid(`${same.name} (${same.id}) has this e-mail, so a CRM could not tell the two apart`, {
      field: 'email',
      value: rep.email,
      wayOut: `use another address for ${rep.id}, or make ${same.id} inactive`,
    })
  }
  for (const field of ['successor', 'manager', 'backup'] as const) {
    const other = rep[field]
    if (other !== null) checkRepId(other, field, known)
  }
}

/** @throws {TableError} `request-invalid` where the pool names a rep or a pool that is not there, or its hand-overs never end. */
export function checkPool(pool: Pool, known: Known): void {
  for (const [index, { rep }] of pool.members.entries())
    checkRepId(rep, fieldOf(['members', index, 'rep']), known)
  for (const [handOver, path] of handOversOf(pool.whenNobody)) {
    if (typeof handOver === 'string') continue
    if ('person' in handOver) checkRepId(handOver.person, fieldOf([...path, 'person']), known)
    if ('pool' in handOver) {
      const field = fieldOf([...path, 'pool'])
      checkPoolName(handOver.pool, field, known)
      const circle = circleFrom(pool, (name) => known.pools.get(name))
      if (circle === null) continue
      const { message, wayOut } = circleText(circle)
      throw invalid(message, { field, value: handOver.pool, wayOut })
    }
  }
}

/** @throws {TableError} `request-invalid` where an entry leads to a rep or a pool that is not there. */
export function checkDestinations(territory: Territory, known: Known): void {
  for (const [index, { to }] of territory.entries.entries()) {
    if ('person' in to) checkRepId(to.person, fieldOf(['entries', index, 'to', 'person']), known)
    else checkPoolName(to.pool, fieldOf(['entries', index, 'to', 'pool']), known)
  }
}

/** @throws {TableError} `version-unknown` */
export function findVersion(
  versions: readonly TerritoryVersion[],
  { name, version }: { name: string; version: number },
): TerritoryVersion {
  const found = versions.find((each) => each.version === version)
  if (found !== undefined) return found
  throw new TableError('version-unknown', `territory ${name} has no version ${version}`, {
    field: 'version',
    value: version,
    wayOut: `use one of: ${versions.map((each) => each.version).join(', ')}`,
  })
}

/** @throws {TableError} `version-in-force` from the moment on at which leads may have been decided by it. */
export function refuseInForce({ territory, version, effectiveFrom }: TerritoryVersion, at: number): void {
  if (effectiveFrom > at) return
  const began = new Date(effectiveFrom).toISOString()
  const message = `version ${version} of territory ${territory.name} came into force at ${began}, so leads may have been decided by it`
  throw new TableError('version-in-force', message, {
    field: 'version',
    value: version,
    wayOut:
      'save a new version with what is to hold from now on; only one that is still to come can be withdrawn',
  })
}

function checkRepId(id: string, field: string, known: Known): void {
  if (known.reps.has(id)) return
  throw invalid(`there is no rep ${id}`, {
    field,
    value: id,
    wayOut: `name a rep of the roster, or add ${id} to it first`,
  })
}

function checkPoolName(name: string, field: string, known: Known): void {
  if (known.pools.has(name)) return
  throw invalid(`there is no pool ${name}`, {
    field,
    value: name,
    wayOut: `name a pool that is there, or add ${name} first`,
  })
}

const invalid = (message: string, details: ErrorDetails) =>
  new TableError('request-invalid', message, details)

/** A path as problems of the server name it: `members.1.rep`. */
const fieldOf = (path: readonly PropertyKey[]): string => path.map(String).join('.')

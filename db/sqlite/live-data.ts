import { Pool } from '../../routing/pool.ts'
import { Rep } from '../../routing/rep.ts'
import { inForceAt, Territory } from '../../routing/territory.ts'
import type { AuditRecord, Check, PlannedTerritory, Seeds, TerritoryVersion } from '../store.ts'
import type { Audit } from './audit.ts'
import {
  checkDestinations,
  checked,
  checkPool,
  checkRep,
  findVersion,
  type Known,
  refuseInForce,
} from './live-checks.ts'
import { createLiveDocuments } from './live-documents.ts'
import type { Connection } from './open.ts'

/** Who edits and when, and what has to hold for it of what is there. */
export interface Edit<Before> {
  who: string
  at: number
  check?: Check<Before> | undefined
}

/** Reps, pools and territories, held in memory because every decision reads them; an edit writes the file and the audit log at once. */
export interface LiveData {
  rep(id: string): Rep | null
  /** The rep with this id at the vendor, else with this e-mail; of several an active one. */
  repOf(owner: { vendor: string; id: string; email: string | null }): Rep | null
  pool(name: string): Pool | null
  /** The version in force for what began at this time. */
  territory(name: string, startedAt: number): Territory | null
  reps(): Rep[]
  pools(): Pool[]
  territories(): TerritoryVersion[]
  /** Adds what is not there yet. The seeds may name one another. */
  seed(seeds: Seeds, at: number): void
  putRep(rep: Rep, edit: Edit<Rep | null>): Rep
  putPool(pool: Pool, edit: Edit<Pool | null>): Pool
  putTerritory(planned: PlannedTerritory, edit: Edit<readonly TerritoryVersion[]>): TerritoryVersion
  withdrawTerritory(
    of: { name: string; version: number },
    edit: Edit<readonly TerritoryVersion[]>,
  ): TerritoryVersion
  /** Marks the beginning of a piece of work, for `undo`. */
  mark(): void
  undo(): void
  discard(): void
}

export function createLiveData(connection: Connection, audit: Audit): LiveData {
  const documents = createLiveDocuments(connection)
  let { reps, pools, territories } = documents.read()
  /** Null until it is asked for, since an import of a roster changes rep after rep. */
  let people: Map<string, Rep> | null = null
  let isChanged = false

  /** The file is what is true, also in the middle of a transaction. */
  function reload(): void {
    ;({ reps, pools, territories } = documents.read())
    people = null
    isChanged = false
  }

  const known = (): Known => ({ reps, pools })

  function setRep(rep: Rep, at: number): void {
    isChanged = true
    documents.putRep(rep, at)
    reps.set(rep.id, rep)
    people = null
  }

  function setPool(pool: Pool, at: number): void {
    isChanged = true
    documents.putPool(pool, at)
    pools.set(pool.name, pool)
  }

  function addVersion(version: TerritoryVersion): TerritoryVersion {
    isChanged = true
    documents.addTerritory(version)
    const { name } = version.territory
    territories.set(name, [...(territories.get(name) ?? []), version])
    return version
  }

  function withdraw(version: TerritoryVersion, at: number): TerritoryVersion {
    isChanged = true
    documents.withdraw(version, at)
    const { name } = version.territory
    const withdrawn = { ...version, withdrawnAt: at }
    const versions = territories.get(name) ?? []
    territories.set(
      name,
      versions.map((each) => (each === version ? withdrawn : each)),
    )
    return withdrawn
  }

  function log(
    subject: AuditRecord['subject'],
    name: string,
    line: Omit<AuditRecord, 'id' | 'subject' | 'name'>,
  ) {
    audit.add({ subject, name, ...line })
  }

  return {
    rep: (id) => reps.get(id) ?? null,
    repOf({ vendor, id, email }) {
      people ??= peopleOf(reps)
      return (
        people.get(vendorKey(vendor, id)) ?? (email === null ? null : (people.get(emailKey(email)) ?? null))
      )
    },
    pool: (name) => pools.get(name) ?? null,
    territory: (name, startedAt) => inForceAt(territories.get(name) ?? [], startedAt)?.territory ?? null,
    reps: () => sortedBy(reps),
    pools: () => sortedBy(pools),
    territories: () =>
      [...territories.values()].flat().sort((a, b) => b.savedAt - a.savedAt || b.version - a.version),
    seed(seeds, at) {
      const newReps = seeds.reps.filter(({ id }) => !reps.has(id)).map(repOf)
      const newPools = seeds.pools.filter(({ name }) => !pools.has(name)).map(poolOf)
      const newTerritories = seeds.territories.filter(({ name }) => !territories.has(name)).map(territoryOf)
      const all: Known = {
        reps: new Map([...reps, ...newReps.map((rep) => [rep.id, rep] as const)]),
        pools: new Map([...pools, ...newPools.map((pool) => [pool.name, pool] as const)]),
      }
      for (const rep of newReps) checkRep(rep, all)
      for (const pool of newPools) checkPool(pool, all)
      for (const territory of newTerritories) checkDestinations(territory, all)
      for (const rep of newReps) setRep(rep, at)
      for (const pool of newPools) setPool(pool, at)
      for (const territory of newTerritories)
        addVersion({
          territory,
          version: 1,
          effectiveFrom: at,
          savedAt: at,
          who: 'definition',
          withdrawnAt: null,
        })
    },
    putRep(given, { who, at, check }) {
      const rep = repOf(given)
      const before = reps.get(rep.id) ?? null
      check?.(before)
      checkRep(rep, known())
      log('rep', rep.id, { who, at, before, after: rep })
      setRep(rep, at)
      return rep
    },
    putPool(given, { who, at, check }) {
      const pool = poolOf(given)
      const before = pools.get(pool.name) ?? null
      check?.(before)
      checkPool(pool, known())
      log('pool', pool.name, { who, at, before, after: pool })
      setPool(pool, at)
      return pool
    },
    putTerritory({ territory: given, effectiveFrom }, { who, at, check }) {
      const territory = territoryOf(given)
      const versions = territories.get(territory.name) ?? []
      check?.(versions)
      checkDestinations(territory, known())
      const last = versions.findLast(({ withdrawnAt }) => withdrawnAt === null)
      // The number of one that was withdrawn is not given again: a request may still be about it.
      const version = (versions.at(-1)?.version ?? 0) + 1
      log('territory', territory.name, {
        who,
        at,
        before: last === undefined ? null : { version: last.version, ...last.territory },
        after: { version, effectiveFrom, ...territory },
      })
      return addVersion({ territory, version, effectiveFrom, savedAt: at, who, withdrawnAt: null })
    },
    withdrawTerritory({ name, version }, { who, at, check }) {
      const versions = territories.get(name) ?? []
      check?.(versions)
      const found = findVersion(versions, { name, version })
      if (found.withdrawnAt !== null) return found
      refuseInForce(found, at)
      const { effectiveFrom, territory } = found
      log('territory', name, { who, at, before: { version, effectiveFrom, ...territory }, after: null })
      return withdraw(found, at)
    },
    mark() {
      isChanged = false
    },
    undo() {
      if (isChanged) reload()
    },
    discard: reload,
  }
}

const repOf = (rep: Rep): Rep => checked<Rep>(Rep, rep)

/** A definition is a pool too, and carries more than the document. */
function poolOf({ name, strategy, members, whenNobody, catchUp, leaveBuffer, counter }: Pool): Pool {
  return checked<Pool>(Pool, { name, strategy, members, whenNobody, catchUp, leaveBuffer, counter })
}

const territoryOf = ({ name, dimensions, entries }: Territory): Territory =>
  checked<Territory>(Territory, { name, dimensions, entries })

const vendorKey = (vendor: string, id: string) => JSON.stringify([vendor, id])
const emailKey = (email: string) => email.trim().toLowerCase()

/** Reps by what the outside knows of them. Somebody who left may still be on the roster beside who has their address now. */
function peopleOf(reps: ReadonlyMap<string, Rep>): Map<string, Rep> {
  const people = new Map<string, Rep>()
  const add = (key: string, rep: Rep) => {
    const present = people.get(key)
    if (present === undefined || (!present.active && rep.active)) people.set(key, rep)
  }
  for (const rep of sortedBy(reps)) {
    for (const [vendor, id] of Object.entries(rep.ids)) add(vendorKey(vendor, id), rep)
    add(emailKey(rep.email), rep)
  }
  return people
}

function sortedBy<Value>(map: ReadonlyMap<string, Value>): Value[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}

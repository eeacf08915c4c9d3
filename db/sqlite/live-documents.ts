import type { z } from 'zod'
import { Pool } from '../../routing/pool.ts'
import { Rep } from '../../routing/rep.ts'
import { Territory } from '../../routing/territory.ts'
import type { TerritoryVersion } from '../store.ts'
import type { Connection } from './open.ts'

interface StoredVersion extends Omit<TerritoryVersion, 'territory'> {
  document: string
}

/** Live data as the file has them. */
export interface LiveDocuments {
  read(): {
    reps: Map<string, Rep>
    pools: Map<string, Pool>
    /** Versions by name, in order. */
    territories: Map<string, TerritoryVersion[]>
  }
  putRep(rep: Rep, at: number): void
  putPool(pool: Pool, at: number): void
  addTerritory(version: TerritoryVersion): void
  withdraw(version: TerritoryVersion, at: number): void
}

export function createLiveDocuments(connection: Connection): LiveDocuments {
  const selectReps = connection.prepare('SELECT document FROM reps').pluck()
  const selectPools = connection.prepare('SELECT document FROM pools').pluck()
  const selectTerritories = connection.prepare(
    `SELECT document, version, effective_from AS effectiveFrom, saved_at AS savedAt, who, withdrawn_at AS withdrawnAt
     FROM territories ORDER BY name, version`,
  )
  const upsert = (table: 'reps' | 'pools', key: 'id' | 'name') =>
    connection.prepare(
      `INSERT INTO ${table} (${key}, document, updated_at) VALUES (?, ?, ?)
       ON CONFLICT (${key}) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at`,
    )
  const putRep = upsert('reps', 'id')
  const putPool = upsert('pools', 'name')
  const insertTerritory = connection.prepare(
    'INSERT INTO territories (name, version, document, effective_from, saved_at, who) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const withdraw = connection.prepare(
    'UPDATE territories SET withdrawn_at = ? WHERE name = ? AND version = ?',
  )

  return {
    read() {
      const reps = (selectReps.all() as string[]).map((text) => readAs<Rep>(Rep, text))
      const pools = (selectPools.all() as string[]).map((text) => readAs<Pool>(Pool, text))
      const versions = (selectTerritories.all() as StoredVersion[]).map(({ document, ...version }) => ({
        ...version,
        territory: readAs<Territory>(Territory, document),
      }))
      return {
        reps: new Map(reps.map((rep) => [rep.id, rep])),
        pools: new Map(pools.map((pool) => [pool.name, pool])),
        territories: Map.groupBy(versions, ({ territory }) => territory.name),
      }
    },
    putRep: (rep, at) => void putRep.run(rep.id, JSON.stringify(rep), at),
    putPool: (pool, at) => void putPool.run(pool.name, JSON.stringify(pool), at),
    addTerritory: ({ territory, version, effectiveFrom, savedAt, who }) =>
      void insertTerritory.run(
        territory.name,
        version,
        JSON.stringify(territory),
        effectiveFrom,
        savedAt,
        who,
      ),
    withdraw: ({ territory, version }, at) => void withdraw.run(at, territory.name, version),
  }
}

/** What was accepted when it was saved opens also under a schema that has become stricter since; the next edit has to mend it. */
function readAs<Document>(schema: z.ZodType<Document>, text: string): Document {
  const document: unknown = JSON.parse(text)
  const parsed = schema.safeParse(document)
  return parsed.success ? parsed.data : (document as Document)
}

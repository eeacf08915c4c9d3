import { TableError } from '../columns/errors.ts'
import type {
  AuditQuery,
  AuditRecord,
  Check,
  CreditRecord,
  DrawRecord,
  NewCredit,
  Store,
  TerritoryVersion,
} from '../db/store.ts'
import type { Claim, DecisionView, PoolState } from '../routing/decision.ts'
import { Pool } from '../routing/pool.ts'
import { Rep } from '../routing/rep.ts'

export interface PoolView {
  state: PoolState
  counts: { member: string; draws: number; expected: number }[]
}

/** Reps, pools, territories and what the rotations did: read, and edited with a line of the audit log. An edit wakes the held leads. */
export interface LiveData {
  reps(): Promise<Rep[]>
  /**
   * @throws {z.ZodError} for a document that is no rep, {TableError} `request-invalid` for a successor, say, who is not there; whatever
   *   `check` throws at what the edit would replace.
   */
  putRep(rep: unknown, who: string, check?: Check<Rep | null>): Promise<Rep>
  pools(): Promise<PoolView[]>
  /** @throws {TableError} `pool-unknown`. */
  pool(name: string): Promise<PoolView>
  putPool(pool: unknown, who: string, check?: Check<Pool | null>): Promise<PoolView>
  /** Every version, the latest saved first. */
  territories(): Promise<TerritoryVersion[]>
  putTerritory: Store['putTerritory']
  /** @throws {TableError} `version-unknown`, or `version-in-force` for one that is not to come any more. */
  withdrawTerritory: Store['withdrawTerritory']
  audit(query: AuditQuery): Promise<AuditRecord[]>
  credit(credit: NewCredit): Promise<CreditRecord>
  credits(query: { pool?: string; after?: number; limit: number }): Promise<CreditRecord[]>
  draws(query: { pool?: string; row?: number; after?: number; limit: number }): Promise<DrawRecord[]>
  /** Who has the company: by `table.column`, or by the name under which several columns share their claims. */
  claim(account: string, scope: string): Promise<Claim | null>
  /** What a live lead of an unknown company would see now. Nothing is written. */
  decisionView(): Promise<DecisionView>
}

interface LiveDataParts {
  store: Store
  now(): number
  /** Held leads are asked again soon: what they wait for may be there. */
  wake(): void
}

export function createLiveData({ store, now, wake }: LiveDataParts): LiveData {
  async function poolView(name: string): Promise<PoolView> {
    const state = await store.pool(name)
    if (state !== null) return { state, counts: await store.drawCounts(name) }
    const known = (await store.pools()).map(({ pool }) => pool.name)
    throw new TableError('pool-unknown', `there is no pool "${name}"`, {
      field: 'pool',
      value: name,
      wayOut: known.length === 0 ? 'no table draws from a pool' : `use one of: ${known.join(', ')}`,
    })
  }

  async function refuseUnknownTerritory(name: string): Promise<void> {
    const known = new Set((await store.territories()).map(({ territory }) => territory.name))
    if (known.has(name)) return
    // A territory that no table asks would be a misspelt name.
    throw new TableError('territory-unknown', `there is no territory "${name}"`, {
      field: 'territory',
      value: name,
      wayOut: known.size === 0 ? 'no table asks a territory' : `use one of: ${[...known].join(', ')}`,
    })
  }

  return {
    reps: () => store.reps(),
    async putRep(given, who, check) {
      const rep = await store.putRep(Rep.parse(given), who, check)
      wake()
      return rep
    },
    pools: async () => Promise.all((await store.pools()).map(({ pool }) => poolView(pool.name))),
    pool: poolView,
    async putPool(given, who, check) {
      const pool = Pool.parse(given)
      await store.putPool(pool, who, check)
      wake()
      return poolView(pool.name)
    },
    territories: () => store.territories(),
    async putTerritory(planned, who, check) {
      await refuseUnknownTerritory(planned.territory.name)
      const saved = await store.putTerritory(planned, who, check)
      wake()
      return saved
    },
    async withdrawTerritory(of, who, check) {
      await refuseUnknownTerritory(of.name)
      return store.withdrawTerritory(of, who, check)
    },
    audit: (query) => store.audit(query),
    credit: (credit) => store.credit(credit),
    credits: (query) => store.credits(query),
    draws: (query) => store.draws(query),
    claim: (account, scope) => store.claim(account, scope),
    decisionView: () =>
      store.decisionView({
        row: '',
        column: '',
        account: null,
        claimScope: '',
        startedAt: now(),
        backfill: false,
        previous: [],
        heldSince: {},
      }),
  }
}

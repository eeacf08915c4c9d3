import type { Seeds } from '../../../db/store.ts'
import type { Decision, DecisionView, Owner } from '../../../routing/decision.ts'
import { decideOwner } from '../../../routing/ladder.ts'
import { Pool } from '../../../routing/pool.ts'
import { Rep, type RepInput } from '../../../routing/rep.ts'
import type { Territory } from '../../../routing/territory.ts'

export const rep = (id: string, over: Partial<RepInput> = {}): Rep =>
  Rep.parse({ id, name: id.toUpperCase(), email: `${id}@ours.example`, ...over })

export const pool = (over: Partial<Pool> = {}): Pool =>
  Pool.parse({
    name: 'emea',
    strategy: 'weighted',
    members: [{ rep: 'ana', weight: 2 }, { rep: 'bo' }, { rep: 'cy' }],
    whenNobody: 'assign-anyway',
    ...over,
  })

export const seedsOf = (...pools: readonly Pool[]): Seeds => ({
  reps: ['ana', 'bo', 'cy', 'di'].map((id) => rep(id)),
  pools,
  territories: [],
})

export const territory = (to: Territory['entries'][number]['to'] = { pool: 'emea' }): Territory => ({
  name: 'world',
  dimensions: [{ name: 'region', values: ['EMEA', 'unknown'] }],
  entries: [{ match: {}, to }],
})

/** The decision of a ladder without rules: a draw from this pool. */
export const drawFrom =
  (name: string) =>
  (view: DecisionView): Decision =>
    decideOwner({ rules: [], otherwise: { pool: name } }, {}, view)

export const draw = drawFrom('emea')

/** A turn of the pool `emea` for leads of one tier. */
export const drawTier =
  (stratum: string) =>
  (view: DecisionView): Decision =>
    decideOwner(
      {
        rules: [{ name: 'tier', decide: (_, by) => by.rotate('emea', { stratum }) }],
        otherwise: { pool: 'emea' },
      },
      {},
      view,
    )

export const ownerOf = ({ id, name, email, ids }: Rep): Owner => ({ rep: id, name, email, ids })

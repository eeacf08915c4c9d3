import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { defineTerritory } from '../../routing/territory.ts'

const rep = (id: string, name: string) => ({ id, name, email: `${id}@reps.example` })

export const nora = { ...rep('nora', 'Nora Berg'), zone: 'Europe/Berlin' }
export const omar = { ...rep('omar', 'Omar Haddad'), manager: 'quinn' }
export const quinn = rep('quinn', 'Quinn Lee')

export const north = definePool('north', {
  strategy: 'weighted',
  members: [{ rep: nora, weight: 2 }, { rep: omar }],
  whenNobody: { hold: 'until-opening', atMostHours: 72, otherwise: { person: quinn } },
})

export const south = definePool('south', {
  strategy: 'standard',
  members: [{ rep: omar }, { rep: quinn }],
  whenNobody: { pool: 'north' },
})

const regions = z.enum(['north', 'south', 'unknown'])
const sizes = z.enum(['small', 'large'])

export const market = defineTerritory('market', {
  dimensions: [
    ['region', regions],
    ['size', sizes],
  ],
  destinations: {
    north: { pool: 'north' },
    south: { small: { pool: 'south' }, large: { person: 'quinn' } },
    unknown: { person: 'quinn' },
  },
})

/** Two pools, a territory over them, and an owner: everything that is live data. */
export const deals = defineTable('deals', {
  input: z.object({
    email: z.email(),
    region: regions,
    size: sizes,
  }),
  person: (deal) => deal.email,
  account: (deal) => deal.email.split('@')[1] ?? null,
}).column(
  'owner',
  assignOwner({
    needs: ['region', 'size'],
    pools: [north, south],
    reps: [quinn],
    territories: [market],
    rules: [{ name: 'market', decide: ({ region, size }, by) => by.territory(market, { region, size }) }],
    otherwise: { pool: 'north' },
  }),
)

let serial = 0
/** A deal of a company of its own. */
export const deal = (more: object = {}) => {
  serial += 1
  return { email: `p${serial}@d${serial}.example`, region: 'north', size: 'small', ...more }
}

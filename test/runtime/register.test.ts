import { expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { defineTable } from '../../columns/table.ts'
import { defineTerritory } from '../../routing/territory/define.ts'
import { runTables } from '../support/runtime.ts'
import { rep, teamOf } from './teams.ts'

interface Seeds {
  name?: string
  catchUp?: 'none' | 'full'
  to?: string
}

/** A table whose owner column seeds reps, a pool and a territory. */
function seeding(table: string, { name = 'Ana', catchUp = 'none', to = 'ana' }: Seeds = {}) {
  const regions = z.enum(['EMEA', 'unknown'])
  const market = defineTerritory('market', {
    dimensions: [['region', regions]],
    destinations: { EMEA: { person: to }, unknown: { pool: 'team' } },
  })
  const team = teamOf([rep('ana', { name })], { catchUp })
  return defineTable(table, { input: z.object({ name: z.string() }) }).column(
    'owner',
    assignOwner({
      reads: ['name'],
      pools: [team],
      reps: [rep('bo')],
      territories: [market],
      rules: [{ name: 'territory', decide: (_, by) => by.territory(market, { region: 'EMEA' }) }],
      otherwise: { pool: 'team' },
    }),
  )
}

test('two tables may define a rep, a pool and a territory alike', async () => {
  const { store } = await runTables([seeding('one'), seeding('two')])
  expect((await store.pools()).map(({ pool }) => pool.name)).toEqual(['team'])
})

test.each([
  ['rep', 'ana', { name: 'Ana B.' }],
  ['pool', 'team', { catchUp: 'full' as const }],
  ['territory', 'market', { to: 'bo' }],
])('a %s that two tables define differently is refused by name', async (kind, name, other) => {
  await expect(runTables([seeding('one'), seeding('two', other)])).rejects.toMatchObject({
    code: 'definition-invalid',
    message: `${kind} "${name}" is defined twice, with different data`,
    details: {
      field: 'two.owner',
      value: name,
      wayOut: expect.stringContaining('use that value everywhere'),
    },
  })
})

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { defineTable } from '../../columns/table.ts'
import type { ClaimPolicy } from '../../routing/ladder/deciding.ts'
import { definePool } from '../../routing/pool.ts'
import { insertOne, runTables } from '../support/runtime.ts'
import { cellOf, dayMs, ownerOf, rep } from './teams.ts'

const input = z.object({ name: z.string(), company: z.string() })
const account = ({ company }: { company: string }) => company

/** An owner column with a pool of its own. */
function ownerFrom(name: string, members: readonly string[], claims: ClaimPolicy = {}) {
  const pool = definePool(name, {
    strategy: 'standard',
    members: members.map((id) => ({ rep: rep(id) })),
    whenNobody: 'assign-anyway',
  })
  return assignOwner<{ name: string }, string>({
    pools: [pool],
    rules: [{ name: 'rotation', decide: (_, by) => by.rotate(name) }],
    otherwise: { pool: name },
    claims,
  })
}

describe('the claims of a company', () => {
  test('are kept apart for two owner columns: an SDR column never answers with the AE (trap 51)', async () => {
    const table = defineTable('leads', { input, account })
      .column('sdr', ownerFrom('sdr', ['s1', 's2']))
      .column('ae', ownerFrom('ae', ['a1', 'a2']))
    const running = await runTables([table])
    for (const name of ['one', 'two', 'three']) {
      const id = await insertOne(running, 'leads', { name, company: 'acme' })
      expect(await cellOf(running, id, 'sdr')).toMatchObject({ value: { rep: 's1' } })
      expect(await cellOf(running, id, 'ae')).toMatchObject({ value: { rep: 'a1' } })
    }
    expect(await running.runtime.claim('acme', 'leads.ae')).toMatchObject({ owner: { rep: 'a1' } })
  })

  test('are kept apart for two tables, and shared by those that say the same name', async () => {
    const table = (name: string, members: readonly string[], claims?: ClaimPolicy) =>
      defineTable(name, { input, account }).column('owner', ownerFrom(name, members, claims))
    const running = await runTables([
      table('sales', ['s1', 's2'], { scope: 'company' }),
      table('events', ['e1'], { scope: 'company' }),
      table('support', ['h1']),
    ])
    const owners = []
    for (const name of ['sales', 'support', 'events']) {
      const id = await insertOne(running, name, { name, company: 'acme' })
      owners.push((await ownerOf(running, id, name)).rep)
    }
    expect(owners).toEqual(['s1', 'h1', 's1'])
  })

  test('stay while the company comes every week, however old the first lead is (trap 57)', async () => {
    const team = ownerFrom('team', ['ana', 'bo', 'cy'], { dormantDays: 30 })
    const running = await runTables([defineTable('leads', { input, account }).column('owner', team)])
    for (let week = 0; week < 8; week += 1) {
      running.clock.aheadMs = week * 7 * dayMs
      const id = await insertOne(running, 'leads', { name: `${week}`, company: 'acme' })
      expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana' })
    }
    running.clock.aheadMs += 31 * dayMs
    const late = await insertOne(running, 'leads', { name: 'late', company: 'acme' })
    expect(await ownerOf(running, late)).toMatchObject({ rep: 'bo', method: 'round_robin' })
  })
})

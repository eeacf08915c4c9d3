import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { buildColumn } from '../../columns/build.ts'
import { type Column, done } from '../../columns/column.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { insertOne, runTables, statuses } from '../support/runtime.ts'

const rep = (id: string) => ({ id, name: id, email: `${id}@ours.example` })
const pool = definePool('team', {
  strategy: 'standard',
  members: [{ rep: rep('ana') }, { rep: rep('bo') }],
  whenNobody: 'assign-anyway',
})

/** found (an effect) -> owner -> check, which once takes the draw back and wants these columns to run again first. */
function leads(rereads: readonly string[]) {
  const crm = createOutside()
  let asked = 0
  const check: Column<{ owner: unknown }, number> = buildColumn({
    kind: 'check',
    needs: ['owner'],
    versionOf: [],
    work: {
      effect: 'none',
      run: () => {
        asked += 1
        const again = { redraw: { column: 'owner', reason: 'somebody took it', rereads } }
        return { ...done(asked), ...(asked === 1 && again) }
      },
    },
  })
  const table = defineTable('leads', { input: z.object({ name: z.string() }) })
    .column('found', deliver(crm, { needs: ['name'] }))
    .column(
      'owner',
      assignOwner({
        reads: ['found'],
        pools: [pool],
        rules: [{ name: 'rotation', decide: (_, by) => by.rotate('team') }],
        otherwise: { pool: 'team' },
      }),
    )
    .column('check', check)
  return { table, crm }
}

describe('a result that takes a draw back because something is out of date', () => {
  test('runs that first, effects included, and draws on what it says now', async () => {
    const { table, crm } = leads(['found'])
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'Acme' })
    expect(new Set(crm.taken.map(({ sendId }) => sendId)).size).toBe(2)
    const draws = await running.store.draws({ pool: 'team', limit: 9 })
    expect(draws.map(({ state }) => state)).toEqual(['released', 'confirmed'])
    expect((await running.runtime.row('leads', id)).cells).toMatchObject({
      found: { status: 'done', attempts: 2 },
      check: { status: 'done', value: 2 },
    })
  })

  test.each([['check'], ['owner'], ['nothing']])(
    'cannot name %s, which is not before the draw',
    async (name) => {
      const { table, crm } = leads([name])
      const running = await runTables([table])
      const id = await insertOne(running, 'leads', { name: 'Acme' })
      expect(await statuses(running, 'leads', id)).toMatchObject({ owner: 'done', check: 'error' })
      expect(crm.taken).toHaveLength(1)
    },
  )
})

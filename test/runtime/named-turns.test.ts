import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { insertOne, insertRows, rerun, runTables } from '../support/runtime.ts'
import { owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })
const leads = () =>
  defineTable('leads', { input }).column('owner', owner(teamOf([rep('ana'), rep('bo'), rep('cy')])))

test('an override that is let go and drawn anew gives the turn of the named rep back (trap 82)', async () => {
  const running = await runTables([leads()])
  const { runtime } = running
  const id = await insertOne(running, 'leads', { name: 'a' })
  const first = (await ownerOf(running, id)).rep
  await runtime.override('leads', id, { rep: 'cy', reason: 'she knows them', who: 'boss' })
  await runtime.idle()
  await runtime.letGo('leads', id, { who: 'boss' })
  await rerun(running, 'leads', { redraw: true, reason: 'she does not' })
  const second = (await ownerOf(running, id)).rep
  expect([first, second]).toEqual(['ana', 'bo'])
  expect(await runtime.credits({ limit: 10 })).toMatchObject([
    { member: 'cy', leads: -1, reason: 'reassigned_to', row: id, who: 'boss' },
    { member: 'cy', leads: 1, reason: 'reassigned_from', row: id },
  ])
  for (const balance of Object.values((await running.store.pool('team'))?.balances ?? {}))
    expect(balance).toBeCloseTo(0)
  // The turn that cy paid for is there again.
  const ids = await insertRows(running, 'leads', [{ name: 'b' }, { name: 'c' }])
  await runtime.idle()
  const next = await Promise.all(ids.map(async (each) => (await ownerOf(running, each)).rep))
  expect(next.toSorted()).toEqual(['ana', 'cy'])
})

test('an override after another moves the turn on (trap 82)', async () => {
  const running = await runTables([leads()])
  const { runtime } = running
  const id = await insertOne(running, 'leads', { name: 'a' })
  for (const rep of ['bo', 'cy']) {
    await runtime.override('leads', id, { rep, reason: `asked for ${rep}`, who: 'boss' })
    await runtime.idle()
  }
  expect(await ownerOf(running, id)).toMatchObject({ rep: 'cy' })
  expect(await runtime.credits({ limit: 10 })).toMatchObject([
    { member: 'bo', leads: -1, reason: 'reassigned_to' },
    { member: 'bo', leads: 1, reason: 'reassigned_from' },
    { member: 'cy', leads: -1, reason: 'reassigned_to', note: 'boss gave it to CY: asked for cy' },
  ])
  const ids = await insertRows(running, 'leads', [{ name: 'b' }, { name: 'c' }])
  await runtime.idle()
  const next = await Promise.all(ids.map(async (each) => (await ownerOf(running, each)).rep))
  expect(next.toSorted()).toEqual(['ana', 'bo'])
})

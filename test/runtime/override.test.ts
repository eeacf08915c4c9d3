import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { defineTable } from '../../columns/table.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { insertOne, insertRows, request, rerun, runTables } from '../support/runtime.ts'
import { cellOf, draws, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string(), company: z.string().optional() })
const reps = [rep('ana'), rep('bo'), rep('cy')]

function leads() {
  const outside = createOutside()
  const table = defineTable('leads', { input, account: ({ company }) => company })
    .column('owner', owner(teamOf(reps), [rep('dev')]))
    .column('told', deliver(outside, { needs: ['owner'], confirms: ['owner'] }))
  return { outside, table }
}

const why = { reason: 'she knows them', who: 'boss' }

describe('a manual override', () => {
  test('gives the lead to the rep, with everything behind it and the claim, and says who and why (trap 49)', async () => {
    const { outside, table } = leads()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a', company: 'acme' })
    const before = await ownerOf(running, id)
    await running.runtime.override('leads', id, { rep: 'dev', ...why })
    await running.runtime.idle()
    expect(await ownerOf(running, id)).toMatchObject({
      rep: 'dev',
      method: 'manual_override',
      previous: [{ rep: before.rep }],
    })
    expect((await cellOf(running, id))?.pinned).toMatchObject({ who: 'boss', reason: 'she knows them' })
    expect(outside.taken.map(({ values }) => values.owner)).toMatchObject([
      { rep: before.rep },
      { rep: 'dev' },
    ])
    expect(await running.runtime.claim('acme', 'leads.owner')).toMatchObject({ owner: { rep: 'dev' } })
    expect(await draws(running)).toMatchObject([
      { member: before.rep, state: 'released', reason: expect.stringContaining('reassigned_from') },
    ])
    // A lead of the same company follows.
    const second = await insertOne(running, 'leads', { name: 'b', company: 'acme' })
    expect(await ownerOf(running, second)).toMatchObject({ rep: 'dev', method: 'sticky' })
  })

  test('for the rep who has it already writes the word down and tells nobody anything again', async () => {
    const { outside, table } = leads()
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a', company: 'acme' })
    const { rep: has } = await ownerOf(running, id)
    await running.runtime.override('leads', id, { rep: String(has), ...why })
    await running.runtime.idle()
    expect(await ownerOf(running, id)).toMatchObject({ rep: has, previous: [] })
    expect((await cellOf(running, id))?.pinned).toMatchObject({ who: 'boss', reason: 'she knows them' })
    expect(outside.taken).toHaveLength(1)
    expect(await running.runtime.audit({ limit: 5 })).toEqual(
      expect.arrayContaining([expect.objectContaining({ subject: 'row', name: id, who: 'boss' })]),
    )
    await rerun(running, 'leads', { redraw: true, reason: 'again', includeEffects: true })
    expect(await ownerOf(running, id)).toMatchObject({ rep: has })
  })

  test('moves the turn within the pool: the first is owed one, the other has had one (trap 82)', async () => {
    const running = await runTables([leads().table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana' })
    await running.runtime.override('leads', id, { rep: 'cy', ...why })
    await running.runtime.idle()
    expect(await running.runtime.credits({ limit: 10 })).toMatchObject([
      { member: 'cy', leads: -1, reason: 'reassigned_to', row: id, who: 'boss' },
    ])
    const ids = await insertRows(running, 'leads', [{ name: 'b' }, { name: 'c' }])
    await running.runtime.idle()
    const next = await Promise.all(ids.map(async (each) => (await ownerOf(running, each)).rep))
    expect(next.toSorted()).toEqual(['ana', 'bo'])
  })

  test('stands against runs, redraws, force and a restart, until it is let go (trap 49)', async () => {
    const { outside, table } = leads()
    let running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.override('leads', id, { rep: 'dev', ...why })
    await running.runtime.idle()
    const sent = outside.taken.length
    for (const wish of [
      {},
      { force: true },
      { redraw: true, reason: 'try' },
      {
        redraw: true,
        reason: 'try',
        force: true,
        includeEffects: true,
        columns: ['owner'],
        downstream: true,
      },
    ]) {
      await rerun(running, 'leads', wish)
      expect(await ownerOf(running, id)).toMatchObject({ rep: 'dev' })
    }
    running = await running.restart()
    expect((await cellOf(running, id))?.pinned).not.toBeNull()

    await running.runtime.letGo('leads', id, { who: 'boss' })
    expect(await cellOf(running, id)).toMatchObject({ pinned: null, value: { rep: 'dev' } })
    const { history } = await running.runtime.cell('leads', id, 'owner')
    expect(history.at(-1)).toMatchObject({ outcome: 'kept', reason: 'let go by boss' })
    const [line] = await running.runtime.audit({ subject: 'row', name: id, limit: 1 })
    expect(line).toMatchObject({
      who: 'boss',
      before: { column: 'owner', pinned: { reason: 'she knows them' } },
      after: { letGo: true },
    })
    await rerun(running, 'leads', { redraw: true, reason: 'back to the rules' })
    expect((await ownerOf(running, id)).method).toBe('round_robin')
    // Force with includeEffects asked for the effect again, and the new owner was told.
    expect(outside.taken.length).toBe(sent + 2)
  })

  test('is let go and decided anew by one run that says both', async () => {
    const running = await runTables([leads().table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    await running.runtime.override('leads', id, { rep: 'dev', ...why })
    await running.runtime.idle()
    await rerun(running, 'leads', { columns: ['owner'], unpin: true })
    expect(await cellOf(running, id)).toMatchObject({ pinned: null, value: { rep: 'dev' } })
    await running.runtime.override('leads', id, { rep: 'bo', ...why })
    await running.runtime.idle()
    await rerun(running, 'leads', { columns: ['owner'], unpin: true, redraw: true, reason: 'rules' })
    expect(await cellOf(running, id)).toMatchObject({ pinned: null, value: { method: 'round_robin' } })
  })

  test('is refused without a reason, for somebody who is not there, and where the column is not clear', async () => {
    const two = defineTable('two', { input })
      .column('first', roundRobin({ pool: teamOf(reps) }))
      .column('second', roundRobin({ pool: teamOf(reps) }))
    const none = defineTable('none', { input }).column('a', compute({ reads: ['name'], run: () => 1 }))
    const running = await runTables([leads().table, two, none])
    const { runtime } = running
    const id = await insertOne(running, 'leads', { name: 'a' })
    const wrong = (details: object) => ({
      code: 'request-invalid',
      details: expect.objectContaining(details),
    })
    await expect(runtime.override('leads', id, { rep: 'ana', reason: ' ', who: 'x' })).rejects.toMatchObject(
      wrong({ field: 'reason' }),
    )
    await expect(runtime.override('leads', id, { rep: 'zoe', ...why })).rejects.toMatchObject(
      wrong({ field: 'rep', value: 'zoe', wayOut: expect.stringContaining('ana') }),
    )
    const other = await insertOne(running, 'two', { name: 'a' })
    await expect(runtime.override('two', other, { rep: 'ana', ...why })).rejects.toMatchObject(
      wrong({ field: 'column', wayOut: 'name one of: first, second' }),
    )
    await runtime.override('two', other, { rep: 'ana', ...why, column: 'second' })
    const empty = await insertOne(running, 'none', { name: 'a' })
    await expect(runtime.override('none', empty, { rep: 'ana', ...why })).rejects.toMatchObject(
      wrong({ field: 'column' }),
    )
    await expect(runtime.override('leads', 'row_0', { rep: 'ana', ...why })).rejects.toMatchObject({
      code: 'row-unknown',
    })
    await runtime.idle()
  })
})

test('a row that does not come to an owner is left alone, before anything is written', async () => {
  const table = defineTable('leads', { input })
    .column('exit', compute({ reads: ['name'], run: ({ name }) => (name === 'a' ? 'nurture' : 'route') }))
    .column('owner', roundRobin({ pool: teamOf(reps) }), { when: { exit: 'route' } })
  const running = await runTables([table])
  const { runtime } = running
  const id = await insertOne(running, 'leads', { name: 'a' })
  const before = await runtime.row('leads', id)
  await expect(runtime.override('leads', id, { rep: 'ana', ...why })).rejects.toMatchObject({
    code: 'row-conflict',
    message: expect.stringMatching(/exit is nurture, not route.*when exit route/),
    details: { field: 'row', value: id, wayOut: expect.stringContaining('edit the input') },
  })
  expect(await runtime.row('leads', id)).toEqual(before)
  expect(await runtime.audit({ subject: 'row', limit: 10 })).toEqual([])
  expect(await running.store.runByOrdinal(2)).toBeNull()
})

describe('a redraw', () => {
  test('by hand needs a reason, also for its preview (trap 67)', async () => {
    const { runtime } = await runTables([leads().table])
    const wish = request({ redraw: true })
    const wrong = { code: 'request-invalid', details: expect.objectContaining({ field: 'reason' }) }
    await expect(runtime.run('leads', wish)).rejects.toMatchObject(wrong)
    await expect(runtime.preview('leads', wish)).rejects.toMatchObject(wrong)
  })

  test('gives the lead to somebody else while anybody is there, and names who had it before', async () => {
    const running = await runTables([leads().table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    const seen: unknown[] = [(await ownerOf(running, id)).rep]
    for (const reason of ['one', 'two']) {
      await rerun(running, 'leads', { redraw: true, reason })
      seen.push((await ownerOf(running, id)).rep)
    }
    expect(new Set(seen).size).toBe(3)
    const { previous } = await ownerOf(running, id)
    expect(previous).toMatchObject([{ rep: seen[1] }, { rep: seen[0] }])
    // Now all of them have had it: it goes round once more rather than to nobody.
    await rerun(running, 'leads', { redraw: true, reason: 'three' })
    expect(['ana', 'bo', 'cy']).toContain((await ownerOf(running, id)).rep)
  })
})

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { CallFailure } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import { updateCrm } from '../../columns/update-crm.ts'
import type { Assignment } from '../../routing/decision.ts'
import { crmWith } from '../columns/ports.ts'
import { insertOne, rerun, runTables } from '../support/runtime.ts'
import { cellOf, draws, owner, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })
const team = (count: number) =>
  teamOf(Array.from({ length: count }, (_, n) => rep(`r${n}`, { ids: { testcrm: `u${n}` } })))

/** A CRM in which these users are inactive until told otherwise, everybody when left out. */
function closed(count: number, inactive?: readonly string[]) {
  const crm = { inactive: true, writes: 0, ownerId: null as string | null }
  const port = crmWith({
    readRecord: async ({ type, id }) => ({
      ...{ type, id, ownerId: crm.ownerId, owner: null, url: 'https://crm.example/L1' },
      lastActivityAt: null,
      createdAt: null,
    }),
    async writeOwner(_, { ownerId }) {
      crm.writes += 1
      if (crm.inactive && inactive?.includes(ownerId) !== false)
        throw new CallFailure('inactive-owner', 'the user is inactive', { retryable: false })
      crm.ownerId = ownerId
    },
  })
  const table = defineTable('leads', { input })
    .column('owner', owner(team(count)))
    .column(
      'crmOwner',
      updateCrm<{ name: string; owner: Assignment | null }, never, 'owner'>({
        needs: ['owner'],
        crm: port,
        confirms: 'owner',
        change: (row) => ({ owner: row.owner, record: { type: 'Lead', id: 'L1' }, expected: null }),
      }),
    )
    .column('after', compute({ needs: ['crmOwner'], run: ({ crmOwner }) => `${crmOwner.ownerId}` }))
  return { crm, table }
}

describe('an owner whom the CRM takes from nobody', () => {
  test('is not written when all are asked: the cell is not done, no draw is confirmed, and a run finds it', async () => {
    const { crm, table } = closed(2)
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'x' })
    expect(crm.writes).toBe(2)
    const cell = await cellOf(running, id, 'crmOwner')
    expect(cell).toMatchObject({ status: 'skipped', value: null })
    expect((await cellOf(running, id, 'after'))?.status).toBe('skipped')
    expect((await draws(running)).map(({ state }) => state)).not.toContain('confirmed')
    crm.inactive = false
    const { counts } = await rerun(running, 'leads', { columns: ['crmOwner'], mode: 'missing' })
    expect(counts.skipped).toBe(1)
    await running.runtime.override('leads', id, { rep: 'r1', reason: 'is back', who: 'boss' })
    await running.runtime.idle()
    expect(await cellOf(running, id, 'crmOwner')).toMatchObject({ status: 'done', value: { ownerId: 'u1' } })
  })

  test('is an error when the draws have no end, with the draw given back', async () => {
    const { table } = closed(25)
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'x' })
    expect(await cellOf(running, id, 'crmOwner')).toMatchObject({
      status: 'error',
      error: { kind: 'invalid-output', message: expect.stringContaining('20 times') },
    })
    expect(new Set((await draws(running)).map(({ state }) => state))).toEqual(new Set(['released']))
  })

  test('is written when the next one is taken, and that draw alone is confirmed', async () => {
    const { crm, table } = closed(2, ['u0'])
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'x' })
    expect(crm.writes).toBe(2)
    expect(await cellOf(running, id, 'crmOwner')).toMatchObject({ status: 'done', value: { ownerId: 'u1' } })
    expect(await cellOf(running, id, 'after')).toMatchObject({ value: 'u1' })
    expect((await draws(running)).map(({ state }) => state)).toEqual(['released', 'confirmed'])
    const { history } = await running.runtime.cell('leads', id, 'crmOwner')
    const left = history.filter(({ kind, status }) => kind === 'attempt' && status !== 'done')
    expect(left).toMatchObject([{ status: 'no-result', value: null, reason: expect.stringContaining('R0') }])
  })
})

describe('the column that an expected owner comes from', () => {
  const update = (over: object) =>
    updateCrm<{ name: string; record: string | null; owner: Assignment | null }, 'name' | 'record', 'owner'>({
      reads: ['name', 'record'],
      needs: ['owner'],
      crm: crmWith({}),
      change: (row) => ({ owner: row.owner, record: { type: 'Lead', id: 'L1' }, expected: null }),
      ...over,
    })
  const table = () =>
    defineTable('leads', { input })
      .column('record', compute({ reads: ['name'], run: ({ name }) => name }))
      .column('owner', owner(team(2)))

  test.each([
    ['is one that the owner does not stand on', { confirms: 'owner', expectedFrom: 'record' }],
    ['is an input', { confirms: 'owner', expectedFrom: 'name' }],
    ['is the owner itself', { confirms: 'owner', expectedFrom: 'owner' }],
    ['comes without a draw to make anew', { expectedFrom: 'record' }],
  ])('is refused where it %s', (_, over) => {
    expect(() => table().column('crmOwner', update(over))).toThrow(
      expect.objectContaining({ code: 'definition-invalid' }),
    )
  })

  test('is taken where the owner stands on it, near or far', () => {
    const far = defineTable('leads', { input })
      .column('record', compute({ reads: ['name'], run: ({ name }) => name }))
      .column('between', compute({ reads: ['record'], run: ({ record }) => record ?? '' }))
      .column('owner', owner(team(2)), { when: { between: 'x' } as never })
    expect(() =>
      far.column('crmOwner', update({ confirms: 'owner', expectedFrom: 'record' }) as never),
    ).not.toThrow()
  })
})

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { insertOne, type RunningRuntime, rerun, runTables, until } from '../support/runtime.ts'

const input = z.object({
  name: z.string(),
  stamp: z.string().optional(),
  changedAt: z.string().optional(),
})

/** Leads that are written to a CRM, whose changed records come back as rows: stamped with what we wrote last. */
function looped() {
  const crm = createOutside()
  const leads = defineTable('leads', {
    input,
    origin: ({ stamp, changedAt }) => (stamp === null ? null : { sendId: stamp, at: changedAt }),
  }).column('crmOwner', deliver(crm, { needs: ['name'] }))
  return { crm, leads }
}

async function written(running: RunningRuntime, crm: ReturnType<typeof createOutside>) {
  const id = await insertOne(running, 'leads', { name: 'a' })
  return { id, sendId: crm.taken.at(-1)?.sendId ?? '' }
}

const statusOf = async ({ runtime }: RunningRuntime, row: object, table = 'leads') =>
  (await runtime.insert(table, [row])).rows[0]?.status

const iso = (ms: number) => new Date(Date.now() + ms).toISOString()

describe('a row that is the echo of a write of our own', () => {
  test('is not inserted, and the answer names the cell that wrote', async () => {
    const { crm, leads } = looped()
    const running = await runTables([leads])
    const { id, sendId } = await written(running, crm)
    const { rows, run } = await running.runtime.insert('leads', [{ name: 'a', stamp: sendId }])
    expect(rows).toEqual([{ status: 'ignored-own-write', table: 'leads', id, column: 'crmOwner' }])
    expect(run).toBeNull()
    await running.runtime.idle()
    expect(await running.runtime.count('leads')).toBe(1)
    expect(crm.received).toHaveLength(1)
  })

  test('ends a loop between two tables, also after a restart', async () => {
    const { crm, leads } = looped()
    const changes = defineTable('changes', {
      input,
      origin: ({ stamp, changedAt }) => (stamp === null ? null : { sendId: stamp, at: changedAt }),
    }).column('seen', deliver(crm, { needs: ['name'] }))
    const running = await runTables([leads, changes])
    const { id, sendId } = await written(running, crm)
    const again = await running.restart()
    const { rows } = await again.runtime.insert('changes', [{ name: 'a', stamp: sendId, changedAt: iso(0) }])
    expect(rows).toEqual([{ status: 'ignored-own-write', table: 'leads', id, column: 'crmOwner' }])
  })

  test('is known while the write is still under way', async () => {
    const { crm, leads } = looped()
    let answer = () => {}
    crm.onArrival = () => new Promise<void>((resolve) => (answer = resolve))
    const running = await runTables([leads])
    await running.runtime.insert('leads', [{ name: 'a' }])
    await until(() => crm.received.length === 1, 'it was sent')
    const stamp = crm.received[0]?.sendId
    expect(await statusOf(running, { name: 'a', stamp, changedAt: iso(0) })).toBe('ignored-own-write')
    answer()
    await running.runtime.idle()
  })

  test('is known until a minute after the outcome was known, however long the write took', async () => {
    const { crm, leads } = looped()
    const running = await runTables([leads])
    const tookMs = 120_000
    crm.onArrival = () => {
      running.clock.aheadMs = tookMs
    }
    const { sendId: stamp } = await written(running, crm)
    for (const [sinceIntentMs, status] of [
      [tookMs, 'ignored-own-write'],
      [tookMs + 55_000, 'ignored-own-write'],
      [tookMs + 65_000, 'accepted'],
    ] as const)
      expect(await statusOf(running, { name: 'a', stamp, changedAt: iso(sinceIntentMs) })).toBe(status)
  })

  test('is known by an earlier stamp, when the write was repeated since', async () => {
    const { crm, leads } = looped()
    const running = await runTables([leads])
    const { sendId } = await written(running, crm)
    await rerun(running, 'leads', { includeEffects: true, force: true })
    expect(crm.taken.at(-1)?.sendId).not.toBe(sendId)
    expect(await statusOf(running, { name: 'a', stamp: sendId })).toBe('ignored-own-write')
  })

  test('is told from its neighbours in a batch, each answered in its place', async () => {
    const { crm, leads } = looped()
    const running = await runTables([leads])
    const { sendId } = await written(running, crm)
    const { rows } = await running.runtime.insert('leads', [
      { name: 'b' },
      { name: 'a', stamp: sendId },
      { name: 1 },
      { name: 'c' },
    ])
    expect(rows.map(({ status }) => status)).toEqual(['accepted', 'ignored-own-write', 'invalid', 'accepted'])
    await running.runtime.idle()
    expect(crm.taken.map(({ values }) => values.name)).toEqual(['a', 'b', 'c'])
  })

  test('is answered in the same way when the batch is sent again, however late', async () => {
    const { crm, leads } = looped()
    const running = await runTables([leads])
    const { sendId } = await written(running, crm)
    const batch = [{ name: 'b' }, { name: 'a', stamp: sendId }]
    const first = await running.runtime.insert('leads', batch, { idempotencyKey: 'key' })
    running.clock.aheadMs = 3_600_000
    const again = await running.runtime.insert('leads', batch, { idempotencyKey: 'key' })
    expect(again.rows).toEqual(first.rows)
    expect(await running.runtime.count('leads')).toBe(2)
  })
})

describe('a row that carries our stamp and is not our write', () => {
  test('is inserted when somebody changed the record later', async () => {
    const { crm, leads } = looped()
    const running = await runTables([leads])
    const { sendId: stamp } = await written(running, crm)
    expect(await statusOf(running, { name: 'a', stamp, changedAt: iso(59_000) })).toBe('ignored-own-write')
    expect(await statusOf(running, { name: 'a', stamp, changedAt: iso(62_000) })).toBe('accepted')
    expect(await statusOf(running, { name: 'a', stamp, changedAt: iso(-62_000) })).toBe('accepted')
  })

  test('is inserted when it has no date and comes later', async () => {
    const { crm, leads } = looped()
    const running = await runTables([leads])
    const { sendId: stamp } = await written(running, crm)
    running.clock.aheadMs = 62_000
    expect(await statusOf(running, { name: 'a', stamp })).toBe('accepted')
    expect(await statusOf(running, { name: 'a', stamp, changedAt: 'yesterday' })).toBe('accepted')
  })

  test.each([
    'not an id',
    '',
    'row_0.crmOwner.1.aaaaaaaa',
    (sendId: string) => sendId.replace('.crmOwner.', '.other.'),
    (sendId: string) => sendId.replace('.1.', '.2.'),
    (sendId: string) => `${sendId}x`,
  ])('is inserted when this store never wrote that id (%s)', async (made) => {
    const { crm, leads } = looped()
    const running = await runTables([leads])
    const { sendId } = await written(running, crm)
    const stamp = typeof made === 'string' ? made : made(sendId)
    expect(stamp).not.toBe(sendId)
    expect(await statusOf(running, { name: 'a', stamp })).toBe('accepted')
  })

  test('is refused with a word when its definition cannot read it', async () => {
    const table = defineTable('leads', {
      input,
      origin: () => {
        throw new TypeError('no stamp here')
      },
    })
    const { runtime } = await runTables([table])
    const { rows } = await runtime.insert('leads', [{ name: 'a' }])
    expect(rows[0]).toMatchObject({
      status: 'invalid',
      problems: [{ message: expect.stringContaining('no stamp here') }],
    })
  })
})

import { expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { runTables } from '../support/runtime.ts'

const tableOf = (a: z.ZodString) =>
  defineTable('t', { input: z.object({ a }) }).column('b', compute({ reads: ['a'], run: (row) => row.a }))
const strict = tableOf(z.string().min(3))
const loose = tableOf(z.string())
const body = [{ a: 'x' }, { a: 'long' }]
const under = { idempotencyKey: 'k' }

test('a key used again is answered as before when the table takes more by now', async () => {
  let running = await runTables([strict])
  const first = await running.runtime.insert('t', body, under)
  running = await running.restart([loose])
  const again = await running.runtime.insert('t', body, under)
  expect(again).toMatchObject({ run: null, rows: [{ status: 'invalid' }, first.rows[1]] })
  expect(again.rows[0]).toMatchObject({ problems: [{ message: expect.stringContaining('under a new key') }] })
  expect(await running.runtime.count('t')).toBe(1)
})

test('a key used again is answered as before when the table takes less by now, or nothing of it', async () => {
  let running = await runTables([loose])
  const first = await running.runtime.insert('t', body, under)
  for (const least of [3, 100]) {
    running = await running.restart([tableOf(z.string().min(least))])
    expect(await running.runtime.insert('t', body, under)).toEqual({ run: null, rows: first.rows })
  }
  expect(await running.runtime.count('t')).toBe(2)
})

test('a key used again for the same rows as a backfill, or as another one, is refused', async () => {
  const { runtime } = await runTables([loose])
  const backfill = { consumeDraws: false, notify: false, startClocks: false }
  await runtime.insert('t', body, { ...under, backfill })
  for (const other of [{}, { backfill: { ...backfill, notify: true } }]) {
    const again = runtime.insert('t', body, { ...under, ...other })
    await expect(again).rejects.toMatchObject({ code: 'idempotency-mismatch' })
  }
  expect((await runtime.insert('t', body, { ...under, backfill })).run).toBeNull()
})

test('a key under which every row was refused is free for the mended ones', async () => {
  const { runtime } = await runTables([strict])
  expect((await runtime.insert('t', [{ a: 'x' }], under)).rows).toMatchObject([{ status: 'invalid' }])
  expect((await runtime.insert('t', [{ a: 'long' }], under)).rows).toMatchObject([{ status: 'accepted' }])
})

import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

test('a refused step that was to say that an effect is overdue leaves the effect its horizon', async () => {
  const outside = createOutside()
  outside.onArrival = async ({ signal }) => {
    if (outside.received.length > 1) return
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    // Within the horizon, and after the second that passes before a refused row is read again.
    await sleep(1_450)
  }
  const column = deliver<{ n: number }>(outside, { needs: ['n'], timeoutMs: 600, horizonMs: 1_500 })
  let refused = 0
  const { runtime } = await runFaulty(
    [defineTable('t', { input: z.object({ n: z.number() }) }).column('told', column)],
    {
      faults: (store) => ({
        step(step) {
          // The step after the one with the intent.
          if (outside.received.length === 0 || refused > 0) return store.step(step)
          refused += 1
          return Promise.reject(new Error('the disk is full'))
        },
      }),
    },
  )
  const [row] = (await runtime.insert('t', [{ n: 1 }])).rows
  if (row === undefined || row.status === 'invalid') throw new Error('the row was refused')
  await until(async () => (await runtime.row('t', row.id)).atRest, 'at rest')
  await sleep(500)
  expect(refused).toBe(1)
  expect(outside.taken).toHaveLength(1)
  expect(outside.received).toHaveLength(1)
})

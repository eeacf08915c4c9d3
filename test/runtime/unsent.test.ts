import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { insertOne, request, rerun, runTables, until } from '../support/runtime.ts'
import { runFaulty } from './faulty-store.ts'
import { cellOf, draws, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })

/** owner -> told, which confirms the draw and is sent so many times at most. */
function leads(attempts = 3) {
  const outside = createOutside()
  const retry = { attempts, baseMs: 5, maxMs: 20 }
  const table = defineTable('leads', { input })
    .column('owner', owner(teamOf([rep('ana'), rep('bo')])))
    .column('told', deliver(outside, { needs: ['owner'], confirms: ['owner'], retry }))
  return { outside, table }
}

describe('a write that reading back shows not to have happened', () => {
  test('ends in error once its attempts are used up, and gives its draw back (trap 70)', async () => {
    const { outside, table } = leads(3)
    outside.plan('request-lost', 'request-lost', 'request-lost')
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await cellOf(running, id, 'told')).toMatchObject({
      status: 'error',
      error: {
        kind: 'unavailable',
        message: expect.stringContaining('reading back shows that it took no effect'),
      },
    })
    expect([outside.received.length, outside.asked.length, outside.taken.length]).toEqual([3, 3, 0])
    const first = await ownerOf(running, id)
    expect(await draws(running)).toMatchObject([
      { member: first.rep, state: 'released', reason: 'write_failed' },
    ])
    const counts = (await running.runtime.pool('team')).counts.map((each) => each.draws)
    expect(counts).toEqual([0, 0])
    // A run of what failed sends it, and the same rep has the lead again.
    await rerun(running, 'leads', { mode: 'errored' })
    expect(await ownerOf(running, id)).toEqual(first)
    expect(await draws(running)).toMatchObject([{ member: first.rep, state: 'confirmed', reason: null }])
  })

  test('after something of its own was thrown ends in error at once, and is not sent again', async () => {
    const { outside, table } = leads(3)
    outside.onArrival = () => {
      throw new TypeError('no such thing')
    }
    const running = await runTables([table])
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(await cellOf(running, id, 'told')).toMatchObject({
      status: 'error',
      error: { kind: 'crashed', retryable: false, message: expect.stringContaining('no such thing') },
    })
    expect([outside.received.length, outside.asked.length, outside.taken.length]).toEqual([1, 1, 0])
    expect(await draws(running)).toMatchObject([{ state: 'released', reason: 'write_failed' }])
  })
})

test('an effect whose run is cancelled while its intent is on the way to the disk does not leave', async () => {
  const outside = createOutside()
  const table = defineTable('leads', { input }).column('told', deliver(outside, { needs: ['name'] }))
  const onDisk = Promise.withResolvers<void>()
  let isWritten = false
  const { runtime, store } = await runFaulty([table], {
    faults: (real) => ({
      async step(step) {
        let hasIntent = false
        const answer = await real.step({
          ...step,
          build(settle) {
            const built = step.build(settle)
            hasIntent = built?.entries.some(({ kind }) => kind === 'intent') === true
            return built
          },
        })
        if (!hasIntent) return answer
        isWritten = true
        await onDisk.promise
        return answer
      },
    }),
  })
  const { run, rows } = await runtime.insert('leads', [{ name: 'a' }])
  const id = rows[0]?.status === 'accepted' ? rows[0].id : ''
  await until(() => isWritten, 'the intent is on disk')
  expect((await store.find('leads', id))?.cells.told?.status).toBe('running')
  await runtime.cancelRun(run?.id ?? '')
  onDisk.resolve()
  await runtime.idle()
  const { atRest, cells } = await runtime.row('leads', id)
  expect([atRest, cells.told?.status]).toEqual([true, 'cancelled'])
  expect(outside.received).toEqual([])
  await runtime.run('leads', request({ mode: 'missing' }))
  await runtime.idle()
  expect((await runtime.row('leads', id)).cells.told?.status).toBe('done')
  expect([outside.received.length, outside.taken.length]).toEqual([1, 1])
})

import Database from 'better-sqlite3'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { ask as asking, createOutside, deliver } from '../support/outside.ts'
import { until } from '../support/runtime.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

let app: RunningApp | null = null
afterEach(async () => {
  vi.restoreAllMocks()
  await app?.close()
  app = null
})

/** The connection that the store opens: a full disk can only be played on that one. */
async function startOn(tables: Parameters<typeof startApp>[0]) {
  const pragma = vi.spyOn(Database.prototype, 'pragma')
  app = await startApp(tables)
  const connection = pragma.mock.contexts[0]
  pragma.mockRestore()
  if (!(connection instanceof Database)) throw new Error('no store was opened')
  return { running: app, connection }
}

test('a full disk refuses new rows by name, and routing goes on by itself once there is room', async () => {
  const outside = createOutside()
  const gate = Promise.withResolvers<void>()
  outside.onArrival = () => gate.promise
  const table = defineTable('leads', { input: z.object({ text: z.string() }) })
    .column('fact', asking({ reads: ['text'], run: () => done('f'.repeat(20_000)) }))
    .column('told', deliver(outside, { needs: ['fact'] }))
    .column('after', compute({ needs: ['told'], run: () => 'x'.repeat(20_000) }))
  const { running, connection } = await startOn({ tables: [table] })
  const accepted: string[] = []
  for (let n = 0; n < 4; n += 1) {
    const { body } = await post(running, '/v1/tables/leads/rows', { text: `${n}` })
    accepted.push(body.rows[0].id)
  }
  await until(() => outside.received.length === 4, 'four effects are under way')

  const pages = connection.pragma('page_count', { simple: true })
  connection.pragma(`max_page_count = ${pages}`)
  const refused = await post(running, '/v1/tables/leads/rows', { text: 'z'.repeat(200_000) })
  expect(refused.status).toBe(507)
  expect(refused.body).toMatchObject({ code: 'store-full', detail: 'the disk is full: nothing was written' })
  // The effects come home to a full disk.
  gate.resolve()
  await until(
    () => running.log.some(({ message }) => message.includes('the store refused a step')),
    'a step is refused',
  )
  const { text } = await ask(running, '/healthz')
  expect(text).toContain('ok')

  connection.pragma('max_page_count = 1000000')
  for (const id of accepted)
    await until(
      async () => (await ask(running, `/v1/tables/leads/rows/${id}`)).body.cells.after.status === 'done',
      'routing goes on',
    )
  expect(outside.taken).toHaveLength(4)
  expect((await post(running, '/v1/tables/leads/rows', { text: 'again' })).status).toBe(202)
  expect((await running.runtime.count('leads')) as number).toBe(5)
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { InsertAnswer, TableView, WaitedAnswer } from '../../server/contract.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const crm = createOutside()
const leads = defineTable('leads', {
  input: z.object({ name: z.string(), stamp: z.string().optional() }),
  origin: ({ stamp }) => (stamp === null ? null : { sendId: stamp, at: null }),
})
  .column('crmOwner', deliver(crm, { needs: ['name'] }))
  .column('pending', deliver(crm, { needs: ['name'] }), { late: { column: 'crmOwner', afterMs: 30_000 } })
const rows = '/v1/tables/leads/rows'
let app: RunningApp

beforeAll(async () => {
  app = await startApp({ tables: [leads] })
})
afterAll(() => app.close())

test('a row that our own write sent back is answered as such, waited for or not', async () => {
  const first = await post(app, `${rows}?wait=done`, { name: 'a' })
  const { id, url } = first.body.rows[0]
  const [{ sendId: stamp } = { sendId: '' }] = crm.taken
  const ignored = { status: 'ignored-own-write', writtenBy: { row: id, column: 'crmOwner', url } }
  const echo = await post(app, rows, { name: 'a', stamp })
  expect(echo.status).toBe(202)
  expect(InsertAnswer.parse(echo.body)).toEqual({ rows: [ignored] })
  expect(echo.headers.get('idempotency-replayed')).toBeNull()
  const waited = await post(app, `${rows}?wait=done`, { rows: [{ name: 'a', stamp }, { name: 'b' }] })
  expect(WaitedAnswer.parse(waited.body).rows).toMatchObject([ignored, { status: 'accepted' }])
  expect((await ask(app, rows)).body.rows).toHaveLength(2)
})

test('a definition tells which column stands in for which, and after how long', async () => {
  const { columns } = TableView.parse((await ask(app, '/v1/tables/leads')).body)
  expect(columns.map(({ late }) => late)).toEqual([null, { column: 'crmOwner', afterMs: 30_000 }])
})

import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { CellDetail, PreviewAnswer, TableView, WhyAnswer } from '../../server/contract.ts'
import { byRule, gate, paid, startPaidServer } from '../runtime/paid-question.ts'
import { until } from '../support/runtime.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const input = z.object({ company: z.string() })

async function start(url: string, withinMs?: number): Promise<RunningApp> {
  const table = defineTable('leads', { input }).column(
    'asked',
    paid({
      url,
      needs: ['company'],
      otherwise: byRule,
      budget: { key: 'model', concurrency: 2 },
      spend: { perRun: 0.5, perDay: 1 },
      ...(withinMs !== undefined && { withinMs }),
    }),
  )
  const app = await startApp({ tables: [table] })
  onTestFinished(() => app.close())
  return app
}

test('a cell tells what it cost and which answer came too late, and so does why', async () => {
  const held = gate()
  const server = await startPaidServer(async () => {
    await held.opened
    return { status: 200, answer: 'late' }
  })
  const app = await start(server.url, 50)
  const { body } = await post(app, '/v1/tables/leads/rows?wait=done', { company: 'acme' })
  const path = `${body.rows[0].url}/cells/asked`
  expect(body.rows[0].cells.asked).toMatchObject({ value: 'by rule', stale: true })
  held.open()
  const read = async () => CellDetail.parse((await ask(app, path)).body)
  await until(async () => (await read()).history.length === 2, 'the late answer')
  expect(await read()).toMatchObject({
    value: 'by rule',
    costUsd: 0.004,
    history: [{ kind: 'attempt' }, { kind: 'late', value: 'late', cost: { usd: 0.004 } }],
  })
  const why = WhyAnswer.parse((await ask(app, `${path}/why`)).body)
  expect(why.steps).toMatchObject([{ value: 'by rule', late: { value: 'late' }, cost: null }])
})

test('a preview tells the most a run costs, what is answered already, and the limits', async () => {
  const server = await startPaidServer(() => ({ status: 200, answer: 'fine' }))
  const app = await start(server.url)
  await post(app, '/v1/tables/leads/rows?wait=done', { rows: [{ company: 'a' }, { company: 'b' }] })
  const wish = { columns: ['asked'], scope: { all: true }, mode: 'all', force: true, dryRun: true }
  const { preview } = PreviewAnswer.parse((await post(app, '/v1/tables/leads/runs', wish)).body)
  expect(preview).toMatchObject({
    costUsd: 0,
    columns: [
      {
        run: 2,
        cached: 2,
        spend: { perRow: null, perRun: 0.5, perDay: 1, spentToday: expect.closeTo(0.008, 9) },
      },
    ],
  })
  const table = TableView.parse((await ask(app, '/v1/tables/leads')).body)
  expect(table.columns[0]).toMatchObject({ withinMs: null, spend: { perRun: 0.5, perDay: 1 } })
})

test('metrics show a budget whose other side is not asked for a while', async () => {
  const server = await startPaidServer(() => ({ status: 402 }))
  const app = await start(server.url)
  expect((await ask(app, '/metrics')).text).not.toContain('rota_credential_resting{')
  await post(app, '/v1/tables/leads/rows?wait=done', { company: 'acme' })
  expect((await ask(app, '/metrics')).text).toContain(
    'rota_credential_resting{key="model",kind="quota-exhausted"} 1',
  )
})

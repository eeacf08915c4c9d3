import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'
import { deal, deals } from './market-table.ts'

let app: RunningApp
beforeAll(async () => {
  app = await startApp({ tables: [deals] })
})
afterAll(() => app.close())

const rows = '/v1/tables/deals/rows'
const metric = async (name: string) => {
  const { text } = await ask(app, '/metrics')
  return text.split('\n').find((line) => line.startsWith(name))
}

describe('leads that never arrived (trap 107)', () => {
  test('show as a count that stands still, which is there before the first row', async () => {
    expect(await metric('rota_rows{table="deals"}')).toBe('rota_rows{table="deals"} 0')
    await post(app, rows, { rows: [deal(), deal()] })
    expect(await metric('rota_rows{table="deals"}')).toBe('rota_rows{table="deals"} 2')
    expect(await metric('rota_row_events_total{table="deals",event="row-inserted"}')).toMatch(/ 2$/)
  })

  test('come in when the list of the CRM is posted again: those that are there change nothing', async () => {
    const list = [deal(), deal(), deal(), deal()]
    await post(app, rows, { rows: list.slice(0, 3) })
    await app.runtime.idle()
    const ledger = async () => (await ask(app, '/v1/pools/north/ledger?limit=1000')).body.entries
    const before = await ledger()
    const { body } = await post(app, `${rows}?wait=done`, { rows: list })
    expect(body.rows).toHaveLength(4)
    const after = await ledger()
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after).toHaveLength(before.length + 1)
    expect(await metric('rota_row_events_total{table="deals",event="row-touched"}')).toMatch(/ 3$/)
  })
})

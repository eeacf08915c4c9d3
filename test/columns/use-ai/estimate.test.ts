import { expect, it } from 'vitest'
import { insertRows, request } from '../../support/runtime.ts'
import { cellOf, leadsTable, modelAt, price, startLeads } from './leads.ts'

const asking = (index: number) => ({ company: `Company ${index}`, description: `${index} people in Berlin` })
const byRule = { company: 'Acme', country: 'Germany', employees: '40' }
const anew = request({ columns: ['segment'], force: true })

it('the preview counts at most what the calls will be charged, nothing for rows of the rule, and what is likely', async () => {
  const running = await startLeads({ revision: 1 })
  const ids = await insertRows(running, 'leads', [asking(10), asking(20), byRule, byRule])
  await running.runtime.idle()
  const again = await running.restart([leadsTable(modelAt(running.sandbox), { revision: 2 })])
  const { columns } = await again.runtime.preview('leads', anew)
  const segment = columns.find(({ column }) => column === 'segment')
  const usd = (await Promise.all(ids.map((id) => cellOf(again, id)))).reduce((sum, each) => sum + each.usd, 0)
  expect(segment?.run).toBe(4)
  // Two attempts and a repair, each with an answer at its limit.
  expect(segment?.costUsd).toBeGreaterThan((2 * 3 * 400 * price.output) / 1e6)
  expect(segment?.likelyUsd).toBeGreaterThan(usd / 3)
  expect(segment?.likelyUsd).toBeLessThan(usd * 3)

  const onlyRule = await again.runtime.preview('leads', request({ ...anew, scope: { rows: ids.slice(2) } }))
  expect(onlyRule).toMatchObject({ costUsd: 0, likelyUsd: 0, columns: [{ run: 2 }] })
})

it('whatever goes wrong, a row never costs more than its preview said', async () => {
  const running = await startLeads({ timeoutMs: 300 })
  const [id = ''] = await insertRows(running, 'leads', [asking(10)])
  await running.runtime.idle()
  const again = await running.restart([
    leadsTable(modelAt(running.sandbox), { revision: 2, timeoutMs: 1_000 }),
  ])
  const { costUsd } = await again.runtime.preview('leads', anew)
  const before = (await cellOf(again, id)).usd
  running.sandbox.vendors.openai?.load({ script: ['hang', 'wrong-enum'], otherwise: 'no-usage' })
  await again.runtime.run('leads', anew)
  await again.runtime.idle()
  const spent = (await cellOf(again, id)).usd - before
  expect(running.calls()).toHaveLength(4)
  expect(spent).toBeGreaterThan((2 * 400 * price.output) / 1e6)
  expect(spent).toBeLessThanOrEqual(costUsd)
})

it('the preview never says more than a limit leaves', async () => {
  const running = await startLeads()
  await insertRows(running, 'leads', [asking(10), asking(20)])
  await running.runtime.idle()
  const again = await running.restart([
    leadsTable(modelAt(running.sandbox), { revision: 2, spend: { perDay: 0.001 } }),
  ])
  const preview = await again.runtime.preview('leads', anew)
  expect(preview.costUsd).toBe(0.001)
  expect(preview.likelyUsd).toBeLessThanOrEqual(0.001)
})

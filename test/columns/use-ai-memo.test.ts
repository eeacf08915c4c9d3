import { describe, expect, it } from 'vitest'
import { Classification } from '../../examples/inbound-leads/qualify.ts'
import { insertRows, request, rerun } from '../support/runtime.ts'
import { cellOf, leadsTable, modelAt, startLeads } from './use-ai/leads.ts'

const lead = (index: number) => ({
  company: `Company ${index}`,
  employees: 'a few',
  description: `Office ${index} is in Berlin and 40 people work there`,
})

describe('a thousand rows', () => {
  it('that have not changed are run again without a call, forced or not, also after a restart', async () => {
    const running = await startLeads({ budget: { key: 'model', concurrency: 20 } })
    const ids = await insertRows(
      running,
      'leads',
      Array.from({ length: 1_000 }, (_, index) => lead(index)),
    )
    await running.runtime.idle()
    expect(running.calls()).toHaveLength(1_000)
    running.sandbox.ledger.clear()
    const segment = { columns: ['segment'] }

    await rerun(running, 'leads', segment)
    expect(running.calls()).toHaveLength(0)

    await rerun(running, 'leads', { ...segment, force: true })
    expect(running.calls()).toHaveLength(0)
    const [first = ''] = ids
    expect(await cellOf(running, first)).toMatchObject({
      attempts: 2,
      value: { region: 'EMEA', segment: 'SMB' },
      detail: { outcome: 'cached' },
    })

    const again = await running.restart([leadsTable(modelAt(running.sandbox))])
    await rerun(again, 'leads', { ...segment, force: true })
    expect(running.calls()).toHaveLength(0)
    expect(await again.runtime.count('leads', 'segment.region=EMEA')).toBe(1_000)
  })
})

describe('a kept answer', () => {
  const ask = async (running: Awaited<ReturnType<typeof startLeads>>, input: object) => {
    await insertRows(running, 'leads', [input])
    await running.runtime.idle()
    return running.calls().length
  }

  it('is not given for other inputs', async () => {
    const running = await startLeads()
    expect(await ask(running, lead(1))).toBe(1)
    expect(await ask(running, { ...lead(1), email: 'not@sent.example' })).toBe(1)
    expect(await ask(running, { ...lead(1), company: 'Company  1' })).toBe(2)
    expect(await ask(running, lead(1))).toBe(2)
  })

  it('is not given by another revision, nor by another model', async () => {
    const running = await startLeads()
    expect(await ask(running, lead(1))).toBe(1)
    const model = modelAt(running.sandbox)
    const revised = { ...running, ...(await running.restart([leadsTable(model, { revision: 2 })])) }
    expect(await ask(revised, lead(1))).toBe(2)
    const other = { ...running, ...(await revised.restart([leadsTable({ ...model, model: 'gpt-other' })])) }
    expect(await ask(other, lead(1))).toBe(3)
    const back = { ...running, ...(await other.restart([leadsTable(model)])) }
    expect(await ask(back, lead(1))).toBe(3)
  })

  it('that the schema of today refuses is asked anew, once', async () => {
    const running = await startLeads()
    expect(await ask(running, lead(1))).toBe(1)
    const model = modelAt(running.sandbox)
    const refined = Classification.refine(({ region }) => region !== 'EMEA', { message: 'nothing of EMEA' })
    const strict = { ...running, ...(await running.restart([leadsTable(model, { output: refined })])) }
    // The answer, its repair, and what it says then: nothing that could be kept.
    expect(await ask(strict, lead(1))).toBe(3)
    const back = { ...running, ...(await strict.restart([leadsTable(model)])) }
    expect(await ask(back, lead(1))).toBe(3)
    const other = Classification.refine(({ reason }) => !reason.startsWith('Region'), {
      message: 'other words',
    })
    const reworded = { ...running, ...(await back.restart([leadsTable(model, { output: other })])) }
    running.sandbox.vendors.openai?.load({
      otherwise: {
        text: '{"region":"EMEA","segment":"SMB","reason":"as it says","decidingFields":["description"]}',
      },
    })
    expect(await ask(reworded, lead(1))).toBe(4)
    expect(await ask(reworded, lead(1))).toBe(4)
  })

  it('goes with the row that asked', async () => {
    const running = await startLeads()
    const [id = ''] = await insertRows(running, 'leads', [lead(1)])
    await running.runtime.idle()
    await running.runtime.erase('leads', id)
    expect(await ask(running, lead(1))).toBe(2)
  })

  it('is shown in the preview of a run as nothing to pay', async () => {
    const running = await startLeads()
    await insertRows(running, 'leads', [lead(1), lead(2)])
    await running.runtime.idle()
    const forced = request({ columns: ['segment'], force: true })
    const kept = await running.runtime.preview('leads', forced)
    const segment = kept.columns.find(({ column }) => column === 'segment')
    expect(segment).toMatchObject({ run: 2, cached: 2, costUsd: 0 })
    const revised = await running.restart([leadsTable(modelAt(running.sandbox), { revision: 2 })])
    const anew = await revised.runtime.preview('leads', forced)
    expect(anew.columns.find(({ column }) => column === 'segment')?.costUsd).toBeGreaterThan(0)
  })
})

import { describe, expect, it } from 'vitest'
import type { ColumnOptions } from '../../columns/column.ts'
import { aiOutcomes } from '../../columns/use-ai/outcomes.ts'
import { Classification } from '../../examples/inbound-leads/qualify.ts'
import { Outcome } from '../../sandbox/openai/script.ts'
import { timed } from '../support/own-time.ts'
import { patienceMs } from '../support/patience.ts'
import { rerun, until } from '../support/runtime.ts'
import { cellOf, classify, classifyOne, price, startLeads } from './use-ai/leads.ts'

/** The rule knows the size and not the place; an honest model finds Berlin. */
const lead = { company: 'Acme', employees: '40', description: 'We build tools in Berlin.' }
const byRule = { region: 'unknown', segment: 'SMB', decidingFields: ['employees'] }
const byModel = { region: 'EMEA', segment: 'SMB' }

interface Case {
  /** What the server does, every time. */
  plays: Outcome
  ends: (typeof aiOutcomes)[number]
  calls: number
  options?: ColumnOptions
}
const short = { timeoutMs: 300 }

const cases: Case[] = [
  { plays: 'answer', ends: 'answered-by-model', calls: 1 },
  { plays: 'no-usage', ends: 'answered-by-model', calls: 1 },
  { plays: 'other-model', ends: 'answered-by-model', calls: 1 },
  { plays: 'obedient', ends: 'answered-by-model', calls: 1 },
  { plays: 'hostile', ends: 'overruled', calls: 1 },
  { plays: 'refusal', ends: 'refused', calls: 1 },
  { plays: 'length', ends: 'cut-off', calls: 1 },
  { plays: 'content-filter', ends: 'filtered', calls: 1 },
  { plays: 'megabyte', ends: 'too-large', calls: 1 },
  { plays: 'huge', ends: 'too-large', calls: 1 },
  // The model is told what was wrong, once.
  { plays: 'fenced', ends: 'not-json', calls: 2 },
  { plays: 'prose', ends: 'not-json', calls: 2 },
  { plays: 'not-json', ends: 'not-json', calls: 2 },
  { plays: 'empty-content', ends: 'empty', calls: 2 },
  { plays: 'empty-choices', ends: 'empty', calls: 2 },
  { plays: 'wrong-enum', ends: 'schema-violation', calls: 2 },
  { plays: 'wrong-case', ends: 'schema-violation', calls: 2 },
  { plays: 'missing-key', ends: 'schema-violation', calls: 2 },
  { plays: 'extra-keys', ends: 'schema-violation', calls: 2 },
  { plays: 'array', ends: 'schema-violation', calls: 2 },
  { plays: 'duplicate-keys', ends: 'duplicate-keys', calls: 2 },
  { plays: 'wrong-citation', ends: 'wrong-citation', calls: 2 },
  // The call failed: the retry policy of the column, here two attempts.
  { plays: 'html', ends: 'html', calls: 2 },
  { plays: 'html-as-json', ends: 'html', calls: 2 },
  { plays: 'cut-json', ends: 'not-json', calls: 2 },
  { plays: 'cut', ends: 'unavailable', calls: 2 },
  { plays: 'server-error', ends: 'unavailable', calls: 2 },
  { plays: 'unavailable', ends: 'unavailable', calls: 2 },
  { plays: 'rate-limited', ends: 'rate-limited', calls: 2 },
  { plays: 'hang', ends: 'timeout', calls: 2, options: short },
  // Nothing that waiting would change.
  { plays: 'rate-limited-long', ends: 'rate-limited', calls: 1, options: { withinMs: 2_000 } },
  { plays: 'quota-exhausted', ends: 'quota-exhausted', calls: 1 },
  { plays: 'unauthorized', ends: 'unauthorized', calls: 1 },
  { plays: 'unknown-model', ends: 'unknown-model', calls: 1 },
]

describe('whatever the server does', () => {
  it('is played here', () => {
    expect(new Set(cases.map(({ plays }) => plays))).toEqual(new Set(Outcome.options))
  })

  it.each(cases)(
    '$plays: the cell ends as $ends after $calls calls',
    async ({ plays, ends, calls, options }) => {
      const running = await startLeads(options)
      running.sandbox.vendors.openai?.load({ otherwise: plays })
      const { answer: ended, ownMs } = await timed(() => classifyOne(running, lead))
      expect(ownMs).toBeLessThan(4_000)
      expect(ended).toMatchObject({ status: 'done', detail: { outcome: ends } })
      expect(running.calls()).toHaveLength(calls)
      const value = Classification.parse(ended.value)
      expect(ended.route).toBe(`${value.region} ${value.segment}`)
      if (ends === 'answered-by-model') expect(value).toMatchObject(byModel)
      else if (ends === 'overruled') expect(value.segment).toBe('SMB')
      else {
        expect(value).toMatchObject(byRule)
        expect(ended.reason).toContain(ends)
      }
    },
  )

  it.each([
    ['html', 'empty-content', 3],
    ['unavailable', 'wrong-enum', 3],
    ['not-json', 'hang', 2],
    ['not-json', 'unavailable', 2],
    ['not-json', 'huge', 2],
    ['wrong-case', 'quota-exhausted', 2],
  ] as const)('%s, then %s: at most one repair is asked for', async (first, then, calls) => {
    const running = await startLeads({ timeoutMs: 1_000, retry: { attempts: 4, baseMs: 5, maxMs: 10 } })
    running.sandbox.vendors.openai?.load({ script: [first], otherwise: then })
    const ended = await classifyOne(running, lead)
    const isRepair = (call: unknown) => JSON.stringify(call).includes('Your last answer was refused')
    expect(running.calls().filter(isRepair)).toHaveLength(1)
    expect(running.calls()).toHaveLength(calls)
    expect(ended).toMatchObject({ status: 'done', value: byRule })
    expect(aiOutcomes).toContain(ended.detail?.outcome)
  })
})

describe('a repair that fails', () => {
  it.each([
    ['quota-exhausted', 'quota-exhausted'],
    ['unauthorized', 'unauthorized'],
    ['hang', 'timeout'],
    ['unavailable', 'unavailable'],
    ['html', 'html'],
  ] as const)('by %s leaves the question open, named after the call', async (then, named) => {
    const running = await startLeads({ timeoutMs: 1_000, spend: { perDay: 1 } })
    running.sandbox.vendors.openai?.load({ script: ['wrong-enum', then] })
    const ended = await classifyOne(running, lead)
    expect(ended).toMatchObject({
      status: 'done',
      value: byRule,
      detail: { outcome: named, decidedBy: 'nobody' },
    })
    expect(ended.detail?.answers).toMatchObject([{ text: expect.stringContaining('Galactic') }])
    expect((await running.runtime.row('leads', ended.id)).cells.segment?.stale).toBe(true)
    expect(ended.usd).toBeGreaterThan(0)
    expect(running.calls()).toHaveLength(2)
    if (then === 'quota-exhausted' || then === 'unauthorized') {
      await classifyOne(running, { ...lead, company: 'Behind it' })
      expect(running.calls()).toHaveLength(2)
    } else {
      await rerun(running, 'leads', { columns: ['segment'], mode: 'stale' })
      expect(await cellOf(running, ended.id)).toMatchObject({ value: byModel })
    }
  })
})

describe('the better endings', () => {
  it('facts that say it all need no call', async () => {
    const running = await startLeads()
    const ended = await classifyOne(running, { company: 'Acme', country: 'Germany', employees: '40' })
    expect(ended).toMatchObject({
      value: byModel,
      usd: 0,
      detail: { outcome: 'answered-by-rule', decidedBy: 'rule' },
    })
    expect(running.calls()).toEqual([])
  })

  it('an answer that was repaired says so, and costs both calls', async () => {
    const running = await startLeads()
    running.sandbox.vendors.openai?.load({ script: ['fenced'] })
    const ended = await classifyOne(running, lead)
    expect(ended).toMatchObject({
      value: byModel,
      detail: {
        outcome: 'repaired',
        decidedBy: 'model',
        answers: [{ finishReason: 'stop' }, { finishReason: 'stop' }],
      },
    })
    expect(running.calls()).toHaveLength(2)
    const single = await startLeads()
    expect(ended.usd).toBeGreaterThan(1.8 * (await classifyOne(single, lead)).usd)
  })

  it('facts stand against the model, and the disagreement is shown', async () => {
    const running = await startLeads()
    running.sandbox.vendors.openai?.load({ otherwise: 'hostile' })
    const ended = await classifyOne(running, lead)
    expect(ended).toMatchObject({
      value: { segment: 'SMB' },
      reason: 'segment is SMB by the facts, not Enterprise as the model said',
      detail: { overruled: [{ field: 'segment', model: 'Enterprise', fact: 'SMB' }] },
    })
  })

  it('identical leads at the same time ask once, and so does one that comes later', async () => {
    const running = await startLeads()
    const together = await classify(
      running,
      Array.from({ length: 20 }, () => lead),
    )
    expect(running.calls()).toHaveLength(1)
    expect(together.map(({ detail }) => detail?.outcome).toSorted()).toEqual([
      'answered-by-model',
      ...Array.from({ length: 19 }, () => 'cached'),
    ])
    expect(together.filter(({ usd }) => usd > 0)).toHaveLength(1)
    const later = await classifyOne(running, lead)
    expect(later).toMatchObject({
      value: byModel,
      usd: 0,
      detail: { outcome: 'cached', answers: [{ finishReason: 'stop' }] },
    })
    expect(running.calls()).toHaveLength(1)
  })

  it('an answer of another model than the pinned one says so', async () => {
    const running = await startLeads()
    running.sandbox.vendors.openai?.load({ script: ['other-model'] })
    expect((await classifyOne(running, lead)).detail).toMatchObject({
      model: 'gpt-test',
      otherModel: 'gpt-test-2099-01-01',
    })
    const honest = await classifyOne(running, { ...lead, company: 'Acne' })
    expect(honest.detail).not.toHaveProperty('otherModel')
  })

  it('answers that were not valid are not kept', async () => {
    const running = await startLeads()
    running.sandbox.vendors.openai?.load({ script: ['refusal', 'wrong-enum', 'wrong-enum'] })
    expect((await classifyOne(running, lead)).detail?.outcome).toBe('refused')
    expect((await classifyOne(running, lead)).detail?.outcome).toBe('schema-violation')
    expect(await classifyOne(running, lead)).toMatchObject({
      value: byModel,
      detail: { outcome: 'answered-by-model' },
    })
    expect(running.calls()).toHaveLength(4)
  })
})

describe('a lead does not stop for the model', () => {
  it('the rule stands when the seconds are used up, and the late answer is recorded, not applied', async () => {
    const running = await startLeads({ withinMs: 200, timeoutMs: patienceMs })
    running.sandbox.faults.add({ vendor: 'openai', kind: 'delay', delayMs: 1_500 })
    const early = await classifyOne(running, lead)
    expect(early).toMatchObject({
      status: 'done',
      value: byRule,
      route: 'unknown SMB',
      detail: { outcome: 'timeout' },
      late: [],
    })
    await until(async () => (await cellOf(running, early.id)).late.length > 0, 'the late answer is recorded')
    const after = await cellOf(running, early.id)
    expect(after).toMatchObject({
      value: byRule,
      route: 'unknown SMB',
      late: [{ status: 'done', value: byModel, detail: { outcome: 'answered-by-model' } }],
    })
    expect(after.usd).toBeGreaterThan(0)
    expect(await classifyOne(running, lead)).toMatchObject({ value: byModel, detail: { outcome: 'cached' } })
    expect(running.calls()).toHaveLength(1)
  })

  it.each(['html', 'megabyte'] as const)(
    'one that sends %s until the seconds are over is named so',
    async (plays) => {
      const running = await startLeads({ withinMs: 700, retry: { attempts: 9, baseMs: 300 } })
      running.sandbox.vendors.openai?.load({ otherwise: plays })
      const { detail } = await classifyOne(running, lead)
      expect(detail?.outcome).toBe(plays === 'html' ? 'html' : 'too-large')
    },
  )

  it('an account without quota stops the column: the rows behind make no call', async () => {
    const running = await startLeads({ budget: { key: 'model', concurrency: 1 } })
    running.sandbox.vendors.openai?.load({ otherwise: 'quota-exhausted' })
    const leads = Array.from({ length: 30 }, (_, index) => ({ ...lead, company: `Acme ${index}` }))
    const ended = await classify(running, leads)
    expect(running.calls()).toHaveLength(1)
    for (const each of ended)
      expect(each).toMatchObject({ status: 'done', value: byRule, detail: { outcome: 'quota-exhausted' } })
  })
})

describe('money', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...lead, company: `Company ${index}` }))

  it('no row is asked for beyond the limit, which is overshot by nothing: every call is charged at its maximum first', async () => {
    const limit = 0.05
    const running = await startLeads({ spend: { perDay: limit }, budget: { key: 'model', concurrency: 8 } })
    const ended = await classify(running, many(60))
    const spent = ended.reduce((sum, { usd }) => sum + usd, 0)
    const refused = ended.filter(({ detail }) => detail?.outcome === 'budget-exhausted')
    expect(spent).toBeLessThanOrEqual(limit)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThan(60)
    expect(running.calls()).toHaveLength(60 - refused.length)
    for (const each of refused) expect(each).toMatchObject({ status: 'done', value: byRule, usd: 0 })
    expect(refused[0]?.reason).toContain('spend.perDay')
    const key = `leads.segment.day.${new Date().toISOString().slice(0, 10)}`
    expect(await running.store.spent(key)).toBeCloseTo(spent, 6)
  })

  it('a server that counts no tokens is charged at the maximum, shown as an estimate', async () => {
    const running = await startLeads({ spend: { perDay: 1 } })
    const counted = await classifyOne(running, lead)
    running.sandbox.vendors.openai?.load({ otherwise: 'no-usage' })
    const uncounted = await classifyOne(running, { ...lead, company: 'Acne' })
    expect(counted.detail).not.toHaveProperty('estimated')
    expect(uncounted.detail).toMatchObject({ estimated: true })
    expect(uncounted.usd).toBeGreaterThan((400 * price.output) / 1e6)
    expect(uncounted.usd).toBeGreaterThan(counted.usd)
  })

  it.each([
    ['server-error', 0],
    ['rate-limited', 0],
    ['unauthorized', 0],
    ['cut', 2],
    ['hang', 2],
    ['html', 2],
  ] as const)('a call that failed by %s leaves %s maxima charged', async (plays, charged) => {
    const running = await startLeads({ spend: { perDay: 1 }, timeoutMs: 1_000 })
    running.sandbox.vendors.openai?.load({ otherwise: plays })
    const { usd } = await classifyOne(running, lead)
    if (charged === 0) expect(usd).toBe(0)
    else expect(usd).toBeGreaterThan((charged * 400 * price.output) / 1e6)
    const key = `leads.segment.day.${new Date().toISOString().slice(0, 10)}`
    expect(await running.store.spent(key)).toBeCloseTo(usd, 6)
  })
})

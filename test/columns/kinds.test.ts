import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { branch } from '../../columns/branch.ts'
import type { CellContext, LookedUpRow } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { enrich } from '../../columns/enrich.ts'
import { CallFailure } from '../../columns/errors.ts'
import { lookup } from '../../columns/lookup.ts'
import type { EnrichmentProvider, Firm } from '../../columns/ports.ts'
import { failureIn } from './ports.ts'
import { failureOf, run } from './running.ts'

interface Row {
  domain: string | null
  country: string | null
}

describe('a compute column', () => {
  it('gives what its function gives, at once or later; null is no result', async () => {
    const upper = compute<Row, 'domain'>({
      reads: ['domain'],
      run: (row) => row.domain?.toUpperCase() ?? null,
    })
    expect(await run(upper, { domain: 'acme.com' })).toEqual({ status: 'done', value: 'ACME.COM' })
    expect(await run(upper, { domain: null })).toMatchObject({
      status: 'no-result',
      reason: expect.any(String),
    })
    expect(await run(compute({ run: async () => 0 }), {})).toEqual({ status: 'done', value: 0 })
    expect(await run(compute({ run: async () => null }), {})).toMatchObject({ status: 'no-result' })
    expect(await run(compute({ run: () => false }), {})).toEqual({ status: 'done', value: false })
    expect(await run(compute({ run: () => undefined }), {})).toMatchObject({ status: 'no-result' })
  })

  it('answers in process when its function does, so that the row goes on in the same step', () => {
    const { work } = compute({ run: () => 1 })
    if (work.effect !== 'none') throw new Error('a compute column has no effect')
    const context = {} as CellContext
    expect(work.run({}, context)).not.toBeInstanceOf(Promise)
  })
})

describe('a branch column', () => {
  const exit = branch<Row, 'route' | 'nurture', 'country'>({
    reads: ['country'],
    exits: ['route', 'nurture'],
    handle: { route: 'continue', nurture: { ends: 'nurture programme' } },
    decide: ({ country }) =>
      country === 'DE' ? 'route' : { exit: 'nurture', reason: `no rep for ${country}` },
  })

  it('takes an exit, with the reason and where the lead ends', async () => {
    expect(await run(exit, { country: 'DE' })).toMatchObject({ status: 'done', value: 'route' })
    const ended = await run(exit, { country: 'FR' })
    expect(ended).toMatchObject({ status: 'done', value: 'nurture', detail: { ends: 'nurture programme' } })
    expect(JSON.stringify(ended)).toContain('no rep for FR')
  })

  it('says what its exits mean, and lets no other value pass its schema', () => {
    expect(exit.describe).toEqual({ exits: { route: 'continue', nurture: { ends: 'nurture programme' } } })
    expect(exit.output?.safeParse('rout').success).toBe(false)
    expect(exit.output?.safeParse('nurture').success).toBe(true)
  })
})

describe('an enrich column', () => {
  const firm: Firm = { name: 'Acme', domain: 'acme.com', country: 'DE', industry: null, employees: '51-200' }
  const asked: string[] = []
  const provider = (
    vendor: string,
    answer: Firm | null | CallFailure,
    costUsd = 0.1,
  ): EnrichmentProvider => ({
    vendor,
    costUsd,
    async findFirm({ domain }) {
      asked.push(`${vendor} ${domain}`)
      if (CallFailure.isInstance(answer)) throw answer
      return { firm: answer, raw: answer === null ? null : { id: vendor } }
    },
  })
  const column = (...providers: EnrichmentProvider[]) =>
    enrich<Row, 'domain'>({ reads: ['domain'], providers, domain: (row) => row.domain })
  const waterfall = (...providers: EnrichmentProvider[]) => {
    asked.length = 0
    return run(column(...providers), { domain: 'acme.com' })
  }
  const report = (name: string, outcome: string, costUsd: number) =>
    expect.objectContaining({ provider: name, outcome, costUsd })

  it('asks in order until one matches, and keeps each provider’s part', async () => {
    const outcome = await waterfall(provider('a', null), provider('b', firm, 0.25), provider('c', firm))
    expect(outcome).toMatchObject({ status: 'done', value: firm, cost: { usd: 0.35 } })
    expect(outcome.detail).toEqual({
      providers: [report('a', 'no-match', 0.1), report('b', 'matched', 0.25), report('c', 'not-run', 0)],
    })
    expect(asked).toEqual(['a acme.com', 'b acme.com'])
  })

  it('gives no result when nobody knows the company, which is not an error', async () => {
    const outcome = await waterfall(provider('a', null), provider('b', null))
    expect(outcome).toMatchObject({
      status: 'no-result',
      reason: 'no provider knows acme.com',
      cost: { usd: 0.2 },
    })
  })

  it('goes on behind a provider that fails, and takes a later match', async () => {
    const outcome = await waterfall(provider('a', failureIn('unavailable', true)), provider('b', firm))
    expect(outcome).toMatchObject({
      status: 'done',
      detail: { providers: [{ outcome: 'error', costUsd: 0 }, {}] },
    })
  })

  it('does not take "could not ask" for "no match": it fails with what can be tried again', async () => {
    const unauthorized = failureIn('unauthorized', false)
    const limited = failureIn('rate-limited', true)
    expect(
      await failureOf(waterfall(provider('a', unauthorized), provider('b', limited), provider('c', null))),
    ).toBe(limited)
    expect(await failureOf(waterfall(provider('a', unauthorized), provider('b', null)))).toBe(unauthorized)
  })

  it('asks nobody without a domain', async () => {
    asked.length = 0
    expect(await run(column(provider('a', firm)), { domain: null })).toMatchObject({ status: 'no-result' })
    expect(asked).toEqual([])
  })

  it('costs at most what all its providers cost', () => {
    expect(column(provider('a', null, 0.1), provider('b', null, 0.25)).costUsd).toBeCloseTo(0.35)
  })
})

describe('a lookup column', () => {
  const row: LookedUpRow = { id: 'row_9', input: { plan: 'gold' }, values: { score: 7 } }
  const plan = lookup<Row, 'domain', never, string>({
    table: 'customers',
    by: 'account',
    reads: ['domain'],
    key: ({ domain }) => domain,
    output: z.string(),
    take: ({ input }) => (typeof input.plan === 'string' ? input.plan : null),
  })
  const asked: unknown[] = []
  const find = (found: LookedUpRow | null, domain: string | null = 'acme.com') => {
    const answer: CellContext['lookup'] = async (...query) => {
      asked.push(query)
      return found
    }
    return run(plan, { domain }, { lookup: answer })
  }

  it('takes a value from the row the other table has under the key', async () => {
    expect(await find(row)).toMatchObject({ status: 'done', value: 'gold', detail: { found: 'row_9' } })
    expect(asked.splice(0)).toEqual([['customers', 'account', 'acme.com']])
  })

  it('has no result without a key, a row or a value, and asks for none without a key', async () => {
    expect(await find(row, null)).toMatchObject({ status: 'no-result' })
    expect(await find(row, '')).toMatchObject({ status: 'no-result' })
    expect(asked.splice(0)).toEqual([])
    expect(await find(null)).toMatchObject({
      status: 'no-result',
      reason: expect.stringContaining('customers'),
    })
    expect(await find({ ...row, input: {} })).toMatchObject({
      status: 'no-result',
      reason: expect.stringContaining('row_9'),
    })
  })
})

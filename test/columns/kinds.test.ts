import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { branch } from '../../columns/branch.ts'
import type { CellContext, LookedUpRow } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { enrich } from '../../columns/enrich.ts'
import { CallFailure } from '../../columns/errors.ts'
import { lookup } from '../../columns/lookup.ts'
import type { EnrichmentProvider, Firm } from '../../columns/ports.ts'
import { budgetOf, failureIn } from './ports.ts'
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
    budget: budgetOf(vendor),
    costUsd,
    async findFirm({ domain }) {
      asked.push(`${vendor} ${domain}`)
      if (CallFailure.isInstance(answer)) throw answer
      return { firm: answer, raw: answer === null ? null : { id: vendor } }
    },
  })
  const column = (...providers: EnrichmentProvider[]) =>
    enrich<Row, 'domain'>({ reads: ['domain'], providers, domain: (row) => row.domain })
  /** What was taken for calls and not given back. */
  function purse() {
    let spent = 0
    const charge: CellContext['charge'] = async (maxUsd) => {
      spent += maxUsd
      return {
        settle(usd) {
          spent -= maxUsd - usd
        },
      }
    }
    return { charge, spent: () => spent }
  }
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

  it.each(['rate-limited', 'quota-exhausted', 'needs-credentials'] as const)(
    'skips a provider that ends with %s, and names why',
    async (kind) => {
      const outcome = await waterfall(provider('a', failureIn(kind, true)), provider('b', firm, 0.25))
      expect(outcome).toMatchObject({ status: 'done', value: firm, cost: { usd: 0.25 } })
      expect(outcome.detail).toMatchObject({
        providers: [
          { provider: 'a', outcome: 'skipped', costUsd: 0, why: expect.stringContaining(kind) },
          {},
        ],
      })
    },
  )

  it('skips a provider that does not apply to the row, which is no reason to try again', async () => {
    const choosy = enrich<Row, 'domain'>({
      reads: ['domain'],
      providers: [provider('a', firm), provider('b', null)],
      domain: (row) => row.domain,
      skip: (row, vendor) => (vendor === 'a' ? `${row.domain} is not in its country` : null),
    })
    asked.length = 0
    const outcome = await run(choosy, { domain: 'acme.com' })
    expect(outcome).toMatchObject({
      status: 'no-result',
      detail: { providers: [{ outcome: 'skipped', why: 'acme.com is not in its country' }, { why: null }] },
    })
    expect(asked).toEqual(['b acme.com'])
  })

  it('does not take "could not ask" for "no match": it fails with what is over soonest, and names every part', async () => {
    const dead = failureIn('needs-credentials', true)
    const resting = new CallFailure('rate-limited', 'rests', { retryable: true, retryAfterMs: 30_000 })
    const down = failureIn('unavailable', true)
    const forbidden = failureIn('unauthorized', false)
    const failure = await failureOf(
      waterfall(provider('a', dead), provider('b', forbidden), provider('c', resting), provider('d', null)),
    )
    expect(failure).toMatchObject({ kind: 'rate-limited', retryable: true, retryAfterMs: 30_000 })
    expect(failure.message).toMatch(/a: skipped .*; b: error .*; c: skipped \(rests\); d: no-match$/)
    expect(await failureOf(waterfall(provider('a', resting), provider('b', down)))).toMatchObject({
      kind: 'unavailable',
      retryAfterMs: null,
    })
    expect(await failureOf(waterfall(provider('a', forbidden), provider('b', dead)))).toMatchObject({
      kind: 'needs-credentials',
    })
    expect(await failureOf(waterfall(provider('a', forbidden), provider('b', null)))).toMatchObject({
      kind: 'unauthorized',
      retryable: false,
    })
  })

  it('keeps the price of an answer in the books, also when the cell fails behind it', async () => {
    const { charge, spent } = purse()
    const providers = [provider('a', null, 0.1), provider('b', failureIn('unavailable', true), 0.4)]
    await failureOf(run(column(...providers), { domain: 'acme.com' }, { charge }))
    expect(spent()).toBeCloseTo(0.1)
  })

  it('pays a provider that takes money for a match alone nothing for no match', async () => {
    const byMatch = (answer: Firm | null) => ({ ...provider('a', answer, 0.3), paidFor: 'match' as const })
    const { charge, spent } = purse()
    const ask = (answer: Firm | null) => run(column(byMatch(answer)), { domain: 'acme.com' }, { charge })
    expect(await ask(null)).toMatchObject({ status: 'no-result', cost: { usd: 0 } })
    expect(spent()).toBe(0)
    expect(await ask(firm)).toMatchObject({ status: 'done', cost: { usd: 0.3 } })
    expect(spent()).toBeCloseTo(0.3)
  })

  it('asks no further provider when the money is spent', async () => {
    const spentUp = new CallFailure('budget-exhausted', 'no money', { retryable: false })
    asked.length = 0
    const columns = column(provider('a', firm), provider('b', firm, 0))
    const charge = () => Promise.reject(spentUp)
    expect(await failureOf(run(columns, { domain: 'acme.com' }, { charge }))).toBe(spentUp)
    expect(asked).toEqual([])
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

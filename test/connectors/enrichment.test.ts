import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { enrichment } from '../../connectors/enrichment.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { callOf, failureOf } from './salesforce/setup.ts'

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await startSandbox()
})
afterEach(() => sandbox.close())

const find = (domain: string, change = {}) =>
  enrichment({ baseUrl: `${sandbox.url}/enrichment/` }).findFirm({ domain }, callOf(change))
const answer = (status: number, body: unknown, headers = {}) =>
  sandbox.faults.add({ vendor: 'enrichment', kind: 'status', status, body, headers })

describe('a firm', () => {
  test('is found with the answer as received', async () => {
    expect(await find(' Helios-Solar.example ')).toEqual({
      firm: {
        name: 'Helios Solar',
        domain: 'helios-solar.example',
        country: 'Germany',
        industry: 'Renewable Energy',
        employees: '640',
      },
      raw: {
        name: 'Helios Solar',
        domain: 'helios-solar.example',
        country: 'Germany',
        industry: 'Renewable Energy',
        employees: 640,
      },
    })
  })

  test('keeps a range as the provider writes it, and gaps as null', async () => {
    expect((await find('baltic-shipping.example')).firm?.employees).toBe('51-200')
    expect((await find('quiet-partners.example')).firm).toMatchObject({ industry: null, employees: null })
    answer(200, { name: ' ', extra: { kept: [1] } })
    expect(await find('x.example')).toEqual({
      firm: { name: null, domain: 'x.example', country: null, industry: null, employees: null },
      raw: { name: ' ', extra: { kept: [1] } },
    })
  })

  test('that is not known is a result, not an error', async () => {
    expect(await find('nobody.example')).toEqual({ firm: null, raw: { error: 'no_match' } })
  })

  test('is asked for with the key, and with the domain as one value', async () => {
    sandbox.vendors.enrichment?.load({ companies: [{ domain: 'a&b=c#d', name: 'Odd' }], apiKey: 'k' })
    const keyed = enrichment({ baseUrl: `${sandbox.url}/enrichment`, apiKey: 'k', costUsd: 0.02 })
    expect(keyed.costUsd).toBe(0.02)
    expect((await keyed.findFirm({ domain: 'a&b=c#d' }, callOf())).firm?.name).toBe('Odd')
    expect(await failureOf(find('a.example'))).toMatchObject({ kind: 'needs-credentials', retryable: true })
  })

  test('is not asked for by an empty domain', async () => {
    expect(await failureOf(find('  '))).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(sandbox.ledger.entries()).toEqual([])
  })
})

describe('a failing provider', () => {
  test.each([
    [429, { 'retry-after': '12' }, { kind: 'rate-limited', retryable: true, retryAfterMs: 12_000 }],
    [402, {}, { kind: 'quota-exhausted', retryable: false }],
    [401, {}, { kind: 'needs-credentials', retryable: true }],
    [403, {}, { kind: 'unauthorized', retryable: false }],
    [202, {}, { kind: 'unavailable', retryable: true }],
    [503, {}, { kind: 'unavailable', retryable: true }],
    [400, {}, { kind: 'invalid-request', retryable: false }],
    [302, { location: 'http://127.0.0.1:9/' }, { kind: 'invalid-request', retryable: false }],
  ])('answers %i and is asked once', async (status, headers, expected) => {
    answer(status, { error: 'no' }, headers)
    expect(await failureOf(find('a.example'))).toMatchObject({ ...expected, outcomeUnknown: false })
    expect(sandbox.ledger.entries()).toHaveLength(1)
  })

  test.each([
    ['a page', '<html>hello</html>'],
    ['a list', []],
    ['a wrong type', { name: 7 }],
    ['something that nests without end', JSON.parse(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`)],
  ])('that answers with %s gave no valid output', async (_, body) => {
    answer(200, body)
    expect(await failureOf(find('a.example'))).toMatchObject({ kind: 'invalid-output' })
  })

  test('whose address is wrong is not taken for "no match"', async () => {
    answer(404, '<html>no such page</html>')
    const failure = await failureOf(find('a.example'))
    expect(failure).toMatchObject({ kind: 'unavailable', retryable: true })
    expect(failure.message).toContain('address')
  })

  test('behind a page that forbids is asked again', async () => {
    answer(403, '<html>Access denied</html>')
    expect(await failureOf(find('a.example'))).toMatchObject({ kind: 'unavailable', retryable: true })
  })

  test.each([
    ['half-body', 'unavailable'],
    ['before', 'unavailable'],
    ['hang', 'timeout'],
    ['stalled-body', 'timeout'],
  ] as const)('with a %s ends as %s', async (kind, expected) => {
    sandbox.faults.add({ vendor: 'enrichment', kind })
    expect(await failureOf(find('a.example', { timeoutMs: 300 }))).toMatchObject({
      kind: expected,
      retryable: true,
      outcomeUnknown: false,
    })
  })

  test('that answers too much is cut off', async () => {
    answer(200, { name: 'x'.repeat(2 * 1024 * 1024) })
    expect(await failureOf(find('a.example'))).toMatchObject({ kind: 'invalid-output', retryable: false })
  })
})

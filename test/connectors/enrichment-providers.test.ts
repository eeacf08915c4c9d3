import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FailureKind } from '../../columns/errors.ts'
import type { EnrichmentProvider } from '../../columns/ports.ts'
import { apolloEnrichment } from '../../connectors/apollo.ts'
import { enrichment } from '../../connectors/enrichment.ts'
import { peopleDataLabs } from '../../connectors/people-data-labs.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { callWithin as call, failureOf } from './failure-of.ts'
import { switchOn } from './named-fault.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

const companies = [
  { domain: 'acme.test', name: 'Acme', country: 'Germany', industry: 'Software', employees: 640 },
  { domain: 'vague.test', name: 'Vague', country: null, industry: null, employees: '51-200' },
]

interface Provider {
  vendor: string
  make(): EnrichmentProvider
  /** What it says of a company of which only a range is known. */
  vague: string | null
  country: string
}
const providers: Provider[] = [
  {
    vendor: 'apollo',
    make: () => apolloEnrichment({ apiKey: 'good', baseUrl: `${sandbox.url}/apollo/api/v1` }),
    vague: null,
    country: 'Germany',
  },
  {
    vendor: 'people-data-labs',
    make: () => peopleDataLabs({ apiKey: 'good', baseUrl: `${sandbox.url}/people-data-labs/v5` }),
    vague: '51-200',
    country: 'germany',
  },
  {
    vendor: 'enrichment',
    make: () => enrichment({ apiKey: 'good', baseUrl: `${sandbox.url}/enrichment` }),
    vague: '51-200',
    country: 'Germany',
  },
]

const endings: Record<string, { kind: FailureKind; retryable: boolean; retryAfterMs?: number }> = {
  'rate-limited': { kind: 'rate-limited', retryable: true },
  'rate-limited-without-a-time': { kind: 'rate-limited', retryable: true, retryAfterMs: 10_000 },
  'key-refused': { kind: 'needs-credentials', retryable: true },
  forbidden: { kind: 'unauthorized', retryable: false },
  'server-error': { kind: 'unavailable', retryable: true },
  'error-after-effect': { kind: 'unavailable', retryable: true },
  'answer-lost': { kind: 'unavailable', retryable: true },
  'cut-answer': { kind: 'unavailable', retryable: true },
  hang: { kind: 'timeout', retryable: true },
  reset: { kind: 'unavailable', retryable: true },
}

for (const { vendor, make, vague, country } of providers) {
  describe(`companies from ${vendor}`, () => {
    beforeEach(async () => {
      await fetch(`${sandbox.url}/reset`, { method: 'POST' })
      sandbox.vendors[vendor]?.load({ apiKey: 'good', companies })
    })

    test('a company that it knows comes with its facts and the answer as received', async () => {
      const { firm, raw } = await make().findFirm({ domain: 'Acme.test' }, call())
      expect(firm).toMatchObject({ domain: 'acme.test', name: 'Acme', country, employees: '640' })
      expect(JSON.stringify(raw)).toContain('acme.test')
    })

    test('a range stays a range, and what is not known is nothing', async () => {
      const { firm } = await make().findFirm({ domain: 'vague.test' }, call())
      expect(firm).toMatchObject({ employees: vague, country: null, industry: null })
    })

    test('one that it does not know is no match, not an error', async () => {
      expect((await make().findFirm({ domain: 'nobody.test' }, call())).firm).toBeNull()
    })

    for (const [fault, ending] of Object.entries(endings)) {
      test(`${fault} ends as ${ending.kind}`, async () => {
        const path = vendor === 'apollo' ? '/organizations/enrich' : ''
        const named = sandbox.vendors[vendor]?.faults[fault]?.fault
        if (named === undefined) throw new Error(`there is no ${fault}`)
        sandbox.faults.add({ ...named, vendor, path })
        expect(await failureOf(make().findFirm({ domain: 'acme.test' }, call(400)))).toMatchObject({
          ...ending,
          outcomeUnknown: false,
        })
      })
    }

    test('credits-used-up is named, and no other call is tried in vain', async () => {
      await switchOn(sandbox, { vendor, name: 'credits-used-up' })
      expect(await failureOf(make().findFirm({ domain: 'acme.test' }, call()))).toMatchObject({
        kind: 'quota-exhausted',
      })
    })

    test('a page instead of an answer is no company', async () => {
      sandbox.faults.add({ vendor, kind: 'status', status: 200, body: '<html>Sign in</html>' })
      const failure = await failureOf(make().findFirm({ domain: 'acme.test' }, call()))
      expect(failure.retryable).toBe(true)
    })
  })
}

test('a 404 that is not the provider speaking is no "no match", and the company is asked for again', async () => {
  const provider = peopleDataLabs({ apiKey: 'good', baseUrl: `${sandbox.url}/people-data-labs/wrong` })
  expect(await failureOf(provider.findFirm({ domain: 'acme.test' }, call()))).toMatchObject({
    kind: 'unavailable',
    retryable: true,
  })
})

import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { statusText } from '../../cli/status.ts'
import { defineTable } from '../../columns/table.ts'
import { TablesAnswer } from '../../server/contract.ts'
import { CredentialsAnswer } from '../../server/contract-credentials.ts'
import { until } from '../support/runtime.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { effect, question, startVendor, type VendorReply } from '../support/vendor.ts'
import { ask, post } from './http.ts'

let app: RunningApp | null = null
afterEach(async () => {
  await app?.close()
  app = null
})

const input = z.object({ n: z.number() })

async function start(script: (call: number, said: string) => VendorReply | null): Promise<RunningApp> {
  const { url } = await startVendor(script)
  const table = defineTable('leads', { input })
    .column('told', effect({ url, account: { key: 'crm:acme', concurrency: 3 } }))
    .column('asked', question({ url, account: { key: 'firms:acme', concurrency: 2 } }))
  app = await startApp({ tables: [table] })
  return app
}

const credentialsOf = async (running: RunningApp) =>
  CredentialsAnswer.parse((await ask(running, '/v1/credentials')).body).credentials

test('there is none before the first call', async () => {
  const running = await start(() => null)
  expect(await credentialsOf(running)).toEqual([])
})

test('a dead credential says since when, when it is tried next, and what the vendor said', async () => {
  const running = await start((_, said) => (said === 'asked' ? null : { status: 401 }))
  const before = Date.now()
  await post(running, '/v1/tables/leads/rows?wait=asked', { n: 1 })
  await until(() => running.runtime.credentials().some(({ rest }) => rest !== null), 'it has answered')
  const [crm, firms] = await credentialsOf(running)
  expect(crm).toMatchObject({
    key: 'crm:acme',
    concurrency: 3,
    inFlight: 0,
    waiting: 0,
    restingUntil: null,
    reason: 'the vendor answered 401',
  })
  const { since, nextProbeAt } = crm?.needsCredentials ?? { since: '', nextProbeAt: '' }
  expect(Date.parse(since)).toBeGreaterThanOrEqual(before)
  expect(Date.parse(nextProbeAt) - Date.parse(since)).toBe(60_000)
  expect(firms).toMatchObject({ key: 'firms:acme', needsCredentials: null, restingUntil: null, reason: null })

  const { text } = await ask(running, '/metrics')
  expect(text).toContain('rota_credential_resting{key="crm:acme",kind="needs-credentials"} 1')
  expect(text).not.toContain('rota_credential_resting{key="firms:acme"')
  expect(text).toContain('rota_credential_requests{key="firms:acme"} 0')

  const { tables } = TablesAnswer.parse((await ask(running, '/v1/tables')).body)
  const shown = statusText('http://127.0.0.1:1', tables, await credentialsOf(running))
  expect(shown).toMatch(/leads\s+1\s/)
  expect(shown).toMatch(
    /crm:acme\s+0 of 3\s+0\s+needs credentials since \S+, next try \S+: the vendor answered 401/,
  )
  expect(shown).toMatch(/firms:acme\s+0 of 2\s+0\s+takes calls/)
})

test('a pause that the vendor asked for is shown with its end', async () => {
  const running = await start((_, said) => (said === 'asked' ? null : { status: 429, retryAfter: '1' }))
  await post(running, '/v1/tables/leads/rows?wait=asked', { n: 1 })
  await until(() => running.runtime.credentials().some(({ rest }) => rest !== null), 'it has answered')
  const [crm] = await credentialsOf(running)
  expect(crm?.needsCredentials).toBeNull()
  const leftMs = Date.parse(crm?.restingUntil ?? '') - Date.now()
  expect(leftMs).toBeGreaterThan(0)
  expect(leftMs).toBeLessThanOrEqual(1_000)
})

test('what the vendor says of its own allowance is shown as it said it last', async () => {
  const running = await start((call) => ({ status: 200, allowance: [100 + call, 15_000] }))
  await post(running, '/v1/tables/leads/rows?wait=done', { n: 1 })
  const [, firms] = await credentialsOf(running)
  expect(firms?.allowance).toMatchObject({ limit: 15_000 })
  expect(firms?.allowance?.used).toBeGreaterThan(100)
  const { text } = await ask(running, '/metrics')
  expect(text).toMatch(/rota_credential_allowance_used\{key="firms:acme"\} 10[12]\n/)
  expect(text).toContain('rota_credential_allowance_limit{key="firms:acme"} 15000')
  const shown = statusText('http://127.0.0.1:1', [], await credentialsOf(running))
  expect(shown).toMatch(/firms:acme\s+0 of 2\s+0\s+10[12] of 15000 used\s+takes calls/)
})

test('an outage shows since when, how many requests and what the last one met, until one is answered', async () => {
  let isAway = true
  const running = await start((_, said) => (isAway && said === 'asked' ? { status: 503 } : null))
  const before = Date.now()
  await post(running, '/v1/tables/leads/rows?wait=done', { n: 1 })
  const [crm, firms] = await credentialsOf(running)
  expect(crm?.failing).toBeNull()
  expect(firms).toMatchObject({
    restingUntil: null,
    failing: { failures: 2, last: 'unavailable: the vendor answered 503' },
  })
  expect(Date.parse(firms?.failing?.since ?? '')).toBeGreaterThanOrEqual(before)
  expect(statusText('http://127.0.0.1:1', [], await credentialsOf(running))).toMatch(
    /firms:acme .*failing since \S+Z \(2 failures, last: unavailable: the vendor answered 503\)/,
  )
  expect((await ask(running, '/metrics')).text).toContain('rota_credential_failing{key="firms:acme"} 2')

  isAway = false
  await post(running, '/v1/tables/leads/rows?wait=done', { n: 2 })
  expect((await credentialsOf(running))[1]?.failing).toBeNull()
  expect((await ask(running, '/metrics')).text).toContain('rota_credential_failing{key="firms:acme"} 0')
})

test('a refusal is an answer: it ends an outage, and none begins with it', async () => {
  const script = [503, 404]
  const running = await start((_, said) => (said === 'asked' ? { status: script.shift() ?? 404 } : null))
  await post(running, '/v1/tables/leads/rows?wait=done', { n: 1 })
  expect((await credentialsOf(running))[1]?.failing).toBeNull()
})

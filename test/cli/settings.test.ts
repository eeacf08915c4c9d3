import { expect, onTestFinished, test } from 'vitest'
import { enrichmentsOf } from '../../cli/connect-enrichment.ts'
import { readSettings, Settings } from '../../cli/settings.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { patienceMs } from '../support/patience.ts'

test.each(Object.keys(Settings.shape))('%s counts as unset when it is empty', (variable) => {
  for (const empty of ['', '  ']) expect(readSettings({ [variable]: empty })).toEqual(readSettings({}))
})

const addresses = Object.keys(Settings.shape).filter((variable) => variable.endsWith('_URL'))

test.each(addresses)('%s must be an address, and the message says which variable is not', (variable) => {
  for (const value of ['acme.my.salesforce.com', 'not a url', 'ftp://acme.com', 'https://me:pass@acme.com'])
    expect(() => readSettings({ [variable]: value })).toThrow(variable)
  const value = 'https://acme.com/path?sig=a%2Fb'
  expect(readSettings({ [variable]: ` ${value} ` })).toMatchObject({ [variable]: value })
})

const secrets = Object.keys(Settings.shape).filter((variable) =>
  /_(?:API_KEY|TOKEN|SECRET|CLIENT_ID)$/.test(variable),
)

test.each(secrets)('%s must be what a header can carry, and is not shown when it is not', (variable) => {
  for (const value of ['tok€n', 'to\nken', 'to\u200bken']) {
    expect(() => readSettings({ [variable]: value })).toThrow(variable)
    expect(() => readSettings({ [variable]: value })).not.toThrow(value)
  }
  expect(readSettings({ [variable]: ' token_1-2.3~/+= ' })).toMatchObject({ [variable]: 'token_1-2.3~/+=' })
})

test('a key that no request could send is refused, and not shown', () => {
  for (const key of ['my secret key', 'schlüssel']) {
    expect(() => readSettings({ ROTA_API_KEY: key })).toThrow('ROTA_API_KEY')
    expect(() => readSettings({ ROTA_API_KEY: key })).not.toThrow(key)
  }
  expect(readSettings({ ROTA_API_KEY: ' key ', OPENAI_API_KEY: 'my key' })).toMatchObject({
    ROTA_API_KEY: 'key',
    OPENAI_API_KEY: 'my key',
  })
})

test('there are secrets and addresses to be checked', () => {
  expect(addresses).toContain('ENRICHMENT_URL')
  expect(secrets).toContain('OUTREACH_REFRESH_TOKEN')
})

const providers = {
  APOLLO_API_KEY: 'a',
  PEOPLE_DATA_LABS_API_KEY: 'b',
  ENRICHMENT_URL: 'http://127.0.0.1:9',
}
const pricesOf = (env: Record<string, string>) =>
  Object.fromEntries(
    enrichmentsOf(readSettings({ ...providers, ...env })).map(({ vendor, costUsd }) => [vendor, costUsd]),
  )

test('what providers cost is a setting, nothing where it is not set', () => {
  const given = { APOLLO_COST_USD: '0.1', PEOPLE_DATA_LABS_COST_USD: '.2', ENRICHMENT_COST_USD: '3' }
  expect(pricesOf(given)).toEqual({ apollo: 0.1, 'people-data-labs': 0.2, enrichment: 3 })
  expect(pricesOf({})).toEqual({ apollo: 0, 'people-data-labs': 0, enrichment: 0 })
  for (const wrong of ['-1', 'ten cents', '$1', 'Infinity'])
    expect(() => pricesOf({ APOLLO_COST_USD: wrong })).toThrow('APOLLO_COST_USD')
})

test('the key of a provider over plain HTTP is sent as a bearer token', async () => {
  const sandbox = await startSandbox()
  onTestFinished(() => sandbox.close())
  const sent: (string | null)[] = []
  const listening: typeof fetch = (input, init) => {
    sent.push(new Headers(init?.headers).get('authorization'))
    return fetch(input, init)
  }
  const url = `${sandbox.url}/enrichment`
  const [provider] = enrichmentsOf(readSettings({ ENRICHMENT_URL: url, ENRICHMENT_API_KEY: 'key_1' }))
  const call = { signal: new AbortController().signal, timeoutMs: patienceMs, fetch: listening }
  await provider?.findFirm({ domain: 'acme.com' }, call)
  expect(sent).toEqual(['Bearer key_1'])
})

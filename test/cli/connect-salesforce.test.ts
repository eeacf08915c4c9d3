import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { connect, sandboxSettings } from '../../cli/connect.ts'
import { salesforceSettingsOf } from '../../cli/connect-salesforce.ts'
import { readSettings } from '../../cli/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'rota-key-'))
afterAll(() => rmSync(folder, { recursive: true }))

const org = { SALESFORCE_LOGIN_URL: 'https://acme.my.salesforce.com', SALESFORCE_CLIENT_ID: 'client' }
const jwt = { ...org, SALESFORCE_USERNAME: 'rota@acme.example' }

/** The variables that a table with a CRM would miss. */
function missing(env: Record<string, string>): string[] {
  const { connectors, missing: missed } = connect(readSettings(env))
  void connectors.crm
  return missed()
}

describe('the variables of Salesforce', () => {
  test('are those of the client-credentials flow unless there is a user', () => {
    expect(missing(org)).toEqual(['SALESFORCE_CLIENT_SECRET'])
    expect(missing({ ...org, SALESFORCE_CLIENT_SECRET: 's' })).toEqual([])
  })

  test('are those of the JWT flow when there is a user', () => {
    expect(missing(jwt)).toEqual(['SALESFORCE_PRIVATE_KEY'])
    expect(missing({ ...jwt, SALESFORCE_PRIVATE_KEY: 'pem' })).toEqual([])
  })

  test('may name a file for the key', () => {
    const file = join(folder, 'rota.pem')
    writeFileSync(file, 'the key')
    expect(missing({ ...jwt, SALESFORCE_PRIVATE_KEY_FILE: file })).toEqual([])
    expect(salesforceSettingsOf(readSettings({ ...jwt, SALESFORCE_PRIVATE_KEY_FILE: file }))).toMatchObject({
      username: 'rota@acme.example',
      privateKey: 'the key',
    })
  })

  test('that name a file which is not there are refused at the start', () => {
    const settings = readSettings({ ...jwt, SALESFORCE_PRIVATE_KEY_FILE: join(folder, 'none.pem') })
    expect(() => connect(settings)).toThrow(/cannot be read from/)
  })

  test('set what is done with duplicates and how many requests go at once', () => {
    const more = {
      SALESFORCE_CLIENT_SECRET: 's',
      SALESFORCE_DUPLICATES: 'existing',
      SALESFORCE_CONCURRENCY: '5',
    }
    const { connectors } = connect(readSettings({ ...org, ...more }))
    expect(connectors.crm.budget).toMatchObject({ concurrency: 5 })
    expect(salesforceSettingsOf(readSettings({ ...org, ...more }))).toMatchObject({ duplicates: 'existing' })
    expect(() => readSettings({ ...org, SALESFORCE_CONCURRENCY: '100' })).toThrow(/SALESFORCE_CONCURRENCY/)
  })

  test('give way to the sandbox, a user included', () => {
    const settings = sandboxSettings(readSettings(jwt), 'http://127.0.0.1:1')
    expect(salesforceSettingsOf(settings)).toMatchObject({
      loginUrl: 'http://127.0.0.1:1/salesforce',
      clientSecret: 'sandbox',
    })
  })
})

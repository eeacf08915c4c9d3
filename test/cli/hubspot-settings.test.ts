import { expect, test } from 'vitest'
import { connect } from '../../cli/connect.ts'
import { readSettings } from '../../cli/settings.ts'

const hubspot = { ROTA_CRM: 'hubspot', HUBSPOT_ACCESS_TOKEN: 'pat-secret' }
const crmOf = (env: Record<string, string>) => connect(readSettings({ ...hubspot, ...env })).connectors.crm

test('the requests that HubSpot takes in ten seconds are a setting, 100 without it', () => {
  for (const limit of ['', '100']) {
    expect(crmOf({ HUBSPOT_TEN_SECONDLY_LIMIT: limit }).budget).toMatchObject({ burst: 10, perSecond: 9 })
  }
  const { burst = 0, perSecond = 0 } = crmOf({ HUBSPOT_TEN_SECONDLY_LIMIT: '190' }).budget
  expect(burst + 10 * perSecond).toBe(190)
  expect(() => crmOf({ HUBSPOT_TEN_SECONDLY_LIMIT: 'many' })).toThrow('HUBSPOT_TEN_SECONDLY_LIMIT')
})

test('people become contacts or leads in HubSpot, and nothing else', () => {
  for (const record of ['', 'contact', 'lead'])
    expect(crmOf({ HUBSPOT_RECORD: record }).vendor).toBe('hubspot')
  expect(() => crmOf({ HUBSPOT_RECORD: 'deal' })).toThrow('HUBSPOT_RECORD')
})

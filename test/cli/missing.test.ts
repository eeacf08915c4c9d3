import { expect, test } from 'vitest'
import { rota } from './rota-process.ts'

/** The example asks for every connector. */
const start = (settings: Record<string, string>) => rota({ PORT: '0', ...settings }, 'start')

test('a start without variables names them, and what would do in their place', async () => {
  const { code, stderr } = await start({})
  expect(code).toBe(2)
  expect(stderr).toMatch(/SALESFORCE_LOGIN_URL, SALESFORCE_CLIENT_ID, SALESFORCE_CLIENT_SECRET/)
  for (const other of [
    'HUBSPOT_ACCESS_TOKEN with ROTA_CRM=hubspot',
    'SALESFORCE_PRIVATE_KEY_FILE (the JWT flow)',
    'TEAMS_WEBHOOK_URL in place of SLACK_BOT_TOKEN',
    'APOLLO_API_KEY or PEOPLE_DATA_LABS_API_KEY',
    'ROTA_SANDBOX=1',
  ])
    expect(stderr).toContain(other)
})

test('only what concerns the missing ones is named', async () => {
  const { stderr } = await start({
    HUBSPOT_ACCESS_TOKEN: 't',
    SLACK_BOT_TOKEN: 's',
    ENRICHMENT_URL: 'http://127.0.0.1:1',
  })
  expect(stderr).toContain('not configured: OPENAI_API_KEY')
  expect(stderr).not.toMatch(/in place of/)
})

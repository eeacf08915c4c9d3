import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { boot } from '../../cli/boot.ts'
import { readSettings } from '../../cli/settings.ts'
import { sandboxState } from '../../examples/inbound-leads/tables.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { someLeads } from '../end-to-end/leads.ts'
import { temporaryFolder } from '../support/temp.ts'
import { inspectBySpecs, specsArePresent } from '../support/vendor-specs.ts'

const example = fileURLToPath(new URL('../../examples/inbound-leads/tables.ts', import.meta.url))
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** One that the rule cannot place, so that the model is asked. */
const unclear = { company: 'Nimbus', email: 'kim@nimbus.example', lastName: 'Kim', source: 'demo request' }

/** The whole example on stand-ins that look at each request as the vendor's contract would. */
async function route(settings: Record<string, string>): Promise<Sandbox> {
  const folder = await temporaryFolder()
  closing.push(folder.remove)
  const sandbox = await startSandbox({ inspect: inspectBySpecs() })
  closing.push(() => sandbox.close())
  for (const [vendor, state] of Object.entries(sandboxState())) sandbox.vendors[vendor]?.load(state)
  const running = await boot({
    settings: readSettings({
      ROTA_SANDBOX: sandbox.url,
      ROTA_TABLES: example,
      ROTA_DB: join(folder.path, 'rota.sqlite'),
      PORT: '0',
      ...settings,
    }),
    logLevel: 'silent',
  })
  closing.push(() => running.close())
  const answer = await fetch(`${running.url}/v1/tables/inbound-leads/rows?wait=done&timeoutMs=90000`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // Few of them: HubSpot grants four searches a second.
    body: JSON.stringify({ rows: [...someLeads(8), unclear] }),
  })
  expect(answer.status).toBe(200)
  return sandbox
}

describe.skipIf(!specsArePresent)('every request of the example is right by the vendors’ contracts', () => {
  test.each(['salesforce', 'hubspot'])('on %s', async (crm) => {
    const sandbox = await route({ ROTA_CRM: crm })
    const lines = sandbox.ledger.entries()
    const asked = new Set(lines.map(({ vendor }) => vendor))
    expect([...asked].sort()).toEqual(expect.arrayContaining(['enrichment', 'openai', 'slack', crm].sort()))
    expect(
      lines.flatMap(({ vendor, method, path, problems }) =>
        problems.map((problem) => `${vendor} ${method} ${path}: ${problem}`),
      ),
    ).toEqual([])
  })
})

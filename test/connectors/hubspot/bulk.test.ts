import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../../columns/compute.ts'
import { defineTable } from '../../../columns/table.ts'
import { updateCrm } from '../../../columns/update-crm.ts'
import { hubspot } from '../../../connectors/hubspot.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { insertRows, request, runTables } from '../../support/runtime.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

const count = 10_000
const reps = ['7', '8', '9']
const contacts = Array.from({ length: count }, (_, index) => String(1_000 + index))
const repOf = (contact: string) => reps[Number(contact) % 3]

/** The same leads before and after somebody adds the column that writes their owners. */
function tables() {
  const input = z.object({ contact: z.string(), rep: z.string() })
  const before = defineTable('leads', { input }).column(
    'label',
    compute({ reads: ['contact'], run: ({ contact }) => `contact ${contact}` }),
  )
  const crm = hubspot({
    accessToken: 'pat',
    baseUrl: `${sandbox.url}/hubspot`,
    // Of an account that takes more, so that the test need not wait for HubSpot's usual hundred in ten seconds.
    limits: { perSecond: 200, burst: 100 },
  })
  const after = before.column(
    'crmOwner',
    updateCrm({
      reads: ['contact', 'rep'],
      crm,
      change: ({ contact, rep }) => ({
        record: { type: 'contact', id: contact },
        owner: { rep, name: `Rep ${rep}`, email: null, ids: { hubspot: rep } },
      }),
    }),
  )
  return { before, after }
}

test('a bulk run that writes and reads back the owners of 10,000 contacts takes at most 220 requests', async () => {
  sandbox.vendors.hubspot?.load({
    owners: reps.map((id) => ({ id, email: `${id}@rota.test` })),
    contacts: contacts.map((id) => ({ id, properties: { email: `p${id}@acme.com` } })),
  })
  const { before, after } = tables()
  const first = await runTables([before])
  for (let start = 0; start < count; start += 1_000) {
    const rows = contacts.slice(start, start + 1_000)
    await insertRows(
      first,
      'leads',
      rows.map((contact) => ({ contact, rep: repOf(contact) })),
    )
  }
  await first.runtime.idle()
  const running = await first.restart([after])
  const run = await running.runtime.run(
    'leads',
    request({ columns: ['crmOwner'], mode: 'missing', includeEffects: true }),
  )
  expect(run.lane).toBe('bulk')
  await running.runtime.idle()
  expect(await running.runtime.count('leads', 'crmOwner.status:done')).toBe(count)
  const Contacts = z.object({
    contacts: z.array(z.object({ id: z.string(), properties: z.object({ hubspot_owner_id: z.string() }) })),
  })
  const now = Contacts.parse(sandbox.vendors.hubspot?.state()).contacts
  const wrong = now.filter(({ id, properties }) => properties.hubspot_owner_id !== repOf(id))
  expect(wrong).toEqual([])
  const asked = sandbox.ledger.entries({ vendor: 'hubspot' })
  expect(asked.length).toBeLessThanOrEqual(220)
  expect(asked.filter(({ path }) => path.endsWith('/batch/update')).length).toBeGreaterThanOrEqual(100)
})

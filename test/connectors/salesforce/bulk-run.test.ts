import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../../columns/table.ts'
import { updateCrm } from '../../../columns/update-crm.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { type RunningRuntime, runTables, until } from '../../support/runtime.ts'
import { type Setup, startSetup } from './setup.ts'

const reps = 40
const lead = (serial: number) => idOf('Lead', serial)
const ownerOf = (serial: number) => idOf('User', 2 + (serial % reps))
const emailOf = (serial: number) => `rep${serial % reps}@x.example`
const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** An org with so many leads in a queue, and a table that gives each to a rep. */
async function startOrg(leads: number) {
  const setup = await startSetup()
  onTestFinished(() => setup.sandbox.close())
  const queue = idOf('Group', 1)
  setup.load({
    users: range(reps).map((serial) => ({
      Id: ownerOf(serial),
      Name: `Rep ${serial}`,
      Email: emailOf(serial),
    })),
    queues: [{ Id: queue, Name: 'Triage' }],
    leads: range(leads).map((serial) => ({ Id: lead(serial), LastName: 'L', Company: 'C', OwnerId: queue })),
    settings: { assignLeadsTo: queue },
  })
  const table = defineTable('owners', { input: z.object({ leadId: z.string(), email: z.string() }) }).column(
    'crmOwner',
    updateCrm({
      needs: ['leadId', 'email'],
      crm: setup.crm,
      change: ({ leadId, email }) => ({
        record: { type: 'Lead', id: leadId },
        owner: { rep: email, name: email, email, ids: {} },
      }),
    }),
  )
  return { ...setup, running: await runTables([table]) }
}

/** Routes every lead of the org as one backlog. */
async function routeAll({ running }: { running: RunningRuntime }, leads: number): Promise<void> {
  const inputs = range(leads).map((serial) => ({ leadId: lead(serial), email: emailOf(serial) }))
  for (let at = 0; at < leads; at += 1_000)
    await running.runtime.insert('owners', inputs.slice(at, at + 1_000), { lane: 'bulk' })
}

/** Leads whose owner in the org is not the one they were to get. */
function wrongOwners({ sandbox }: Setup, leads: number): number[] {
  const state = z
    .object({ leads: z.array(z.object({ Id: z.string(), OwnerId: z.string() })) })
    .parse(sandbox.vendors.salesforce?.state())
  const owners = new Map(state.leads.map(({ Id, OwnerId }) => [Id, OwnerId]))
  return range(leads).filter((serial) => owners.get(lead(serial)) !== ownerOf(serial))
}

test('ten thousand owners of a bulk run, each read back, take at most 120 calls', async () => {
  const rows = 10_000
  const org = await startOrg(rows)
  await routeAll(org, rows)
  await org.running.runtime.idle()

  expect(await org.running.runtime.count('owners', 'crmOwner.status:done')).toBe(rows)
  expect(wrongOwners(org, rows)).toEqual([])
  const calls = org.requests()
  expect(calls.filter((line) => line.startsWith('PATCH')).length).toBeGreaterThanOrEqual(rows / 200)
  expect(calls.length).toBeLessThanOrEqual(120)
})

test('a bulk run with locked records, lost answers and a gateway in between ends with every owner as decided', async () => {
  const rows = 1_400
  const org = await startOrg(rows)
  const play = (name: string, times = 1, path = '/composite') =>
    org.sandbox.faults.add({ vendor: 'salesforce', name, times, path })
  play('row-lock', 3)
  play('lost-answer')
  play('html-503')
  play('half-body', 1, '/query')
  await routeAll(org, rows)
  const isDone = async () => (await org.running.runtime.count('owners', 'crmOwner.status:done')) === rows
  await until(isDone, 'every row is done')
  expect(org.sandbox.faults.list()).toEqual([])
  expect(wrongOwners(org, rows)).toEqual([])
})

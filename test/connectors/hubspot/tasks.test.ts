import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Crm, TaskRequest } from '../../../columns/ports.ts'
import { hubspot } from '../../../connectors/hubspot.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { callWithin as call, failureOf } from '../failure-of.ts'

let sandbox: Sandbox
let crm: Crm
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  load({})
  crm = hubspot({ accessToken: 'pat', baseUrl: `${sandbox.url}/hubspot` })
})

const load = (state: object) =>
  sandbox.vendors.hubspot?.load({
    portalId: 42,
    owners: [{ id: '7', email: 'ana@rota.test' }],
    companies: [{ id: '80', properties: { name: 'Acme' } }],
    contacts: [{ id: '50' }],
    leads: [{ id: '60', associations: { contact: ['50'] } }],
    // What is new is in no index for a minute: nothing here may depend on the search.
    searchDelayMs: 60_000,
    ...state,
  })
const task = (about: TaskRequest['about'], more: Partial<TaskRequest> = {}): TaskRequest => ({
  ownerId: '7',
  subject: 'Re-own Acme',
  description: 'Its owner has left.\n<b>Acme & Co</b>',
  about,
  dueOn: '2026-05-04',
  ...more,
})
const company = { type: 'company', id: '80' }

describe('tasks of HubSpot', () => {
  it.each([company, { type: 'contact', id: '50' }, { type: 'lead', id: '60' }])(
    'are created at the $type they are about, and found there at once',
    async (about) => {
      expect(await crm.findTask(task(about), 'row.task.1.abc', call())).toEqual({ state: 'absent' })
      const created = await crm.createTask(task(about), 'row.task.1.abc', call())
      expect(created.url).toContain(`/${about.id}?engagement=${created.id}`)
      expect(await crm.findTask(task(about), 'row.task.1.abc', call())).toEqual({
        state: 'found',
        value: created,
      })
      expect(await crm.findTask(task(about), 'row.task.1.ab', call())).toEqual({ state: 'absent' })
      expect(sandbox.vendors.hubspot?.state()).toMatchObject({
        tasks: [{ associations: { [about.type]: [about.id] }, properties: { hubspot_owner_id: '7' } }],
      })
    },
  )

  it('show the text as text, with the day they are due', async () => {
    await crm.createTask(task(company), 'send_1', call())
    expect(sandbox.vendors.hubspot?.state()).toMatchObject({
      tasks: [
        {
          properties: {
            hs_task_subject: 'Re-own Acme',
            hs_task_body:
              '<p>Its owner has left.</p><p>&lt;b&gt;Acme &amp; Co&lt;/b&gt;</p><p>Rota send_1.</p>',
            hs_timestamp: '2026-05-04T12:00:00.000Z',
            hs_task_status: 'NOT_STARTED',
          },
        },
      ],
    })
  })

  it('whose creation is lost are unknown, and found among hundreds', async () => {
    load({ tasks: Array.from({ length: 620 }, () => ({ associations: { company: ['80'] } })) })
    sandbox.faults.add({ vendor: 'hubspot', path: '/objects/tasks', method: 'POST', kind: 'after' })
    expect(await failureOf(crm.createTask(task(company), 'send_1', call()))).toMatchObject({
      outcomeUnknown: true,
    })
    expect(await crm.findTask(task(company), 'send_1', call())).toMatchObject({ state: 'found' })
    expect(sandbox.ledger.entries({ effect: 'task-created' })).toHaveLength(1)
  })

  it.each([
    [{ ...company, id: '1/../2' }, {}],
    [{ type: 'deal', id: '80' }, {}],
    [company, { ownerId: 'ana' }],
  ])('about %j with %j are refused without asking', async (about, more) => {
    const failure = await failureOf(crm.createTask(task(about, more), 'send_1', call()))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(sandbox.ledger.entries()).toEqual([])
  })

  it('for somebody who has left name them as inactive', async () => {
    load({ owners: [{ id: '7', archived: true }] })
    const failure = await failureOf(crm.createTask(task(company), 'send_1', call()))
    expect(failure).toMatchObject({ kind: 'inactive-owner', outcomeUnknown: false })
  })
})

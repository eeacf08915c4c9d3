import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Call, Crm } from '../../../columns/ports.ts'
import { hubspot } from '../../../connectors/hubspot.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { callWithin as call, failureOf } from '../failure-of.ts'

let sandbox: Sandbox
let crm: Crm
const ids = ['1', '2', '3']
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => {
  sandbox.ledger.clear()
  sandbox.faults.clear()
  sandbox.vendors.hubspot?.load({
    owners: [{ id: '7', email: '7@rota.test' }],
    contacts: ids.map((id) => ({ id, properties: { email: `${id}@acme.com` } })),
  })
  crm = hubspot({ accessToken: 'pat', baseUrl: `${sandbox.url}/hubspot` })
})

const write = (id: string, by: Call = call()) => crm.writeOwner({ type: 'contact', id }, { ownerId: '7' }, by)
const answer = (path: string, method: string, body: unknown) =>
  sandbox.faults.add({
    ...{ vendor: 'hubspot', kind: 'status', status: 200, path, method, body },
    headers: { 'content-type': 'application/json' },
  })
const requests = () => sandbox.ledger.entries({ vendor: 'hubspot' })
const unknown = { kind: 'unavailable', retryable: true, outcomeUnknown: true }

describe('a write that is answered 200 with JSON of another shape', () => {
  it.each([
    ['an object of somebody else', { ok: true }],
    ['a list', []],
    ['a text', '"queued"'],
    ['nothing', 'null'],
    ['results without ids', { status: 'COMPLETE', results: [{ done: true }] }],
    ['results that are no list', { status: 'COMPLETE', results: { 1: 'written' } }],
  ])('in a batch, with %s, is an unknown outcome for each record, and is not sent again', async (_, body) => {
    answer('/batch/update', 'POST', body)
    const failures = await Promise.all(ids.map((id) => failureOf(write(id))))
    for (const failure of failures) expect(failure).toMatchObject(unknown)
    expect(requests()).toMatchObject([{ status: 200, body: { inputs: { length: 3 } } }])
  })

  it.each([
    ['an object of somebody else', { ok: true }],
    ['a list', []],
    ['a text', '"queued"'],
    ['nothing', 'null'],
    ['a record without an id', { properties: {} }],
  ])('by itself, with %s, is an unknown outcome, and is not sent again', async (_, body) => {
    answer('/contacts/1', 'PATCH', body)
    expect(await failureOf(write('1'))).toMatchObject(unknown)
    answer('/contacts/2', 'PATCH', body)
    expect(await failureOf(write('2', { ...call(), lane: 'bulk' }))).toMatchObject(unknown)
    expect(requests().map(({ method, status }) => [method, status])).toEqual([
      ['PATCH', 200],
      ['PATCH', 200],
    ])
  })
})

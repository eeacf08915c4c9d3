import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startCall } from '../../../connectors/call.ts'
import { answerFailure, loginFailure } from '../../../connectors/salesforce/failures.ts'
import { query } from '../../../connectors/salesforce/query.ts'
import { createSession } from '../../../connectors/salesforce/session.ts'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { vendorContract } from '../vendor-contracts.ts'
import { callOf, requestOf, type Setup, startSetup } from './setup.ts'

/** Salesforce's own collection of request shapes, and answers that others recorded; both are kept beside the project. */
const collection = vendorContract('salesforce/postman-cc0/requests.json')
const recorded = (name: string) => vendorContract(`salesforce/restforce-fixtures/${name}.json`)

const Shapes = z.array(
  z.object({
    method: z.string(),
    url: z.string(),
    headers: z.array(z.string()),
    body: z.string().nullable(),
  }),
)
/** What only the REST guide describes: invocable actions, the upsert by external id, and an update whose records name their types. */
const unlisted =
  /\/(?:actions\/standard\/(?:assignTargetTo|removeTargetFrom)SalesCadence|sobjects\/Lead\/Rota_Row_Id__c\/row_1|composite\/sobjects)$/

/** The path of a shape as an expression: what stands in angle brackets or braces is one segment. */
function pathOf(url: string): RegExp {
  const path = url
    .replace(/^\{\{\w+\}\}(?:\{\{\w+\}\})?/, '')
    .replace(/\?.*/s, '')
    .replace(/\/$/, '')
  const segments = path
    .split('/')
    .map((segment) =>
      segment.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\{\w+\}\}|<[^>]+>/g, '[^/]+'),
    )
  return new RegExp(`^${segments.join('/')}$`)
}

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())

describe.skipIf(collection === null)('every request of the connector', () => {
  test('has a method and a path that Salesforce lists', async () => {
    const shapes = Shapes.parse(collection).map(({ method, url }) => ({ method, path: pathOf(url) }))
    await useEverything()
    const sent = new Set(
      setup.sandbox.ledger.entries().map(({ method, path }) => `${method} ${path.replace(/\?.*/s, '')}`),
    )
    expect(sent.size).toBeGreaterThan(8)
    const unknown = [...sent].filter((line) => {
      const [method, path = ''] = line.split(' ')
      return !unlisted.test(path) && !shapes.some((shape) => shape.method === method && shape.path.test(path))
    })
    expect(unknown).toEqual([])
  })

  test('to a collection has the members that Salesforce lists', async () => {
    await useEverything()
    const update = Shapes.parse(collection).find(
      ({ method, url }) => method === 'PATCH' && url.includes('/composite/sobjects/<'),
    )
    const members = Object.keys(z.record(z.string(), z.unknown()).parse(JSON.parse(update?.body ?? '{}')))
    const [sent] = setup.sandbox.ledger.entries().filter(({ path }) => path.endsWith('/composite/sobjects'))
    expect(Object.keys(z.record(z.string(), z.unknown()).parse(sent?.body)).sort()).toEqual(members.sort())
  })
})

/** Each thing the connector can do, once. */
async function useEverything(): Promise<void> {
  const { crm, cadences } = setup
  const lead = { type: 'Lead', id: idOf('Lead', 1) }
  const ownerId = idOf('User', 2)
  const bulk = callOf({ lane: 'bulk' })
  await crm.findAccounts('helios-solar.example', callOf())
  await crm.readAccount(idOf('Account', 1), callOf())
  const created = await crm.createRecord(requestOf({ lastName: 'Doe' }), callOf())
  await crm.writeOwner(lead, { ownerId }, callOf())
  await Promise.all([lead, created].map((record) => crm.writeOwner(record, { ownerId }, bulk)))
  await Promise.all([lead, created].map((record) => crm.readRecord(record, bulk)))
  const task = { ownerId, subject: 'S', description: 'D', about: lead, dueOn: '2026-12-01' }
  await crm.createTask(task, 'send', callOf())
  await crm.firstTouch(lead, '2026-01-01T00:00:00Z', callOf())
  const sender = { email: 'anna.keller@rota.example', crmUserId: null }
  const enrol = { sequence: 'Inbound SMB', record: lead, email: null, sender }
  await cadences.refusal(enrol, callOf())
  await cadences.unenrol(await cadences.enrol(enrol, callOf()), enrol, callOf())
}

describe.skipIf(recorded('expired_session_response') === null)('a recorded answer', () => {
  const failureFor = (name: string, status: number) =>
    answerFailure(
      { status, headers: {}, text: JSON.stringify(recorded(name)) },
      { what: 'PATCH /x', write: true },
      Date.now(),
    )

  test.each([
    ['expired_session_response', 401, 'needs-credentials'],
    ['sobject__delete_error_response', 404, 'not-found'],
    ['sobject__sobject_find_error_response', 404, 'not-found'],
    ['sobject__query_error_response', 400, 'invalid-request'],
    ['sobject__write_error_response', 400, 'invalid-request'],
    ['sobject__upsert_error_response', 404, 'not-found'],
  ])('%s is read as what it is', (name, status, kind) => {
    const failure = failureFor(name, status)
    expect(failure).toMatchObject({ kind, outcomeUnknown: false })
    const [first] = z.array(z.object({ errorCode: z.string(), message: z.string() })).parse(recorded(name))
    expect(failure.message).toContain(`${first?.errorCode}: ${first?.message}`)
  })

  test.each(['auth_error_response', 'refresh_error_response'])('%s needs credentials', (name) => {
    const text = JSON.stringify(recorded(name))
    expect(loginFailure({ status: 400, headers: {}, text }, 'POST /token', Date.now())).toMatchObject({
      kind: 'needs-credentials',
      retryable: true,
    })
  })

  test('of two pages is read to its end, over the address that the first page names', async () => {
    const pages = ['first', 'last'].map((page) => recorded(`sobject__query_paginated_${page}_page_response`))
    const Page = z.object({ records: z.array(z.unknown()), nextRecordsUrl: z.string().optional() })
    const [first, last] = pages.map((page) => Page.parse(page))
    setup.sandbox.faults.script(
      pages.map((body) => ({
        vendor: 'salesforce',
        path: '/services/data',
        kind: 'status',
        status: 200,
        body,
      })),
    )
    const session = createSession({
      loginUrl: `${setup.sandbox.url}/salesforce`,
      clientId: 'rota',
      clientSecret: 'secret',
    })
    const call = startCall(callOf(), session.budget)
    const found = await query(session, 'SELECT Id FROM Account', { record: z.unknown(), call })
    expect(found).toEqual([...(first?.records ?? []), ...(last?.records ?? [])])
    expect(setup.requests()[1]).toBe(`GET ${first?.nextRecordsUrl}`)
  })

  test('of an upsert has the shape we take', () => {
    const Upserted = z.object({ id: z.string() })
    expect(Upserted.safeParse(recorded('sobject__upsert_created_success_response')).success).toBe(true)
  })
})

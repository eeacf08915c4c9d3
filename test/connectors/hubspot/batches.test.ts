import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Budget } from '../../../columns/budget.ts'
import { CallFailure } from '../../../columns/errors.ts'
import type { Call, Crm } from '../../../columns/ports.ts'
import { versions } from '../../../connectors/hubspot/addresses.ts'
import { hubspot } from '../../../connectors/hubspot.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { turnsUntil } from '../../support/own-time.ts'
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
  crm = hubspot({ accessToken: 'pat', baseUrl: `${sandbox.url}/hubspot` })
})

const owners = ['7', '8', '9'].map((id) => ({ id, email: `${id}@rota.test`, archived: id === '9' }))
const ids = (count: number) => Array.from({ length: count }, (_, index) => String(1_000 + index))
const load = (count: number, more: object = {}) =>
  sandbox.vendors.hubspot?.load({
    owners,
    contacts: ids(count).map((id) => ({ id, properties: { email: `p${id}@acme.com` } })),
    ...more,
  })
const bulk = (): Call => ({ ...call(), lane: 'bulk' })
const write = (id: string, ownerId = '7', by = bulk()) =>
  crm.writeOwner({ type: 'contact', id }, { ownerId }, by)
const read = (id: string, by = bulk()) => crm.readRecord({ type: 'contact', id }, by)
const requests = (part = '') =>
  sandbox.ledger.entries({ vendor: 'hubspot' }).filter(({ path }) => path.includes(part))
const ownersNow = async (count: number) =>
  (await Promise.all(ids(count).map((id) => read(id)))).map((record) => record?.ownerId)

describe('records of many rows', () => {
  it('10,000 owners are written and read back in at most 220 requests', async () => {
    load(10_000)
    const rows = ids(10_000).map(async (id, index) => {
      const ownerId = index % 2 === 0 ? '7' : '8'
      await write(id, ownerId)
      return (await read(id))?.ownerId === ownerId
    })
    expect((await Promise.all(rows)).every((right) => right)).toBe(true)
    expect(requests().length).toBeLessThanOrEqual(220)
    expect(requests('/batch/update')).toHaveLength(100)
  })

  it('are read in one request, those that are missing as null and doubles once', async () => {
    load(3)
    const found = await Promise.all(['1000', '1000', '1001', '5', '1002'].map((id) => read(id)))
    expect(found.map((record) => record?.id ?? null)).toEqual(['1000', '1000', '1001', null, '1002'])
    expect(requests('/batch/read')).toHaveLength(1)
    expect(requests('/contacts/')).toHaveLength(1)
  })

  it('are found by row id and e-mail in two requests, addresses in any case', async () => {
    load(0, {
      contacts: [
        { id: '1', properties: { rota_row_id: 'row_1', email: 'one@acme.com' } },
        { id: '2', properties: { email: 'Two@acme.com' } },
      ],
    })
    const find = (row: string, email: string) =>
      crm.findRecord(
        {
          recordId: null,
          externalId: row,
          email,
          firstName: null,
          lastName: null,
          company: null,
          website: null,
        },
        bulk(),
      )
    const found = await Promise.all([
      find('row_1', 'other@acme.com'),
      find('row_2', 'two@ACME.com'),
      find('row_3', 'nobody@acme.com'),
      find('row_4', 'TWO@acme.com'),
    ])
    expect(found.map((record) => record?.id ?? null)).toEqual(['1', '2', null, '2'])
    expect(requests('/batch/read')).toHaveLength(2)
  })

  it('that answer under another name than asked for are read by themselves', async () => {
    load(0, { contacts: [{ id: '1', properties: { email: 'one@acme.com' } }] })
    // What HubSpot answers for a contact's second address: the contact, which has another one in its place.
    const results = [
      {
        id: '1',
        properties: { email: 'one@acme.com' },
        createdAt: '2026-01-01T00:00:00Z',
        updatedAt: '2026-01-01T00:00:00Z',
      },
    ]
    const body = {
      status: 'COMPLETE',
      results,
      startedAt: '2026-01-01T00:00:00Z',
      completedAt: '2026-01-01T00:00:00Z',
    }
    sandbox.faults.add({ vendor: 'hubspot', path: '/batch/read', kind: 'status', status: 200, body })
    const found = await Promise.all(['one@acme.com', 'second@acme.com'].map((email) => read(email)))
    expect(found.map((record) => record?.id ?? null)).toEqual(['1', null])
    expect(requests('second%40acme.com?')).toHaveLength(1)
  })

  it('a record that is gone fails by itself', async () => {
    load(3)
    const gone = failureOf(write('5'))
    await Promise.all(ids(3).map((id) => write(id)))
    expect(await gone).toMatchObject({ kind: 'not-found', retryable: false, outcomeUnknown: false })
    expect(requests()).toMatchObject([{ status: 207, body: { inputs: { length: 4 } } }])
  })

  it('a deactivated owner costs nobody else their write', async () => {
    load(90)
    const outcomes = await Promise.allSettled(ids(90).map((id, index) => write(id, index < 30 ? '9' : '7')))
    const rejected = outcomes.slice(0, 30).map((outcome) => outcome.status === 'rejected' && outcome.reason)
    for (const reason of rejected)
      expect(reason).toMatchObject({ kind: 'inactive-owner', outcomeUnknown: false })
    expect(outcomes.slice(30).every(({ status }) => status === 'fulfilled')).toBe(true)
    // The whole, then a batch for each owner.
    expect(requests('/batch/update')).toHaveLength(3)
    expect(await ownersNow(90)).toEqual(ids(90).map((_, index) => (index < 30 ? null : '7')))
  })

  it('a value that only one record cannot take is found by halving', async () => {
    load(8)
    const taken = crm.writeOwner(
      { type: 'contact', id: '1004' },
      { ownerId: '7', fields: { email: 'p1000@acme.com' } },
      bulk(),
    )
    const failure = failureOf(taken)
    await Promise.all(ids(8).flatMap((id) => (id === '1004' ? [] : [write(id)])))
    expect((await failure).message).toContain('already')
    expect(await ownersNow(8)).toEqual(ids(8).map((id) => (id === '1004' ? null : '7')))
  })

  it('a property that the account lacks fails all of them in one request', async () => {
    load(20, { missingProperties: ['rota_send_id'] })
    const fields = { rota_send_id: 'row.crmOwner.1.abc' }
    const failures = await Promise.all(
      ids(20).map((id) =>
        failureOf(crm.writeOwner({ type: 'contact', id }, { ownerId: '7', fields }, bulk())),
      ),
    )
    for (const failure of failures)
      expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(requests()).toHaveLength(1)
  })

  it('a batch whose answer names nobody is asked again in parts', async () => {
    load(4)
    const body = {
      status: 'COMPLETE',
      results: [],
      numErrors: 1,
      errors: [{ status: 'error', category: 'VALIDATION_ERROR', message: 'one is invalid' }],
      startedAt: '2026-01-01T00:00:00.000Z',
      completedAt: '2026-01-01T00:00:00.000Z',
    }
    sandbox.faults.add({ vendor: 'hubspot', path: '/batch/update', kind: 'status', status: 207, body })
    await Promise.all(ids(4).map((id) => write(id)))
    expect(await ownersNow(4)).toEqual(['7', '7', '7', '7'])
  })

  it('two that are refused for the same reason cost nobody else their write', async () => {
    load(40)
    const taken = ['1004', '1031']
    const outcomes = await Promise.allSettled(
      ids(40).map((id) => {
        const fields = taken.includes(id) ? { fields: { email: 'p1000@acme.com' } } : {}
        return crm.writeOwner({ type: 'contact', id }, { ownerId: '7', ...fields }, bulk())
      }),
    )
    const refused = ids(40).filter((_, index) => outcomes[index]?.status === 'rejected')
    expect(refused).toEqual(taken)
    expect(await ownersNow(40)).toEqual(ids(40).map((id) => (taken.includes(id) ? null : '7')))
  })

  it('a batch whose answer is lost is an unknown outcome for each', async () => {
    load(3)
    sandbox.faults.add({ vendor: 'hubspot', path: '/batch/update', kind: 'after' })
    const failures = await Promise.all(ids(3).map((id) => failureOf(write(id))))
    for (const failure of failures) expect(failure).toMatchObject({ outcomeUnknown: true, retryable: true })
    expect(requests()).toHaveLength(1)
    expect(await ownersNow(3)).toEqual(['7', '7', '7'])
  })

  it('two changes of one record keep their order', async () => {
    load(1)
    await Promise.all([write('1000', '7'), write('1000', '8')])
    expect(await ownersNow(1)).toEqual(['8'])
  })

  it('a single live write is not kept waiting, and goes as a single update', async () => {
    load(1)
    await write('1000', '7', call())
    let hasLeft = false
    const leaving: typeof fetch = (...asked) => {
      hasLeft = true
      return fetch(...asked)
    }
    const written = write('1000', '8', { ...call(), fetch: leaving })
    expect(await turnsUntil(() => hasLeft)).toBeLessThan(5)
    await written
    expect(requests().map(({ method }) => method)).toEqual(['PATCH', 'PATCH'])
  })

  it('many owners are read as a list, however many pages it has', async () => {
    const people = Array.from({ length: 150 }, (_, index) => ({
      id: String(index + 1),
      email: `o${index}@rota.test`,
    }))
    load(0, {
      owners: [...people, { id: '500', email: 'gone@rota.test', archived: true }],
      contacts: ['1', '149', '500', '501'].map((owner) => ({
        id: owner,
        properties: { hubspot_owner_id: owner },
      })),
    })
    const found = await Promise.all(['1', '149', '500', '501'].map((id) => read(id)))
    expect(found.map((record) => record?.owner?.active ?? null)).toEqual([true, true, false, null])
    expect(requests('/owners/')).toHaveLength(3)
  })
})

describe('what a token takes', () => {
  interface Turn {
    key: string
    lane: string
  }
  const watched = (turns: Turn[], used: unknown[]): Call => ({
    ...call(),
    limit: (budget: Budget, request) => {
      turns.push({ key: budget.key, lane: 'live' })
      return request()
    },
    used: (budget, allowance) => used.push({ key: budget.key, ...allowance }),
  })

  it('is kept under a name without the token, and within 100 requests in any ten seconds', () => {
    const { budget } = hubspot({ accessToken: 'pat-secret' })
    expect(budget.key).toMatch(/^hubspot:[0-9a-f]{8}$/)
    expect(hubspot({ accessToken: 'pat-other' }).budget.key).not.toBe(budget.key)
    expect((budget.burst ?? 0) + 10 * (budget.perSecond ?? 0)).toBeLessThanOrEqual(100)
    expect(hubspot({ accessToken: 'x', limits: { concurrency: 3 } }).budget).toMatchObject({
      concurrency: 3,
      burst: 10,
    })
  })

  it('is asked for before every request, for searches under a budget of their own', async () => {
    load(1, { companies: [{ properties: { domain: 'acme.com' } }] })
    const turns: Turn[] = []
    await crm.findAccounts('acme.com', watched(turns, []))
    await write('1000', '7', watched(turns, []))
    expect(turns.map(({ key }) => key)).toEqual([`${crm.budget.key}:search`, crm.budget.key])
  })

  it('hears of a pause before the turn is over', async () => {
    load(1)
    sandbox.faults.add({ vendor: 'hubspot', name: 'ten-secondly' })
    const heard: unknown[] = []
    const listening: Call = {
      ...call(),
      limit: (_, request) =>
        request().catch((error: unknown) => {
          heard.push(error)
          throw error
        }),
    }
    await failureOf(write('1000', '7', listening))
    expect(heard).toMatchObject([{ kind: 'rate-limited', retryAfterMs: 10_000 }])
  })

  describe('when a batch is refused', () => {
    const page = { vendor: 'hubspot', kind: 'status', path: '/contacts/' } as const
    const refusal = { status: 'error', category: 'VALIDATION_ERROR', message: 'lifecyclestage is required' }
    /** Counts the turns, and the kinds of failures that they end with. */
    const counted = () => {
      const heard: string[] = []
      let turns = 0
      const by: Call = {
        ...bulk(),
        limit: async (_, request) => {
          turns += 1
          try {
            return await request()
          } catch (error) {
            heard.push(CallFailure.isInstance(error) ? error.kind : 'other')
            throw error
          }
        },
      }
      return { by, heard, turns: () => turns }
    }

    it('every part of it waits for a turn, and each record alone once it is the matter of all', async () => {
      load(100)
      sandbox.faults.add({ ...page, status: 400, body: refusal, times: 300 })
      const { by, turns } = counted()
      const failures = await Promise.all(ids(100).map((id) => failureOf(write(id, '7', by))))
      for (const failure of failures) expect(failure).toMatchObject({ kind: 'invalid-request' })
      expect(turns()).toBe(requests().length)
      // The whole, two halves, two quarters; then one for each record.
      expect(requests().length).toBeLessThanOrEqual(110)
    })

    it('records that its answer does not name are read in turns of their own', async () => {
      load(3)
      const at = '2026-01-01T00:00:00Z'
      const body = { status: 'COMPLETE', results: [], startedAt: at, completedAt: at }
      sandbox.faults.add({ ...page, path: '/batch/read', status: 200, body })
      const { by, turns } = counted()
      await Promise.all(ids(3).map((id) => read(id, by)))
      expect(requests('/contacts/')).toHaveLength(4)
      expect(turns()).toBe(requests().length)
    })

    it.each([
      [429, { policyName: 'TEN_SECONDLY_ROLLING', message: 'limit' }, 'rate-limited'],
      [429, { policyName: 'DAILY', message: 'limit' }, 'quota-exhausted'],
      [401, { category: 'EXPIRED_AUTHENTICATION', message: 'expired' }, 'needs-credentials'],
      [503, 'down', 'unavailable'],
    ])('and a part is answered with %i %j, the limits hear of it', async (status, body, kind) => {
      load(20)
      sandbox.faults.add({ ...page, status: 400, body: refusal })
      sandbox.faults.add({ ...page, status, body, times: 90 })
      const { by, heard } = counted()
      const failures = await Promise.all(ids(20).map((id) => failureOf(write(id, '7', by))))
      for (const failure of failures) expect(failure).toMatchObject({ kind, retryable: true })
      expect(heard).toEqual([kind, kind])
      expect(requests('/batch/update')).toHaveLength(3)
    })

    it('and a row is cancelled before its part has left, it may be written all the same', async () => {
      load(20)
      sandbox.faults.add({ ...page, status: 400, body: refusal })
      const leaving = new AbortController()
      let turns = 0
      const by: Call = {
        ...bulk(),
        signal: leaving.signal,
        async limit(_, request) {
          turns += 1
          if (turns > 1) {
            leaving.abort()
            await new Promise((resolve) => setTimeout(resolve, 5))
          }
          return request()
        },
      }
      const failures = await Promise.all(ids(20).map((id) => failureOf(write(id, '7', by))))
      for (const failure of failures) expect(failure).toMatchObject({ kind: 'timeout', outcomeUnknown: true })
      expect(requests('/batch/update')).toHaveLength(1)
    })
  })

  it('is told what HubSpot says of the day', async () => {
    load(1, { limits: { daily: 500 } })
    const used: unknown[] = []
    await read('1000', watched([], used))
    expect(used).toContainEqual({ key: crm.budget.key, used: 1, limit: 500 })
  })

  it('only versions that we pinned are asked', async () => {
    load(2, { companies: [{ id: '5', properties: { domain: 'acme.com', hubspot_owner_id: '7' } }] })
    await crm.findAccounts('acme.com', call())
    await Promise.all(ids(2).map((id) => write(id)))
    await read('1000')
    await crm.firstTouch({ type: 'contact', id: '1000' }, '2026-01-01T00:00:00Z', call())
    for (const { path } of requests()) expect(versions.some((version) => path.startsWith(version))).toBe(true)
  })
})

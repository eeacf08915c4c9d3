import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'

let sandbox: Sandbox

beforeEach(async () => {
  sandbox = await startSandbox()
})
afterEach(() => sandbox.close())

const company = () => `${sandbox.url}/enrichment/companies?domain=helios-solar.example`

describe('the ledger', () => {
  test('keeps each request in order with what it said and what was answered', async () => {
    await fetch(company())
    await fetch(`${sandbox.url}/enrichment/companies?domain=nobody.example`)
    await fetch(`${sandbox.url}/salesforce/services/oauth2/token`, {
      method: 'POST',
      body: 'grant_type=none',
    })
    const lines = await (await fetch(`${sandbox.url}/ledger`)).json()
    expect(lines).toMatchObject([
      { seq: 1, vendor: 'enrichment', method: 'GET', status: 200, body: null, effect: null },
      { seq: 2, path: '/companies?domain=nobody.example', status: 404 },
      { seq: 3, vendor: 'salesforce', method: 'POST', status: 400, body: 'grant_type=none' },
    ])
    const filtered = await (await fetch(`${sandbox.url}/ledger?vendor=salesforce`)).json()
    expect(filtered).toHaveLength(1)
  })

  test('of a vendor that is not there is refused with those that are', async () => {
    const answer = await fetch(`${sandbox.url}/ledger?vendor=slk`)
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: expect.stringMatching(/no stand-in is called "slk"; there are .*slack/) },
    ])
  })

  test('is forgotten with everything else on reset', async () => {
    await fetch(company())
    sandbox.faults.add({ vendor: 'enrichment', kind: 'status' })
    await putState('enrichment', { companies: [] })
    expect((await fetch(`${sandbox.url}/reset`, { method: 'POST' })).status).toBe(204)
    expect(sandbox.ledger.entries()).toEqual([])
    expect((await fetch(company())).status).toBe(200)
  })

  test('reads the clock it was given', async () => {
    const held = await startSandbox({ now: () => Date.UTC(2026, 0, 2, 3, 4, 5) })
    await fetch(`${held.url}/enrichment/companies?domain=x.example`)
    expect(held.ledger.entries()[0]?.receivedAt).toBe('2026-01-02T03:04:05.000Z')
    await held.close()
  })
})

test('every answer says that it comes from the sandbox', async () => {
  expect((await fetch(company())).headers.get('x-rota-sandbox')).toBe('enrichment')
})

describe('the state', () => {
  test('that was read can be loaded again', async () => {
    for (const vendor of Object.keys(sandbox.vendors)) {
      const before = await (await fetch(`${sandbox.url}/state/${vendor}`)).json()
      expect((await putState(vendor, before)).status, vendor).toBe(204)
      expect(await (await fetch(`${sandbox.url}/state/${vendor}`)).json(), vendor).toEqual(before)
    }
  })

  test('that is not understood is refused and changes nothing', async () => {
    expect((await putState('enrichment', { companies: [{ domain: 'x.example', head: 3 }] })).status).toBe(422)
    expect((await putState('enrichment', 'no state')).status).toBe(422)
    expect((await fetch(`${sandbox.url}/state/enrichment`, { method: 'PUT', body: '{' })).status).toBe(400)
    expect((await putState('nobody', {})).status).toBe(404)
    expect((await fetch(company())).status).toBe(200)
  })
})

describe('a fault', () => {
  test('with a status answers in the place of the stand-in, as often as it was told', async () => {
    const added = await fetch(`${sandbox.url}/faults`, {
      method: 'POST',
      body: JSON.stringify({
        vendor: 'enrichment',
        path: 'helios',
        kind: 'status',
        status: 429,
        headers: { 'Retry-After': '7' },
        body: { error: 'slow down' },
        times: 2,
      }),
    })
    expect(added.status).toBe(201)
    expect((await fetch(`${sandbox.url}/enrichment/companies?domain=vastmart.example`)).status).toBe(200)
    for (let time = 0; time < 2; time += 1) {
      const answer = await fetch(company())
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7'])
      expect(answer.headers.get('content-type')).toContain('application/json')
      expect(await answer.json()).toEqual({ error: 'slow down' })
    }
    expect((await fetch(company())).status).toBe(200)
  })

  test('with a text body answers HTML, as a gateway does', async () => {
    sandbox.faults.add({ vendor: 'enrichment', kind: 'status', status: 503, body: '<h1>Down</h1>' })
    const answer = await fetch(company())
    expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8'])
    expect(await answer.text()).toBe('<h1>Down</h1>')
  })

  test('before the request loses it, after the request loses only the answer', async () => {
    const ask = () =>
      fetch(`${sandbox.url}/salesforce/services/oauth2/token`, { method: 'POST', body: 'x=1' })
    sandbox.faults.add({ vendor: 'salesforce', kind: 'before' })
    await expect(ask()).rejects.toThrow('fetch failed')
    sandbox.faults.add({ vendor: 'salesforce', kind: 'after' })
    await expect(ask()).rejects.toThrow('fetch failed')
    expect(sandbox.ledger.entries().map((entry) => entry.status)).toEqual([0, 400])
  })

  test('in the body sends the headers and the first half', async () => {
    sandbox.faults.add({ vendor: 'enrichment', kind: 'half-body' })
    const cut = await fetch(company())
    expect(cut.status).toBe(200)
    await expect(cut.text()).rejects.toThrow('terminated')
    sandbox.faults.add({ vendor: 'enrichment', kind: 'stalled-body' })
    const leaving = new AbortController()
    const stalled = await fetch(company(), { signal: leaving.signal })
    expect(stalled.status).toBe(200)
    setTimeout(() => leaving.abort(), 200)
    await expect(stalled.text()).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('of an unknown kind is refused', async () => {
    const body = JSON.stringify({ vendor: 'enrichment', kind: 'explode' })
    expect((await fetch(`${sandbox.url}/faults`, { method: 'POST', body })).status).toBe(422)
    expect(await (await fetch(`${sandbox.url}/faults`)).json()).toEqual([])
  })

  test('delays the request, and can be cleared before it plays', async () => {
    sandbox.faults.add({ vendor: 'enrichment', kind: 'delay', delayMs: 120 })
    const started = performance.now()
    expect((await fetch(company())).status).toBe(200)
    expect(performance.now() - started).toBeGreaterThan(110)
    sandbox.faults.add({ vendor: 'enrichment', kind: 'status' })
    await fetch(`${sandbox.url}/faults`, { method: 'DELETE' })
    expect((await fetch(company())).status).toBe(200)
  })
})

describe('closing', () => {
  test('ends requests that hang, stall or wait', async () => {
    const closed = await startSandbox()
    const url = `${closed.url}/enrichment/companies?domain=x.example`
    closed.faults.add({ vendor: 'enrichment', kind: 'hang' })
    closed.faults.add({ vendor: 'enrichment', kind: 'delay', delayMs: 60_000 })
    const open = [fetch(url), fetch(url)].map((request) =>
      request.then(
        () => 'answered',
        () => 'ended',
      ),
    )
    while (closed.faults.list().length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await closed.close()
    expect(await Promise.all(open)).toEqual(['ended', 'ended'])
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })

  test('frees the port for the next sandbox, and a port in use is an error', async () => {
    const first = await startSandbox()
    const port = Number(new URL(first.url).port)
    await expect(startSandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await first.close()
    const second = await startSandbox({ port })
    expect(second.url).toBe(first.url)
    await second.close()
  })
})

function putState(vendor: string, state: unknown): Promise<Response> {
  return fetch(`${sandbox.url}/state/${vendor}`, { method: 'PUT', body: JSON.stringify(state) })
}

import { Agent, request } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { createLedger, type Received } from '../../sandbox/ledger.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts'
import { timed } from '../support/own-time.ts'

const open: Sandbox[] = []
afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close()
})
async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options)
  open.push(sandbox)
  return sandbox
}

const company = ({ url }: Sandbox) => `${url}/enrichment/companies?domain=helios-solar.example`
const post = (address: string, body: string | object) =>
  fetch(address, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'text/plain' },
  })

describe('a line of the ledger', () => {
  test('tells when the request came and when it was answered, its bytes and whether it was taken', async () => {
    const sandbox = await start({ latencyMs: 60 })
    await post(`${sandbox.url}/hubspot/crm/v3/objects/contacts`, '{"properties":{"firstname":"Zoë"}}')
    const [line] = sandbox.ledger.entries()
    expect(line).toMatchObject({ bytes: 35, accepted: false, status: 401 })
    const took = Date.parse(line?.answeredAt ?? '') - Date.parse(line?.receivedAt ?? '')
    expect(took).toBeGreaterThanOrEqual(55)
    await fetch(company(sandbox))
    expect(sandbox.ledger.entries()[1]).toMatchObject({ bytes: 0, accepted: true, status: 200 })
  })

  test('is there while the request is handled, and stays unanswered when the answer is kept back', async () => {
    const sandbox = await start()
    sandbox.faults.add({ vendor: 'enrichment', kind: 'hang' })
    sandbox.faults.add({ vendor: 'enrichment', kind: 'half-body' })
    sandbox.faults.add({ vendor: 'enrichment', kind: 'after' })
    const leaving = new AbortController()
    const given = fetch(company(sandbox), { signal: leaving.signal })
    await expect.poll(() => sandbox.ledger.entries()[0]?.accepted).toBe(true)
    setTimeout(() => leaving.abort(), 200)
    await expect(given).rejects.toThrow('aborted')
    await expect(fetch(company(sandbox)).then((answer) => answer.text())).rejects.toThrow('terminated')
    await expect(fetch(company(sandbox))).rejects.toThrow('fetch failed')
    expect(sandbox.ledger.entries().map(({ answeredAt, fault }) => [answeredAt, fault])).toEqual([
      [null, 'hang'],
      [null, 'half-body'],
      [null, 'after'],
    ])
  })

  test('names the connection', async () => {
    const sandbox = await start()
    const ask = (agent: Agent) =>
      new Promise<void>((resolve) => {
        request(company(sandbox), { agent }, (answer) => answer.resume().once('end', resolve)).end()
      })
    const one = new Agent({ keepAlive: true, maxSockets: 1 })
    const other = new Agent({ keepAlive: true })
    await ask(one)
    await ask(one)
    await ask(other)
    expect(sandbox.ledger.entries().map(({ connection }) => connection)).toEqual([1, 1, 2])
    one.destroy()
    other.destroy()
  })

  test('keeps no secret, wherever it stood', async () => {
    const sandbox = await start()
    const form = 'grant_type=client_credentials&client_id=app&client_secret=tell-nobody&assertion=tell-nobody'
    await post(`${sandbox.url}/salesforce/services/oauth2/token`, form)
    await post(`${sandbox.url}/teams/workflows/leads?api-version=1&sig=tell-nobody`, {
      token: 'tell-nobody',
      deep: [{ Refresh_Token: 'tell-nobody', token: null }],
    })
    await fetch(company(sandbox), { headers: { authorization: 'Bearer tell-nobody' } })
    const lines = JSON.stringify(sandbox.ledger.entries())
    expect(lines).not.toContain('tell-nobody')
    expect(sandbox.ledger.entries()).toMatchObject([
      { body: expect.stringMatching(/^grant_type=client_credentials&client_id=app&client_secret=/) },
      {
        path: expect.stringMatching(/^\/workflows\/leads\?api-version=1&sig=/),
        body: { deep: [{ token: null }] },
      },
      {},
    ])
  })

  test('keeps what a check found wrong, and a check that fails is told there too', async () => {
    const sandbox = await start({
      inspect: ({ vendor, headers, text }) => {
        if (text === 'crash') throw new Error('cannot read it')
        return headers.has('x-row') ? [] : [`${vendor}: no x-row in ${text}`]
      },
    })
    await post(company(sandbox), 'hello')
    await fetch(company(sandbox), { headers: { 'x-row': 'row_1' } })
    await post(company(sandbox), 'crash')
    expect(sandbox.ledger.entries().map(({ problems }) => problems)).toEqual([
      ['enrichment: no x-row in hello'],
      [],
      ['the check of the request failed: cannot read it'],
    ])
  })
})

describe('a big ledger', () => {
  test('is read in pages', async () => {
    const sandbox = await start()
    for (let index = 0; index < 5; index += 1) await fetch(company(sandbox))
    const page = async (query: string) => {
      const lines = (await (await fetch(`${sandbox.url}/ledger?${query}`)).json()) as { seq: number }[]
      return lines.map(({ seq }) => seq)
    }
    expect(await page('limit=2')).toEqual([1, 2])
    expect(await page('after=2&limit=2')).toEqual([3, 4])
    expect(await page('after=4')).toEqual([5])
    expect(await page('vendor=&after=3')).toEqual([4, 5])
    expect((await fetch(`${sandbox.url}/ledger?after=x`)).status).toBe(422)
  })

  test('keeps only its last lines where it has a bound, and says how many it let go', () => {
    const received: Received = {
      connection: 1,
      vendor: 'slack',
      method: 'GET',
      path: '/',
      bytes: 0,
      body: null,
      problems: [],
    }
    const ledger = createLedger(Date.now, 1_000)
    for (let index = 0; index < 5_000; index += 1) ledger.open(received)
    const { lines, dropped } = ledger.size()
    expect(lines + dropped).toBe(5_000)
    expect(lines).toBeGreaterThanOrEqual(1_000)
    expect(lines).toBeLessThanOrEqual(1_101)
    expect(ledger.entries().at(-1)?.seq).toBe(5_000)
  })

  test('hands out copies', async () => {
    const sandbox = await start()
    await fetch(company(sandbox))
    const [line] = sandbox.ledger.entries()
    if (line !== undefined) line.status = 999
    expect(sandbox.ledger.entries()[0]?.status).toBe(200)
  })
})

test('the latency can lie between two bounds', async () => {
  const drawn = [0, 0.999]
  const sandbox = await start({ latencyMs: [10, 120], random: () => drawn.shift() ?? 0 })
  const took = []
  for (let index = 0; index < 2; index += 1) {
    const started = performance.now()
    const { ownMs } = await timed(() => fetch(company(sandbox)))
    took.push({ ownMs, realMs: performance.now() - started })
  }
  expect(took[0]?.ownMs).toBeLessThan(100)
  expect(took[1]?.realMs).toBeGreaterThan(110)
})

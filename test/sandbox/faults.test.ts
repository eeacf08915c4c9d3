import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFaults, type FaultRequest } from '../../sandbox/faults.ts'
import { createHubspot } from '../../sandbox/hubspot.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import type { NamedFault, Vendor } from '../../sandbox/vendor.ts'

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await startSandbox()
  sandbox.vendors.hubspot?.load({ owners: [], contacts: [{ id: '10', properties: { email: 'a@acme.com' } }] })
})
afterEach(() => sandbox.close())

const rename = (name: string) =>
  fetch(`${sandbox.url}/hubspot/crm/v3/objects/contacts/10`, {
    method: 'PATCH',
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
    body: JSON.stringify({ properties: { firstname: name } }),
  })
const read = () =>
  fetch(`${sandbox.url}/hubspot/crm/v3/objects/contacts/10?properties=firstname`, {
    headers: { authorization: 'Bearer any' },
  })
const firstName = async () => {
  const answer = await read()
  return ((await answer.json()) as { properties: { firstname: string | null } }).properties.firstname
}
const send = async (path: string, body: unknown) => {
  const answer = await fetch(`${sandbox.url}${path}`, { method: 'POST', body: JSON.stringify(body) })
  return { status: answer.status, body: (await answer.json()) as { error?: string } }
}

/** A stand-in with faults of its own, and what it was told to play. */
function standIn(faults: Record<string, NamedFault>): { vendor: Vendor; played: string[] } {
  const played: string[] = []
  const vendor = createHubspot({ now: Date.now, baseUrl: () => '' })
  return { vendor: { ...vendor, faults, play: (name) => played.push(name) }, played }
}

const patch = (path = '/crm/v3/objects/contacts/10') => ({ vendor: 'hubspot', method: 'PATCH', path })

describe('a fault by its name', () => {
  test('is played as the vendor’s list says, as often as asked', async () => {
    const added = await send('/faults', { vendor: 'hubspot', name: 'bad-gateway-after-commit', times: 2 })
    expect(added).toMatchObject({ status: 201, body: { kind: 'status-after', status: 502, times: 2 } })
    expect([(await rename('A')).status, (await rename('B')).status, (await rename('C')).status]).toEqual([
      502, 502, 200,
    ])
    expect(sandbox.ledger.entries().map(({ fault }) => fault)).toEqual([
      'bad-gateway-after-commit',
      'bad-gateway-after-commit',
      null,
    ])
  })

  test('with a field that no fault has is refused, naming those there are', async () => {
    for (const fault of [
      { vendor: 'hubspot', kind: 'status', status: 503, time: 3 },
      { vendor: 'hubspot', name: 'hang', time: 3 },
    ]) {
      const { status, body } = await send('/faults', fault)
      expect([status, body.error]).toEqual([
        422,
        expect.stringMatching(/no fault has time: .*delayMs, times/),
      ])
    }
  })

  test('that does not exist is refused with the names there are', async () => {
    const { status, body } = await send('/faults', { vendor: 'hubspot', name: 'meteor' })
    expect(status).toBe(422)
    expect(body.error).toMatch(/"hubspot" has no fault called "meteor"; it has .*bad-gateway-after-commit/)
    expect((await send('/faults', { vendor: 'hubspot', name: 'constructor' })).status).toBe(422)
  })

  test('of a vendor that does not exist is refused with the vendors there are', async () => {
    const { status, body } = await send('/faults', { vendor: 'pipedrive', kind: 'hang' })
    expect([status, body.error]).toEqual([422, expect.stringMatching(/no stand-in .* there are salesforce/)])
    expect((await send('/faults', 'hang')).status).toBe(422)
  })

  test.each([
    ['retry after', '2'],
    ['', '2'],
    ['x-text', 'two\nlines'],
    ['x-text', '€'],
  ])('with the header "%s: %s", which cannot be sent, is refused', async (name, value) => {
    const fault = { vendor: 'hubspot', kind: 'status', headers: { [name]: value } }
    const { status, body } = await send('/faults', fault)
    expect([status, body.error]).toEqual([422, expect.stringContaining('header')])
    expect((await send('/faults/script', [fault])).status).toBe(422)
    expect((await read()).status).toBe(200)
  })

  test('can be aimed at other requests than the list says', () => {
    const { vendor } = standIn({ down: { about: 'it is down', fault: { kind: 'status', path: '/owners' } } })
    const faults = createFaults({ hubspot: vendor })
    faults.add({ vendor: 'hubspot', name: 'down', path: '/contacts' })
    expect(faults.take(patch())?.name).toBe('down')
  })

  test('is listed with what it is', async () => {
    const names = await (await fetch(`${sandbox.url}/faults/names`)).json()
    expect(names).toMatchObject({ hubspot: { hang: 'takes effect and never answers' } })
    expect(Object.keys(names as object)).toEqual(Object.keys(sandbox.vendors))
  })
})

describe('a fault that', () => {
  test('answers 5xx after the effect leaves the change in place', async () => {
    sandbox.faults.add({ vendor: 'hubspot', kind: 'status-after', status: 500, body: '<h1>no</h1>' })
    expect((await rename('Ada')).status).toBe(500)
    expect(sandbox.ledger.entries()[0]).toMatchObject({ status: 500, accepted: true })
    expect(await firstName()).toBe('Ada')
  })

  test('answers with a status instead changes nothing', async () => {
    sandbox.faults.add({ vendor: 'hubspot', kind: 'status', status: 500 })
    expect((await rename('Ada')).status).toBe(500)
    expect(sandbox.ledger.entries()[0]).toMatchObject({ status: 500, accepted: false, effect: null })
    expect(await firstName()).toBeNull()
  })

  test('accepts late cuts the connection first and takes effect afterwards', async () => {
    sandbox.faults.add({ vendor: 'hubspot', kind: 'late-accept', delayMs: 1_000 })
    await expect(rename('Ada')).rejects.toThrow('fetch failed')
    expect(sandbox.ledger.entries()[0]).toMatchObject({ status: 0, accepted: false, answeredAt: null })
    expect(await firstName()).toBeNull()
    await expect.poll(firstName).toBe('Ada')
    expect(sandbox.ledger.entries()[0]).toMatchObject({ status: 200, accepted: true, answeredAt: null })
  })

  test('cuts without a word in a process that served something else before', async () => {
    const script = `
      const { serve } = await import('@hono/node-server')
      const other = serve({ fetch: () => new Response('other'), port: 0 })
      const { startSandbox } = await import('./sandbox/sandbox.ts')
      const sandbox = await startSandbox()
      sandbox.faults.add({ vendor: 'hubspot', kind: 'half-body' })
      const answer = await fetch(sandbox.url + '/hubspot/crm/v3/owners', { headers: { authorization: 'Bearer any' } })
      console.log(await answer.text().catch((error) => error.message))
      await sandbox.close()
      other.close()`
    const house = fileURLToPath(new URL('../..', import.meta.url))
    const said = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: house,
    })
    expect(said).toEqual({ stdout: 'terminated\n', stderr: '' })
  })

  test('waits lets as many matching requests pass as it was told', async () => {
    sandbox.faults.add({ vendor: 'hubspot', method: 'PATCH', kind: 'status', status: 503, after: 2 })
    const statuses = []
    for (const name of ['A', 'B', 'C', 'D']) {
      await firstName()
      statuses.push((await rename(name)).status)
    }
    expect(statuses).toEqual([200, 200, 503, 200])
  })
})

describe('a fault in the state', () => {
  const faults = { moved: { about: 'a rule takes the record', fault: { kind: 'state' as const } } }

  test('is played when it is switched on', () => {
    const { vendor, played } = standIn(faults)
    const board = createFaults({ hubspot: vendor })
    board.add({ vendor: 'hubspot', name: 'moved', times: 2 })
    expect(played).toEqual(['moved', 'moved'])
    expect(board.list()).toEqual([])
  })

  test('is played right before a certain request when it names one', () => {
    const { vendor, played } = standIn(faults)
    const board = createFaults({ hubspot: vendor })
    board.add({ vendor: 'hubspot', name: 'moved', method: 'PATCH', after: 1 })
    board.take({ ...patch(), method: 'GET' })
    board.take(patch())
    expect(played).toEqual([])
    expect(board.take(patch())).toMatchObject({ kind: 'state', name: 'moved' })
    expect(played).toEqual(['moved'])
  })

  test('is refused where the stand-in plays none, and without a name', () => {
    const { vendor } = standIn(faults)
    const { play: _, ...deaf } = vendor
    const add = (each: Vendor, fault: FaultRequest) => () => createFaults({ hubspot: each }).add(fault)
    expect(add(deaf, { vendor: 'hubspot', name: 'moved' })).toThrow('plays no faults of the kind "state"')
    expect(add(vendor, { vendor: 'hubspot', kind: 'state' })).toThrow('switched on by its name')
  })
})

describe('a script', () => {
  test('is played in order, each step when the one before is used up', async () => {
    const script = [
      { vendor: 'hubspot', kind: 'status', status: 503, times: 2 },
      { vendor: 'hubspot', name: 'ten-secondly', after: 1 },
      { vendor: 'hubspot', kind: 'status', status: 500 },
    ]
    expect((await send('/faults/script', script)).status).toBe(201)
    const statuses = []
    for (const name of ['A', 'B', 'C', 'D', 'E', 'F']) statuses.push((await rename(name)).status)
    expect(statuses).toEqual([503, 503, 200, 429, 500, 200])
  })

  test('does not skip a step whose request has not come', async () => {
    sandbox.faults.script([
      { vendor: 'hubspot', method: 'GET', kind: 'status', status: 503 },
      { vendor: 'hubspot', method: 'PATCH', kind: 'status', status: 500 },
    ])
    expect((await rename('A')).status).toBe(200)
    expect((await read()).status).toBe(503)
    expect((await rename('A')).status).toBe(500)
  })

  test('lets the steps of one vendor not wait for another', () => {
    const board = createFaults(sandbox.vendors)
    board.script([
      { vendor: 'slack', kind: 'hang' },
      { vendor: 'hubspot', kind: 'hang' },
    ])
    expect(board.take(patch())?.kind).toBe('hang')
    expect(board.list().map(({ vendor }) => vendor)).toEqual(['slack'])
  })

  test('with a wrong step is refused as a whole', async () => {
    const script = [
      { vendor: 'hubspot', kind: 'hang' },
      { vendor: 'hubspot', name: 'meteor' },
    ]
    const { status, body } = await send('/faults/script', script)
    expect([status, body.error]).toEqual([422, expect.stringMatching(/^step 2 of the script: .*"meteor"/)])
    expect(sandbox.faults.list()).toEqual([])
    expect((await send('/faults/script', { vendor: 'hubspot' })).status).toBe(422)
  })
})

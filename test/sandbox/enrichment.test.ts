import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.vendors.enrichment?.reset())

const ask = (domain: string, headers: Record<string, string> = {}) =>
  fetch(`${sandbox.url}/enrichment/companies?domain=${domain}`, { headers })

test('a known domain is answered the same every time, whatever its case', async () => {
  const first = await (await ask('Helios-Solar.example')).json()
  expect(first).toMatchObject({ name: 'Helios Solar', country: 'Germany', employees: 640 })
  expect(await (await ask('helios-solar.example')).json()).toEqual(first)
})

test('an unknown domain is 404, an empty one 400', async () => {
  expect((await ask('nobody.example')).status).toBe(404)
  expect((await ask('')).status).toBe(400)
})

test('a loaded directory replaces the first one, and may ask for a key', async () => {
  sandbox.vendors.enrichment?.load({
    companies: [{ domain: 'New.example', employees: '11-50' }],
    apiKey: 'k',
  })
  expect((await ask('new.example')).status).toBe(401)
  const answer = await ask('new.example', { authorization: 'Bearer k' })
  expect(await answer.json()).toEqual({
    domain: 'new.example',
    name: null,
    country: null,
    industry: null,
    employees: '11-50',
  })
  expect((await ask('helios-solar.example', { authorization: 'Bearer k' })).status).toBe(404)
})

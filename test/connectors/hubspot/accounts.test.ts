import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Crm } from '../../../columns/ports.ts'
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
  crm = hubspot({ accessToken: 'pat', baseUrl: `${sandbox.url}/hubspot` })
})

const owners = [
  { id: '1', email: 'ana@rota.test', firstName: 'Ana' },
  { id: '2', email: 'bo@rota.test', firstName: 'Bo', archived: true },
  { id: '3', email: 'inbound@rota.test', type: 'QUEUE' },
]
const company = (id: string, properties: Record<string, string>) => ({ id, properties })
const load = (state: object) => sandbox.vendors.hubspot?.load({ owners, ...state })
const names = (found: readonly { name: string }[]) => found.map(({ name }) => name)

describe('a company of HubSpot', () => {
  it('comes with its parent and the parent’s owner, read in one request (trap 55)', async () => {
    load({
      companies: [
        company('10', { name: 'Group', domain: 'group.com', hubspot_owner_id: '2' }),
        ...['11', '12'].map((id) =>
          company(id, {
            name: id,
            domain: 'daughter.com',
            hubspot_owner_id: '1',
            hs_parent_company_id: '10',
          }),
        ),
      ],
    })
    expect(await crm.findAccounts('daughter.com', call())).toMatchObject(
      ['11', '12'].map((id) => ({
        id,
        owner: { id: '1' },
        parent: { id: '10', name: 'Group', ownerId: '2', owner: { name: 'Bo', active: false } },
      })),
    )
    expect(sandbox.ledger.entries().filter(({ path }) => path.includes('/batch/read'))).toHaveLength(1)
  })

  it('is found by its further domains (trap 39)', async () => {
    load({
      companies: [
        company('10', { name: 'Acme', domain: 'acme.com', hs_additional_domains: 'acme.de;www.acme.io' }),
        company('11', {
          name: 'Other',
          domain: 'other.com',
          hs_additional_domains: 'acme.de.example;not-acme.de',
        }),
      ],
    })
    for (const domain of ['acme.de', 'acme.io']) {
      expect(await crm.findAccounts(domain, call())).toMatchObject([
        { id: '10', domain: 'acme.com', aliases: ['acme.de', 'acme.io'] },
      ])
    }
  })

  it('is found by an international domain in either spelling, and apart from other tenants of its host', async () => {
    load({
      companies: ['bücher.de', 'xn--bcher-kva.de', 'one.github.io', 'two.github.io'].map((domain, index) =>
        company(`${index + 1}`, { name: domain, domain }),
      ),
    })
    for (const domain of ['bücher.de', 'xn--bcher-kva.de']) {
      expect(names(await crm.findAccounts(domain, call()))).toEqual(['bücher.de', 'xn--bcher-kva.de'])
    }
    expect(names(await crm.findAccounts('one.github.io', call()))).toEqual(['one.github.io'])
    expect(await crm.findAccounts('github.io', call())).toEqual([])
  })

  it('is found by the words of its name, and the beginnings of them', async () => {
    load({
      companies: ['Acme Robotics Inc', 'Acmee Robotiks', 'Northwind'].map((name, index) =>
        company(`${index + 1}`, { name }),
      ),
    })
    const find = async (name: string) => names(await crm.findAccountsByName(name, call()))
    expect(await find('ACME Robotics')).toEqual(['Acme Robotics Inc', 'Acmee Robotiks'])
    expect(await find('Nortwind')).toEqual(['Northwind'])
    const asked = sandbox.ledger.entries().length
    expect(await find(' - ')).toEqual([])
    expect(sandbox.ledger.entries()).toHaveLength(asked)
  })

  it('is found through the contact with the address', async () => {
    load({
      companies: [company('10', { name: 'Acme', domain: 'acme.com' })],
      contacts: [
        { id: '50', properties: { email: 'jo@gmail.com', associatedcompanyid: '10' } },
        { id: '51', properties: { email: 'no@gmail.com' } },
      ],
    })
    expect(names(await crm.findContactAccounts('JO@gmail.com', call()))).toEqual(['Acme'])
    for (const email of ['no@gmail.com', 'nobody@gmail.com', ' ']) {
      expect(await crm.findContactAccounts(email, call())).toEqual([])
    }
  })

  it('stands for those that were merged into it (trap 58)', async () => {
    load({
      companies: [
        company('20', { name: 'Stays', domain: 'acme.com', hs_merged_object_ids: '18;19' }),
        company('19', { name: 'Still in the index', domain: 'acme.com' }),
      ],
    })
    expect(await crm.readAccount('18', call())).toMatchObject({ id: '20', name: 'Stays' })
    expect(await crm.readAccount('20', call())).toMatchObject({ id: '20', mergedInto: null })
    expect(await crm.readAccount('8', call())).toBeNull()
    expect(await failureOf(crm.readAccount('1/../2', call()))).toMatchObject({ kind: 'invalid-request' })
    expect(await crm.findAccounts('acme.com', call())).toMatchObject([
      { id: '19', mergedInto: '20' },
      { id: '20', mergedInto: null },
    ])
  })
})

describe('the owner of a record', () => {
  it('is told with it, a queue and somebody deactivated as such (traps 44 and 48)', async () => {
    const contact = (id: string, owner: string) => ({
      id,
      properties: { hubspot_owner_id: owner, notes_last_updated: '1772532000000' },
      createdAt: '2026-01-02T03:04:05.000Z',
    })
    load({ contacts: [contact('50', '1'), contact('51', '2'), contact('52', '3'), contact('53', '')] })
    const read = (id: string) => crm.readRecord({ type: 'contact', id }, call())
    expect(await read('50')).toMatchObject({
      ownerId: '1',
      owner: { name: 'Ana', active: true, kind: 'person' },
      lastActivityAt: '2026-03-03T10:00:00.000Z',
      createdAt: '2026-01-02T03:04:05.000Z',
    })
    expect(await read('51')).toMatchObject({ owner: { active: false } })
    expect(await read('52')).toMatchObject({ owner: { kind: 'queue' } })
    expect(await read('53')).toMatchObject({ ownerId: null, owner: null })
  })

  it('fails the read when it cannot be learnt: nobody must take it for a stranger', async () => {
    load({ contacts: [{ id: '50', properties: { hubspot_owner_id: '1' } }] })
    sandbox.faults.add({ vendor: 'hubspot', path: '/owners', kind: 'status', status: 503 })
    const failure = await failureOf(crm.readRecord({ type: 'contact', id: '50' }, call()))
    expect(failure).toMatchObject({ kind: 'unavailable', retryable: true, outcomeUnknown: false })
  })
})

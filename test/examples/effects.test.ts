import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { apolloEnrichment } from '../../connectors/apollo.ts'
import { enrichment } from '../../connectors/enrichment.ts'
import { peopleDataLabs } from '../../connectors/people-data-labs.ts'
import { idOf } from '../../sandbox/salesforce/store.ts'
import { insertOne, rerun } from '../support/runtime.ts'
import { bodiesOf, cellsOf, crms, example, lead, messages } from './on-sandbox.ts'

describe.each(crms)('a lead of the example on %s', (crm) => {
  test('of an account whose owner has left asks for a new owner once, however many come in (trap 42)', async () => {
    const { sandbox, running } = await example(crm)
    const first = await insertOne(running, 'inbound-leads', lead('Old Harbour Foods'))
    const second = await insertOne(
      running,
      'inbound-leads',
      lead('Old Harbour Foods', { email: 'lee@oldharbourfoods.example', lastName: 'Lee' }),
    )
    const made = (await cellsOf(running, first)).reownTask
    expect(made).toMatchObject({ status: 'done', value: { id: expect.any(String), url: expect.any(String) } })
    expect((await cellsOf(running, second)).reownTask?.value).toEqual(made?.value)
    const { history } = await running.runtime.cell('inbound-leads', second, 'reownTask')
    expect(history.at(-1)?.detail).toEqual({ alreadyThere: true })
    expect(bodiesOf(sandbox, crm === 'hubspot' ? '/objects/tasks' : '/sobjects/Task').join()).toContain(
      'Give Old Harbour Foods a new owner',
    )
  })

  test('of an account that is looked after asks for nothing', async () => {
    const { running } = await example(crm)
    const id = await insertOne(
      running,
      'inbound-leads',
      lead('Fjordline Ferries', { email: 'k@fjordline-ferries.example' }),
    )
    expect((await cellsOf(running, id)).reownTask?.status).toBe('skipped')
  })

  test('carries our stamp in the CRM, and events of its creation and of its owner are known as our own writes', async () => {
    const { sandbox, running } = await example(crm)
    const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
    const written = bodiesOf(sandbox, crm === 'hubspot' ? '/objects/contacts' : '/sobjects').join()
    const field = crm === 'hubspot' ? 'rota_send_id' : 'Rota_Send_Id__c'
    for (const column of ['record', 'crmOwner']) {
      const stamp =
        new RegExp(`"${field}":"(${id}\\.${column}\\.[^"]+)"`).exec(written)?.[1] ?? 'there is none'
      const echo = { ...lead('Mistral'), stamp, changedAt: new Date().toISOString() }
      const { rows } = await running.runtime.insert('inbound-leads', [echo])
      expect(rows).toMatchObject([{ status: 'ignored-own-write', id, column }])
    }
  })
})

describe('a lead of the example', () => {
  test('becomes a contact of the company it belongs to', async () => {
    const { sandbox, running } = await example('hubspot')
    const email = 'k@fjordline-ferries.example'
    await insertOne(running, 'inbound-leads', lead('Fjordline Ferries', { email }))
    const links = bodiesOf(sandbox, '/objects/contacts').flatMap(
      (body) => /"to":\{"id":"9001"\}/.exec(body) ?? [],
    )
    expect(links).toHaveLength(1)
  })

  test('that goes to another rep is taken back in the thread of the message that gave it', async () => {
    const { sandbox, running } = await example()
    const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
    const before = (await cellsOf(running, id)).handoff?.value
    await rerun(running, 'inbound-leads', {
      columns: ['owner'],
      downstream: true,
      redraw: true,
      reason: 'on tour',
    })
    const given = z.object({ id: z.string(), channel: z.string() }).parse(before)
    const { handoff, takenBack } = await cellsOf(running, id)
    expect(handoff?.value).toMatchObject({ replacing: given })
    expect(takenBack?.value).toMatchObject({ channel: given.channel, replacing: null })
    const [, , last] = messages(sandbox, id)
    expect(last).toMatchObject({ channel: given.channel, thread: given.id })
    expect(messages(sandbox, id)).toHaveLength(3)
  })

  test('is enriched by the next provider when the first has a dead key, and the cell says what each did', async () => {
    const { sandbox, running } = await example('salesforce', ({ url }) => ({
      enrichments: [
        apolloEnrichment({ apiKey: 'k', baseUrl: `${url}/apollo/api/v1`, costUsd: 0.1 }),
        peopleDataLabs({ apiKey: 'k', baseUrl: `${url}/people-data-labs/v5`, costUsd: 0.2 }),
        enrichment({ baseUrl: `${url}/enrichment` }),
      ],
    }))
    sandbox.faults.add({ vendor: 'apollo', kind: 'status', status: 401, times: 1_000 })
    const email = 'kim@lumenstack.example'
    const id = await insertOne(running, 'inbound-leads', lead('Lumenstack', { email }))
    expect((await cellsOf(running, id)).firm).toMatchObject({ status: 'done', value: { name: 'Lumenstack' } })
    const { history } = await running.runtime.cell('inbound-leads', id, 'firm')
    expect(history.at(-1)?.detail).toMatchObject({
      providers: [
        { provider: 'apollo', outcome: 'skipped', costUsd: 0, why: expect.stringContaining('401') },
        { provider: 'people-data-labs', outcome: 'matched', costUsd: 0.2 },
        { provider: 'enrichment', outcome: 'not-run', costUsd: 0 },
      ],
    })
  })

  test('remembers the message that gave it over a messenger that is down for a while', async () => {
    const { sandbox, running } = await example()
    const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
    const given = z.object({ id: z.string() }).parse((await cellsOf(running, id)).handoff?.value)
    sandbox.faults.add({ vendor: 'slack', path: 'chat.postMessage', kind: 'status', status: 503, times: 2 })
    await rerun(running, 'inbound-leads', {
      columns: ['owner'],
      downstream: true,
      redraw: true,
      reason: 'on tour',
    })
    const { handoff } = await cellsOf(running, id)
    expect(handoff).toMatchObject({ status: 'done', value: { replacing: { id: given.id } } })
    expect(messages(sandbox, id)).toHaveLength(3)
  })

  test('that a colleague takes between look-up and write is decided anew and stays with them (trap 47)', async () => {
    const mia = { id: idOf('User', 3), rep: 'mia-chen' }
    let isTaken = false
    const { sandbox, running } = await example('salesforce', ({ crm }) => ({
      crm: {
        ...crm,
        async readRecord(record, call) {
          if (!isTaken) await crm.writeOwner(record, { ownerId: mia.id }, call)
          isTaken = true
          return crm.readRecord(record, call)
        },
      },
    }))
    const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
    const { owner, crmOwner, handoff, takenBack, record } = await cellsOf(running, id)
    expect(record).toMatchObject({ status: 'done', attempts: 2, value: { ownerId: mia.id } })
    expect(owner).toMatchObject({ status: 'done', value: { rep: mia.rep } })
    expect(crmOwner).toMatchObject({ status: 'done', attempts: 2, value: { ownerId: mia.id } })
    expect([handoff?.status, takenBack?.status]).toEqual(['done', 'skipped'])
    expect(messages(sandbox, id)).toMatchObject([{ user: 'mia.chen@rota.example' }])
    const owners = sandbox.ledger.entries({ effect: 'owner-written' }).map(({ effect }) => effect?.owner)
    expect(new Set(owners)).toEqual(new Set([mia.id]))
    const draws = await running.store.draws({ pool: 'emea-commercial', limit: 9 })
    expect(draws).toMatchObject([{ state: 'released', reason: expect.stringContaining('Mia Chen') }])
  })

  test('that colleagues take again and again fails after the second decision, and names who has it (trap 47)', async () => {
    let next = 3
    const { running } = await example('salesforce', ({ crm }) => ({
      crm: {
        ...crm,
        async readRecord(record, call) {
          await crm.writeOwner(record, { ownerId: idOf('User', next) }, call)
          next += 1
          return crm.readRecord(record, call)
        },
      },
    }))
    const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
    const { crmOwner, handoff } = await cellsOf(running, id)
    expect(crmOwner).toMatchObject({ status: 'error', attempts: 2 })
    expect(crmOwner?.error?.message).toContain('run the record and owner columns again')
    expect(handoff?.status).toBe('skipped')
  })

  test('leaves the former rep’s sequence when it goes to another one', async () => {
    const { running } = await example()
    const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
    const before = (await cellsOf(running, id)).sequence?.value
    await rerun(running, 'inbound-leads', {
      columns: ['owner'],
      downstream: true,
      redraw: true,
      reason: 'on tour',
    })
    const { sequence } = await cellsOf(running, id)
    expect(sequence).toMatchObject({ status: 'done', reason: expect.stringContaining('moved from sequence') })
    expect(sequence?.value).not.toEqual(before)
  })
})

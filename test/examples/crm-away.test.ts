import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { insertOne, insertRows, request, until } from '../support/runtime.ts'
import { begunToWait, bodiesOf, cellsOf, example, lead, messages } from './on-sandbox.ts'

const Assigned = z.object({ email: z.string() })
const Told = z.object({ id: z.string(), channel: z.string(), to: z.object({ email: z.string() }) })

describe('a lead of the example', () => {
  test('is told to nobody twice when the CRM was there in time', async () => {
    const { sandbox, running } = await example()
    const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
    expect(await cellsOf(running, id)).toMatchObject({
      recordPending: { status: 'skipped' },
      ownerPending: { status: 'skipped' },
    })
    expect(messages(sandbox, id)).toHaveLength(1)
  })

  test('is told to the rep as pending while the CRM takes no owner, and handed over once it does (trap 96)', async () => {
    const { sandbox, running } = await example()
    sandbox.faults.add({
      ...{ vendor: 'salesforce', method: 'PATCH', path: '/sobjects/Lead/00Q' },
      ...{ kind: 'status', status: 503, times: 1_000 },
    })
    const [id = ''] = await insertRows(running, 'inbound-leads', [lead('Mistral')])
    await begunToWait(running, id, 'ownerPending')
    running.clock.aheadMs += 31_000
    const later = await running.restart()
    await until(async () => (await cellsOf(later, id)).ownerPending?.status === 'done', 'the rep is told')
    const [told] = messages(sandbox, id)
    expect(told?.text).toContain('owner pending in CRM: Mistral')
    sandbox.faults.clear()
    later.clock.aheadMs += 20 * 60_000
    const last = await later.restart()
    await until(async () => (await cellsOf(last, id)).handoff?.status === 'done', 'the lead is handed over')
    expect(await cellsOf(last, id)).toMatchObject({
      crmOwner: { status: 'done' },
      recordPending: { status: 'skipped' },
    })
  })

  test('is told to the team as pending while the CRM has no record of it (trap 96)', async () => {
    const { sandbox, running } = await example()
    const path = '/sobjects/Lead/Rota_Row_Id__c'
    sandbox.faults.add({ vendor: 'salesforce', path, kind: 'status', status: 503, times: 10_000 })
    const [id = ''] = await insertRows(running, 'inbound-leads', [lead('Mistral')])
    await begunToWait(running, id, 'recordPending')
    running.clock.aheadMs += 31_000
    const later = await running.restart()
    await until(async () => (await cellsOf(later, id)).recordPending?.status === 'done', 'the team is told')
    expect(messages(sandbox, id)).toMatchObject([
      { text: expect.stringContaining('pending in CRM: Mistral') },
    ])
  })

  test.each([
    ['salesforce', 'with a dead key', { name: 'dead-client' }],
    ['salesforce', 'whose calls of the day are used up', { name: 'daily-limit' }],
    ['salesforce', 'that hangs', { kind: 'hang', path: '/query' }],
    ['salesforce', 'that is down', { kind: 'status', status: 503 }],
    ['hubspot', 'with a dead key', { kind: 'status', status: 401 }],
    ['hubspot', 'whose calls of the day are used up', { name: 'daily-limit' }],
    ['hubspot', 'that hangs', { kind: 'hang' }],
  ] as const)('is told to the team while it waits for a %s %s (trap 96)', async (crm, _, fault) => {
    const { sandbox, running } = await example(crm)
    sandbox.faults.add({ vendor: crm, times: 10_000, ...fault })
    const [id = ''] = await insertRows(running, 'inbound-leads', [
      lead('Mistral', { source: 'pricing page' }),
    ])
    await begunToWait(running, id, 'accountPending')
    running.clock.aheadMs += 31_000
    const later = await running.restart()
    await until(async () => (await cellsOf(later, id)).accountPending?.status === 'done', 'the team is told')
    const [told, ...more] = messages(sandbox, id)
    expect(more).toEqual([])
    expect(told).toMatchObject({
      text: expect.stringContaining('waiting for the CRM: Mistral'),
    })
    expect(decodeURIComponent(bodiesOf(sandbox, 'chat.postMessage').join())).toMatch(
      /kim@mistral.example.*Mid-Market.*pricing page/,
    )
    expect((await cellsOf(later, id)).exit?.finishedAt ?? null).toBeNull()
    sandbox.faults.clear()
    later.clock.aheadMs += 2 * 60 * 60_000
    const last = await later.restart()
    await until(async () => (await cellsOf(last, id)).handoff?.status === 'done', 'the lead is handed over')
    expect(messages(sandbox, id)).toHaveLength(2)
  })

  test.each([
    ['who was told that it is pending too', true],
    ['to whom it is handed over at once', false],
  ])(
    'is taken back from a rep who was told as pending, when it goes to another one %s',
    async (_, isAway) => {
      const { sandbox, running } = await example('salesforce', undefined, { parkAfterMs: 50 })
      const path = '/sobjects/Lead/00Q'
      sandbox.faults.add({
        vendor: 'salesforce',
        method: 'PATCH',
        path,
        kind: 'status',
        status: 503,
        times: 1_000,
      })
      const [id = ''] = await insertRows(running, 'inbound-leads', [lead('Mistral')])
      await begunToWait(running, id, 'ownerPending')
      running.clock.aheadMs += 31_000
      let later = await running.restart()
      const pending = async () => (await cellsOf(later, id)).ownerPending
      await until(async () => (await pending())?.status === 'done', 'the rep is told')
      const told = Told.parse((await pending())?.value)
      await later.runtime.run(
        'inbound-leads',
        request({ columns: ['owner'], downstream: true, redraw: true, reason: 'on tour' }),
      )
      const ownerNow = async () => Assigned.parse((await cellsOf(later, id)).owner?.value).email
      await until(async () => (await ownerNow()) !== told.to.email, 'it goes to another rep')
      if (isAway) {
        await begunToWait(later, id, 'ownerPending')
        later.clock.aheadMs += 31_000
        later = await later.restart()
        await until(async () => (await pending())?.status === 'done', 'the next rep is told')
      }
      sandbox.faults.clear()
      if (isAway) {
        later.clock.aheadMs += 20 * 60_000
        later = await later.restart()
      }
      await until(
        async () => (await cellsOf(later, id)).takenBack?.status === 'done',
        'the first rep is told again',
      )
      const { handoff, ownerPending, takenBack } = await cellsOf(later, id)
      expect(handoff).toMatchObject({ status: 'done', value: { replacing: null } })
      expect(ownerPending?.value).toMatchObject(isAway ? { replacing: told } : told)
      expect(takenBack?.value).toMatchObject({ channel: told.channel, to: told.to })
      const answers = messages(sandbox, id).filter(({ thread }) => thread !== null && thread !== undefined)
      expect(answers).toMatchObject([{ channel: told.channel, thread: told.id }])
    },
  )
})

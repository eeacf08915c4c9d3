import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { recordPendingMessage } from '../../examples/inbound-leads/handoff.ts'
import { sandboxState } from '../../examples/inbound-leads/tables.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { insertOne, insertRows, request, until } from '../support/runtime.ts'
import { begunToWait, bodiesOf, cellsOf, example, lead, messages } from './on-sandbox.ts'

const SalesforceStateOf = z.looseObject({ users: z.unknown() })
const Assigned = z.object({ email: z.string() })
const Told = z.object({ id: z.string(), channel: z.string(), to: z.object({ email: z.string() }) })

/** Resolves when a request behind this line has met the fault: before that, the clock of a CRM that is well would be moved. */
const faultMet = ({ ledger }: Sandbox, after = 0) =>
  until(() => ledger.entries({ after }).some(({ fault }) => fault !== null), 'the CRM is asked')

/** What each message says, as a person reads it. */
const wordsOf = (sandbox: Sandbox) =>
  bodiesOf(sandbox, 'chat.postMessage').map((body) => decodeURIComponent(body))

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
    await faultMet(sandbox)
    running.clock.aheadMs += 31_000
    const later = await running.restart()
    await until(async () => (await cellsOf(later, id)).ownerPending?.status === 'done', 'the rep is told')
    const [told] = messages(sandbox, id)
    expect(told?.text).toContain('owner pending in CRM: Mistral')
    expect(wordsOf(sandbox).join()).toMatch(/has not taken the owner yet; Rota keeps trying/)
    sandbox.faults.clear()
    later.clock.aheadMs += 20 * 60_000
    const last = await later.restart()
    await until(async () => (await cellsOf(last, id)).handoff?.status === 'done', 'the lead is handed over')
    expect(await cellsOf(last, id)).toMatchObject({
      crmOwner: { status: 'done' },
      recordPending: { status: 'skipped' },
    })
  })

  test('is told to the rep as failed, with the reason and who has to act, when the CRM has no such user', async () => {
    const { sandbox, running } = await example()
    const { users: _, ...others } = SalesforceStateOf.parse(sandboxState().salesforce)
    const users = [{ Id: '005000000000001AAA', Name: 'Integration', Email: 'integration@rota.example' }]
    sandbox.vendors.salesforce?.load({ ...others, accounts: [], opportunities: [], users })
    const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
    expect(await cellsOf(running, id)).toMatchObject({
      crmOwner: { status: 'error' },
      ownerPending: { status: 'done' },
    })
    expect(messages(sandbox, id)).toMatchObject([
      { text: expect.stringContaining('New lead, owner not written in CRM: Mistral') },
    ])
    const [words] = wordsOf(sandbox)
    expect(words).toMatch(
      /Yours because of .*Writing the owner to the CRM failed: salesforce has no user with the e-mail .*RevOps has to see to it and run the lead again from crmOwner on/,
    )
    expect(words).not.toContain('keeps trying')
  })

  test.each([
    ['account', { path: '/query' }, 'account not known', /lead goes on as if nobody did/],
    ['record', { path: '/sobjects/Lead' }, 'record and owner not in CRM', /handed to nobody/],
  ])(
    'is told to the team as failed when the CRM refuses its %s for good',
    async (column, at, title, what) => {
      const { sandbox, running } = await example()
      const body = [{ message: 'no such column', errorCode: 'INVALID_FIELD' }]
      sandbox.faults.add({ vendor: 'salesforce', kind: 'status', status: 400, times: 10_000, body, ...at })
      const id = await insertOne(running, 'inbound-leads', lead('Mistral'))
      expect((await cellsOf(running, id))[column]).toMatchObject({ status: 'error' })
      const [message = ''] = wordsOf(sandbox).filter((sent) => sent.includes(`New lead, ${title}: Mistral`))
      expect(message).toMatch(what)
      expect(message).toMatch(/failed: .*no such column.*RevOps has to see to it/)
      expect(message).not.toMatch(/keeps trying/)
    },
  )

  test.each([
    ['unknown', 'has an outcome that nobody can tell: no answer'],
    ['cancelled', 'was cancelled: no answer'],
  ] as const)('is told as no longer tried when what is waited for ended as %s', (ended, what) => {
    const told = recordPendingMessage(
      { company: 'Mistral', email: null, segment: { region: 'EMEA', segment: 'SMB', reason: 'told' } },
      { column: 'record', ended, reason: 'no answer' },
    )
    expect(told.title).toBe('New lead, record and owner not in CRM: Mistral')
    expect(told.reason).toContain(what)
    expect(told.reason).not.toContain('keeps trying')
  })

  test('is told to the team as pending while the CRM has no record of it (trap 96)', async () => {
    const { sandbox, running } = await example()
    const path = '/sobjects/Lead/Rota_Row_Id__c'
    sandbox.faults.add({ vendor: 'salesforce', path, kind: 'status', status: 503, times: 10_000 })
    const [id = ''] = await insertRows(running, 'inbound-leads', [lead('Mistral')])
    await begunToWait(running, id, 'recordPending')
    await faultMet(sandbox)
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
    await faultMet(sandbox)
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
      await faultMet(sandbox)
      running.clock.aheadMs += 31_000
      let later = await running.restart()
      const pending = async () => (await cellsOf(later, id)).ownerPending
      await until(async () => (await pending())?.status === 'done', 'the rep is told')
      const told = Told.parse((await pending())?.value)
      const line = sandbox.ledger.entries().length
      await later.runtime.run(
        'inbound-leads',
        request({ columns: ['owner'], downstream: true, redraw: true, reason: 'on tour' }),
      )
      const ownerNow = async () => Assigned.parse((await cellsOf(later, id)).owner?.value).email
      await until(async () => (await ownerNow()) !== told.to.email, 'it goes to another rep')
      if (isAway) {
        await begunToWait(later, id, 'ownerPending')
        await faultMet(sandbox, line)
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

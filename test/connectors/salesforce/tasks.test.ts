import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { idOf } from '../../../sandbox/salesforce/store.ts'
import { callOf, failureOf, type Setup, startSetup } from './setup.ts'

const account = { type: 'Account', id: idOf('Account', 3) }
const task = {
  ownerId: idOf('User', 2),
  subject: 'Give Aurora Robotics a new owner',
  description: 'Frank Leaver has left.',
  about: account,
  dueOn: '2026-12-01',
}

let setup: Setup
beforeEach(async () => {
  setup = await startSetup()
})
afterEach(() => setup.sandbox.close())
const create = (change = {}, sendId = 'row_1.reown.1.abc') =>
  setup.crm.createTask({ ...task, ...change }, sendId, callOf())
const find = (change = {}, sendId = 'row_1.reown.1.abc') =>
  setup.crm.findTask({ ...task, ...change }, sendId, callOf())

describe('a task', () => {
  test('is created for a person about a record, with a link that leads somewhere', async () => {
    const created = await create()
    const [entry] = setup.sandbox.ledger.entries({ effect: 'record-created' })
    expect(entry?.body).toMatchObject({
      OwnerId: task.ownerId,
      WhatId: account.id,
      Subject: task.subject,
      ActivityDate: '2026-12-01',
    })
    expect((await fetch(created.url)).status).toBe(200)
  })

  test('is found by its send id, and by no other', async () => {
    expect(await find()).toEqual({ state: 'absent' })
    const created = await create()
    await create({}, 'row_1.reown.1.abcd')
    expect(await find()).toEqual({ state: 'found', value: created })
    expect(await find({}, 'row_2.reown.1.abc')).toEqual({ state: 'absent' })
  })

  test('whose answer is lost is found afterwards', async () => {
    setup.sandbox.faults.add({ vendor: 'salesforce', name: 'lost-answer', path: '/sobjects/Task' })
    expect(await failureOf(create())).toMatchObject({ outcomeUnknown: true })
    expect(await find()).toMatchObject({ state: 'found' })
  })

  test('is about whom, for a lead', async () => {
    await create({ about: { type: 'Lead', id: idOf('Lead', 1) } })
    expect(setup.sandbox.ledger.entries({ effect: 'record-created' })[0]?.body).toMatchObject({
      WhoId: idOf('Lead', 1),
    })
  })

  test('that cannot be told among hundreds is unknown', async () => {
    setup.load({
      accounts: [{ Id: account.id, Name: 'A' }],
      tasks: Array.from({ length: 201 }, () => ({ WhatId: account.id, Subject: 'S' })),
    })
    expect(await find()).toMatchObject({ state: 'unknown' })
  })

  test.each([
    [{ ownerId: account.id }, 'User'],
    [{ about: { type: 'User', id: idOf('User', 2) } }, 'Lead'],
    [{ dueOn: '1.12.2026' }, 'no day'],
  ])('with %j is refused before anything leaves', async (change, words) => {
    const failure = await failureOf(create(change))
    expect(failure).toMatchObject({ kind: 'invalid-request', outcomeUnknown: false })
    expect(failure.message).toContain(words)
    expect(setup.sandbox.ledger.entries()).toEqual([])
  })
})

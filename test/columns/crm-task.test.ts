import { describe, expect, it } from 'vitest'
import { crmTask } from '../../columns/crm-task.ts'
import type { Crm, TaskRequest } from '../../columns/ports.ts'
import type { Owner } from '../../routing/decision.ts'
import { crmWith } from './ports.ts'
import { failureOf, reconcile, run } from './running.ts'

interface Row {
  account: string
}
const zoe: Owner = { rep: 'zoe', name: 'Zoe', email: 'zoe@ours.example', ids: {} }
const user = { id: 'u-zoe', name: 'Zoe', email: zoe.email, active: true, kind: 'person' } as const

/** A CRM that keeps tasks under the id they came with. */
function taskBook(methods: Partial<Crm> = {}) {
  const tasks = new Map<string, TaskRequest>()
  const at = (key: string) => ({ id: `t-${key}`, url: `https://crm.example/${key}` })
  const crm = crmWith({
    findUserByEmail: async () => user,
    async createTask(task, sendId) {
      tasks.set(sendId, task)
      return at(sendId)
    },
    findTask: async (_, sendId) =>
      tasks.has(sendId) ? { state: 'found', value: at(sendId) } : { state: 'absent' },
    ...methods,
  })
  return { crm, tasks }
}
const column = (crm: Crm, once = false) =>
  crmTask<Row, never, 'account'>({
    needs: ['account'],
    crm,
    ...(once && { once: ({ account }) => `reown:${account}` }),
    task: ({ account }) =>
      account === ''
        ? null
        : {
            owner: zoe,
            subject: `Give ${account} a new owner`,
            description: 'Its owner has left.',
            about: { type: 'Account', id: account },
            dueInDays: 2,
          },
  })

describe('a crm-task column', () => {
  it('creates one task for the person, with our send id and a day', async () => {
    const { crm, tasks } = taskBook()
    expect(await run(column(crm), { account: 'A1' })).toEqual({
      status: 'done',
      value: {
        id: 't-row_1.cell.1.abcd',
        url: 'https://crm.example/row_1.cell.1.abcd',
        ownerId: 'u-zoe',
      },
    })
    expect([...tasks]).toEqual([
      [
        'row_1.cell.1.abcd',
        {
          ownerId: 'u-zoe',
          subject: 'Give A1 a new owner',
          description: 'Its owner has left.',
          about: { type: 'Account', id: 'A1' },
          dueOn: '2026-03-04',
        },
      ],
    ])
  })

  it('has nothing to do without a task', async () => {
    const { crm, tasks } = taskBook()
    expect(await run(column(crm), { account: '' })).toMatchObject({ status: 'no-result' })
    expect(tasks.size).toBe(0)
  })

  it('that is wanted once finds the task of another row', async () => {
    const { crm, tasks } = taskBook()
    await run(column(crm, true), { account: 'A1' }, { sendId: 'row_1.cell.1.aaaa' })
    expect(await run(column(crm, true), { account: 'A1' }, { sendId: 'row_2.cell.1.bbbb' })).toMatchObject({
      value: { id: 't-reown:A1' },
      detail: { alreadyThere: true },
    })
    expect([...tasks.keys()]).toEqual(['reown:A1'])
  })

  it.each([false, true])('is reconciled by looking for the task it made (once: %s)', async (once) => {
    const { crm, tasks } = taskBook()
    expect(await reconcile(column(crm, once), { account: 'A1' })).toEqual({ state: 'absent' })
    await run(column(crm, once), { account: 'A1' })
    expect(await reconcile(column(crm, once), { account: 'A1' })).toMatchObject({
      state: 'happened',
      outcome: { value: { ownerId: 'u-zoe' } },
    })
    expect(tasks.size).toBe(1)
  })

  it('gives nothing to do to somebody who is gone', async () => {
    const { crm, tasks } = taskBook({ findUserByEmail: async () => ({ ...user, active: false }) })
    expect(await failureOf(run(column(crm), { account: 'A1' }))).toMatchObject({ kind: 'inactive-owner' })
    expect(tasks.size).toBe(0)
  })

  it('says that it reaches people and can be read back', () => {
    expect(column(taskBook().crm).work).toMatchObject({
      effect: 'write',
      reaches: 'people',
      target: 'readable',
    })
  })
})

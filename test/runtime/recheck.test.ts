import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { createOutside, deliver, type Outside } from '../support/outside.ts'
import { insertOne, insertRows, rerun, runTables, until } from '../support/runtime.ts'
import { awayFor, cellOf, dayMs, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })
const reps = [rep('ana'), rep('bo'), rep('cy')]
const queue = { whenNobody: { queue: { name: 'triage', ids: {} } } }
const slow = { attempts: 6, baseMs: 60, maxMs: 60 }
const named = ({ taken }: Outside) => taken.map(({ values }) => (values.owner as { rep: string }).rep)

describe('before a write that failed is sent again', () => {
  test('its owner is asked about again, and about each one after that', async () => {
    const outside = createOutside()
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf(reps, queue)))
      .column('told', deliver(outside, { needs: ['owner'], confirms: ['owner'], retry: slow }))
    const running = await runTables([table])
    outside.plan('busy', 'busy')
    const leave = ['ana', 'bo']
    outside.onArrival = async () => {
      const id = leave.shift()
      if (id !== undefined) await running.runtime.putRep(rep(id, awayFor(dayMs)), 'boss')
    }
    const id = await insertOne(running, 'leads', { name: 'a' })
    expect(named(outside)).toEqual(['cy'])
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'cy', previous: [{ rep: 'bo' }, { rep: 'ana' }] })
  })

  test('an owner of whom another system knows already keeps the lead', async () => {
    const [crm, chat] = [createOutside(), createOutside()]
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf(reps, queue)))
      .column('written', deliver(crm, { needs: ['owner'], confirms: ['owner'] }))
      .column('told', deliver(chat, { needs: ['owner', 'written'], confirms: ['owner'], retry: slow }))
    const running = await runTables([table])
    chat.plan('busy', 'refuse')
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    await until(() => chat.received.length === 1, 'the first attempt')
    await running.runtime.putRep(rep('ana', awayFor(dayMs)), 'boss')
    await running.runtime.idle()
    expect((await cellOf(running, id, 'told'))?.status).toBe('error')
    await rerun(running, 'leads', { columns: ['told'], mode: 'errored' })
    expect([named(crm), named(chat)]).toEqual([['ana'], ['ana']])
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'ana', previous: [] })
  })
})

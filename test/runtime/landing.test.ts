import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Outcome } from '../../columns/column.ts'
import { defineTable } from '../../columns/table.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { insertRows, runTables, until } from '../support/runtime.ts'
import { cellOf, draws, owner, ownerOf, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })

/** owner -> told (confirms it), and beside it `watch`, which takes the lead from the first rep when the gate opens. */
function leads() {
  const crm = createOutside()
  const watched = Promise.withResolvers<void>()
  const table = defineTable('leads', { input })
    .column('owner', owner(teamOf([rep('ana'), rep('bo')])))
    .column('told', deliver(crm, { needs: ['owner'], confirms: ['owner'] }))
    .column(
      'watch',
      ask({
        needs: ['owner'],
        async run({ owner }): Promise<Outcome<string>> {
          const seen = (owner as { rep: string }).rep
          if (seen !== 'ana') return { status: 'done', value: seen }
          await watched.promise
          return { status: 'done', value: seen, redraw: { column: 'owner', reason: 'nobody called' } }
        },
      }),
    )
  return { crm, watched, table }
}

describe('a write that lands after its lead was drawn for somebody else', () => {
  test.each([
    ['and succeeds, leaves the new draw to the write that tells of it', 'ok', 'confirmed', 'done'],
    ['and succeeds, does not stand for the next one, which fails', 'refuse', 'released', 'error'],
  ] as const)('%s', async (_, next, state, status) => {
    const { crm, watched, table } = leads()
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    crm.onArrival = () => (crm.received.length === 1 ? first.promise : second.promise)
    crm.plan('ok', next)
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'a' }])
    const states = async () => (await draws(running)).map((each) => [each.member, each.state])
    await until(() => crm.received.length === 1, 'the first owner is being written')
    expect(await states()).toEqual([['ana', 'reserved']])

    watched.resolve()
    await until(async () => (await draws(running)).length === 2, 'another owner was drawn')
    const drawn = [
      ['ana', 'released'],
      ['bo', 'reserved'],
    ]
    expect(await states()).toEqual(drawn)
    expect(crm.taken).toEqual([])

    first.resolve()
    await until(() => crm.received.length === 2, 'the second owner is being written')
    // The first one has happened, and what it told of is no longer so.
    expect(crm.taken).toHaveLength(1)
    expect(await states()).toEqual(drawn)

    second.resolve()
    await running.runtime.idle()
    expect(await states()).toEqual([
      ['ana', 'released'],
      ['bo', state],
    ])
    expect(await cellOf(running, id, 'told')).toMatchObject({ status })
    expect(await ownerOf(running, id)).toMatchObject({ rep: 'bo', previous: [{ rep: 'ana' }] })
    expect(crm.received.map(({ values }) => (values.owner as { rep: string }).rep)).toEqual(['ana', 'bo'])
  })
})

import { expect, test } from 'vitest'
import { z } from 'zod'
import { branch } from '../../columns/branch.ts'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { insertOne, rerun, runTables } from '../support/runtime.ts'

const leads = defineTable('leads', { input: z.object({ size: z.number() }) })
  .column(
    'exit',
    branch({
      reads: ['size'],
      exits: ['route', 'nurture'],
      handle: { route: 'continue', nurture: { ends: 'the nurture programme' } },
      decide: ({ size }) => (size > 10 ? 'route' : 'nurture'),
    }),
  )
  .column('half', compute({ reads: [], run: () => 1 }), { when: { exit: 'route' } })

test('a cell whose condition no longer holds is stale, and so is one that was skipped and would run now', async () => {
  const running = await runTables([leads])
  const { runtime } = running
  const shrunk = await insertOne(running, 'leads', { size: 20 })
  const grown = await insertOne(running, 'leads', { size: 1 })
  await runtime.edit('leads', shrunk, { size: 1 })
  await runtime.edit('leads', grown, { size: 20 })
  await rerun(running, 'leads', { columns: ['exit'] })
  expect((await runtime.row('leads', shrunk)).cells).toMatchObject({
    exit: { value: 'nurture', stale: false },
    half: { status: 'done', stale: true },
  })
  expect((await runtime.row('leads', grown)).cells).toMatchObject({
    exit: { value: 'route', stale: false },
    half: { status: 'skipped', stale: true },
  })
  await rerun(running, 'leads', { mode: 'stale' })
  expect((await runtime.row('leads', shrunk)).cells.half).toMatchObject({ status: 'skipped', stale: false })
  expect((await runtime.row('leads', grown)).cells.half).toMatchObject({
    status: 'done',
    value: 1,
    stale: false,
  })
})

test('a column cannot change the value of another, nor the input', async () => {
  const table = defineTable('t', { input: z.object({ tags: z.array(z.string()) }) })
    .column('region', compute({ reads: ['tags'], run: () => ({ name: 'EMEA' }) }))
    .column(
      'meddler',
      compute({
        reads: ['region', 'tags'],
        run: ({ region, tags }) => {
          if (tags.length === 1) Object.assign(region ?? {}, { name: 'AMER' })
          tags.push('changed')
          return 1
        },
      }),
    )
  const running = await runTables([table])
  const one = await insertOne(running, 't', { tags: ['a'] })
  const two = await insertOne(running, 't', { tags: ['a', 'b'] })
  for (const [id, tags] of [
    [one, ['a']],
    [two, ['a', 'b']],
  ] as const) {
    const { cells, input } = await running.runtime.row('t', id)
    expect(cells).toMatchObject({ region: { value: { name: 'EMEA' } }, meddler: { status: 'error' } })
    expect(input).toEqual({ tags })
  }
})

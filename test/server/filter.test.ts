import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { done } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { ask as askColumn } from '../support/outside.ts'
import { until } from '../support/runtime.ts'
import { startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

test('a filter finds a row that is being worked on as it was before, and both descriptions say so', async () => {
  const gate = Promise.withResolvers<void>()
  const table = defineTable('leads', { input: z.object({ name: z.string() }) })
    .column(
      'bad',
      compute({
        reads: ['name'],
        run: ({ name }): string => {
          throw new TypeError(name ?? '')
        },
      }),
    )
    .column('slow', askColumn({ run: () => gate.promise.then(() => done('x')) }))
  const app = await startApp({ tables: [table] })
  onTestFinished(() => app.close())
  const rows = '/v1/tables/leads/rows'
  const inserted = await post(app, rows, { name: 'a' })
  const { url } = inserted.body.rows[0]
  await until(async () => (await ask(app, url)).body.cells.bad.status === 'error', 'the row shows the error')
  const found = async () => (await ask(app, `${rows}?filter=bad.status:error`)).body.rows.length
  expect(await found()).toBe(0)
  gate.resolve()
  await app.runtime.idle()
  expect(await found()).toBe(1)
  const { paths } = (await ask(app, '/openapi.json')).body
  const list = paths['/v1/tables/{table}/rows'].get.parameters.find(
    ({ name }: { name: string }) => name === 'filter',
  )
  const { scope } =
    paths['/v1/tables/{table}/runs'].post.requestBody.content['application/json'].schema.properties
  for (const told of [list, scope])
    expect(JSON.stringify(told)).toContain('a row that is being worked on is found as it was before')
})

test('a name that no filter knows is refused with the columns and the fields of the input, where the request has it', async () => {
  const app = await startApp()
  onTestFinished(() => app.close())
  const told = expect.stringMatching(
    /no column or field "contry"; the columns are .*owner.*, the fields .*company/,
  )
  const listed = await ask(app, '/v1/tables/leads/rows?filter=contry=DE')
  expect(listed.body).toMatchObject({ code: 'request-invalid', field: 'filter', detail: told })
  const ran = await post(app, '/v1/tables/leads/runs', { scope: { filter: 'contry=DE' }, mode: 'all' })
  expect(ran.body).toMatchObject({ code: 'request-invalid', field: 'scope.filter', detail: told })
})

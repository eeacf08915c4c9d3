import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { PreviewAnswer, RunAnswer } from '../../server/contract.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const runs = '/v1/tables/leads/runs'
let app: RunningApp
let ids: string[] = []

beforeAll(async () => {
  app = await startApp()
  const rows = Array.from({ length: 5 }, (_, index) => ({
    company: `Company ${index}`,
    email: `p@c${index}.example`,
    employees: 50,
  }))
  const answer = await post(app, '/v1/tables/leads/rows?wait=done', { rows })
  ids = answer.body.rows.map((row: { id: string }) => row.id)
})
afterAll(() => app.close())

async function finished(answer: { body: { run: { url: string } } }) {
  await app.runtime.idle()
  const found = await ask(app, answer.body.run.url)
  return RunAnswer.parse(found.body).run
}

test('a run over selected rows says where it is, and ends', async () => {
  const answer = await post(app, runs, { columns: ['domain'], scope: { rows: ids.slice(0, 2) }, mode: 'all' })
  expect(answer.status).toBe(202)
  expect(answer.body.run).toMatchObject({
    id: expect.stringMatching(/^run_/),
    table: 'leads',
    kind: 'rerun',
    rows: 2,
  })
  expect(await finished(answer)).toMatchObject({
    status: 'done',
    remaining: 0,
    counts: { ran: 0, unchanged: 2 },
  })
})

test('force runs again what is unchanged, but no draw', async () => {
  const before = await app.runtime.draws({ pool: 'emea', limit: 100 })
  const answer = await post(app, runs, { scope: { all: true }, mode: 'all', force: true })
  const run = await finished(answer)
  expect(run.counts).toMatchObject({ ran: 15, kept: 5 })
  expect(await app.runtime.draws({ pool: 'emea', limit: 100 })).toEqual(before)
})

test('a dry run counts and changes nothing', async () => {
  const request = {
    columns: ['owner'],
    scope: { filter: 'exit=route' },
    mode: 'all',
    redraw: true,
    limit: 3,
    reason: 'try',
  }
  const stands = async () => [
    await app.runtime.draws({ limit: 100 }),
    await app.runtime.rows('leads', { limit: 100 }),
  ]
  const before = await stands()
  const answer = await post(app, runs, { ...request, dryRun: true })
  expect(answer.status).toBe(200)
  expect(PreviewAnswer.parse(answer.body).preview).toMatchObject({
    rows: 3,
    columns: [{ column: 'owner', run: 3, draws: 3 }],
    sideEffects: ['at most 3 times: takes a turn of a rotation'],
  })
  // A run that was started after all would have done its work by now.
  await app.runtime.idle()
  expect(await stands()).toEqual(before)
  expect(before[0]).toHaveLength(5)
})

test('a redraw says why, and the ledger keeps it (trap 117)', async () => {
  const wish = { columns: ['owner'], scope: { rows: ids.slice(0, 1) }, mode: 'all', redraw: true }
  const before = await app.runtime.draws({ pool: 'emea', limit: 100 })
  for (const reason of [undefined, null, '', ' ']) {
    expect((await post(app, runs, { ...wish, reason })).body).toMatchObject({ status: 422, field: 'reason' })
  }
  expect(await app.runtime.draws({ pool: 'emea', limit: 100 })).toEqual(before)
  await finished(await post(app, runs, { ...wish, reason: 'wrong region' }))
  const released = (await app.runtime.draws({ pool: 'emea', limit: 100 })).filter(
    ({ state }) => state === 'released',
  )
  expect(released.map(({ row, reason }) => [row, reason])).toEqual([[ids[0], 'wrong region']])
})

test('a redraw of columns that draw nothing is refused, also for its preview', async () => {
  const wish = { columns: ['exit'], scope: { rows: ids.slice(0, 1) }, mode: 'all', redraw: true, reason: 'x' }
  for (const more of [{}, { dryRun: true }]) {
    const { body } = await post(app, runs, { ...wish, ...more })
    expect(body).toMatchObject({ status: 422, code: 'request-invalid', field: 'redraw', value: true })
    expect(body.wayOut).toContain('owner')
  }
  for (const reached of [{ columns: ['exit', 'owner'] }, { downstream: true }, { columns: null }]) {
    const { columns, ...rest } = { ...wish, ...reached, dryRun: true }
    const preview = await post(app, runs, { ...rest, ...(columns !== null && { columns }) })
    expect(preview.status).toBe(200)
  }
})

test('a run is recorded under who asked for it: this machine, or whoever has the key', async () => {
  const other = await startApp({ apiKey: 'a-key-of-the-test' })
  onTestFinished(() => other.close())
  const key = { authorization: 'Bearer a-key-of-the-test' }
  const lead = { company: 'Asked', email: 'p@asked.example', employees: 50 }
  for (const [asked, headers, who] of [
    [app, {}, 'local'],
    [other, key, 'api-key'],
  ] as const) {
    const { body } = await post(asked, '/v1/tables/leads/rows?wait=done', lead, headers)
    const { id, url } = body.rows[0]
    const wish = { columns: ['owner'], scope: { rows: [id] }, mode: 'all', redraw: true, reason: 'moved' }
    const answer = await post(asked, runs, wish, headers)
    expect(answer.status).toBe(202)
    await asked.runtime.idle()
    const found = await ask(asked, answer.body.run.url, { headers })
    expect(found.body.run.request).toMatchObject({ who, reason: 'moved' })
    const why = await ask(asked, `${url}/cells/owner/why`, { headers })
    expect(why.text).toContain(`drawn anew by ${who}: moved`)
  }
})

test('a run can be cancelled, once; one that has ended stays as it ended', async () => {
  const slow = { company: 'Slow', email: 'slow@slow.example', delayMs: 30_000 }
  await post(app, '/v1/tables/leads/rows?wait=owner', slow)
  const done = await post(app, runs, { columns: ['domain'], scope: { rows: ids.slice(0, 1) }, mode: 'all' })
  const inserts = await app.runtime.rows('leads', {
    limit: 1,
    newestFirst: true,
    filter: 'email=slow@slow.example',
  })
  const path = `/v1/tables/leads/rows/${inserts.rows[0]?.id}/cells/slow`
  const before = await ask(app, path)
  expect(before.body.status).toBe('running')
  const rerun = await post(app, runs, {
    columns: ['slow'],
    scope: { filter: 'email=slow@slow.example' },
    mode: 'all',
  })
  const cancelled = await ask(app, rerun.body.run.url, { method: 'DELETE' })
  expect(cancelled.body.run.status).toBe('cancelled')
  const again = await ask(app, rerun.body.run.url, { method: 'DELETE' })
  expect([again.status, again.body.run.finishedAt]).toEqual([200, cancelled.body.run.finishedAt])
  await expect.poll(async () => (await ask(app, done.body.run.url)).body.run.status).toBe('done')
  const ended = await ask(app, done.body.run.url, { method: 'DELETE' })
  expect(ended.body.run.status).toBe('done')
})

test.each([
  ['no scope', { mode: 'all' }, 'scope'],
  ['two scopes', { scope: { all: true, rows: ['row_1'] }, mode: 'all' }, 'scope'],
  ['no rows', { scope: { rows: [] }, mode: 'all' }, 'scope.rows'],
  ['no mode', { scope: { all: true } }, 'mode'],
  ['an unknown mode', { scope: { all: true }, mode: 'some' }, 'mode'],
  ['a limit of 0', { scope: { all: true }, mode: 'all', limit: 0 }, 'limit'],
  ['a misspelt word', { scope: { all: true }, mode: 'all', includeEfects: true }, 'includeEfects'],
  ['text for a switch', { scope: { all: true }, mode: 'all', force: 'yes' }, 'force'],
])('%s is refused, naming the field', async (_, request, field) => {
  expect((await post(app, runs, request)).body).toMatchObject({ status: 422, code: 'request-invalid', field })
})

test('an unknown column, row, filter or run is named', async () => {
  const all = { scope: { all: true }, mode: 'all' }
  expect((await post(app, runs, { ...all, columns: ['nope'] })).body).toMatchObject({
    status: 422,
    code: 'column-unknown',
    field: 'columns',
    value: 'nope',
  })
  expect((await post(app, runs, { mode: 'all', scope: { rows: ['row_nope'] } })).body).toMatchObject({
    status: 404,
    code: 'row-unknown',
    value: 'row_nope',
  })
  expect((await post(app, runs, { mode: 'all', scope: { filter: 'what' } })).body).toMatchObject({
    code: 'request-invalid',
    field: 'scope.filter',
  })
  expect((await ask(app, '/v1/runs/run_nope')).body).toMatchObject({ status: 404, code: 'run-unknown' })
})

test('a run without a mode is told that it is missing', async () => {
  const { status, body } = await post(app, runs, { scope: { all: true } })
  expect(status).toBe(422)
  expect(body).toMatchObject({
    field: 'mode',
    value: 'missing',
    detail: expect.stringContaining('mode: it is missing'),
    wayOut: expect.stringContaining('add it, as one of: "missing", "errored", "stale", "all"'),
  })
})

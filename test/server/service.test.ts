import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorCodes } from '../../columns/errors.ts'
import { TablesAnswer, TableView } from '../../server/contract.ts'
import { startServer } from '../../server/serve.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

let app: RunningApp

beforeAll(async () => {
  app = await startApp({ sandbox: { url: 'http://127.0.0.1:4401' } })
})
afterAll(() => app.close())

test('tables tell their columns, what those read, need and do, and how many cells have which status', async () => {
  await post(app, '/v1/tables/leads/rows?wait=done', {
    company: 'Acme',
    email: 'x@invalid.example',
    employees: 50,
  })
  const { tables } = TablesAnswer.parse((await ask(app, '/v1/tables')).body)
  expect(tables.map(({ name }) => name)).toEqual(['leads'])
  const table = TableView.parse((await ask(app, '/v1/tables/leads')).body)
  expect(table).toEqual(tables[0])
  expect(table).toMatchObject({ rows: 1, counts: { error: 1, done: 2, 'no-result': 1 }, definition: 1 })
  expect(table.columns.map(({ counts }) => counts)).toEqual([
    { error: 1 },
    { done: 1 },
    { done: 1 },
    { 'no-result': 1 },
  ])
  expect(table.columns.map(({ name, kind, effect }) => [name, kind, effect])).toEqual([
    ['domain', 'compute', 'none'],
    ['exit', 'branch', 'none'],
    ['owner', 'assign-owner', 'draw'],
    ['slow', 'compute', 'none'],
  ])
  expect(table.columns[2]).toMatchObject({
    reads: ['domain', 'country'],
    when: { exit: 'route' },
    dependsOn: ['domain', 'exit'],
  })
  expect((await ask(app, '/v1/tables/nope')).body).toMatchObject({ status: 404, code: 'table-unknown' })
})

test('a sandbox is marked on every answer', async () => {
  const tables = await ask(app, '/v1/tables')
  expect(tables.body.sandbox).toEqual({ url: 'http://127.0.0.1:4401' })
  expect(tables.headers.get('rota-sandbox')).toBe('true')
  expect((await ask(app, '/nothing')).headers.get('rota-sandbox')).toBe('true')
})

test('health, readiness and metrics', async () => {
  expect((await ask(app, '/healthz')).body).toEqual({ status: 'ok', version: '0.0.0-test' })
  const ready = (await ask(app, '/readyz')).body
  expect(ready).toMatchObject({ status: 'ready', tables: ['leads'], store: { engine: 'sqlite' } })
  expect(ready.store.durability).toContain('synchronous=FULL')
  const { text } = await ask(app, '/metrics')
  expect(text).toContain('rota_rows{table="leads"} 1')
  expect(text).toContain('rota_cells{table="leads",column="domain",status="error"} 1')
  expect(text).toMatch(/rota_cell_changes_total\{table="leads",column="owner",status="done"\} 1/)
  expect(text).toContain(
    'rota_http_request_seconds_count{method="POST",route="/v1/tables/:table/rows",status="200"} 1',
  )
})

test('every route is in the OpenAPI document, with its problem answer', async () => {
  const { body } = await ask(app, '/openapi.json')
  expect(body.openapi).toBe('3.1.0')
  const registered = app.app.routes
    .filter(({ method, path }) => method !== 'ALL' && !/^\/(?:page\/.*|docs|openapi\.json)?$/.test(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  const described = Object.entries<Record<string, { responses: object }>>(body.paths).flatMap(
    ([path, item]) =>
      Object.entries(item).map(([method, operation]) => {
        expect(operation.responses).toHaveProperty('default')
        return `${method.toUpperCase()} ${path}`
      }),
  )
  expect(described.sort()).toEqual([...new Set(registered)].sort())
})

test('the docs page lists every route and every code', async () => {
  const { text, headers } = await ask(app, '/docs')
  expect(headers.get('content-type')).toContain('text/html')
  const paths = ['/v1/tables/{table}/rows', '/v1/pools/{pool}/preview', '/v1/reps/{rep}', '/v1/audit']
  for (const path of paths) expect(text).toContain(path)
  for (const code of Object.keys(errorCodes)) expect(text).toContain(`id="${code}"`)
})

test('the page is not sent again when it did not change', async () => {
  const first = await ask(app, '/page/main.js')
  const etag = first.headers.get('etag') ?? ''
  const again = await ask(app, '/page/main.js', { headers: { 'if-none-match': etag } })
  expect([again.status, again.text]).toEqual([304, ''])
})

test('a port that is taken is named', async () => {
  const port = Number(new URL(app.url).port)
  await expect(startServer(app.app, { host: '127.0.0.1', apiKey: null, port })).rejects.toMatchObject({
    code: 'settings-invalid',
    details: { field: 'PORT', value: port },
  })
})

test('closing ends event streams, lets a request under way finish, and takes no new ones', async () => {
  const own = await startServer(app.app, { host: '127.0.0.1', apiKey: null, port: 0 })
  const stream = await fetch(`${own.url}/v1/tables/leads/events`)
  const waiting = fetch(`${own.url}/v1/tables/leads/rows?wait=done`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ company: 'Acme', email: 'close@acme.example', delayMs: 300 }),
  })
  await expect.poll(() => app.runtime.count('leads', 'email=close@acme.example')).toBe(1)
  const closed = own.close()
  expect((await waiting).status).toBe(200)
  await closed
  expect(await stream.text()).toContain('event: ready')
  await expect(fetch(own.url)).rejects.toThrow()
})

test('headers of more than 16 kB are refused', async () => {
  const { hostname, port } = new URL(app.url)
  const socket = connect(Number(port), hostname)
  socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(17 * 1024)}\r\n\r\n`)
  const answer = await new Promise<string>((resolve) =>
    socket.once('data', (data) => resolve(data.toString())),
  )
  expect(answer).toMatch(/^HTTP\/1.1 431/)
  socket.destroy()
})

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { patienceMs } from '../support/patience.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const events = '/v1/tables/leads/events'
let app: RunningApp
let serial = 0

beforeAll(async () => {
  app = await startApp({ heartbeatMs: 50, store: { keptEvents: 500 } })
})
afterAll(() => app.close())

interface Message {
  id?: string
  event?: string
  data?: string
  comment?: string
}

/** Follows a stream until `enough` holds for what came, then leaves. */
async function follow(
  path: string,
  enough: (messages: Message[]) => boolean,
  headers: Record<string, string> = {},
) {
  const leaving = new AbortController()
  const response = await fetch(new URL(path, app.url), {
    headers,
    signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(patienceMs)]),
  })
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const messages: Message[] = []
  let text = ''
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part
    const parts = text.split('\n\n')
    text = parts.pop() ?? ''
    messages.push(...parts.map(messageOf))
    if (enough(messages)) break
  }
  leaving.abort()
  return messages
}

function messageOf(part: string): Message {
  const message: Record<string, string> = {}
  for (const line of part.split('\n')) {
    const at = line.indexOf(': ')
    message[line.slice(0, at) || 'comment'] = line.slice(at + 2)
  }
  return message
}

const insert = async () => {
  serial += 1
  const row = { company: 'Acme', email: `e${serial}@e.example`, employees: 50 }
  const answer = await post(app, '/v1/tables/leads/rows?wait=done', row)
  await app.runtime.idle()
  const id: string = answer.body.rows[0].id
  return id
}

const changes = (messages: Message[]) =>
  messages.flatMap(({ event, data }) =>
    event === undefined && data !== undefined ? JSON.parse(data).changes : [],
  )
const about = (row: string) => (messages: Message[]) =>
  changes(messages).some((change) => change.row === row && change.cells.owner === 'done')

test('changes come as they are committed, each with a rising id', async () => {
  const following = follow(events, (messages) =>
    changes(messages).some(({ cells }) => cells.owner === 'done'),
  )
  await pause(50)
  const row = await insert()
  const messages = await following
  expect(messages[0]).toMatchObject({ event: 'ready', retry: '1000' })
  expect(changes(messages)[0]).toEqual({ row, event: 'row-inserted', cells: {} })
  const ids = messages.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]))
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
})

test('whoever comes back with the last id is told exactly what came since', async () => {
  const first = await follow(events, (messages) => messages.length > 0)
  const id = first[0]?.id ?? ''
  const missed = await insert()
  const live = insert()
  for (const [path, headers] of [
    [events, { 'last-event-id': id }],
    [`${events}?after=${id}`, {}],
    [`${events}?after=1`, { 'last-event-id': id }],
  ] as const) {
    const messages = await follow(path, about(missed), headers)
    expect(messages[0]).toMatchObject({ event: 'ready', id })
    expect(changes(messages)[0]).toEqual({ row: missed, event: 'row-inserted', cells: {} })
  }
  const row = await live
  const both = await follow(events, about(row), { 'last-event-id': id })
  const ids = both
    .flatMap((message) => (message.event === undefined ? Number(message.id ?? 0) : []))
    .filter((each) => each > 0)
  expect(new Set(ids).size).toBe(ids.length)
})

test('an id of another store is answered with reset', async () => {
  const [message] = await follow(events, (messages) => messages.length > 0, { 'last-event-id': '999999999' })
  expect(message).toMatchObject({ event: 'reset', id: String(await app.runtime.lastEvent('leads')) })
})

test('a quiet stream gives signs of life', async () => {
  const messages = await follow(
    events,
    (all) => all.filter(({ comment }) => comment !== undefined).length >= 2,
  )
  expect(messages.some(({ comment }) => comment === 'still here')).toBe(true)
})

test('a table that is not there, and an id that is none, are problems', async () => {
  expect((await ask(app, '/v1/tables/nope/events')).body).toMatchObject({
    status: 404,
    code: 'table-unknown',
  })
  expect((await ask(app, events, { headers: { 'last-event-id': 'x' } })).body).toMatchObject({
    status: 422,
    field: 'Last-Event-ID',
  })
  expect((await ask(app, `${events}?since=1`)).body).toMatchObject({ status: 422, field: 'since' })
})

test('a long past is told whole, at the pace of the reader', async () => {
  const from = await app.runtime.lastEvent('leads')
  const batch = (part: number) =>
    Array.from({ length: 1_000 }, (_, index) => ({
      company: 'Acme',
      email: `past${part}-${index}@e.example`,
      employees: 5,
    }))
  // About 3 MB of events, thrice what may wait for a reader.
  for (let part = 0; part < 12; part += 1) await post(app, '/v1/tables/leads/rows', { rows: batch(part) })
  await app.runtime.idle()
  const last = String(await app.runtime.lastEvent('leads'))
  const messages = await follow(events, (all) => all.some(({ id }) => id === last), {
    'last-event-id': String(from),
  })
  const inserted = changes(messages).filter(({ event }) => event === 'row-inserted')
  expect(new Set(inserted.map(({ row }) => row)).size).toBe(12_000)
  expect(JSON.stringify(messages).length).toBeGreaterThan(2_000_000)
})

test('HEAD tells what the stream is without opening one', async () => {
  const answer = await ask(app, events, { method: 'HEAD' })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ])
  expect((await ask(app, '/metrics')).text).toContain('rota_event_readers 0')
})

test('whoever leaves is forgotten', async () => {
  await follow(events, (messages) => messages.length > 0)
  await expect.poll(async () => (await ask(app, '/metrics')).text).toContain('rota_event_readers 0')
})

test('events that are no longer kept are answered with reset', async () => {
  const before = await app.runtime.lastEvent('leads')
  // Ids count commits, so single inserts make the most of them. What is too old goes with every thousandth.
  const { runtime } = app
  while ((await runtime.lastEvent('leads')) < before + 1_600) {
    serial += 1
    const row = { company: 'Acme', email: `many${serial % 50}@e.example`, employees: 5 }
    await runtime.insert('leads', [row])
  }
  const [message] = await follow(events, (messages) => messages.length > 0, {
    'last-event-id': String(before),
  })
  expect(message?.event).toBe('reset')
  const recent = String((await runtime.lastEvent('leads')) - 10)
  const [resumed] = await follow(events, (messages) => messages.length > 0, { 'last-event-id': recent })
  expect(resumed).toMatchObject({ event: 'ready', id: recent })
})

test('a reader that does not read is dropped, and the others go on', async () => {
  const stuck = await fetch(new URL(events, app.url))
  await expect.poll(async () => (await ask(app, '/metrics')).text).toContain('rota_event_readers 1')
  await expect
    .poll(
      async () => {
        const rows = Array.from({ length: 1_000 }, (_, index) => ({
          company: 'Acme',
          email: `stuck${index}@e.example`,
          employees: 5,
        }))
        await post(app, '/v1/tables/leads/rows', { rows })
        return (await ask(app, '/metrics')).text.match(/rota_event_readers (\d+)/)?.[1]
      },
      { interval: 1 },
    )
    .toBe('0')
  const row = insert()
  await follow(events, (messages) => changes(messages).length > 0, {
    'last-event-id': String((await app.runtime.lastEvent('leads')) - 1),
  })
  await row
  // Its connection was cut: it did not stay until somebody reads what waits and comes to an end.
  await expect(stuck.text()).rejects.toThrow()
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '../server/http.ts'
import { deals, nora, north } from '../server/market-table.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { rota } from './rota-process.ts'

let app: RunningApp

beforeAll(async () => {
  app = await startApp({ tables: [deals] })
})
afterAll(() => app.close())

const reset = async () => {
  const { strategy, whenNobody } = north
  const members = [
    { rep: 'nora', weight: 2 },
    { rep: 'omar', weight: 1 },
  ]
  await put('/v1/pools/north', { strategy, members, whenNobody })
  await put('/v1/reps/nora', nora)
}
const put = (path: string, json: object) => ask(app, path, { method: 'PUT', json })
const patch = (path: string, json: object) => ask(app, path, { method: 'PATCH', json })
const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)

/** The running server behind a door where somebody else makes an edit whenever a document was read. */
async function startDoor(between: (reads: number) => Promise<unknown>): Promise<string> {
  let reads = 0
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request
    const body = await text(request)
    const answer = await fetch(new URL(url, app.url), {
      method,
      headers: {
        'content-type': 'application/json',
        ...(typeof headers['if-match'] === 'string' && { 'if-match': headers['if-match'] }),
      },
      ...(method !== 'GET' && { body }),
    })
    const said = await answer.text()
    if (method === 'GET') {
      reads += 1
      await between(reads)
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(said)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('somebody else edits between the read and the write of a command', () => {
  test('leave adds to what the other one saved', async () => {
    await reset()
    const theirs = { from: day(30), until: day(31) }
    const url = await startDoor(async (reads) => {
      if (reads === 1) await patch('/v1/reps/nora', { leave: [theirs] })
    })
    const { code, stderr } = await rota({ ROTA_URL: url }, 'leave', 'nora', day(40), day(41))
    expect([code, stderr]).toEqual([0, ''])
    const own = { from: day(40), until: day(41) }
    expect((await ask(app, '/v1/reps/nora')).body.leave).toEqual([theirs, own])
  })

  test('weight adds to what the other one saved, and tells what it was by then', async () => {
    await reset()
    const url = await startDoor(async (reads) => {
      const members = [
        { rep: 'nora', weight: 7 },
        { rep: 'omar', weight: 4 },
      ]
      if (reads === 1) await patch('/v1/pools/north', { members })
    })
    const { stdout } = await rota({ ROTA_URL: url }, 'weight', 'north', 'omar', '3')
    expect(stdout).toBe('north: omar weighed 4, now 3 of 10 in all\n')
  })

  test('twice: the command says so, and saves nothing', async () => {
    await reset()
    const url = await startDoor((reads) => patch('/v1/reps/nora', { caps: { perDay: reads } }))
    const { code, stdout, stderr } = await rota({ ROTA_URL: url }, 'leave', 'nora', day(40), day(41))
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /somebody else keeps changing \/v1\/reps\/nora, so nothing was saved\n +.*run the command again/,
    )
    expect((await ask(app, '/v1/reps/nora')).body).toMatchObject({ leave: [], caps: { perDay: 2 } })
  })
})

test.each([
  ['over', -9, -7, 'was', 'can be drawn now'],
  ['under way', -2, 2, 'is', 'cannot be drawn now: on leave until '],
  ['to come', 7, 9, 'will be', 'can be drawn now'],
])('leave tells one that is %s as that', async (_, from, until, are, now) => {
  await reset()
  const { stdout } = await rota({ ROTA_URL: app.url }, 'leave', 'nora', day(from), day(until))
  expect(stdout).toMatch(
    new RegExp(
      `^Nora Berg ${are} on leave from ${day(from)} until ${day(until)} \\(Europe/Berlin\\); ${now}`,
    ),
  )
})

test('leave tells one between two times as over from its very end on', async () => {
  await reset()
  const [from, until] = [new Date(Date.now() - 7_200_000), new Date(Date.now() - 3_600_000)]
  const { stdout } = await rota(
    { ROTA_URL: app.url },
    'leave',
    'nora',
    from.toISOString(),
    until.toISOString(),
  )
  expect(stdout).toMatch(/^Nora Berg was on leave from .*; can be drawn now\n$/)
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { buildColumn } from '../../columns/build.ts'
import { done, type Values } from '../../columns/column.ts'
import { CallFailure } from '../../columns/errors.ts'
import { http } from '../../columns/http.ts'
import type { Json } from '../../columns/json.ts'
import { defineTable } from '../../columns/table.ts'
import { insertRows, onDisk, type RunningRuntime, rerun, runTables, until } from '../support/runtime.ts'
import { draws, owner, rep, teamOf } from './teams.ts'

const input = z.object({ name: z.string() })
const lost = () => new CallFailure('unavailable', 'lost', { retryable: true, outcomeUnknown: true })
const down = () => new CallFailure('unavailable', 'down', { retryable: true })

/** Post boxes by receiver, read back by receiver as Slack is: the answer to the first message is lost, and nobody can look at first. */
function postOffice({ arrives = true, whenUnknown = 'leave' as 'leave' | 'repeat' } = {}) {
  const office = {
    boxes: new Map<string, string[]>(),
    readable: false,
    unknown: false,
    earlier: [] as Json[],
  }
  let first = true
  const receiverOf = ({ name, owner }: Values) =>
    typeof owner === 'object' && owner !== null && 'rep' in owner ? `${owner.rep}` : `${name}`
  const column = (uses: 'name' | 'owner', confirms: string[] = []) =>
    buildColumn<{ name: string; owner: unknown }, { to: string }>({
      kind: 'letter',
      needs: [uses],
      retry: { attempts: 20, baseMs: 20, maxMs: 40 },
      versionOf: [],
      work: {
        effect: 'write',
        sideEffect: 'writes a letter',
        reaches: 'people',
        target: 'readable',
        whenUnknown,
        confirms,
        horizonMs: 0,
        async send(values, { sendId, earlier }) {
          const to = receiverOf(values)
          office.earlier.push(earlier)
          const isLost = first
          first = false
          if (!isLost || arrives) office.boxes.set(to, [...(office.boxes.get(to) ?? []), sendId])
          if (isLost) throw lost()
          return done({ to })
        },
        async reconcile(values, { sendId }) {
          if (!office.readable) throw down()
          if (office.unknown) return { state: 'unknown', reason: 'nobody can say' }
          const to = receiverOf(values)
          if (office.boxes.get(to)?.includes(sendId) !== true) return { state: 'absent' }
          return { state: 'happened', outcome: done({ to }) }
        },
      },
    })
  return { office, column }
}

const inDoubt = (running: RunningRuntime, table: string, id: string) =>
  until(async () => {
    const { told } = (await onDisk(running, table, id)).cells
    return told?.intent !== undefined && told.waiting !== undefined
  }, 'the outcome is in doubt')
const atRest = (running: RunningRuntime, table: string, id: string) =>
  until(async () => (await running.runtime.row(table, id)).atRest, 'at rest')

describe('an effect in doubt whose values are others by now', () => {
  async function edited(options: Parameters<typeof postOffice>[0]) {
    const { office, column } = postOffice(options)
    const table = defineTable('t', { input }).column('told', column('name') as never)
    const running = await runTables([table], { parkAfterMs: 5 })
    const [id = ''] = await insertRows(running, 't', [{ name: 'ana' }])
    await inDoubt(running, 't', id)
    await running.runtime.edit('t', id, { name: 'bo' })
    return { office, running, id }
  }

  test('is looked for with those it was sent with; found, it is done and stale, and a later run knows of it', async () => {
    const { office, running, id } = await edited({})
    office.readable = true
    await atRest(running, 't', id)
    expect([...office.boxes.keys()]).toEqual(['ana'])
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({
      status: 'done',
      value: { to: 'ana' },
      stale: true,
    })
    await rerun(running, 't', { mode: 'stale', includeEffects: true })
    expect([...office.boxes.keys()]).toEqual(['ana', 'bo'])
    expect(office.earlier).toEqual([null, { to: 'ana' }])
  })

  test('is over when it is not there, and the present one leaves', async () => {
    const { office, running, id } = await edited({ arrives: false })
    office.readable = true
    await atRest(running, 't', id)
    expect([...office.boxes.keys()]).toEqual(['bo'])
    expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done', stale: false })
  })

  test('is looked for so after a restart and by a later run', async () => {
    const { office, running, id } = await edited({})
    office.readable = true
    office.unknown = true
    await atRest(running, 't', id)
    expect((await running.runtime.row('t', id)).cells.told?.status).toBe('unknown')
    const again = await running.restart()
    office.unknown = false
    await rerun(again, 't', { mode: 'errored' })
    expect((await again.runtime.row('t', id)).cells.told).toMatchObject({
      status: 'done',
      value: { to: 'ana' },
    })
    expect([...office.boxes.keys()]).toEqual(['ana'])
  })

  test('is settled before the next owner is told, who is told with what went out earlier', async () => {
    const { office, column } = postOffice()
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf([rep('ana'), rep('bo')])))
      .column('told', column('owner', ['owner']) as never)
    const running = await runTables([table], { parkAfterMs: 5 })
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'x' }])
    await inDoubt(running, 'leads', id)
    const run = rerun(running, 'leads', {
      columns: ['owner'],
      redraw: true,
      reason: 'on tour',
      downstream: true,
    })
    await until(async () => (await draws(running)).length === 2, 'drawn anew')
    expect((await draws(running)).map(({ state }) => state)).toEqual(['released', 'reserved'])
    office.readable = true
    await run
    await atRest(running, 'leads', id)
    expect([...office.boxes.keys()]).toEqual(['ana', 'bo'])
    expect(office.earlier).toEqual([null, { to: 'ana' }])
    expect((await draws(running)).map(({ state }) => state)).toEqual(['released', 'confirmed'])
  })

  test('and unknown since an earlier run is asked about once more before the next owner is told', async () => {
    const { office, column } = postOffice()
    const table = defineTable('leads', { input })
      .column('owner', owner(teamOf([rep('ana'), rep('bo')])))
      .column('told', column('owner', ['owner']) as never)
    const running = await runTables([table])
    office.readable = true
    office.unknown = true
    const [id = ''] = await insertRows(running, 'leads', [{ name: 'x' }])
    await running.runtime.idle()
    office.unknown = false
    await rerun(running, 'leads', { columns: ['owner'], redraw: true, reason: 'on tour', downstream: true })
    expect((await running.runtime.row('leads', id)).cells.told).toMatchObject({ value: { to: 'bo' } })
    expect(office.earlier).toEqual([null, { to: 'ana' }])
  })
})

test('a call to a keyed service is made again under its key and with what it was made with', async () => {
  const bodies: string[] = []
  const keys: string[] = []
  let loses = true
  let answered = 0
  const server = createServer(async (incoming, response) => {
    let body = ''
    for await (const chunk of incoming) body += chunk
    bodies.push(body)
    keys.push(`${incoming.headers['idempotency-key']}`)
    if (loses) {
      incoming.socket.destroy()
      return
    }
    answered += 1
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`
  const table = defineTable('t', { input }).column(
    'told',
    http({
      needs: ['name'],
      method: 'POST',
      target: 'keyed',
      url,
      body: ({ name }: { name: string }) => ({ name }),
      output: z.unknown(),
      retry: { baseMs: 20, maxMs: 100 },
    }),
  )
  const running = await runTables([table], { parkAfterMs: 5 })
  const [id = ''] = await insertRows(running, 't', [{ name: 'one' }])
  await inDoubt(running, 't', id)
  await running.runtime.edit('t', id, { name: 'two' })
  loses = false
  await atRest(running, 't', id)
  // Nobody took it for done before a call was answered, and then nobody made another one.
  expect(answered).toBe(1)
  expect(bodies.length).toBeGreaterThanOrEqual(2)
  expect(bodies).toEqual(bodies.map(() => '{"name":"one"}'))
  expect(keys).toEqual(keys.map(() => keys[0]))
  expect(keys[0]).toMatch(new RegExp(`^${id}\\.told\\.1\\.`))
  expect((await running.runtime.row('t', id)).cells.told).toMatchObject({ status: 'done', stale: true })
  const before = bodies.length
  await rerun(running, 't', { mode: 'stale', includeEffects: true })
  expect(bodies.slice(before)).toEqual(['{"name":"two"}'])
  expect(keys.at(-1)).not.toBe(keys[0])
})

test.each([
  ['repeat', 2, 'done'],
  ['leave', 1, 'unknown'],
] as const)(
  'a readable effect of which nobody can say is treated as the column says: %s',
  async (whenUnknown, times, status) => {
    const { office, column } = postOffice({ whenUnknown })
    office.readable = true
    office.unknown = true
    const table = defineTable('t', { input }).column('told', column('name') as never)
    const running = await runTables([table])
    const [id = ''] = await insertRows(running, 't', [{ name: 'ana' }])
    await running.runtime.idle()
    expect(office.boxes.get('ana')).toHaveLength(times)
    const { history } = await running.runtime.cell('t', id, 'told')
    expect(history.at(-1)?.status).toBe(status)
    if (whenUnknown === 'repeat') expect(history.at(-1)?.detail).toMatchObject({ mayRepeat: true })
  },
)

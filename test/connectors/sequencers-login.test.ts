import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { keptFile } from '../../cli/kept-file.ts'
import type { EnrolRequest } from '../../columns/ports.ts'
import { type OutreachSettings, outreach } from '../../connectors/outreach.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { timed } from '../support/own-time.ts'
import { temporaryFolder } from '../support/temp.ts'
import { callWithin as call, failureOf } from './failure-of.ts'

const request: EnrolRequest = {
  sequence: '301',
  record: { type: 'contact', id: '1' },
  email: 'ada@acme.test',
  sender: { email: 'ana@rota.test', crmUserId: null },
}

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = await startSandbox()
  sandbox.vendors.outreach?.load({ apiKey: 'good' })
})
afterEach(() => sandbox.close())

const make = (change: Partial<OutreachSettings> = {}) =>
  outreach({
    clientId: 'c',
    clientSecret: 's',
    refreshToken: 'good',
    baseUrl: `${sandbox.url}/outreach`,
    ...change,
  })
const requests = (path: string) =>
  sandbox.ledger.entries({ vendor: 'outreach' }).filter((entry) => entry.path.startsWith(path))

describe('a login to outreach', () => {
  test.each([
    [400, '<html>Bad Request</html>'],
    [403, '<html>Blocked</html>'],
    [404, '<html>no such page</html>'],
    [405, { error: 'x' }],
    [302, ''],
  ])('answered with %i %j waits for somebody, and fails no row', async (status, body) => {
    sandbox.faults.add({ vendor: 'outreach', kind: 'status', status, body, path: '/oauth/token' })
    expect(await failureOf(make().refusal(request, call()))).toMatchObject({
      kind: 'needs-credentials',
      retryable: true,
      outcomeUnknown: false,
    })
  })

  test.each([
    [408, 'timeout'],
    [420, 'rate-limited'],
    [429, 'rate-limited'],
    [503, 'unavailable'],
  ])('answered with %i ends as %s', async (status, kind) => {
    sandbox.faults.add({ vendor: 'outreach', kind: 'status', status, body: 'busy', path: '/oauth/token' })
    expect(await failureOf(make().refusal(request, call()))).toMatchObject({ kind, retryable: true })
  })

  test('that hangs takes no longer than the call may, and ends with its cancel', async () => {
    sandbox.faults.add({ vendor: 'outreach', kind: 'hang', path: '/oauth/token', times: 2 })
    const { ownMs } = await timed(async () => {
      const late = await failureOf(make().refusal(request, call(150)))
      expect(late).toMatchObject({ kind: 'timeout', retryable: true, outcomeUnknown: false })
      await failureOf(make().refusal(request, { ...call(), signal: AbortSignal.timeout(150) }))
    })
    expect(ownMs).toBeLessThan(700)
  })

  test('whose every token is refused costs two logins and two tries, however many ask at once', async () => {
    const refused = {
      vendor: 'outreach',
      path: '/api/v2',
      kind: 'status',
      status: 401,
      times: 1_000,
    } as const
    sandbox.faults.add(refused)
    const sequencer = make()
    const asked = Array.from({ length: 30 }, () => failureOf(sequencer.refusal(request, call())))
    for (const failure of await Promise.all(asked))
      expect(failure).toMatchObject({ kind: 'needs-credentials' })
    expect(requests('/oauth/token')).toHaveLength(2)
    expect(requests('/api/v2')).toHaveLength(2)
  })
})

describe('the refresh token', () => {
  const tokenFile = async () => {
    const folder = await temporaryFolder()
    onTestFinished(() => folder.remove())
    return join(folder.path, 'token')
  }

  test('is a new one after each login, which a process goes on with', async () => {
    const sequencer = make()
    expect(await sequencer.refusal(request, call())).toBeNull()
    await fetch(`${sandbox.url}/outreach/expire`, { method: 'POST' })
    expect(await sequencer.refusal(request, call())).toBeNull()
    expect(await failureOf(make().refusal(request, call()))).toMatchObject({ kind: 'needs-credentials' })
  })

  test('is kept in a file for the next process, which nobody else may read', async () => {
    const path = await tokenFile()
    for (let process = 0; process < 3; process += 1)
      expect(await make({ kept: keptFile(path) }).refusal(request, call())).toBeNull()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path, 'utf8')).toContain('sandbox-refresh-3')
    expect(readFileSync(path, 'utf8')).not.toContain('good')
  })

  test('of a new authorisation goes before the one in the file', async () => {
    const path = await tokenFile()
    await make({ kept: keptFile(path) }).refusal(request, call())
    sandbox.vendors.outreach?.load({ apiKey: 'newer' })
    const renewed = make({ refreshToken: 'newer', kept: keptFile(path) })
    expect(await renewed.refusal(request, call())).toBeNull()
  })

  test('is not used up where its successor could not be kept', async () => {
    const kept = keptFile(join(await tokenFile(), 'nowhere', 'token'))
    const failure = await failureOf(make({ kept }).refusal(request, call()))
    expect(failure).toMatchObject({ kind: 'needs-credentials', retryable: true })
    expect(failure.message).toContain('ENOENT')
    expect(requests('/oauth/token')).toEqual([])
  })
})

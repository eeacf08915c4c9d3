import { describe, expect, test } from 'vitest'
import { createLog } from '../../cli/log.ts'
import { readSettings } from '../../cli/settings.ts'
import { CallFailure, TableError } from '../../columns/errors.ts'
import { transportFailure } from '../../connectors/call.ts'

const settings = readSettings({
  ROTA_API_KEY: 'plainly-a-password',
  HUBSPOT_ACCESS_TOKEN: 'hub-secret-"quoted"',
  TEAMS_WEBHOOK_URL: 'https://acme.webhook.office.com/webhookb2/f00-secret-guid/IncomingWebhook/abc',
})

/** What the real log writes, as text and parsed. */
function logged(fields: object, message = 'it failed') {
  const lines: string[] = []
  const log = createLog({ level: 'info', settings, destination: { write: (line) => void lines.push(line) } })
  log.error(fields, message)
  const text = lines.join('')
  return { text, line: JSON.parse(text) }
}

describe('a logged error', () => {
  test('is told with its stack and all of its causes', () => {
    const socket = Object.assign(new Error('socket closed'), { code: 'ECONNRESET' })
    const error = new CallFailure('unavailable', 'crm: GET /x lost its connection', {
      retryable: true,
      cause: new TypeError('fetch failed', { cause: socket }),
    })
    const { line } = logged({ row: 'row_1', error })
    expect(line).toMatchObject({
      msg: 'it failed',
      row: 'row_1',
      error: {
        type: 'CallFailure',
        message: 'crm: GET /x lost its connection',
        kind: 'unavailable',
        retryable: true,
        stack: expect.stringContaining('log.test.ts'),
        cause: {
          type: 'TypeError',
          message: 'fetch failed',
          cause: { message: 'socket closed', code: 'ECONNRESET' },
        },
      },
    })
  })

  test('is told even when it is not an error, and when its causes go round', () => {
    const loop = new Error('round')
    loop.cause = loop
    expect(logged({ error: loop }).line.error).toMatchObject({
      message: 'round',
      cause: { message: 'round' },
    })
    expect(logged({ error: 'just words' }).line.error).toBe('just words')
    expect(logged({ error: undefined }).line.msg).toBe('it failed')
    const failure = new CallFailure('unavailable', 'x', {
      retryable: true,
      cause: { status: 503, category: 'LIMIT' },
    })
    expect(logged({ error: failure }).line.error.cause).toEqual({ status: 503, category: 'LIMIT' })
    const refused = new TableError('store-locked', 'x', {
      field: 'ROTA_DB',
      wayOut: 'stop it',
      value: 'ana@x.example',
    })
    expect(logged({ error: refused }).line.error).toMatchObject({ code: 'store-locked', wayOut: 'stop it' })
  })

  test('carries no secret, wherever it stands in it', () => {
    const request = { headers: { authorization: 'Bearer deep-secret', 'x-api-key': 'header-secret' } }
    const client = Object.assign(new Error('401 for Bearer eyJ.token-secret'), {
      request,
      headers: { cookie: 'cookie-secret' },
      config: { url: 'https://x.example/?api_key=config-secret' },
    })
    const teams =
      'https://prod.logic.azure.com/workflows/abc-secret/triggers/manual/paths/invoke?sp=%2F&sig=sig-secret'
    const errors = [
      new CallFailure('crashed', 'a column threw', { retryable: false, cause: client }),
      new Error(`POST ${teams} failed`),
      new Error('Invalid URL: https://user:url-secret@x.example/a?key=query-secret'),
      new Error('sent {"authorization":"Basic YTpi-secret","api_key":"json-secret"}'),
      new Error('key sk-proj-abcdef-secret and xoxb-123456-secret'),
      new Error('token hub-secret-"quoted" and plainly-a-password are wrong'),
      new Error('x', {
        cause: { status: 401, body: 'sig=body-secret&a=1', nested: { token: 'nested-secret' } },
      }),
      new AggregateError([new Error('Bearer inner-secret')], 'all failed'),
      transportFailure(
        new TypeError(`bad ${settings.TEAMS_WEBHOOK_URL}`),
        {
          vendor: 'teams',
          method: 'POST',
          url: settings.TEAMS_WEBHOOK_URL ?? '',
          write: true,
        },
        { signal: new AbortController().signal } as Parameters<typeof transportFailure>[2],
      ),
    ]
    for (const error of errors) {
      const { text, line } = logged({ error }, error.message)
      expect(text).not.toMatch(/secret|plainly-a-password/)
      expect(line.error.message).not.toBe('')
    }
  })
})

import { describe, expect, test } from 'vitest'
import { createLog } from '../../cli/log.ts'
import { readSettings } from '../../cli/settings.ts'
import { shortValue } from '../../cli/why-values.ts'

/** The line of the log about an error with this message, which has to stay JSON. */
function logged(message: string): { error: { message: string } } {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  createLog({ level: 'info', settings: readSettings({}), destination }).error(
    { error: new Error(message) },
    'it failed',
  )
  return JSON.parse(lines.join(''))
}

describe('in a log line and in an answer of why', () => {
  test.each([
    ['Bearer hush', 'Bearer [hidden]'],
    ['Basic\thush', 'Basic [hidden]'],
    ['see https://me:hush@a.example/', 'see https://[hidden]@a.example/'],
    ['token=hush-1&accessToken=hush-2', 'token=[hidden]&accessToken=[hidden]'],
    ['password=hush', 'password=[hidden]'],
    ['x-api-key=hush', 'x-api-key=[hidden]'],
    ['sig=hush', 'sig=[hidden]'],
    ['{"privateKey":"hush-1","n":1}', '{"privateKey":"[hidden]","n":1}'],
    ['{"Set-Cookie": "hush-1"}', '{"Set-Cookie": "[hidden]"}'],
    ['webhookb2/hush', 'webhookb2/[hidden]'],
    ['services/T0/B0/hush', 'services/[hidden]'],
    ['xoxb-hush-hush', '[hidden]'],
  ])('%s tells no secret', (text, told) => {
    expect(shortValue(text)).toBe(told)
    expect(logged(text).error.message.replace('\t', ' ')).toBe(told)
  })

  test.each([
    'https://a.example/pricing',
    'needs-credentials',
    'design=blue',
    '{"tokens":"12","maxTokens":5}',
    'task-12345678',
  ])('%s stays as it is', (text) => {
    expect(shortValue(text)).toBe(text)
    expect(logged(text).error.message).toBe(text)
  })
})

test('an address is told by why with its query, and by the log without', () => {
  const address = 'https://a.example/?page=2'
  expect(shortValue(address)).toBe(address)
  expect(logged(address).error.message).toBe('https://a.example/?[hidden]')
})

test('a long text takes no longer than it must', () => {
  const started = performance.now()
  shortValue(`${'token-'.repeat(20_000)}${'a-'.repeat(50_000)}`)
  expect(performance.now() - started).toBeLessThan(2_000)
})

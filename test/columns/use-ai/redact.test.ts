import { expect, test } from 'vitest'
import { redactAddresses } from '../../../columns/use-ai/redact.ts'

test.each([
  ['write to jo.smith+leads@acme.co.uk, please', 'write to [e-mail], please'],
  ['<jo@acme.com>;"kim@acme.com"', '<[e-mail]>;"[e-mail]"'],
  ['{"email":"jo@acme.com","name":"Jo"}', '{"email":"[e-mail]","name":"Jo"}'],
  ['jürgen@müller.de und 山田@例え.jp', '[e-mail] und [e-mail]'],
  ['jo＠acme.com', '[e-mail]'],
  ['jo@acme.com@evil.com', '[e-mail]@evil.com'],
  ['jo@localhost', '[e-mail]'],
  ['a@b c@d', '[e-mail] [e-mail]'],
])('replaces the addresses in %s', (text, expected) => {
  expect(redactAddresses(text)).toBe(expected)
})

test.each(['acme.com', '@acme on X', 'price @ 5', 'mail us at ', 'a @b', ''])('leaves %s alone', (text) => {
  expect(redactAddresses(text)).toBe(text)
})

test('reads a long text without blanks once', () => {
  const startedAt = performance.now()
  expect(redactAddresses('a'.repeat(200_000))).toHaveLength(200_000)
  expect(redactAddresses('@'.repeat(200_000))).toHaveLength(200_000)
  expect(redactAddresses(`${'a'.repeat(200_000)}@${'b'.repeat(200_000)}`)).toContain('[e-mail]')
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

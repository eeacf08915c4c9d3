import { expect, test } from 'vitest'
import { redactAddresses } from '../../../columns/use-ai/redact.ts'
import { workMs } from '../../support/own-time.ts'

test.each([
  ['write to jo.smith+leads@acme.co.uk, please', 'write to [e-mail], please'],
  ['<jo@acme.com>;"kim@acme.com"', '<[e-mail]>;"[e-mail]"'],
  ['{"email":"jo@acme.com","name":"Jo"}', '{"email":"[e-mail]","name":"Jo"}'],
  ['jürgen@müller.de und 山田@例え.jp', '[e-mail] und [e-mail]'],
  ['jo＠acme.com', '[e-mail]'],
  ['jo@acme.com@evil.com', '[e-mail]@evil.com'],
  ['jo@localhost', '[e-mail]'],
  ['a@b c@d', '[e-mail] [e-mail]'],
  ['josé@acme.com'.normalize('NFD'), '[e-mail]'],
  ['an 𝓳𝓸𝓱𝓷@acme.com', 'an [e-mail]'],
  ['john﹫acme.com', '[e-mail]'],
  ['john@\u200bacme.com', '[e-mail]'],
  ['john\u200b@acme.com', '[e-mail]'],
  ['Jo\u00adhn@ac\u2060me.com', '[e-mail]'],
  ['john@acme。com', '[e-mail]'],
  ['mail "john doe"@acme.com now', 'mail [e-mail] now'],
  ['{"to":"\\"john doe\\"@acme.com"}', '{"to":"[e-mail]"}'],
  ['mailto:john%40acme.com', 'mailto:[e-mail]'],
  ['john\\u0040acme.com', '[e-mail]'],
  ['john&#64;acme.com', '[e-mail]'],
  ['माहिती@acme.in राजेश@डाटामेल.भारत', '[e-mail] [e-mail]'],
  ['root@[192.0.2.1] root@[IPv6:2001:db8::1]', '[e-mail] [e-mail]'],
  ['by john(private)@acme.com', 'by [e-mail]'],
  ['by ☎john✉@acme.com', 'by [e-mail]'],
])('replaces the addresses in %s', (text, expected) => {
  expect(redactAddresses(text)).toBe(expected)
})

test.each([
  'acme.com',
  '@acme on X',
  'price @ 5',
  'mail us at ',
  'a @b',
  '',
  '{"x":"","@acme":"@b.inc"}',
  '100%40',
])('leaves %s alone', (text) => {
  expect(redactAddresses(text)).toBe(text)
})

test('reads a long text without blanks once', async () => {
  const read = (length: number) => {
    expect(redactAddresses('a'.repeat(length))).toHaveLength(length)
    expect(redactAddresses('@'.repeat(length))).toHaveLength(length)
    expect(redactAddresses(`${'a'.repeat(length)}@${'b'.repeat(length)}`)).toContain('[e-mail]')
  }
  read(20_000)
  // Ten times the text is ten times the work, and would be a hundred times for whoever reads it again from every letter.
  expect(await workMs(() => read(200_000))).toBeLessThan(40 * (await workMs(() => read(20_000))))
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { duplicateKey } from '../../../columns/use-ai/duplicate-keys.ts'

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"b":{"c":1,"c":1}}', 'c'],
  ['[{"x":1},{"x":1,"y":2,"x":3}]', 'x'],
  ['{"region":"NA","\\u0072egion":"EMEA"}', 'region'],
  ['{"a" :1 , "a"\n: 2}', 'a'],
  ['{"":1,"":2}', ''],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
])('finds the key that stands twice in %s', (text, key) => {
  expect(duplicateKey(text)).toBe(key)
})

test.each([
  '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}',
  '{"a":"a","b":"\\"a\\":1,\\"a\\":2"}',
  '["a","a"]',
  '"a"',
  '{"a":"{\\"a\\":1}"}',
  '{"a\\\\":1,"a":2}',
  '{}',
])('finds none in %s', (text) => {
  expect(duplicateKey(text)).toBeNull()
})

test('finds none in what JSON.stringify writes, whatever it is', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => duplicateKey(JSON.stringify(JSON.parse(text))) === null),
  )
})

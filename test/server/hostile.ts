import fc from 'fast-check'

/** Texts that trip careless code: names every object inherits, broken encodings, what looks like a number or a time. */
export const hostileText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'NaN',
      'null',
      '-1',
      '1e999',
      '0x10',
      '../../etc/passwd',
      'a/b',
      '..',
      '\u0000',
      'a\u0000b',
      '\ud800',
      'a\udc00b',
      '🙂',
      '\u202e',
      "'; DROP TABLE rows; --",
      '%',
      '%_*?[',
      '"',
      'status:error',
      'email=~(',
      '2026-02-30',
      '0000-01-01',
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59-23:59',
      'x'.repeat(3_000),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
)

/** A number no double holds, written as it would be sent: `JSON.stringify` cannot write it. */
const beyond = '\u0001beyond\u0001'

const nested = (levels: number, inside: unknown): unknown =>
  levels === 0 ? inside : levels % 2 === 0 ? [nested(levels - 1, inside)] : { a: nested(levels - 1, inside) }

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1,
      0.5,
      -0.0000001,
      1e308,
      Number.MAX_SAFE_INTEGER,
      -Number.MAX_SAFE_INTEGER,
      2 ** 63,
      beyond,
      [],
      {},
      [null],
      [[[[]]]],
      { constructor: 1, toString: null, hasOwnProperty: {} },
      { length: 5 },
      nested(60, 'deep'),
      nested(70, 'too deep'),
      Array.from({ length: 1_500 }, (_, index) => index),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)

/** What is done to one value of a request. */
export type Change = (value: unknown) => unknown

/** Goes down to some place of a JSON value, a leaf or not, and changes what is there. */
function changedAt(value: unknown, way: readonly number[], change: Change): unknown {
  const [step, ...rest] = way
  if (step === undefined || typeof value !== 'object' || value === null) return change(value)
  if (Array.isArray(value)) {
    if (value.length === 0) return change(value)
    return value.with(step % value.length, changedAt(value[step % value.length], rest, change))
  }
  const keys = Object.keys(value)
  const key = keys[step % keys.length]
  if (key === undefined) return change(value)
  return { ...value, [key]: changedAt(Reflect.get(value, key), rest, change) }
}

const without: (step: number) => Change = (step) => (value) => {
  if (Array.isArray(value)) return value.slice(1)
  if (typeof value !== 'object' || value === null) return null
  const keys = Object.keys(value)
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== keys[step % keys.length]))
}

const withKey: (key: string, added: unknown) => Change = (key, added) => (value) => {
  if (Array.isArray(value)) return [...value, added]
  if (typeof value !== 'object' || value === null) return { [key]: added }
  return Object.fromEntries([...Object.entries(value), [key, added]])
}

const twice: Change = (value) => (Array.isArray(value) ? [...value, ...value] : [value, value])

const way = fc.array(fc.nat(30), { maxLength: 5 })

/** `others` are values of the same request that are right elsewhere: a name of a rep where one of a pool is asked. */
export const mutationOf = (others: readonly unknown[]): fc.Arbitrary<Change> =>
  fc
    .tuple(
      way,
      fc.oneof(
        {
          weight: 5,
          arbitrary: hostileValue.map(
            (given): Change =>
              () =>
                given,
          ),
        },
        {
          weight: 3,
          arbitrary: fc.constantFrom(...others).map(
            (given): Change =>
              () =>
                given,
          ),
        },
        { weight: 2, arbitrary: fc.nat(30).map(without) },
        {
          weight: 2,
          arbitrary: fc.tuple(hostileText, hostileValue).map(([key, added]) => withKey(key, added)),
        },
        { weight: 1, arbitrary: fc.constant(twice) },
      ),
    )
    .map(
      ([path, change]): Change =>
        (value) =>
          changedAt(value, path, change),
    )

/** JSON text, with the number that cannot be written any other way. */
export const jsonText = (value: unknown): string =>
  (JSON.stringify(value) ?? 'null').replaceAll(JSON.stringify(beyond), '1e999')

/** What a sender, or something on the way, may do to the text of a body. */
export const textMutation: fc.Arbitrary<(text: string) => string | Uint8Array> = fc.oneof(
  { weight: 60, arbitrary: fc.constant((text: string) => text) },
  { weight: 1, arbitrary: fc.nat(200).map((at) => (text: string) => text.slice(0, at % (text.length + 1))) },
  { weight: 1, arbitrary: fc.constant((text: string) => text.replace('{', '{"__proto__":{"rep":"ana"},')) },
  { weight: 1, arbitrary: fc.constant((text: string) => text.replace(/\{("[^"]*":)/, '{$1null,$1')) },
  { weight: 1, arbitrary: fc.constant((text: string) => `\ufeff${text}`) },
  { weight: 1, arbitrary: fc.constant((text: string) => `${text}${text}`) },
  { weight: 1, arbitrary: fc.constant(() => Uint8Array.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d)) },
  { weight: 1, arbitrary: fc.constant((text: string) => text.replace(':', ':NaN,"x":')) },
)

import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { hasTitle, type Pin, pinsOf, root, textOf } from './named-tests.ts'

const page = textOf('docs/routing.md')

interface Trap {
  number: number
  /** Letter of the part it stands under. */
  part: string
  /** Tests by file and title. */
  pins: Pin[]
  /** Why the trap, or what is left of it, is not handled; null when it is. */
  why: string | null
  pinnedBy: string
}

/** The rows of the tables under the headings of the parts, in the order of the page. */
function trapsOf(text: string): Trap[] {
  let part = ''
  return text.split('\n').flatMap((line) => {
    part = /^### ([A-Z])\. /.exec(line)?.[1] ?? part
    const [, number, , does, pinnedBy = ''] = line.split('|').map((cell) => cell.trim())
    if (number === undefined || !/^\d+$/.test(number)) return []
    expect(does, `what Rota does about trap ${number}`).not.toBe('')
    const [pinned = '', why = null] = pinnedBy.split('not handled yet: ')
    return [{ number: Number(number), part, pins: pinsOf(pinned), why, pinnedBy }]
  })
}

const traps = trapsOf(page)

describe('the table of traps', () => {
  test('has each of the 120 once, in order', () => {
    expect(traps.map(({ number }) => number)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
  })

  test('names tests that exist, or says plainly that a trap is not handled and why', () => {
    for (const { number, pins, why, pinnedBy } of traps) {
      const what = `trap ${number}: ${pinnedBy}`
      expect(why === null ? pins.length > 0 : why.length > 20, what).toBe(true)
      expect(
        pins.filter((pin) => !hasTitle(pin)),
        what,
      ).toEqual([])
    }
  })

  test('has an answer to every trap of the parts C, D, E and H', () => {
    const needed = traps.filter(({ part }) => 'CDEH'.includes(part))
    expect(needed).toHaveLength(21 + 7 + 18 + 7)
    expect(needed.filter(({ why }) => why !== null).map(({ number }) => number)).toEqual([])
  })

  test('knows every trap that a title of a test names', () => {
    const named = new Set(
      globSync('test/**/*.ts', { cwd: fileURLToPath(root) }).flatMap((path) =>
        [...textOf(path).matchAll(/\(traps? (\d[\d, and trap]*)\)/g)].flatMap(
          ([, numbers]) => numbers?.match(/\d+/g)?.map(Number) ?? [],
        ),
      ),
    )
    expect(named.size).toBeGreaterThan(40)
    const open = traps.filter(({ number, pins }) => named.has(number) && pins.length === 0)
    expect(open.map(({ number }) => number)).toEqual([])
  })
})

describe('the page about routing', () => {
  test('shows code that stands in an example, word for word', () => {
    const examples = globSync('examples/*/*.ts', { cwd: fileURLToPath(root) }).map(textOf)
    const blocks = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
    expect(blocks.length).toBeGreaterThan(2)
    for (const block of blocks)
      expect(
        examples.some((each) => each.includes(block)),
        block,
      ).toBe(true)
  })
})

test('no page repeats figures about speed that we did not measure (trap 108)', () => {
  const pages = [
    'README.md',
    ...globSync('{docs,examples,server/page}/**/*.{md,html,js,ts}', { cwd: fileURLToPath(root) }),
  ]
  expect(pages.length).toBeGreaterThan(20)
  const borrowed = /\b(?:21|100) ?(?:x\b|×|times)|\bconnect (?:rate|likelihood)|odds of (?:contact|qualif)/i
  expect(pages.filter((path) => borrowed.test(textOf(path)))).toEqual([])
})

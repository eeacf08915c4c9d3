import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { aiOutcomes } from '../../columns/use-ai/outcomes.ts'

const page = readFileSync(new URL('../../docs/use-ai.md', import.meta.url), 'utf8')
const tests = ['use-ai-hostile.test.ts', '../connectors/openai-formats.test.ts']
  .map((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
  .join('\n')
const rows = page.split('\n').filter((line) => line.startsWith('| `'))

test('docs/use-ai.md tells of every outcome, once, and of no other', () => {
  expect(rows.map((row) => row.split('`')[1]).toSorted()).toEqual(aiOutcomes.toSorted())
})

test('the tests it names exist', () => {
  const named = rows.flatMap((row) => [...row.matchAll(/"([^"]{20,})"/g)].map((match) => match[1] ?? ''))
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !tests.includes(name))).toEqual([])
})

test.each(aiOutcomes)('%s is ended with in a test', (outcome) => {
  expect(tests.includes(`'${outcome}'`) || outcome === 'invalid-request').toBe(true)
})

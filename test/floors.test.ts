import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkFloors, type Exception, importsOf, roomOf, type SourceFile } from './floors.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Each with its reason. Empty is the aim. */
const exceptions: readonly Exception[] = []

function sources(): SourceFile[] {
  const paths = globSync(['*.ts', '*/**/*.ts', '*/**/*.tsx'], {
    cwd: root,
    exclude: (path) => /(?:^|\/)(?:node_modules|dist|data|coverage)(?:\/|$)/.test(path),
  })
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }))
}

const violationsOf = (path: string, text: string) =>
  checkFloors([{ path, text }]).map(({ rule, message }) => `${rule}: ${message}`)

describe('the house', () => {
  const files = sources()

  it('keeps every floor, and no file is over the cap', () => {
    expect(checkFloors(files, exceptions)).toEqual([])
  })

  it.each(['runtime', 'db', 'columns', 'routing', 'connectors', 'sandbox', 'test'])(
    'has looked into %s',
    (room) => {
      expect(files.filter((file) => roomOf(file.path) === room).length).toBeGreaterThan(3)
      expect(files.some((file) => roomOf(file.path) === room && importsOf(file.text).length > 0)).toBe(true)
    },
  )

  it('is tested with the Node it runs on', () => {
    expect(Number(process.versions.node.split('.')[0])).toBe(24)
  })
})

describe('an import upwards is found', () => {
  it.each([
    ['routing/x.ts', `import { z } from '../columns/column.ts'`, 'routing may not import columns/column.ts'],
    ['columns/x.ts', `import type { Store } from '../db/store.ts'`, 'columns may not import db/store.ts'],
    ['columns/x.ts', `export { a } from '../runtime/plan.ts'`, 'columns may not import runtime/plan.ts'],
    ['db/sqlite/x.ts', `import {\n  a,\n} from '../../runtime/a.ts'`, 'db may not import runtime/a.ts'],
    ['runtime/x.ts', `await import('../server/app.ts')`, 'runtime may not import server/app.ts'],
    ['runtime/x.ts', `import '../connectors/slack.ts'`, 'runtime may not import connectors/slack.ts'],
    ['server/x.ts', `import { a } from '../cli/a.ts'`, 'server may not import cli/a.ts'],
    [
      'server/x.ts',
      `import { a } from '../connectors/slack.ts'`,
      'server may not import connectors/slack.ts',
    ],
    ['connectors/x.ts', `import { a } from '../db/store.ts'`, 'connectors may not import db/store.ts'],
    [
      'connectors/x.ts',
      `import { a } from '../routing/pool.ts'`,
      'connectors may not import routing/pool.ts',
    ],
    [
      'sandbox/a/x.ts',
      `import { a } from '../../columns/errors.ts'`,
      'sandbox may not import columns/errors.ts',
    ],
    [
      'sandbox/x.ts',
      `import { a } from '../connectors/call.ts'`,
      'sandbox may not import connectors/call.ts',
    ],
    ['web/grid.ts', `import { a } from '../runtime/views.ts'`, 'web may not import runtime/views.ts'],
    [
      'examples/a/x.ts',
      `import { a } from '../../runtime/plan.ts'`,
      'examples may not import runtime/plan.ts',
    ],
  ])('%s: %s', (path, text, message) => {
    expect(violationsOf(path, text)).toEqual([`floor: ${message}`])
  })

  it.each([
    ['columns/x.ts', `import { a } from '../routing/pool.ts'\nimport { b } from './build.ts'`],
    ['db/sqlite/x.ts', `import { a } from '../../columns/cell.ts'\nimport { b } from '../store.ts'`],
    ['sandbox/hubspot/x.ts', `import { a } from '../../connectors/hubspot/wire.ts'`],
    ['web/x.ts', `import type { A } from '../server/contract.ts'`],
    ['test/x.test.ts', `import { a } from '../cli/a.ts'\nimport OpenAI from 'openai'\nDate.now()`],
  ])('but not one downwards: %s', (path, text) => {
    expect(violationsOf(path, text)).toEqual([])
  })
})

describe('a package away from its home is found', () => {
  it.each([
    ['columns/x.ts', 'openai'],
    ['runtime/x.ts', '@slack/web-api'],
    ['server/x.ts', 'jsforce/lib/connection.js'],
    ['sandbox/x.ts', '@hubspot/api-client/lib/codegen/crm/owners/index.js'],
    ['runtime/x.ts', 'drizzle-orm/sqlite-core'],
    ['cli/x.ts', 'better-sqlite3'],
    ['cli/x.ts', 'hono'],
    ['connectors/x.ts', '@hono/node-server'],
    ['routing/x.ts', 'node:fs'],
    ['routing/x.ts', 'prom-client'],
    ['columns/x.ts', 'node:http'],
    ['columns/x.ts', 'tldts'],
    ['web/x.ts', 'node:fs'],
  ])('%s: %s', (path, name) => {
    expect(violationsOf(path, `import { a } from '${name}'`)).toEqual([expect.stringMatching(/^package: /)])
  })

  it.each([
    ['connectors/x.ts', 'openai/helpers/zod'],
    ['db/sqlite/x.ts', 'better-sqlite3'],
    ['server/x.ts', 'hono/body-limit'],
    ['sandbox/x.ts', '@hono/node-server'],
    ['routing/x.ts', 'email-providers/all.json'],
    ['columns/x.ts', 'node:crypto'],
    ['bench/x.ts', 'better-sqlite3'],
  ])('but not at home: %s: %s', (path, name) => {
    expect(violationsOf(path, `import { a } from '${name}'`)).toEqual([])
  })
})

describe('a reach for the outside world is found', () => {
  it.each([
    'const at = Date.now()',
    'const at = new Date()',
    'const at = new Date( )',
    'const at = new Date',
    'const at = Date()',
    'const part = Math.random()',
    'await globalThis.fetch(url)',
    'await fetch(url)',
    "import { randomUUID } from 'node:crypto'",
  ])('%s', (text) => {
    for (const room of ['routing', 'columns', 'runtime', 'db']) {
      expect(violationsOf(`${room}/x.ts`, text)).toContainEqual(expect.stringMatching(/^outside: /))
    }
    expect(violationsOf('cli/x.ts', text)).toEqual([])
  })

  it.each([
    'const at = new Date(now)',
    'const at = new Date(\n  step.at,\n)',
    'await context.fetch(url)',
    'const at = Date.parse(text)',
    '// Date.now is handed in\n/* so is Math.random */',
    "const address = 'http://one' // never fetch(it)",
  ])('but not %s', (text) => {
    expect(violationsOf('runtime/x.ts', text)).toEqual([])
  })
})

describe('a runtime that asks for the kind is found', () => {
  it.each([
    "if (column.kind === 'use-ai') return",
    "if (placed.column.kind !== 'branch') return",
    "if ('branch' === each.column.kind) return",
    'switch (placed.column.kind) {',
    'if (slow.has(column.kind)) return',
    'const run = byKind[column.kind]',
    'const { kind } = placed.column',
  ])('%s', (text) => {
    expect(violationsOf('runtime/x.ts', text)).toEqual([expect.stringMatching(/^kind: /)])
  })

  it('but it may show it', () => {
    expect(violationsOf('runtime/x.ts', 'const shown = { kind: column.kind, reads: column.reads }')).toEqual(
      [],
    )
  })
})

describe('the size cap', () => {
  it('is 400 lines, for tests as well', () => {
    expect(violationsOf('columns/x.ts', 'a\n'.repeat(400))).toEqual([])
    expect(violationsOf('columns/x.ts', 'a\n'.repeat(401))).toEqual(['length: 401 lines; the cap is 400'])
    expect(violationsOf('test/x.test.ts', 'a\n'.repeat(401))).toHaveLength(1)
  })
})

describe('an exception', () => {
  const file = { path: 'db/x.ts', text: 'Date.now()' }
  const exception = { path: 'db/x.ts', rule: 'outside', why: 'shown here' } as const

  it('excuses its file and its rule only', () => {
    expect(checkFloors([file], [exception])).toEqual([])
    expect(checkFloors([{ ...file, path: 'db/y.ts' }, file], [exception])).toHaveLength(1)
    expect(checkFloors([{ ...file, text: "import 'hono'\nDate.now()" }], [exception])).toHaveLength(1)
  })

  it('that is not needed any more is reported', () => {
    expect(checkFloors([{ ...file, text: '' }], [exception])).toEqual([
      { path: 'db/x.ts', rule: 'outside', message: 'this exception is not needed any more' },
    ])
  })
})

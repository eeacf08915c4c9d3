import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { boot, type Running } from '../cli/boot.ts'
import { readSettings, Settings } from '../cli/settings.ts'
import { defineTable } from '../columns/table.ts'
import { intentScore } from '../examples/first-table/intent-score.ts'
import { type RunningApp, startApp } from './support/start-app.ts'
import { temporaryFolder } from './support/temp.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const textOf = (path: string) => readFileSync(join(root, path), 'utf8')
const readme = textOf('README.md')
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '')

/** An example as README shows it: a note to the formatter is none to the reader. */
const shown = (path: string) => textOf(path).replaceAll(/^\/\/ biome-ignore.*\n/gm, '')

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function bootFirstTable(): Promise<Running> {
  const folder = await temporaryFolder()
  closing.push(folder.remove)
  const settings = readSettings({
    ROTA_SANDBOX: '1',
    ROTA_TABLES: join(root, 'examples/first-table/tables.ts'),
    ROTA_DB: join(folder.path, 'rota.sqlite'),
    PORT: '0',
  })
  const running = await boot({ settings, logLevel: 'silent' })
  closing.push(() => running.close())
  return running
}

const Cells = z.record(
  z.string(),
  z.object({ status: z.string(), value: z.unknown(), reason: z.string().nullable() }),
)
const Waited = z.object({ rows: z.array(z.object({ cells: Cells })) })
const Ledger = z.array(z.object({ effect: z.object({ kind: z.string() }) }))

async function insert(url: string, table: string, rows: object[]): Promise<z.output<typeof Cells>[]> {
  const response = await fetch(`${url}/v1/tables/${table}/rows?wait=done`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows }),
  })
  return Waited.parse(await response.json()).rows.map(({ cells }) => cells)
}

describe('the table in README', () => {
  test('is the example, word for word', () => {
    expect(blocks).toEqual([
      shown('examples/first-table/tables.ts'),
      shown('examples/first-table/intent-score.ts'),
    ])
  })

  test('starts on the sandbox and routes as README says', async () => {
    const { url, sandbox } = await bootFirstTable()
    const [known, small, ...drawn] = await insert(url, 'leads', [
      { company: 'Helios Solar', email: 'kim@helios-solar.example' },
      { company: 'Tiny', email: 'kim@tiny.example', employees: 3 },
      ...[1, 2, 3, 4].map((each) => ({ company: `Company ${each}`, email: `kim@company${each}.example` })),
    ])
    expect(known?.owner?.value).toMatchObject({ name: 'Ben Okafor', rule: 'existing owner' })
    expect(small?.exit?.value).toBe('self-serve')
    expect(small?.owner).toMatchObject({ status: 'skipped', reason: 'exit is self-serve, not route' })
    const names = drawn.map(({ owner }) => z.object({ name: z.string() }).parse(owner?.value).name)
    expect(names.toSorted()).toEqual(['Anna Keller', 'Anna Keller', 'Anna Keller', 'Ben Okafor'])
    const messages = await fetch(`${sandbox?.url}/ledger?effect=message-posted`)
    expect(Ledger.parse(await messages.json())).toHaveLength(5)
  })

  test('takes the column of our own', async () => {
    const table = defineTable('scored', { input: z.object({ source: z.string().optional() }) }).column(
      'score',
      intentScore({ demo: 10, newsletter: 1 }),
    )
    const app: RunningApp = await startApp({ tables: [table] })
    closing.push(() => app.close())
    const cells = await insert(app.url, 'scored', [{ source: 'demo' }, { source: 'fair' }, {}])
    expect(cells.map(({ score }) => [score?.status, score?.value])).toEqual([
      ['done', 10],
      ['done', 0],
      ['skipped', null],
    ])
  })
})

describe('what people read first', () => {
  test.each(Object.keys(Settings.shape))('tells of %s', (variable) => {
    expect(readme).toContain(`\`${variable}\``)
    expect(textOf('.env.example')).toMatch(new RegExp(`^(?:# )?${variable}=`, 'm'))
  })

  test('names no variable that does not exist', () => {
    const named = [...textOf('.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map((match) => match[1])
    expect(Object.keys(Settings.shape)).toEqual(expect.arrayContaining(named))
  })

  test('.env.example holds settings that are accepted', () => {
    const lines = [...textOf('.env.example').matchAll(/^(?:# )?([A-Z_]+)=(.*)$/gm)]
    const env = Object.fromEntries(lines.map(([, name, value]) => [name, value]))
    expect(readSettings(env)).toMatchObject({ PORT: 4400, ROTA_SANDBOX: true, ROTA_API_KEY: undefined })
  })

  test.each(['README.md', 'AGENTS.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: root })])(
    'links from %s lead somewhere',
    (path) => {
      const links = [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
      const local = links.filter((link) => !/^(?:https?:|#)/.test(link))
      expect(local.filter((link) => !existsSync(join(root, path, '..', link)))).toEqual([])
    },
  )

  test('AGENTS.md stays short enough to be read', () => {
    expect(textOf('AGENTS.md').split('\n').length).toBeLessThanOrEqual(81)
  })

  test('every runtime dependency has its reason in the decisions', () => {
    const { dependencies } = z
      .object({ dependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(textOf('package.json')))
    const reasons = textOf('docs/decisions/008-runtime-dependencies.md')
    expect(Object.keys(dependencies).filter((name) => !reasons.includes(`\`${name}\``))).toEqual([])
  })
})

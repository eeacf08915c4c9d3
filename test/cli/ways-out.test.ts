import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { boot } from '../../cli/boot.ts'
import { createClient } from '../../cli/client.ts'
import { connect } from '../../cli/connect.ts'
import { loadTables } from '../../cli/load-tables.ts'
import { readSettings } from '../../cli/settings.ts'
import { temporaryFolder } from '../support/temp.ts'
import { rota } from './rota-process.ts'

test('a module of tables that is not there is told apart from one that exports something else', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  for (const path of [join(folder.path, 'none.ts'), folder.path])
    await expect(loadTables(path)).rejects.toMatchObject({
      code: 'settings-invalid',
      message: `ROTA_TABLES=${path}: there is no such file`,
      details: { wayOut: expect.stringMatching(/^set ROTA_TABLES to a module of tables that is there/) },
    })
  const other = join(folder.path, 'other.ts')
  await writeFile(other, 'export const table = 1\n')
  await expect(loadTables(other)).rejects.toMatchObject({
    message: expect.stringContaining('exports no function called "tables"'),
    details: { wayOut: expect.stringMatching(/^export const tables = /) },
  })
  const broken = join(folder.path, 'broken.ts')
  await writeFile(broken, "import './none.ts'\n")
  await expect(loadTables(broken)).rejects.toMatchObject({
    message: expect.stringMatching(/it cannot be loaded: .*none\.ts/),
    details: { wayOut: 'mend the module, or what it imports' },
  })
})

test('a function tables that throws, or answers no tables, is told with its module', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const written = async (name: string, text: string) => {
    const path = join(folder.path, name)
    await writeFile(path, text)
    return path
  }
  const { connectors } = connect(readSettings({ ROTA_SANDBOX: '1' }))
  const problemOf = async (path: string) => {
    const { tables } = await loadTables(path)
    try {
      tables(connectors)
    } catch (error) {
      return error
    }
    return null
  }
  for (const [name, answer, told] of [
    ['empty.ts', '[]', '"tables" answered an empty list, so there is nothing to serve'],
    ['mixed.ts', '[7]', '"tables" answered a list whose entry 1 is no table'],
  ] as const) {
    const path = await written(name, `export const tables = () => ${answer}\n`)
    expect(await problemOf(path)).toMatchObject({
      code: 'settings-invalid',
      message: `ROTA_TABLES=${path}: ${told}`,
      details: {
        field: 'ROTA_TABLES',
        value: path,
        wayOut: expect.stringMatching(/^export const tables = /),
      },
    })
  }
  const boom = await written('boom.ts', "export const tables = () => {\n  throw new RangeError('boom')\n}\n")
  expect(await problemOf(boom)).toMatchObject({
    code: 'settings-invalid',
    message: `ROTA_TABLES=${boom}: "tables" threw RangeError: boom`,
    details: { field: 'ROTA_TABLES', wayOut: 'mend the module; ROTA_DEBUG=1 shows where it happened' },
  })
  const { code, stderr } = await rota({ ROTA_TABLES: boom, ROTA_SANDBOX: '1', ROTA_DEBUG: '1' }, 'start')
  expect(code).toBe(1)
  expect(stderr).toMatch(/boom\.ts:2:9/)
})

test('a module of tables from where a package cannot be found is told where to put it', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const outside = join(folder.path, 'outside.ts')
  await writeFile(outside, "import 'zod'\n")
  const { code, stderr } = await rota({ ROTA_TABLES: outside, ROTA_SANDBOX: '1' }, 'start')
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/Cannot find package 'zod'.*\n.*move the module into the folder of Rota/),
  ])
})

test('a command that lacks the key of a server is told the variable, not the header', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const settings = readSettings({
    ROTA_TABLES: './test/cli/note-table.ts',
    ROTA_DB: join(folder.path, 'rota.sqlite'),
    ROTA_API_KEY: 'the-right-key',
    PORT: '0',
  })
  const running = await boot({ settings, logLevel: 'silent' })
  onTestFinished(() => running.close())
  const { code, stderr } = await rota({ ROTA_URL: running.url }, 'status')
  expect(code).toBe(3)
  expect(stderr).toContain(`set ROTA_API_KEY in the environment to the key that ${running.url}`)
  expect(stderr).not.toContain('Bearer')
  await expect(createClient(running.url, 'another').get('/v1/tables')).rejects.toMatchObject({
    code: 'unauthorized',
    details: { wayOut: expect.stringMatching(/^ROTA_API_KEY is set to another key/) },
  })
  expect((await rota({ ROTA_URL: running.url, ROTA_API_KEY: 'the-right-key' }, 'status')).code).toBe(0)
})

test('what is no JSON, such as the page of a proxy, is told by its status; an answer that breaks off as that', async () => {
  const proxy = createServer((request, response) => {
    if (request.url === '/page') return void response.writeHead(502).end('<h1>Bad gateway</h1>')
    response.writeHead(502, { 'content-length': 100 }).write('{', () => response.destroy())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void proxy.close())
  await once(proxy, 'listening')
  const client = createClient(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  await expect(client.get('/page')).rejects.toMatchObject({ message: 'the server answered 502' })
  await expect(client.get('/half')).rejects.toThrow('terminated')
})

test('the commands that talk to a server say once in their help which variables they read', async () => {
  for (const command of ['why', 'why-not', 'status', 'pools', 'leave', 'weight', 'override']) {
    const { stdout } = await rota({}, command, '--help')
    for (const variable of ['ROTA_URL', 'ROTA_API_KEY'])
      expect([command, variable, stdout.split(variable).length - 1]).toEqual([command, variable, 1])
  }
})

import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { boot } from '../../cli/boot.ts'
import { readSettings } from '../../cli/settings.ts'
import { temporaryFolder } from '../support/temp.ts'
import { rota } from './rota-process.ts'

/** Runs in front of the command, in its process: says at the end which modules were loaded. */
const listing = `import { registerHooks } from 'node:module'
const urls = []
registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
process.on('exit', () => console.error('loaded ' + JSON.stringify(urls)))`
const hook = `--import=data:text/javascript,${encodeURIComponent(listing)}`

/** The packages, and the rooms of ours, that a command loads before it ends. */
async function loadedBy(settings: Readonly<Record<string, string>>, ...args: string[]) {
  const { stderr } = await rota({ ...settings, NODE_OPTIONS: hook }, ...args)
  const told = stderr.split('\n').find((line) => line.startsWith('loaded ')) ?? ''
  const files = (JSON.parse(told.slice('loaded '.length)) as string[])
    .filter((url) => url.startsWith('file:'))
    .map((url) => url.slice(new URL('../..', import.meta.url).href.length))
  const packages = files.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [])
  const rooms = files.filter((file) => !file.startsWith('node_modules/')).map((file) => file.split('/')[0])
  return { packages: [...new Set(packages)].sort(), rooms: [...new Set(rooms)].sort() }
}

test('the help loads nothing of the server and no package but the one that reads the command line', async () => {
  for (const args of [['--help'], ['start', '--help'], ['demo', '--help']])
    expect(await loadedBy({}, ...args), args.join(' ')).toEqual({
      packages: ['commander'],
      rooms: ['cli', 'columns', 'package.json'],
    })
}, 30_000)

test('neither does a command that talks to a server', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const settings = readSettings({
    ROTA_TABLES: './test/cli/note-table.ts',
    ROTA_DB: join(folder.path, 'rota.sqlite'),
    PORT: '0',
  })
  const running = await boot({ settings, logLevel: 'silent' })
  onTestFinished(() => running.close())
  const commands = [
    ['status'],
    ['pools'],
    ['why', 'row_1'],
    ['why-not', 'row_1', 'ana'],
    ['leave', 'ana', '2026-12-24', '2026-12-26'],
    ['weight', 'emea', 'ana', '2'],
    ['override', 'row_1', 'ana', '--reason', 'knows them'],
  ]
  for (const args of commands)
    expect(await loadedBy({ ROTA_URL: running.url }, ...args), args.join(' ')).toEqual({
      packages: ['commander'],
      rooms: ['cli', 'columns', 'package.json'],
    })
}, 30_000)

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSandbox, type SandboxCommand } from '../../cli/sandbox.ts'
import { Settings } from '../../cli/settings.ts'
import { openStandIns } from '../../cli/stand-ins.ts'
import { sandboxState } from '../../examples/inbound-leads/tables.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { rota } from '../cli/rota-process.ts'
import { temporaryFolder } from '../support/temp.ts'

const house = fileURLToPath(new URL('../..', import.meta.url))
const running: ChildProcess[] = []
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  await folder.remove()
})

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder.path, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** `rota sandbox` in a process of its own, once it has told where it is. */
async function start(...args: string[]): Promise<{ said: string; url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, ['cli/rota.ts', 'sandbox', '--port', '0', ...args], {
    cwd: house,
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  let said = ''
  child.stdout?.on('data', (part: Buffer) => {
    said += part
  })
  await expect.poll(() => said).toContain('TEAMS_WEBHOOK_URL')
  return { said, url: /runs at (\S+?):? /.exec(said)?.[1]?.replace(/:$/, '') ?? '', child }
}

const companies = (url: string, domain: string) => fetch(`${url}/enrichment/companies?domain=${domain}`)

describe('rota sandbox', () => {
  test('prints variables that send every connector to it', async () => {
    const { said, url } = await start()
    const variables = [...said.matchAll(/^(?:# )?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value])
    const printed = Settings.parse(Object.fromEntries(variables))
    expect(printed.ROTA_SANDBOX).toBe(url)
    const { settings } = await openStandIns(printed, { state: () => ({}) })
    const { TEAMS_WEBHOOK_URL: teams, ...others } = printed
    expect(settings).toMatchObject({ ...others, TEAMS_WEBHOOK_URL: undefined })
    expect((await fetch(teams ?? '', { method: 'POST', body: '{}' })).status).toBe(400)
    expect(await (await fetch(`${url}/ledger?vendor=teams`)).json()).toHaveLength(1)
  })

  test('ends at once when it is told to, with a request still open', async () => {
    const { url, child } = await start()
    await fetch(`${url}/faults`, { method: 'POST', body: '{"vendor":"enrichment","kind":"hang"}' })
    const open = companies(url, 'x.example').catch(() => 'ended')
    await expect.poll(async () => (await fetch(`${url}/ledger`)).json()).toHaveLength(1)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(await open).toBe('ended')
  })

  test('says on one line what is wrong, and how to mend it', async () => {
    const { code, stderr } = await rota({}, 'sandbox', '--latency', 'slow')
    expect([code, stderr]).toEqual([
      2,
      'rota: --latency: it takes milliseconds such as 20 or 5-30, not "slow"\n',
    ])
  })
})

describe('the sandbox of the command', () => {
  const plain = { port: '0', latency: '0', ledger: '1000' }
  const opened: Sandbox[] = []
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
  })
  async function open(options: Partial<SandboxCommand>): Promise<Sandbox> {
    const sandbox = await openSandbox({ ...plain, ...options })
    opened.push(sandbox)
    return sandbox
  }

  test('knows what the tables want it to know, or what the file says', async () => {
    const { url } = await open({})
    expect(await (await fetch(`${url}/state/salesforce`)).text()).toContain('005')
    const state = { enrichment: { companies: [{ domain: 'own.example', name: 'Own' }] } }
    const own = await open({ state: await file('state.json', state) })
    expect((await companies(own.url, 'own.example')).status).toBe(200)
  })

  test.each(['the tables', 'a file'])('is reset to what it was started with from %s', async (from) => {
    const given = { salesforce: sandboxState().salesforce }
    const { url, faults, ledger } = await open(
      from === 'a file' ? { state: await file('state.json', given) } : {},
    )
    // Records are created anew with every reset, at another time.
    const state = async (vendor: string) =>
      (await (await fetch(`${url}/state/${vendor}`)).text()).replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"then"')
    const before = [await state('salesforce'), await state('hubspot')]
    for (const vendor of ['salesforce', 'hubspot'])
      await fetch(`${url}/state/${vendor}`, { method: 'PUT', body: '{}' })
    faults.add({ vendor: 'enrichment', kind: 'status' })
    expect(await state('salesforce')).not.toEqual(before[0])
    expect((await fetch(`${url}/reset`, { method: 'POST' })).status).toBe(204)
    expect([await state('salesforce'), await state('hubspot')]).toEqual(before)
    expect(before[0]).toContain('Ava Brooks')
    expect([faults.list(), ledger.entries()]).toEqual([[], []])
  })

  test('plays the faults of a file in order, and takes the time it was told', async () => {
    const script = [
      { vendor: 'enrichment', kind: 'status', status: 503 },
      { vendor: 'enrichment', kind: 'status', status: 429, after: 1 },
    ]
    const { url } = await open({ faults: await file('faults.json', script), latency: '80-90' })
    const started = performance.now()
    const statuses = []
    for (let index = 0; index < 4; index += 1) statuses.push((await companies(url, 'x.example')).status)
    expect(statuses).toEqual([503, 404, 429, 404])
    expect(performance.now() - started).toBeGreaterThan(4 * 79)
  })

  test.each<[string, Partial<SandboxCommand>, RegExp]>([
    ['a latency that is none', { latency: 'slow' }, /--latency: it takes milliseconds/],
    ['a latency backwards', { latency: '30-5' }, /--latency/],
    ['a port that is none', { port: '99999' }, /--port: it takes a whole number from 0 to 65535/],
    ['a ledger that is none', { ledger: '-1' }, /--ledger: it takes a whole number/],
    ['a file that is not there', { state: '/nowhere/state.json' }, /state\.json cannot be read as JSON/],
  ])('refuses %s', async (_, options, message) => {
    await expect(open(options)).rejects.toThrow(message)
  })

  test.each<[string, 'state' | 'faults', unknown, RegExp]>([
    ['a state of no vendor', 'state', { pipedrive: {} }, /no stand-in is called "pipedrive"; there are/],
    ['a state that is none', 'state', { enrichment: { companies: 3 } }, /enrichment: .*\n.*companies/],
    ['a fault that there is not', 'faults', [{ vendor: 'hubspot', name: 'meteor' }], /step 1 .*"meteor"/],
    ['a step that is no fault', 'faults', [{ vendor: 'hubspot', kind: 'meteor' }], /step 1 .*kind/s],
    ['a script that is no list', 'faults', {}, /is no list of faults/],
    ['a file that is no JSON', 'faults', '{"vendor":', /cannot be read as JSON/],
  ])('refuses %s', async (_, option, content, message) => {
    await expect(open({ [option]: await file('x.json', content) })).rejects.toThrow(message)
  })

  test('says when the port is taken', async () => {
    const { port } = new URL((await open({})).url)
    await expect(open({ port })).rejects.toMatchObject({
      code: 'settings-invalid',
      message: `port ${port} is taken`,
    })
  })
})

test('ROTA_SANDBOX=1 keeps what it was started with for a reset, whatever becomes of what it was given', async () => {
  const company = { domain: 'own.example', name: 'Own' }
  const given = { enrichment: { companies: [company] } }
  const { url, sandbox } = await openStandIns(Settings.parse({ ROTA_SANDBOX: '1' }), { state: () => given })
  given.enrichment.companies.pop()
  sandbox?.vendors.enrichment?.load({ companies: [] })
  expect((await companies(`${url}`, 'own.example')).status).toBe(404)
  await fetch(`${url}/reset`, { method: 'POST' })
  expect((await companies(`${url}`, 'own.example')).status).toBe(200)
  await sandbox?.close()
})

describe('ROTA_SANDBOX with an address', () => {
  test('uses the stand-ins that run there and leaves their state alone', async () => {
    const sandbox = await startSandbox()
    sandbox.vendors.enrichment?.load({ companies: [{ domain: 'kept.example' }] })
    const settings = Settings.parse({ ROTA_SANDBOX: `${sandbox.url}/` })
    const state = () => ({ enrichment: { companies: [] } })
    const opened = await openStandIns(settings, { state })
    expect(opened).toMatchObject({ sandbox: null, url: sandbox.url })
    expect(opened.settings.ENRICHMENT_URL).toBe(`${sandbox.url}/enrichment`)
    expect((await companies(sandbox.url, 'kept.example')).status).toBe(200)
    await sandbox.close()
    await expect(openStandIns(settings, { state })).rejects.toMatchObject({
      code: 'settings-invalid',
      details: { field: 'ROTA_SANDBOX' },
    })
  })

  test.each(['yes', 'ftp://127.0.0.1', 'localhost:4401'])('refuses %s', (value) => {
    expect(Settings.safeParse({ ROTA_SANDBOX: value }).error?.issues[0]?.message).toContain('"rota sandbox"')
  })

  test.each([
    ['1', true],
    ['true', true],
    ['', false],
    [undefined, false],
  ])('still takes %o', (value, expected) => {
    expect(Settings.parse({ ROTA_SANDBOX: value }).ROTA_SANDBOX).toBe(expected)
  })
})

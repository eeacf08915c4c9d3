import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { allRows, createClient } from '../../cli/client.ts'
import { readCsv } from '../../cli/read-csv.ts'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import { Lead } from '../../examples/inbound-leads/lead.ts'
import { pools } from '../../examples/inbound-leads/team.ts'
import { patienceMs } from '../support/patience.ts'
import { temporaryFolder } from '../support/temp.ts'
import { field, findProblems } from './oracle.ts'
import { house, patient, startServerProcess, startStandIns } from './server-process.ts'

const run = promisify(execFile)
const companies = fileURLToPath(new URL('../../../shared/eval/companies.csv', import.meta.url))
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

async function demo(...rest: string[]): Promise<string> {
  const args = ['--import', patient, 'cli/rota.ts', 'demo', '--port', '0', ...rest, '--exit']
  const { stdout } = await run(process.execPath, args, {
    cwd: house,
    timeout: patienceMs,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  })
  return stdout
}

interface Told {
  rows: number
  routed: number
  notified: number
  owners: number
  records: number
  twice: number
  messages: number
  enrolments: number
}

/** The figures the demo prints at its end. */
function figuresOf(out: string): Told {
  const number = (pattern: RegExp) => Number(pattern.exec(out)?.[1] ?? Number.NaN)
  return {
    rows: number(/(\d+) rows at rest/),
    routed: number(/at rest in [\d.]+ s, (\d+) routed/),
    notified: number(/routed, (\d+) notified/),
    owners: number(/(\d+) owner writes/),
    records: number(/owner writes on (\d+) records/),
    twice: number(/\((\d+) written twice\)/),
    messages: number(/(\d+) messages for/),
    enrolments: number(/(\d+) enrolments/),
  }
}

describe('the demo', () => {
  for (const crm of ['salesforce', 'hubspot']) {
    test(`routes the sample leads on ${crm} and says who got what and why`, async () => {
      const out = await demo('--crm', crm)
      expect(figuresOf(out)).toEqual({
        rows: 39,
        routed: 30,
        notified: 30,
        owners: 30,
        records: 30,
        twice: 0,
        messages: 30,
        enrolments: 30,
      })
      expect(out).toContain('40 leads in ')
      expect(out).toMatch(/Kestrel Analytics +→ Ava Brooks +existing account owner/)
      expect(out).toMatch(/Small Bakery +self-serve +a small company from "newsletter"/)
      expect(out).toMatch(/Yarrow University +disqualified/)
      expect(out).toMatch(/Old Harbour Foods +→ /)
      expect(out).not.toContain('unsettled')
      expect(out).toContain('Draws against the expected share')
      expect(out).toMatch(/insert to notified: p50 \d+ ms/)
    })
  }

  test('routes any CSV, its headers matched by name, and refuses a row by name', async () => {
    const file = join(folder.path, 'odd.csv')
    await writeFile(
      file,
      '\uFEFFE-Mail Address;Company Name;# of Employees;COUNTRY;Favourite Colour\r\n' +
        'ana@acme-odd.example;"Acme; Söhne";"1,200";Germany;red\r\n' +
        'not an address;Broken GmbH;5;Germany;blue\r\n' +
        'bo@other-odd.example;Other Ltd;~50;United Kingdom;\r\n',
    )
    const out = await demo(file)
    expect(out).toContain('3 leads in ')
    expect(out).toMatch(/Company Name → company/)
    expect(out).toMatch(/left out +Favourite Colour/)
    expect(out).toMatch(/Acme; Söhne +→ (Emil|Inès)/)
    expect(out).toMatch(/Other Ltd +→ /)
    expect(out).toContain('refused: line 3: Broken GmbH: email: ')
    expect(figuresOf(out)).toMatchObject({ rows: 2, routed: 2, owners: 2, twice: 0, messages: 2 })
  })

  test('refuses a row whose cells are not those of the header, with its line, and routes the others', async () => {
    const file = join(folder.path, 'shifted.csv')
    await writeFile(
      file,
      'company,email,country,employees,source\n' +
        'First Ltd,ana@first-odd.example,Germany,40,demo request\n' +
        'Shifted, Inc.,bo@shifted-odd.example,Germany,40,demo request\n' +
        '\n' +
        ',not an address,Germany,40,demo request\n' +
        'Short Ltd,cy@short-odd.example,Germany\n' +
        '"Last\nLtd",di@last-odd.example,Germany,40,demo request,,\n',
    )
    const out = await demo(file)
    expect(out).toContain('5 leads in ')
    const refused = out.split('\n').filter((line) => line.includes('refused: '))
    expect(refused).toEqual([
      expect.stringContaining(
        'refused: line 3: Shifted: it has 6 cells, the header has 5: put the value that holds a comma in quotes',
      ),
      expect.stringContaining('refused: line 5: (no company): '),
      expect.stringContaining('refused: line 6: Short Ltd: it has 3 cells, the header has 5: give it all'),
    ])
    expect(out).toMatch(/First Ltd +→ /)
    expect(out).toMatch(/Last Ltd +→ /)
    expect(figuresOf(out)).toMatchObject({ rows: 2, routed: 2, messages: 2 })
  })

  test('ends with 1 and no empty table where every row is refused', async () => {
    const file = join(folder.path, 'refused.csv')
    await writeFile(file, 'company,email,date\nBroken GmbH,not an address,2026-11-20\n')
    const error: unknown = await demo(file).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /refused: line 2: Broken GmbH: email: .*; occurredAt: .* such as 2026-11-20T09:30:00Z .*\nNo row was taken/,
      ),
    })
    expect(error).not.toMatchObject({ stdout: expect.stringContaining('Who got what') })
  })

  test('refuses a port that was asked for and is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const error: unknown = await demo('--port', String(port)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 2, stderr: expect.stringContaining(String(port)) })
  })

  test('refuses a CRM it does not know by the flag that named it', async () => {
    const error: unknown = await demo('--crm', 'pipedrive').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^rota: --crm takes salesforce or hubspot, not "pipedrive"\n {2}give one/,
      ),
    })
    expect(error).not.toMatchObject({ stderr: expect.stringContaining('ROTA_CRM') })
  })
})

describe.skipIf(!existsSync(companies))(
  '435 real companies (skipped where ../shared/eval/companies.csv is not there)',
  () => {
    test('each end in an exit or an owner with a reason, one owner for each record, one message for each routed lead', async () => {
      const { rows: leads } = await readCsv(companies, Lead)
      expect(leads).toHaveLength(parse(await readFile(companies), { columns: true, bom: true }).length)
      const sandbox = await startStandIns(2)
      const path = join(folder.path, 'companies.db')
      const server = await startServerProcess({ sandbox: sandbox.url, path })
      try {
        const client = createClient(server.url)
        const answer = (await client.post('/v1/tables/inbound-leads/rows?wait=done&timeoutMs=90000', {
          rows: leads,
        })) as { rows: unknown[] }
        expect(answer.rows).toHaveLength(leads.length)
        const rows = await allRows(client, 'inbound-leads')
        await server.end()
        const store = await openSqliteStore({ path, now: Date.now })
        const draws = await store.draws({ limit: 10_000 })
        await store.close()
        const world = {
          acknowledged: rows.map((row) => row.id),
          rows,
          draws,
          pools,
          ledger: sandbox.ledger.entries(),
        }
        expect(rows).toHaveLength(leads.length)
        expect(findProblems(world)).toEqual([])
        for (const row of rows) {
          const why =
            row.cells.exit?.value === 'route' ? field(row, 'owner', 'reason') : row.cells.exit?.reason
          expect(why, String(row.input.company)).toBeTruthy()
        }
      } finally {
        await server.kill()
        await sandbox.close()
      }
    })
  },
)

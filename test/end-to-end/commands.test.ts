import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'
import { owner, rep, teamOf } from '../runtime/teams.ts'
import { ask, post } from '../server/http.ts'
import { deal, deals } from '../server/market-table.ts'
import { call, calls } from '../server/service-level-table.ts'
import { leads } from '../support/lead-table.ts'
import { patienceMs } from '../support/patience.ts'
import { until } from '../support/runtime.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { question, startVendor } from '../support/vendor.ts'
import { house } from './server-process.ts'

const run = promisify(execFile)
let app: RunningApp
let row = ''

beforeAll(async () => {
  app = await startApp({ tables: [deals], apiKey: 'key-of-this-test' })
  const headers = { authorization: 'Bearer key-of-this-test' }
  const answer = await post(app, '/v1/tables/deals/rows?wait=done', deal(), headers)
  row = answer.body.rows[0].id
})
afterAll(() => app.close())

interface Said {
  stdout: string
  stderr: string
  code: number
}

/** `rota` as a process of its own, against the running server. */
const rota = (...args: string[]) => rotaAt(app.url, ...args)

async function rotaAt(url: string, ...args: string[]): Promise<Said> {
  const env = { PATH: process.env.PATH, ROTA_API_KEY: 'key-of-this-test', ROTA_URL: url, NO_COLOR: '1' }
  const options = { cwd: house, env, timeout: patienceMs }
  return run(process.execPath, ['cli/rota.ts', ...args], options).then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    (error: Said) => ({ stdout: error.stdout, stderr: error.stderr, code: error.code }),
  )
}

// One story, told in order: who has the lead changes on the way.
describe('on the command line', { shuffle: false }, () => {
  test('why tells the decision as a person would', async () => {
    const { stdout, code } = await rota('why', row)
    expect(code).toBe(0)
    expect(stdout).toMatch(/✓ owner → Nora Berg\n +Nora Berg got this lead .*rule "market"/)
    expect(stdout).toMatch(/Of 2 reps 2 could be drawn: Nora Berg was owed 0\.67 leads/)
    const asked = JSON.parse((await rota('why', row, '--json')).stdout)
    expect(asked).toMatchObject({ row, column: 'owner', told: expect.any(Array), steps: expect.any(Array) })
  })

  test('why-not tells why a certain rep did not get it', async () => {
    expect((await rota('why-not', row, 'omar')).stdout).toMatch(
      /Nora Berg was before Omar Haddad in pool north/,
    )
    expect((await rota('why-not', row, 'quinn')).stdout).toMatch(/Quinn Lee is not in pool north/)
    expect((await rota('why-not', row, 'nora')).stdout).toMatch(
      /^Nora Berg has this lead by turn, with weights \(rule "market", pool north\): .*\n.*Nora Berg was next/,
    )
    const unknown = await rota('why-not', row, 'nobody')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('there is no rep "nobody"')])
  })

  test('why of an ordinary cell shows its value and what it was made from, and no secret', async () => {
    const table = defineTable('keyed', {
      input: z.object({
        name: z.string(),
        apiKey: z.string(),
        site: z.string(),
        size: z.number().optional(),
      }),
    })
      .column(
        'label',
        compute({ reads: ['name', 'apiKey', 'site', 'size'], run: ({ name }) => `the ${name}` }),
      )
      .column('card', compute({ needs: ['label'], run: ({ label }) => ({ label, accessToken: 'tok-9' }) }))
    const keyed = await startApp({ tables: [table], apiKey: 'key-of-this-test' })
    onTestFinished(() => keyed.close())
    const headers = { authorization: 'Bearer key-of-this-test' }
    const lead = {
      name: 'x'.repeat(300),
      apiKey: 'hush-1',
      site: 'https://me:hush-2@a.example/?token=hush-3',
    }
    const { body } = await post(keyed, '/v1/tables/keyed/rows?wait=done', lead, headers)
    const [{ id }] = body.rows
    const label = (await rotaAt(keyed.url, 'why', id, 'label')).stdout
    expect(label).toMatch(/^✓ label → the x{80,95}… compute {2}\d+ ms\n {4}Made from\n {6}name: x{80,99}…\n/)
    expect(label.split('\n').slice(3)).toEqual([
      '      apiKey: [hidden]',
      '      site: https://[hidden]@a.example/?token=[hidden]',
      '      size: missing',
      '',
    ])
    const card = (await rotaAt(keyed.url, 'why', id, 'card')).stdout
    expect(card).toMatch(/^✓ label → the x+… compute {2}\d+ ms\n✓ card → \{"label":"the x+… compute/)
    expect(card).toMatch(/\n {4}Made from\n {6}label: the x+…\n$/)
    expect(label + card).not.toMatch(/hush|tok-9|\bdone\b/)
  })

  test('why says which cells are stale, and what it takes to have them anew', async () => {
    const moved = await startApp({ tables: [leads], apiKey: 'key-of-this-test' })
    onTestFinished(() => moved.close())
    const headers = { authorization: 'Bearer key-of-this-test' }
    const lead = { company: 'Acme', email: 'a@acme.example', country: 'DE', employees: 50 }
    const { body } = await post(moved, '/v1/tables/leads/rows?wait=done', lead, headers)
    const [{ id, url }] = body.rows
    const told = async (column: string) => (await rotaAt(moved.url, 'why', id, column)).stdout
    const staleOf = async () =>
      JSON.parse((await rotaAt(moved.url, 'why', id, '--json')).stdout).steps.map(
        ({ column, stale }: { column: string; stale: boolean }) => [column, stale],
      )
    expect(await staleOf()).toEqual([
      ['domain', false],
      ['exit', false],
      ['owner', false],
    ])
    expect((await told('owner')) + (await told('exit'))).not.toMatch(/stale/i)
    await ask(moved, url, { method: 'PATCH', headers, json: { country: 'JP' } })
    await moved.runtime.idle()
    expect(await told('exit')).toMatch(
      /✓ exit → route ↻ stale branch .*\n {4}large enough\n {4}Stale: what it stands on has changed since; run it again to have it anew\n/,
    )
    const again = { scope: { rows: [id] }, columns: ['exit'], mode: 'stale', downstream: true }
    await post(moved, '/v1/tables/leads/runs', again, headers)
    await moved.runtime.idle()
    expect(await staleOf()).toEqual([
      ['domain', false],
      ['exit', false],
      ['owner', true],
    ])
    const owner = await told('owner')
    expect(owner).toMatch(/^✓ owner → [A-Z][\w ]+ ↻ stale\n/)
    expect(owner).toContain(
      'Stale: what it stands on has changed since, and the owner stays; run it again with redraw to decide anew',
    )
    await post(
      moved,
      '/v1/tables/leads/runs',
      { ...again, columns: ['owner'], mode: 'all', redraw: true, reason: 'moved' },
      headers,
    )
    await moved.runtime.idle()
    expect(await told('owner')).not.toMatch(/stale/i)
  })

  test('pools shows draws against the expected share', async () => {
    const { stdout } = await rota('pools')
    expect(stdout).toMatch(/north +Nora Berg +2 +1 +0\.67 +\+0\.33 +can be drawn/)
    expect(stdout).toMatch(/south +Omar Haddad +1 +0 /)
  })

  test('override gives the lead to a rep, with the reason', async () => {
    const refused = await rota('override', row, 'omar')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--reason')])
    const { stdout, code } = await rota('override', row, 'omar', '--reason', 'knows the buyer')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/owner: done Omar Haddad/)])
    expect((await rota('why', row)).stdout).toMatch(/Omar Haddad got this lead because a person said so/)
    const first = 'Omar Haddad has this lead, given by hand: api-key gave it to Omar Haddad: knows the buyer.'
    expect((await rota('why-not', row, 'omar')).stdout.split('\n')[0]).toBe(first)
    expect(JSON.parse((await rota('why-not', row, 'omar', '--json')).stdout)[0]).toBe(first)
    expect((await rota('why-not', row, 'nora')).stdout).not.toMatch(/has this lead/)
    const headers = { authorization: 'Bearer key-of-this-test' }
    const { body } = await ask(app, `/v1/audit?subject=row&name=${row}`, { headers })
    expect(body.audit[0]).toMatchObject({ who: 'api-key' })
  })

  test('override of a row that waits is accepted at once, and says what the row waits for', async () => {
    const { url } = await startVendor(() => ({ status: 401 }))
    const table = defineTable('waiting', { input: z.object({ name: z.string() }) })
      .column('asked', question({ url, account: { key: 'firms:acme', concurrency: 2 } }))
      .column('owner', owner(teamOf([rep('ana')]), [rep('bo')]), { when: { asked: 'answered' } })
    const waiting = await startApp({ tables: [table], apiKey: 'key-of-this-test' })
    onTestFinished(() => waiting.close())
    const headers = { authorization: 'Bearer key-of-this-test' }
    const { body } = await post(waiting, '/v1/tables/waiting/rows', { name: 'a' }, headers)
    const [{ id }] = body.rows
    const cellNow = async () => (await waiting.runtime.row('waiting', id)).cells.asked
    await until(async () => (await cellNow())?.waiting?.on === 'credentials', 'it waits for credentials')
    const { stdout, code } = await rotaAt(waiting.url, 'override', id, 'bo', '--reason', 'knows them')
    expect(code).toBe(0)
    // The command asks a hundred times for a run whose row moves; this one does not move.
    const { text } = await ask(waiting, '/metrics', { headers })
    const looks =
      /rota_http_request_seconds_count\{method="GET",route="\/v1\/runs\/[^"]+",[^}]*\} (\d+)/.exec(text)
    expect(Number(looks?.[1])).toBeGreaterThan(0)
    expect(Number(looks?.[1])).toBeLessThan(30)
    const [first, ...rest] = stdout.trim().split('\n')
    expect(first).toMatch(new RegExp(`^accepted: ${id} goes to bo \\(run run_`))
    expect(rest).toContainEqual(expect.stringMatching(/^asked waits for credentials until \S+: .*401/))
    expect(rest.at(-1)).toMatch(/^bo gets it when the row goes on; run \S+ is still under way/)
  })

  test('override says that its reason is required', async () => {
    const { stdout } = await rota('override', '--help')
    expect(stdout).toMatch(/Usage: rota override <row> <rep> --reason <text>/)
    expect(stdout).toMatch(/--reason <text> .*\(required\)/)
  })

  test('leave adds a leave beside those that are there, and tells what is wrong with one', async () => {
    const headers = { authorization: 'Bearer key-of-this-test' }
    const leaves = async () => (await ask(app, '/v1/reps/quinn', { headers })).body.leave
    const added = await rota('leave', 'quinn', '2030-12-24', '2030-12-31', '--note', 'skiing')
    expect([added.code, added.stdout]).toEqual([
      0,
      'Quinn Lee will be on leave from 2030-12-24 until 2030-12-31 (UTC); can be drawn now\n',
    ])
    expect((await rota('leave', 'quinn', '2031-01-05', '2031-01-06')).code).toBe(0)
    expect((await rota('leave', 'quinn', '2031-01-05', '2031-01-06')).code).toBe(0)
    const both = [
      { from: '2030-12-24', until: '2030-12-31', note: 'skiing' },
      { from: '2031-01-05', until: '2031-01-06' },
    ]
    expect(await leaves()).toEqual(both)
    const refused = await rota('leave', 'quinn', '2031-02-03', '2031-02-01')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('ends before it starts')])
    expect((await rota('leave', 'nobody', '2031-02-01', '2031-02-03')).stderr).toMatch(
      /there is no rep "nobody"/,
    )
    expect(await leaves()).toEqual(both)
  })

  test('weight sets the weight of one member, and tells what is wrong with it', async () => {
    const changed = await rota('weight', 'north', 'omar', '3')
    expect([changed.code, changed.stdout]).toEqual([0, 'north: omar weighed 1, now 3 of 5 in all\n'])
    expect((await rota('pools')).stdout).toMatch(/Omar Haddad +3 /)
    for (const [args, said] of [
      [['north', 'omar', 'much'], /"much" is not a weight/],
      [['north', 'omar', '2000000'], /at most 1000000/],
      [['north', 'quinn', '1'], /no member "quinn"\n +use one of: nora, omar/],
      [['nope', 'omar', '1'], /there is no pool "nope"/],
      [['south', 'omar', '2'], /strategy "weighted"/],
    ] as const) {
      const refused = await rota('weight', ...args)
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(said)])
    }
    expect((await rota('weight', 'north', 'omar', '1')).code).toBe(0)
  })

  test('a table need not be named where the server has one, and is asked for where it has several', async () => {
    const several = await startApp({ tables: [deals, calls] })
    onTestFinished(() => several.close())
    const { body } = await post(several, '/v1/tables/calls/rows?wait=done', call())
    const [{ id }] = body.rows
    const asked = await rotaAt(several.url, 'why', id)
    expect([asked.code, asked.stderr]).toEqual([
      2,
      expect.stringMatching(/2 tables.*\n.*--table.*(deals|calls)/),
    ])
    expect((await rotaAt(several.url, 'why', id, '--table', 'calls')).stdout).toMatch(/got this lead/)
  })

  test('a demo on a port that is none says so, and starts nothing', async () => {
    for (const port of ['abc', '70000']) {
      const refused = await rota('demo', `--port=${port}`)
      expect([refused.code, refused.stdout]).toEqual([2, ''])
      expect(refused.stderr).toContain(`--port takes a whole number from 0 to 65535, not "${port}"`)
    }
  })

  test('a row that is not there is told, with the way out', async () => {
    const { stderr, code } = await rota('why', 'row_nope')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^rota: .*row_nope/)])
  })
})

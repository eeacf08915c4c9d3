import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, post } from '../server/http.ts'
import { deal, deals } from '../server/market-table.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
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
async function rota(...args: string[]): Promise<Said> {
  const where = ['--url', app.url, ...(args[0] === 'pools' ? [] : ['--table', 'deals'])]
  const env = { PATH: process.env.PATH, ROTA_API_KEY: 'key-of-this-test', NO_COLOR: '1' }
  const options = { cwd: house, env, timeout: 30_000 }
  return run(process.execPath, ['cli/rota.ts', ...args, ...where], options).then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    (error: Said) => ({ stdout: error.stdout, stderr: error.stderr, code: error.code }),
  )
}

describe('on the command line', () => {
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
    const unknown = await rota('why-not', row, 'nobody')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('there is no rep "nobody"')])
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
    const headers = { authorization: 'Bearer key-of-this-test' }
    const { body } = await ask(app, `/v1/audit?subject=row&name=${row}`, { headers })
    expect(body.audit[0]).toMatchObject({ who: 'api-key' })
  })

  test('a row that is not there is told, with the way out', async () => {
    const { stderr, code } = await rota('why', 'row_nope')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^rota: .*row_nope/)])
  })
})

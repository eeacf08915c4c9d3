import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CellDetail, RowDetail, RunAnswer, WhyAnswer } from '../../server/contract.ts'
import { AuditAnswer, LedgerAnswer, PoolView } from '../../server/contract-routing.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'
import { call, calls } from './service-level-table.ts'

const rows = '/v1/tables/calls/rows'
let app: RunningApp
let url = ''
let id = ''
let drawn = ''

beforeAll(async () => {
  app = await startApp({ tables: [calls] })
})
afterAll(() => app.close())
beforeEach(async () => {
  const answer = await post(app, `${rows}?wait=done`, call())
  expect(answer.status).toBe(200)
  url = answer.body.rows[0].url
  id = answer.body.rows[0].id
  drawn = answer.body.rows[0].cells.owner.value.rep
})

const read = async () => RowDetail.parse((await ask(app, url)).body)
const owner = async () => (await read()).cells.owner
const override = (json: object) => ask(app, `${url}/owner`, { method: 'PUT', json })
const other = () => (drawn === 'ana' ? 'bo' : 'ana')
const fairness = async () => PoolView.parse((await ask(app, '/v1/pools/desk')).body).fairness
const balanceOf = async (rep: string) => (await fairness()).find(({ member }) => member === rep)?.balance ?? 0

async function overridden(rep: string, reason = 'knows the buyer'): Promise<void> {
  const answer = await override({ rep, reason })
  expect(answer.status).toBe(202)
  expect(RunAnswer.parse(answer.body).run).toMatchObject({
    kind: 'rerun',
    request: { override: rep, reason },
  })
  await app.runtime.idle()
}

async function runAll(wish: object = {}): Promise<void> {
  await post(app, '/v1/tables/calls/runs', { scope: { rows: [id] }, mode: 'all', downstream: true, ...wish })
  await app.runtime.idle()
}

const redraw = { force: true, redraw: true, reason: 'try again', includeEffects: true }

describe('a person decides', () => {
  test('the rep gets the row, everything behind the owner follows, and the cell says who and why', async () => {
    await overridden(other())
    const { cells } = await read()
    expect(cells.owner).toMatchObject({
      status: 'done',
      value: { rep: other(), method: 'manual_override', reason: expect.stringContaining('knows the buyer') },
      pinned: { who: 'local', reason: 'knows the buyer', at: expect.any(String) },
    })
    expect(cells.greeting?.value).toContain(other() === 'ana' ? 'Ana' : 'Bo')
    const why = WhyAnswer.parse((await ask(app, `${url}/cells/owner/why?notRep=${drawn}`)).body)
    expect(why.told.join(' ')).toMatch(/because a person said so/)
    expect(why.whyNot).not.toEqual([])
    const has = WhyAnswer.parse((await ask(app, `${url}/cells/owner/why?notRep=${other()}`)).body)
    expect(has.whyNot?.[0]).toMatch(/ has this lead, given by hand: .*knows the buyer/)
  })

  test('no run, redraw or edit of the pool changes it (trap 49)', async () => {
    await overridden('last')
    for (const wish of [{}, { force: true }, redraw]) {
      await runAll(wish)
      expect(await owner()).toMatchObject({ value: { rep: 'last' }, pinned: { who: 'local' } })
    }
  })

  test('the old draw is given back, and the new rep pays for it in the same pool (trap 82)', async () => {
    const before = { old: await balanceOf(drawn), new: await balanceOf(other()) }
    await overridden(other())
    expect((await balanceOf(drawn)) - before.old).toBeCloseTo(1)
    expect((await balanceOf(other())) - before.new).toBeCloseTo(-1)
    const { entries } = LedgerAnswer.parse((await ask(app, '/v1/pools/desk/ledger?limit=1000')).body)
    const mine = entries.filter(({ row }) => row === id)
    expect(mine.map((entry) => [entry.kind, entry.member, entry.reason])).toContainEqual([
      'credit',
      other(),
      'reassigned_to',
    ])
    expect(mine[0]).toMatchObject({ kind: 'draw', member: drawn, state: 'released' })
  })

  test('the next lead of the company goes to the same rep', async () => {
    await overridden('last')
    const { input } = await read()
    const company = String(input.email).split('@')[1]
    const answer = await post(app, `${rows}?wait=done`, call({ email: `second@${company}` }))
    expect(answer.body.rows[0].cells.owner.value).toMatchObject({ rep: 'last', method: 'sticky' })
  })

  test('it stands in the audit log (trap 117)', async () => {
    await overridden('last')
    const { audit } = AuditAnswer.parse((await ask(app, `/v1/audit?subject=row&name=${id}`)).body)
    expect(audit[0]).toMatchObject({ subject: 'row', name: id, who: 'local' })
    expect(JSON.stringify(audit[0]?.after)).toContain('last')
  })

  test('once let go, the owner stays and runs decide again', async () => {
    await overridden('last')
    const answer = await ask(app, `${url}/owner`, { method: 'DELETE' })
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await owner()).toMatchObject({ value: { rep: 'last' }, pinned: null })
    await runAll(redraw)
    expect((await owner())?.value).not.toMatchObject({ rep: 'last' })
  })

  test('a redraw is told with its reason where people look: in the sentences and in the history', async () => {
    await runAll({ ...redraw, reason: 'Ana asked for it' })
    expect((await owner())?.value).not.toMatchObject({ rep: drawn })
    const why = WhyAnswer.parse((await ask(app, `${url}/cells/owner/why`)).body)
    expect(why.told.at(-1)).toBe('It was decided anew by local: Ana asked for it.')
    const { history } = CellDetail.parse((await ask(app, `${url}/cells/owner`)).body)
    expect(history.map(({ reason }) => reason)).toEqual([null, 'drawn anew by local: Ana asked for it'])
  })

  test('an owner whom no person decided is not let go: the answer says so, and nothing is written', async () => {
    const before = await owner()
    const answer = await ask(app, `${url}/owner`, { method: 'DELETE' })
    expect(answer.body).toMatchObject({ status: 409, code: 'row-conflict', field: 'row', value: id })
    expect(answer.body.detail).toContain('nothing to let go')
    expect(answer.body.wayOut).toContain('redraw')
    expect(await owner()).toEqual(before)
  })

  test.each([
    ['a rep who is not there', { rep: 'nobody', reason: 'x' }, 'rep'],
    ['no reason', { rep: 'ana' }, 'reason'],
    ['an empty reason', { rep: 'ana', reason: ' ' }, 'reason'],
    ['no rep', { reason: 'x' }, 'rep'],
    ['a column that decides no owner', { rep: 'ana', reason: 'x', column: 'greeting' }, 'column'],
    ['a misspelt field', { rep: 'ana', reason: 'x', colum: 'owner' }, 'colum'],
  ])('%s is refused, naming the field, and the owner stays', async (_, json, field) => {
    const before = await owner()
    expect((await override(json)).body).toMatchObject({ status: 422, code: 'request-invalid', field })
    await app.runtime.idle()
    expect(await owner()).toEqual(before)
  })

  test('a row that is not there is a 404', async () => {
    for (const init of [{ method: 'PUT', json: { rep: 'ana', reason: 'x' } }, { method: 'DELETE' }]) {
      const answer = await ask(app, `${rows}/row_nope/owner`, init)
      expect(answer.body).toMatchObject({ status: 404, code: 'row-unknown' })
    }
  })
})

describe('a held row', () => {
  const leave = [
    {
      from: new Date(Date.now() - 60_000).toISOString(),
      until: new Date(Date.now() + 3_600_000).toISOString(),
    },
  ]
  const setLeave = async (given: object[]) => {
    for (const rep of ['ana', 'bo']) {
      const json = { ...(await ask(app, `/v1/reps/${rep}`)).body, leave: given }
      expect((await ask(app, `/v1/reps/${rep}`, { method: 'PUT', json })).status).toBe(200)
    }
  }

  test('says until when and why, and goes on as soon as somebody is back (traps 71, 78)', async () => {
    await setLeave(leave)
    const inserted = await post(app, rows, call())
    await app.runtime.idle()
    url = inserted.body.rows[0].url
    expect(await owner()).toMatchObject({
      status: 'waiting',
      waiting: { on: 'hours', until: leave[0]?.until, since: expect.any(String) },
      reason: expect.stringMatching(/held until .* when (Ana Ruiz|Bo Chen) can be drawn/),
    })
    const why = WhyAnswer.parse((await ask(app, `${url}/cells/owner/why?notRep=bo`)).body)
    expect(why.told[0]).toMatch(
      /^Nobody has this lead yet: .*held until .* when (Ana Ruiz|Bo Chen) can be drawn\.$/,
    )
    expect(why.told.filter((each) => each.startsWith('Nobody has this lead yet'))).toHaveLength(1)
    expect(why.told.join(' ')).toMatch(/Ana Ruiz \(on leave until/)
    expect(why.whyNot?.slice(0, 2)).toEqual([
      'Bo Chen does not have this lead because nobody does.',
      why.told[0],
    ])
    expect(why.whyNot?.join(' ')).toMatch(/Bo Chen could not be drawn: was on leave until/)
    await setLeave([])
    await expect.poll(async () => (await owner())?.status).toBe('done')
    await app.runtime.idle()
  })

  test('answers somebody who waits for it at once, with the hold', async () => {
    await setLeave(leave)
    const started = Date.now()
    const answer = await post(app, `${rows}?wait=done&timeoutMs=90000`, { ...call(), colour: 'red' })
    expect(answer.status).toBe(200)
    expect(Date.now() - started).toBeLessThan(10_000)
    expect(answer.body.rows[0]).toMatchObject({
      status: 'accepted',
      ignored: ['colour'],
      atRest: false,
      cells: { owner: { status: 'waiting', waiting: { on: 'hours', until: leave[0]?.until } } },
    })
    await setLeave([])
    await app.runtime.idle()
  })

  test('for a person is decided by one (trap 40)', async () => {
    const inserted = await post(app, rows, call({ review: true }))
    await app.runtime.idle()
    url = inserted.body.rows[0].url
    expect(await owner()).toMatchObject({ status: 'waiting', waiting: { on: 'human' } })
    await overridden('ana', 'it is the first account')
    expect(await owner()).toMatchObject({ status: 'done', value: { rep: 'ana' }, pinned: { who: 'local' } })
  })
})

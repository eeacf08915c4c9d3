import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keptKeysMs } from '../../db/store.ts'
import { RowDetail, RowsAnswer, WaitedAnswer } from '../../server/contract.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const rows = '/v1/tables/leads/rows'
let app: RunningApp
let serial = 0
const lead = (more: object = {}) => {
  serial += 1
  return { company: `Company ${serial}`, email: `p${serial}@c${serial}.example`, employees: 50, ...more }
}

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

describe('inserting', () => {
  test('one object is accepted with its id and url, and its columns run by themselves', async () => {
    const answer = await post(app, rows, lead())
    expect(answer.status).toBe(202)
    const [row] = answer.body.rows
    expect(row).toEqual({ id: expect.stringMatching(/^row_/), status: 'accepted', url: `${rows}/${row.id}` })
    await app.runtime.idle()
    const found = await ask(app, row.url)
    expect(found.status).toBe(200)
    expect(RowDetail.parse(found.body).cells.owner?.value).toMatchObject({ pool: 'emea', rule: 'rotation' })
  })

  test('a field the table does not have is named, and the row is accepted', async () => {
    const answer = await post(app, rows, { ...lead(), Company: 'Acme', constructor: 'x' })
    expect(answer.status).toBe(202)
    expect(answer.body.rows[0]).toMatchObject({ status: 'accepted', ignored: ['Company', 'constructor'] })
  })

  test('rows that is no list is told as such, and is an unknown field beside those of a row', async () => {
    for (const given of [{ company: 'x' }, 'x', null]) {
      const answer = await post(app, rows, { rows: given })
      expect(answer.body, JSON.stringify(given)).toMatchObject({
        code: 'request-invalid',
        field: 'rows',
        detail: expect.stringContaining('rows: it is no list'),
      })
    }
    const single = await post(app, rows, { ...lead(), rows: 5 })
    expect(single.body.rows[0]).toMatchObject({ status: 'accepted', ignored: ['rows'] })
  })

  test('the valid rows of a batch are accepted, the others are reported in their place', async () => {
    const answer = await post(app, rows, { rows: [lead(), { company: '', email: 'nobody' }, 7, lead()] })
    expect(answer.status).toBe(202)
    expect(answer.body.rows.map((row: { status: string }) => row.status)).toEqual([
      'accepted',
      'invalid',
      'invalid',
      'accepted',
    ])
    expect(answer.body.rows[1].errors).toEqual([
      {
        field: 'company',
        message: expect.any(String),
        value: '""',
        wayOut: expect.stringContaining('company'),
      },
      { field: 'email', message: expect.any(String), value: '"nobody"', wayOut: expect.any(String) },
    ])
    expect(answer.body.rows[1]).not.toHaveProperty('id')
    expect((await ask(app, answer.body.rows[3].url)).status).toBe(200)
  })

  test('a single invalid object is a problem that names field, value and way out, and nothing is kept', async () => {
    const before = await app.runtime.count('leads')
    const answer = await post(app, rows, { company: 'Acme', email: 'nobody' })
    expect(answer.status).toBe(422)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.body).toMatchObject({
      type: '/docs#row-invalid',
      status: 422,
      code: 'row-invalid',
      instance: rows,
      field: 'email',
      value: 'nobody',
      wayOut: expect.any(String),
      errors: [{ field: 'email' }],
    })
    expect(await app.runtime.count('leads')).toBe(before)
  })

  test('the same person again is a touch of the same row', async () => {
    const given = lead()
    const first = await post(app, rows, given)
    const again = await post(app, rows, { ...given, company: 'Renamed' })
    expect(again.body.rows).toEqual([{ ...first.body.rows[0], status: 'touched' }])
    const found = await ask(app, first.body.rows[0].url)
    expect(found.body.touches).toEqual([
      { at: expect.any(String), occurredAt: expect.any(String), input: { ...given, company: 'Renamed' } },
    ])
    expect(found.body.input.company).toBe(given.company)
  })

  test('an idempotency key gives the same rows again, and refuses another body', async () => {
    const headers = { 'Idempotency-Key': 'form-1' }
    const given = { rows: [lead(), lead()] }
    const first = await post(app, rows, given, headers)
    const again = await post(app, rows, given, headers)
    expect(again.body).toEqual(first.body)
    expect(first.headers.has('idempotency-replayed')).toBe(false)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    const other = await post(app, rows, { rows: [lead()] }, headers)
    expect(other.body).toMatchObject({ status: 422, code: 'idempotency-mismatch', field: 'Idempotency-Key' })
  })

  test('an idempotency key is known for as many days as its description says', async () => {
    const { body } = await ask(app, '/openapi.json')
    const [header] = body.paths['/v1/tables/{table}/rows'].post.parameters.filter(
      ({ name }: { name: string }) => name === 'idempotency-key',
    )
    expect(JSON.stringify(header)).toContain(`known for ${keptKeysMs / 86_400_000} days`)
  })

  test('an idempotency key of 255 characters is taken, one more is refused', async () => {
    expect((await post(app, rows, lead(), { 'Idempotency-Key': 'k'.repeat(255) })).status).toBe(202)
    const answer = await post(app, rows, lead(), { 'Idempotency-Key': 'k'.repeat(256) })
    expect(answer.body).toMatchObject({ code: 'request-invalid', field: 'idempotency-key' })
  })

  test('1,000 rows fit in a batch, 1,001 do not, none at all is refused', async () => {
    const before = await app.runtime.count('leads')
    const full = await post(app, rows, { rows: Array.from({ length: 1_000 }, () => lead()) })
    expect(full.status).toBe(202)
    expect(await app.runtime.count('leads')).toBe(before + 1_000)
    const over = await post(app, rows, { rows: Array.from({ length: 1_001 }, () => lead()) })
    expect(over.body).toMatchObject({ status: 413, code: 'batch-too-large', value: 1_001 })
    expect((await post(app, rows, { rows: [] })).body).toMatchObject({
      code: 'request-invalid',
      field: 'rows',
    })
    await app.runtime.idle()
  })

  test('a batch takes nothing beside its rows', async () => {
    const answer = await post(app, rows, { rows: [lead()], lane: 'bulk' })
    expect(answer.body).toMatchObject({ status: 422, code: 'request-invalid', field: 'lane' })
  })

  test('a __proto__ key changes nothing', async () => {
    const text = `{"company":"Acme","email":"proto@p.example","__proto__":{"company":"evil","polluted":1}}`
    const answer = await ask(app, `${rows}?wait=done`, {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(200)
    expect(answer.body.rows[0].input).toEqual({ company: 'Acme', email: 'proto@p.example' })
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('waiting', () => {
  test('wait=done answers with the full rows, invalid ones in their place', async () => {
    const answer = await post(app, `${rows}?wait=done`, { rows: [lead(), {}] })
    expect(answer.status).toBe(200)
    expect(WaitedAnswer.safeParse(answer.body).success).toBe(true)
    const [row, invalid] = answer.body.rows
    expect(row).toMatchObject({ status: 'accepted', atRest: true, cells: { owner: { status: 'done' } } })
    expect(invalid).toMatchObject({ status: 'invalid', errors: expect.any(Array) })
  })

  test('wait={column} answers as soon as that column is there', async () => {
    const answer = await post(app, `${rows}?wait=owner`, lead({ delayMs: 1_500 }))
    expect(answer.status).toBe(200)
    expect(answer.body.rows[0].cells).toMatchObject({
      owner: { status: 'done' },
      slow: { status: 'running' },
    })
    await app.runtime.idle()
  })

  test('when time is over the problem names the rows, which go on', async () => {
    const answer = await post(app, `${rows}?wait=done&timeoutMs=50`, lead({ delayMs: 400 }))
    expect(answer.body).toMatchObject({ status: 504, code: 'wait-timeout', rows: [{ status: 'accepted' }] })
    await app.runtime.idle()
    const found = await ask(app, answer.body.rows[0].url)
    expect(found.body.cells.slow).toMatchObject({ status: 'done', value: 'waited 400 ms' })
  })

  test('a row that is erased meanwhile is answered as it was inserted, and the others in full', async () => {
    const given = { rows: [lead({ delayMs: 1_000 }), lead()] }
    const headers = { 'Idempotency-Key': 'erased-meanwhile' }
    const { body } = await post(app, rows, given, headers)
    const waiting = post(app, `${rows}?wait=done`, given, headers)
    expect((await ask(app, body.rows[1].url, { method: 'DELETE' })).status).toBe(204)
    const answer = await waiting
    expect(answer.status).toBe(200)
    expect(answer.body.rows).toEqual([
      expect.objectContaining({ id: body.rows[0].id, atRest: true }),
      body.rows[1],
    ])
  })

  test('a column that is not there is refused before anything is inserted', async () => {
    const before = await app.runtime.count('leads')
    const answer = await post(app, `${rows}?wait=ownr`, lead())
    expect(answer.body).toMatchObject({ status: 422, code: 'column-unknown', field: 'wait', value: 'ownr' })
    expect(answer.body.wayOut).toContain('owner')
    expect(await app.runtime.count('leads')).toBe(before)
  })

  test.each([
    '?timeoutMs=100',
    '?wait=done&timeoutMs=0',
    '?wait=done&timeoutMs=120001',
    '?wait=',
    '?wat=done',
  ])('%s is refused', async (query) => {
    expect((await post(app, `${rows}${query}`, lead())).body).toMatchObject({
      status: 422,
      code: 'request-invalid',
    })
  })
})

describe('reading', () => {
  test('pages follow each other without loss, in both orders', async () => {
    const total = await app.runtime.count('leads')
    for (const sort of ['oldest', 'newest', 'createdAt', '-createdAt']) {
      const ids = new Set<string>()
      let after: number | null = null
      do {
        const path: string = `${rows}?limit=400&sort=${sort}${after === null ? '' : `&after=${after}`}`
        const page = RowsAnswer.parse((await ask(app, path)).body)
        for (const row of page.rows) ids.add(row.id)
        after = page.next
      } while (after !== null)
      expect(ids.size).toBe(total)
    }
  })

  test('the newest row comes first when asked', async () => {
    const { body } = await post(app, rows, lead())
    for (const sort of ['newest', '-createdAt']) {
      const page = await ask(app, `${rows}?sort=${sort}&limit=1`)
      expect(page.body.rows[0].id).toBe(body.rows[0].id)
    }
    for (const sort of ['oldest', 'createdAt']) {
      const page = await ask(app, `${rows}?sort=${sort}&limit=1`)
      const plain = await ask(app, `${rows}?limit=1`)
      expect(page.body.rows[0].id).toBe(plain.body.rows[0].id)
      expect(page.body.rows[0].id).not.toBe(body.rows[0].id)
    }
  })

  test('filter and q narrow the rows', async () => {
    await post(app, `${rows}?wait=done`, lead({ company: 'Zyx Works', employees: 3 }))
    const found = await ask(app, `${rows}?q=zyx%20works`)
    expect(found.body.rows).toHaveLength(1)
    const nurtured = await ask(app, `${rows}?filter=exit=nurture`)
    expect(nurtured.body.rows).toHaveLength(1)
    expect(nurtured.body.rows[0].cells.owner).toMatchObject({
      status: 'skipped',
      skipped: { rule: expect.any(String) },
    })
    const wrong = await ask(app, `${rows}?filter=nope=1`)
    expect(wrong.body).toMatchObject({
      status: 422,
      code: 'request-invalid',
      field: 'filter',
      value: 'nope=1',
    })
  })

  test('a cell that failed says how', async () => {
    await post(app, `${rows}?wait=done`, lead({ email: 'x@invalid.example' }))
    const found = await ask(app, `${rows}?filter=status:error`)
    expect(found.body.rows.map((row: { cells: object }) => row.cells)).toEqual([
      expect.objectContaining({
        domain: expect.objectContaining({
          status: 'error',
          error: { kind: 'invalid-request', message: 'invalid.example is not a company', retryable: false },
        }),
      }),
    ])
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=ten', 'limit'],
    ['after=-1', 'after'],
    ['sort=up', 'sort'],
    ['sort=company', 'sort'],
    ['order=newest', 'order'],
    ['limit=1&limit=2', 'limit'],
    ['colour=red', 'colour'],
  ])('%s is refused, naming the field', async (query, field) => {
    expect((await ask(app, `${rows}?${query}`)).body).toMatchObject({
      status: 422,
      code: 'request-invalid',
      field,
    })
  })

  test('what is not there is a 404 with its own code', async () => {
    expect((await ask(app, '/v1/tables/nope/rows')).body).toMatchObject({
      status: 404,
      code: 'table-unknown',
      value: 'nope',
    })
    expect((await post(app, '/v1/tables/nope/rows', lead())).body).toMatchObject({
      status: 404,
      code: 'table-unknown',
    })
    expect((await ask(app, `${rows}/row_nope`)).body).toMatchObject({
      status: 404,
      code: 'row-unknown',
      field: 'row',
    })
  })
})

describe('editing and erasing', () => {
  test('an edit changes the named fields and no others', async () => {
    const { body } = await post(app, `${rows}?wait=done`, lead())
    const { url, id, input } = body.rows[0]
    const edited = await ask(app, url, { method: 'PATCH', json: { employees: 4 } })
    expect(edited.status).toBe(200)
    expect(RowDetail.parse(edited.body)).toMatchObject({ id, input: { ...input, employees: 4 } })
    expect((await ask(app, url)).body.input).toEqual({ ...input, employees: 4 })
  })

  test('an edit with null clears a field that need not be there', async () => {
    const { body } = await post(app, `${rows}?wait=done`, lead())
    const { employees: _, ...rest } = body.rows[0].input
    const edited = await ask(app, body.rows[0].url, { method: 'PATCH', json: { employees: null } })
    expect(edited.body.input).toEqual(rest)
    expect(edited.body.cells.exit).toMatchObject({ stale: true })
  })

  test('an edit marks what stands on the changed field as stale, and nothing else', async () => {
    const { body } = await post(app, `${rows}?wait=done`, lead())
    const { url } = body.rows[0]
    await ask(app, url, { method: 'PATCH', json: { employees: 4 } })
    const { cells } = (await ask(app, url)).body
    expect(cells.exit).toMatchObject({ stale: true, value: 'route' })
    expect(cells.domain.stale).toBe(false)
  })

  test('an edit that does not fit is refused whole', async () => {
    const { body } = await post(app, rows, lead())
    const { url } = body.rows[0]
    const wrong = await ask(app, url, { method: 'PATCH', json: { company: 'New', employees: -1 } })
    expect(wrong.body).toMatchObject({ status: 422, code: 'row-invalid', field: 'employees', value: -1 })
    const none = await ask(app, url, { method: 'PATCH', json: { company: null } })
    expect(none.body).toMatchObject({ code: 'row-invalid', field: 'company', value: null })
    const unknown = await ask(app, url, { method: 'PATCH', json: { employes: 1 } })
    expect(unknown.body).toMatchObject({ status: 422, code: 'request-invalid', field: 'employes' })
    expect((await ask(app, url, { method: 'PATCH', json: {} })).body).toMatchObject({
      code: 'request-invalid',
    })
    expect((await ask(app, url)).body.input.company).not.toBe('New')
  })

  test('an erased row is gone, everywhere', async () => {
    const { body } = await post(app, `${rows}?wait=done`, lead({ company: 'Forget Me' }))
    const { url } = body.rows[0]
    const erased = await ask(app, url, { method: 'DELETE' })
    expect([erased.status, erased.text]).toEqual([204, ''])
    expect((await ask(app, url)).status).toBe(404)
    expect((await ask(app, `${rows}?q=forget%20me`)).body.rows).toEqual([])
    expect((await ask(app, url, { method: 'DELETE' })).body).toMatchObject({
      status: 404,
      code: 'row-unknown',
    })
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import { backfillRule, type CellState } from '../../../columns/cell.ts'
import { type Condition, parseFilter } from '../../../db/filter.ts'
import type { ScanQuery } from '../../../db/store.ts'
import { done, type StoreUnderTest, useBench } from './bench.ts'

const names = {
  columns: ['segment', 'owner', 'score'],
  inputs: ['company', 'country', 'employees', 'paid', 'note'],
}
const filterOf = (text: string) => parseFilter(text, names)

export function querySuite(under: StoreUnderTest): void {
  describe('a filter', () => {
    const bench = useBench(under)

    beforeEach(async () => {
      const [acme, oddly, empty, failed] = [
        await bench.row({
          input: { company: 'Acme, Inc', country: 'DE', employees: 120, paid: true, note: null },
        }),
        await bench.row({
          input: { company: `O'Neil "x" \\ ; --`, country: 'US', employees: 0.5, paid: false },
        }),
        await bench.row({ input: {} }),
        await bench.row({ input: { company: 'Failed', country: 'DE', employees: 1_000_000 } }),
      ]
      await bench.rest(acme, {
        segment: done({ region: 'EMEA', fit: { score: 7 } }),
        owner: done({ name: 'Ana, Lee' }),
      })
      await bench.rest(oddly, {
        segment: done({ region: 'NA' }, { stale: true }),
        owner: { status: 'skipped', attempts: 0 },
        score: done(12),
      })
      await bench.rest(empty, {
        segment: { status: 'no-result', attempts: 1 },
        owner: done({ name: 'Bo' }, { stale: true }),
      })
      await bench.rest(failed, {
        segment: { status: 'error', attempts: 4 },
        owner: { status: 'cancelled', attempts: 0 },
      })
    })

    const found = async (text: string) => {
      const filter = filterOf(text)
      const rows = await bench.store.scan({ table: 'leads', limit: 100, filter })
      expect(await bench.store.count('leads', filter)).toBe(rows.length)
      return rows.map((row) => ({ 1: 'acme', 2: 'oddly', 3: 'empty', 4: 'failed' })[row.seq] ?? '?').join(' ')
    }

    it.each([
      ['status:error', 'failed'],
      ['segment.status:error', 'failed'],
      ['owner.status:error', ''],
      ['status:cancelled', 'failed'],
      ['status:skipped', 'oddly'],
      ['owner.status:done', 'acme empty'],
      ['status:done', 'acme oddly empty'],
      ['segment.status:no-result', 'empty'],
      ['status:running', ''],
      ['stale', 'oddly empty'],
      ['stale:owner', 'empty'],
      ['country=DE', 'acme failed'],
      ['country!=DE', 'oddly empty'],
      ['country=', ''],
      ['employees=120', 'acme'],
      ['employees=0.5', 'oddly'],
      ['employees=1000000', 'failed'],
      ['paid=true', 'acme'],
      ['paid=false', 'oddly'],
      ['paid!=true', 'oddly empty failed'],
      ['segment.region=EMEA', 'acme'],
      ['segment.region!=EMEA', 'oddly empty failed'],
      ['segment.fit.score=7', 'acme'],
      ['score=12', 'oddly'],
      ['company="Acme, Inc"', 'acme'],
      ['owner.name="Ana, Lee"', 'acme'],
      ['company="O\'Neil \\"x\\" \\\\ ; --"', 'oddly'],
      ['country=DE, status:error', 'failed'],
      ['country=DE , segment.region=EMEA, owner.status:done', 'acme'],
      ['country=DE, country=US', ''],
      ['', 'acme oddly empty failed'],
      [' , ', 'acme oddly empty failed'],
    ])('%s', async (text, rows) => {
      expect(await found(text)).toBe(rows)
    })

    it.each([
      `company=' OR '1'='1`,
      `company="x'; DELETE FROM rows; --"`,
      'company=") OR 1=1 --"',
      'segment.region=") UNION SELECT 1 --"',
      'country=%',
      'country=_E',
    ])('takes %s for a value', async (text) => {
      expect(await found(text)).toBe('')
      expect(await bench.store.count('leads')).toBe(4)
    })

    const codes: Condition[] = [
      { of: 'value', column: `a"' OR 1=1 --`, path: ['x"]', `') --`], operator: '=', value: 'x' },
      { of: 'input', field: `$."company" OR 1=1`, operator: '=', value: 'x' },
      { of: 'input', field: '"', operator: '=', value: 'Acme, Inc' },
      { of: 'status', column: `owner"') OR ('1'='1`, status: 'done' },
      { of: 'stale', column: `owner' OR '1'='1`, outdated: [] },
      {
        of: 'stale',
        column: `a`,
        outdated: [{ column: `a"') OR ('1'='1`, ran: [1, 2], skipped: [1, 2] }],
      },
    ]
    it.each(codes)('takes a name that is code for a name: %o', async (condition) => {
      expect(await bench.store.scan({ table: 'leads', limit: 10, filter: [condition] })).toEqual([])
      expect(await bench.store.count('leads', [condition])).toBe(0)
    })

    it('stays inside its table', async () => {
      const { rows } = await bench.insert([{ input: { country: 'DE' } }], { table: 'customers' })
      const row = rows[0]?.row
      if (!row) throw new Error('the row was not accepted')
      await bench.rest(row, { segment: { status: 'error', attempts: 1 }, owner: done(1, { stale: true }) })
      expect(await bench.store.count('customers', filterOf('country=DE'))).toBe(1)
      expect(await found('country=DE')).toBe('acme failed')
      expect(await found('status:error')).toBe('failed')
      expect(await bench.store.count('customers', filterOf('status:error'))).toBe(1)
      expect(await bench.store.count('customers', filterOf('stale'))).toBe(1)
    })
  })

  describe('a filter of what is stale', () => {
    const bench = useBench(under)
    const made = (definition: number, over: Partial<CellState> = {}) =>
      done(1, { hash: 'h', definition, ...over })
    const skipped = (definition: number, rule = 'when exit "route"'): CellState => ({
      status: 'skipped',
      attempts: 0,
      definition,
      skipped: { rule, values: {} },
    })
    const outdated = [
      { column: 'segment', ran: [1, 3], skipped: [] },
      { column: 'owner', ran: [1], skipped: [1] },
    ]

    beforeEach(async () => {
      const rows: Record<string, CellState>[] = [
        { segment: made(1), owner: made(1), score: made(1) },
        { segment: made(2), owner: made(2), score: made(2) },
        { segment: made(3), owner: made(3), score: made(3) },
        { segment: skipped(1), owner: skipped(1), score: skipped(1) },
        { segment: made(1, { status: 'error' }), owner: skipped(1, backfillRule) },
        { segment: done(1, { definition: 1 }), owner: { status: 'cancelled', attempts: 0 } },
        { segment: made(2, { stale: true }), owner: made(1, { stale: true }) },
        { segment: made(1, { status: 'waiting' }), owner: made(1, { status: 'queued' }) },
      ]
      for (const cells of rows) await bench.rest(await bench.row(), cells)
    })

    const found = async (text: string) => {
      const filter = parseFilter(text, { ...names, outdated })
      const rows = await bench.store.scan({ table: 'leads', limit: 100, filter })
      expect(await bench.store.count('leads', filter)).toBe(rows.length)
      return rows.map(({ seq }) => seq).join(' ')
    }

    it.each([
      ['stale:segment', '1 3 5 7'],
      ['stale:owner', '1 4 7'],
      ['stale:score', ''],
      ['stale', '1 3 4 5 7'],
      ['stale:segment, owner.status:skipped', '5'],
    ])('%s finds the marks, and what stands on a definition with another column', async (text, rows) => {
      expect(await found(text)).toBe(rows)
    })

    it('agrees with the counts, which tell the same cells as stale', async () => {
      const staleNow = async () =>
        (await bench.store.cellCounts('leads', outdated)).filter(({ status }) => status === 'stale')
      expect(await staleNow()).toEqual([
        { column: 'owner', status: 'stale', count: 3 },
        { column: 'segment', status: 'stale', count: 4 },
      ])
      const [row] = await bench.store.scan({ table: 'leads', limit: 1 })
      if (row === undefined) throw new Error('the first row is there')
      await bench.rest(row, { segment: made(4), owner: made(4), score: made(4) })
      expect((await staleNow()).map(({ count }) => count)).toEqual([2, 3])
      expect(await bench.store.cellCounts('leads', outdated)).toContainEqual({
        column: 'segment',
        status: 'done',
        count: 3,
      })
      expect(await found('stale')).toBe('3 4 5 7')
    })
  })

  describe('a filter that is not understood', () => {
    it.each([
      ['status:broken', 'broken'],
      ['nobody.status:error', 'nobody'],
      ['stale:nobody', 'nobody'],
      ['nobody=1', 'nobody'],
      ['country.x=1', 'country'],
      ['country', 'country'],
      ['country>5', 'country>5'],
      ['=DE', '=DE'],
      ['company="Acme, Inc', 'Inc'],
    ])('%s is refused with the term and the way out', (text, named) => {
      expect(() => filterOf(text)).toThrow(
        expect.objectContaining({
          code: 'request-invalid',
          message: expect.stringContaining(named),
          details: expect.objectContaining({
            field: 'filter',
            value: expect.any(String),
            wayOut: expect.any(String),
          }),
        }),
      )
    })
  })

  describe('a scan', () => {
    const bench = useBench(under)
    const pages = async (query: Partial<ScanQuery>) => {
      const found: number[] = []
      for (;;) {
        const after = found.at(-1)
        const page = await bench.store.scan({
          table: 'leads',
          limit: 7,
          ...query,
          ...(after !== undefined && { after }),
        })
        if (page.length === 0) return found
        expect(page.length).toBeLessThanOrEqual(7)
        found.push(...page.map(({ seq }) => seq))
      }
    }

    it('pages through a table both ways, past rows of other tables', async () => {
      const seqs: number[] = []
      for (let index = 0; index < 30; index += 1) {
        seqs.push((await bench.row({ input: { even: index % 2 === 0 } })).seq)
        await bench.insert([{}], { table: 'customers' })
      }
      expect(await pages({})).toEqual(seqs)
      expect(await pages({ newestFirst: true })).toEqual(seqs.toReversed())
      const filter = parseFilter('even=true', { columns: [], inputs: ['even'] })
      expect(await pages({ filter })).toEqual(seqs.filter((_, index) => index % 2 === 0))
      expect(await bench.store.count('leads')).toBe(30)
      expect(await bench.store.count('customers')).toBe(30)
    })

    it('gives rows in flight with the cells their journal holds', async () => {
      const row = await bench.row()
      await bench.step(row, [{ kind: 'attempt', column: 'a', cell: done(5) }])
      const [found] = await bench.store.scan({ table: 'leads', limit: 1 })
      expect(found?.cells.a?.value).toBe(5)
    })
  })

  describe('a search', () => {
    const bench = useBench(under)
    const search = async (text: string, over: Partial<ScanQuery> = {}) =>
      (await bench.store.scan({ table: 'leads', limit: 10, search: text, ...over }))
        .map(({ seq }) => seq)
        .join(' ')

    beforeEach(async () => {
      await bench.row({ input: { company: 'Acme GmbH', note: 'says "hi"\nand 100% \\o/' } })
      await bench.row({ input: { company: 'Other', deep: { list: ['ACME again', 4711] } } })
      await bench.row({ input: { company: 'Müller', country: null } })
      await bench.insert([{ input: { company: 'Acme' } }], { table: 'customers' })
      await bench.row({ input: { company: 'MÜLLER AG', street: 'LANGE STRASSE 1\nΟΔΟΣ ΕΡΜΟΥ, ЩЁКИНО' } })
    })

    it.each([
      ['acme', '1 2'],
      ['ACME g', '1'],
      ['4711', '2'],
      ['Müller', '3 5'],
      ['müller ag', '5'],
      ['ÜLLER', '3 5'],
      ['straße', '5'],
      ['οδοσ', '5'],
      ['δος', '5'],
      ['1\nοδός', ''],
      ['1\nοδος', '5'],
      ['щёкино', '5'],
      ['"hi"', '1'],
      ['"hi"\nand', '1'],
      ['100%', '1'],
      ['\\o/', '1'],
      ['company', ''],
      ['null', ''],
      [`' OR 1=1`, ''],
      ['%', '1'],
      ['_', ''],
    ])('for %o finds values, not names of fields', async (text, rows) => {
      expect(await search(text)).toBe(rows)
    })

    it('goes with a filter, a direction and a place', async () => {
      const filter = parseFilter('company!=Other', { columns: [], inputs: ['company'] })
      expect(await search('acme', { filter })).toBe('1')
      expect(await search('acme', { newestFirst: true })).toBe('2 1')
      expect(await search('acme', { after: 1 })).toBe('2')
      expect(await search('acme', { after: 2, newestFirst: true })).toBe('1')
    })
  })
}

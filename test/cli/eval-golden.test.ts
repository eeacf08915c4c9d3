import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Evaluation } from '../../cli/eval.ts'
import { readLabelledFile } from '../../cli/eval-file.ts'
import { parseJson } from '../../columns/json.ts'
import { CompanySegment, SalesRegion } from '../../routing/segment/segmentation.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { rota, type Said } from './rota-process.ts'

const golden = 'examples/inbound-leads/golden.csv'
const Printed = z.custom<Evaluation>(
  (value) => typeof value === 'object' && value !== null && 'report' in value,
)

const rows = readLabelledFile(golden).rows
const rowAt = (line: number) => rows.find((row) => row.line === line)?.cells ?? {}

/** Where the written rule of the stand-in ends, as the notes of the rows say: it leaves a field open, or takes the wrong number. */
const misread = rows.flatMap(
  ({ line, cells: { note = '', expected_region: region = '', expected_segment: segment = '' } }) => {
    const leaves = /the stand-in leaves (?:the (region|segment)|(both)) open/.exec(note)
    const says = /the stand-in says ([\w-]+)/.exec(note)?.[1]
    const isOpen = (field: string) => leaves?.[1] === field || leaves?.[2] !== undefined
    return [
      ...(isOpen('region') ? [{ line, field: 'region', expected: region, answered: 'unknown' }] : []),
      ...(isOpen('segment') ? [{ line, field: 'segment', expected: segment, answered: 'unknown' }] : []),
      ...(says === undefined ? [] : [{ line, field: 'segment', expected: segment, answered: says }]),
    ]
  },
)

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

/** Over the real client to the stand-in model; no other connector is configured. */
async function evaluate(...args: string[]): Promise<{ evaluation: Evaluation; said: Said }> {
  const settings = { OPENAI_API_KEY: 'sandbox', OPENAI_BASE_URL: `${sandbox.url}/openai/v1` }
  const said = await rota(settings, 'eval', 'inbound-leads', 'segment', golden, '--json', ...args)
  const parsed = parseJson(said.stdout)
  return { evaluation: Printed.parse(parsed.ok ? parsed.value : said), said }
}

const answersOf = ({ report }: Evaluation, field: string) =>
  (report.confusion[field] ?? []).map(({ answered }) => answered)

describe('the golden set', () => {
  test('has every region and segment, together and apart, and every group', () => {
    const seen = new Set(rows.map(({ cells }) => `${cells.expected_region} ${cells.expected_segment}`))
    const wanted = SalesRegion.options.flatMap((region) =>
      CompanySegment.options.map((segment) => `${region} ${segment}`),
    )
    expect(wanted.filter((each) => !seen.has(each))).toEqual([])
    expect(rows.length).toBeGreaterThanOrEqual(300)
    expect(rows.filter(({ cells }) => cells.by !== 'rule' && cells.by !== 'model')).toEqual([])
    const prose = rows.filter(({ cells }) => cells.group === 'prose')
    expect(prose.length).toBeGreaterThanOrEqual(50)
    expect(prose.filter(({ cells }) => cells.description === '' || cells.by !== 'model')).toEqual([])
  })

  test('is all right by the rule alone where it says so, without a model, a key or a call', async () => {
    const args = ['eval', 'inbound-leads', 'segment', golden, '--only', 'by=rule', '--min', '1', '--json']
    const { stdout, code } = await rota({}, ...args)
    const parsed = parseJson(stdout)
    const { report, passed } = Printed.parse(parsed.ok ? parsed.value : null)
    expect({ code, passed, wrong: report.wrong }).toEqual({ code: 0, passed: true, wrong: [] })
    expect(report.rows).toBeGreaterThanOrEqual(250)
    expect(report.decidedBy.rule?.rows).toBe(report.rows)
    expect(report.cost).toMatchObject({ calls: 0, usd: 0 })
  })

  test('goes to the model for the rest, over HTTP, and for nothing else', async () => {
    sandbox.ledger.clear()
    const { evaluation, said } = await evaluate('--by', 'group,by')
    const { report } = evaluation
    console.info('golden set:', JSON.stringify(report.slices.by), JSON.stringify(report.cost))
    expect(said.code).toBe(0)
    expect(report.rows).toBeGreaterThanOrEqual(300)
    expect(report.decidedOtherwise).toEqual([])
    const asked = Object.entries(report.decidedBy).flatMap(([who, { rows }]) =>
      who === 'rule' ? [] : [rows],
    )
    expect(report.cost.rowsWithCalls).toBe(asked.reduce((sum, rows) => sum + rows, 0))
    expect(sandbox.ledger.entries({ vendor: 'openai' })).toHaveLength(report.cost.calls)
  })

  test('never has an answer outside the enums, and what nobody can know is not guessed', async () => {
    const { evaluation } = await evaluate('--only', 'by=model')
    for (const answered of answersOf(evaluation, 'region')) expect(SalesRegion.options).toContain(answered)
    for (const answered of answersOf(evaluation, 'segment'))
      expect(CompanySegment.options).toContain(answered)
    expect(evaluation.report.wrong.filter(({ expected }) => expected === 'unknown')).toEqual([])
  })

  test('is answered by the model from prose, so far as its written rule reads, and wrong nowhere else', async () => {
    const { evaluation } = await evaluate('--min', '0.95')
    const { report, passed } = evaluation
    expect(
      report.wrong.map(({ line, field, expected, answered }) => ({ line, field, expected, answered })),
    ).toEqual(misread)
    expect(passed).toBe(true)
    expect(report.noAnswers.rows).toBe(0)
    // Floors that a model which is switched off, or says nothing, cannot reach.
    expect(report.decidedBy.model?.rows).toBeGreaterThanOrEqual(87)
    const { region, segment } = report.decidedBy.model?.fields ?? {}
    expect(region?.accuracy).toBeGreaterThanOrEqual(0.8)
    expect(segment?.accuracy).toBeGreaterThanOrEqual(0.8)
    expect(report.fields.region?.accuracyWhereAnswered).toBe(1)
    expect(report.fields.segment?.accuracyWhereAnswered).toBeGreaterThanOrEqual(0.99)
  })

  test('misses its floors by a model that is switched off', async () => {
    sandbox.vendors.openai?.load({ otherwise: 'unknown-model' })
    const { evaluation, said } = await evaluate('--only', 'by=model', '--min', '0')
    sandbox.vendors.openai?.reset()
    const { report, passed } = evaluation
    expect([passed, said.code]).toEqual([false, 1])
    expect(report.decidedBy.model).toBeUndefined()
    expect(report.noAnswers).toMatchObject({ rows: report.rows, outcomes: { 'unknown-model': report.rows } })
    expect(report.fields).toMatchObject({ region: { accuracy: 0 }, segment: { accuracy: 0 } })
  })
})

describe('on the golden set a model that', () => {
  afterAll(() => sandbox.vendors.openai?.reset())
  const tell = (otherwise: string) => sandbox.vendors.openai?.load({ otherwise })

  test('answers outside the enums gets nothing through', async () => {
    tell('wrong-enum')
    const { evaluation } = await evaluate('--only', 'by=model')
    const { report } = evaluation
    for (const field of ['region', 'segment'])
      expect(new Set(answersOf(evaluation, field))).toEqual(new Set(['(no answer)']))
    expect(report.noAnswers.outcomes).toEqual({ 'schema-violation': report.rows })
    expect(report.cost.calls).toBe(report.rows * 2)
  })

  test('lies within the enums moves no row whose facts are present', async () => {
    tell('hostile')
    const { evaluation } = await evaluate()
    const { report } = evaluation
    expect(report.decidedBy.rule?.fields).toMatchObject({ region: { accuracy: 1 }, segment: { accuracy: 1 } })
    const moved = report.wrong.filter(({ expected }) => expected !== 'unknown')
    expect(new Set(moved.map(({ line }) => rowAt(line).group))).toEqual(new Set(['prose']))
    expect(report.disagreements.length).toBeGreaterThan(10)
    expect(new Set(report.disagreements.map(({ right }) => right))).toEqual(new Set(['fact']))
  })
})

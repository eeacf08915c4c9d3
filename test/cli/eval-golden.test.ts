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

/**
 * Rows of which the facts leave the answer open and the stand-in, as simple models do, takes the first thing it sees: a mailbox
 * provider's country (which the column `domain` never passes on), the first of several cities or countries, `-1` employees.
 */
const guessedByTheStandIn = [
  'Yahoo UK Co',
  'Webde Handwerk',
  'Gmx Verein',
  'Hotmail Fr',
  'Everywhere',
  'Split Countries',
  'Minus One Media',
]

const rows = readLabelledFile(golden).rows
const rowAt = (line: number) => rows.find((row) => row.line === line)?.cells ?? {}

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
    const guessed = evaluation.report.wrong.filter(({ expected }) => expected === 'unknown')
    const companies = guessed.map(({ line }) => rowAt(line).company ?? '')
    expect(companies.filter((company) => !guessedByTheStandIn.includes(company))).toEqual([])
    // What the facts do not hold may be missed in prose; it is then unknown, not another region or size.
    const others = evaluation.report.wrong.filter(({ expected }) => expected !== 'unknown')
    expect(others.filter(({ answered }) => answered !== 'unknown')).toEqual([])
  })
})

describe('on the golden set a model that', () => {
  afterAll(() => sandbox.vendors.openai?.reset())
  const tell = (otherwise: string) => sandbox.vendors.openai?.load({ otherwise })

  test('answers outside the enums gets nothing through', async () => {
    tell('wrong-enum')
    const { evaluation } = await evaluate('--only', 'by=model')
    const { report } = evaluation
    for (const field of ['region', 'segment']) expect(answersOf(evaluation, field)).not.toContain('Galactic')
    // The rule's half of each answer stands, so only prose is missed.
    expect(new Set(report.wrong.map(({ answered }) => answered))).toEqual(new Set(['unknown']))
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

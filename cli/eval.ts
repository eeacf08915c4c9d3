import { TableError } from '../columns/errors.ts'
import type { Price } from '../columns/use-ai/price.ts'
import { checkLabels } from '../runtime/evaluation/check-labels.ts'
import { type Comparison, compare } from '../runtime/evaluation/compare.ts'
import type { Answer } from '../runtime/evaluation/labelled-row.ts'
import { type ReadRows, readRows, type TextRow } from '../runtime/evaluation/read-rows.ts'
import { type Report, reportOn } from '../runtime/evaluation/report.ts'
import { checkTryable, runColumn } from '../runtime/evaluation/run-column.ts'
import { type LabelledFile, readLabelledFile } from './eval-file.ts'
import { evaluationText } from './eval-text.ts'
import { openAgainst, openVariant, type Variant, withSandbox } from './eval-variants.ts'
import { readSettings, type Settings } from './settings.ts'

/** The command line of `rota eval`, as it comes. */
export interface EvalOptions {
  table: string
  column: string
  file: string
  json: boolean
  model?: string
  /** A model, a file with a prompt, or a module of tables, run over the same rows. */
  against?: string
  /** Columns of the file to break the scores down by, separated by commas. */
  by?: string
  /** `column=value`: only the rows with this value. */
  only?: string
  /** Exit code 1 when any field is right less often, between 0 and 1, or a row has no answer. */
  min?: string
  /** Rows without an answer do not fail `--min` by themselves. */
  allowFailures?: boolean
  /** US dollars for a million tokens of the second way, `in,out`. */
  price?: string
  unknown: string
  concurrency: string
}

/** What `--json` prints. */
export interface Evaluation {
  table: string
  column: string
  file: string
  sandbox: boolean
  model: string | null
  /** Where the values come from. */
  values: Pick<ReadRows, 'fromFile' | 'workedOut' | 'leftEmpty'>
  report: Report
  /** The second way over the same rows, side by side. */
  against: {
    name: string
    model: string | null
    report: Report
    comparison: Comparison
    /** Null: its tokens are priced as those of the first. */
    price: Price | null
  } | null
  /** Null without `--min`. */
  passed: boolean | null
  min: number | null
}

const longestPauseMs = 60_000

/** Runs a column over labelled rows, without a store, and prints how often it is right. */
export async function evaluate(options: EvalOptions): Promise<void> {
  const evaluation = await evaluationOf(options, readSettings())
  console.log(options.json ? JSON.stringify(evaluation, null, 2) : evaluationText(evaluation))
  if (evaluation.passed === false) process.exitCode = 1
}

/** @throws {TableError} naming what is wrong with the command, the file or the settings, and the way out. */
export async function evaluationOf(options: EvalOptions, given: Settings): Promise<Evaluation> {
  const { table, column, file, unknown } = options
  const limits = { concurrency: wholeOf(options.concurrency), min: shareOf(options.min) }
  const price = priceOf(options)
  const wished = options.model === undefined ? given : { ...given, OPENAI_MODEL: options.model }
  const { settings, sandbox } = await withSandbox(wished)
  try {
    const first = await openVariant({ table, column, settings })
    const second =
      options.against === undefined ? null : await openAgainst(options.against, { table, column, settings })
    for (const each of [first, second]) if (each !== null) checkTryable(each.plan, each.column)
    const labelled = readLabelledFile(file)
    const textRows = onlyRows(labelled, options.only)
    const by = slicesOf(labelled, options.by)
    const run = async (variant: Variant) => {
      const read = readRows(variant.plan, variant.column, textRows)
      checkLabels(variant.column, read.rows, unknown)
      const asked = await answersOf(variant, read, limits.concurrency)
      const answers = variant === first || price === null ? asked : asked.map((each) => priced(each, price))
      return { read, answers, report: reportOn(read.rows, answers, { by, unknown }) }
    }
    const { read, answers, report } = await run(first)
    const other = second === null ? null : { variant: second, ...(await run(second)) }
    const { fromFile, workedOut, leftEmpty } = read
    return {
      table,
      column,
      file,
      sandbox: sandbox !== null,
      model: first.model,
      values: { fromFile, workedOut, leftEmpty },
      report,
      against: other && {
        name: other.variant.name,
        model: other.variant.model,
        price,
        report: other.report,
        comparison: compare(read.rows, { first: answers, second: other.answers }, unknown),
      },
      passed: limits.min === null ? null : hasPassed(report, limits.min, options.allowFailures ?? false),
      min: limits.min,
    }
  } finally {
    await sandbox?.close()
  }
}

const hasPassed = ({ lowest, noAnswers }: Report, min: number, allowFailures: boolean): boolean =>
  (lowest ?? 0) >= min && (allowFailures || noAnswers.rows === 0)

/** Where the tokens are known; what failed calls were charged stays as it is. */
function priced(answer: Answer, price: Price): Answer {
  const { inputTokens, outputTokens } = answer.cost
  if (inputTokens === undefined || outputTokens === undefined) return answer
  const usd = (inputTokens * price.input + outputTokens * price.output) / 1e6
  return { ...answer, cost: { ...answer.cost, usd } }
}

async function answersOf(variant: Variant, { rows }: ReadRows, concurrency: number): Promise<Answer[]> {
  const world = {
    now: Date.now,
    elapsed: () => performance.now(),
    random: Math.random,
    fetch: globalThis.fetch,
  }
  const onAnswer = (done: number, all: number) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r  ${variant.name}: ${done} of ${all} rows${done === all ? '\n' : ''}`)
  }
  return runColumn(variant.plan, variant.column, rows, { world, concurrency, longestPauseMs, onAnswer })
}

function onlyRows({ headers, rows }: LabelledFile, wish: string | undefined): TextRow[] {
  if (wish === undefined) return rows
  const [column = '', ...value] = wish.split('=')
  checkHeader(headers, column)
  const kept = rows.filter(({ cells }) => (cells[column] ?? '').trim() === value.join('=').trim())
  if (kept.length > 0) return kept
  throw new TableError('request-invalid', `no row of the file has ${wish}`, {
    field: 'only',
    value: wish,
    wayOut: 'write --only column=value, with a value that the file holds',
  })
}

/** The named columns, else `group` where the file has one. */
function slicesOf({ headers }: LabelledFile, wish: string | undefined): string[] {
  if (wish === undefined) return headers.includes('group') ? ['group'] : []
  const columns = wish.split(',').map((each) => each.trim())
  for (const each of columns) checkHeader(headers, each)
  return columns
}

function checkHeader(headers: readonly string[], name: string): void {
  if (headers.includes(name)) return
  throw new TableError('request-invalid', `the file has no column "${name}"`, {
    field: 'file',
    value: name,
    wayOut: `use one of: ${headers.join(', ')}`,
  })
}

function wholeOf(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new TableError('request-invalid', `--concurrency ${text} is no whole number above 0`, {
    field: 'concurrency',
    value: text,
    wayOut: 'write --concurrency 8',
  })
}

/** `2,8`: US dollars for a million tokens, in and out. */
function priceOf({ price, against }: EvalOptions): Price | null {
  if (price === undefined) return null
  const parts = price.split(',').map((each) => each.trim())
  const [input = Number.NaN, output = Number.NaN] = parts.map((each) =>
    isAmount.test(each) ? Number(each) : Number.NaN,
  )
  if (against !== undefined && parts.length === 2 && input >= 0 && output >= 0) return { input, output }
  const message =
    against === undefined
      ? '--price is of the second way, and there is no --against'
      : `--price ${price} is no price in and out`
  throw new TableError('request-invalid', message, {
    field: 'price',
    value: price,
    wayOut: 'write --against … --price 0.25,2 with US dollars for a million tokens, in and out',
  })
}

const isAmount = /^\d+(?:\.\d+)?$|^\.\d+$/

/** `0.95`; a percentage is meant as one. */
function shareOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const isPercent = text.trim().endsWith('%')
  const amount = text.trim().replace(/\s*%$/, '')
  const number = isAmount.test(amount) ? Number(amount) / (isPercent ? 100 : 1) : Number.NaN
  if (number >= 0 && number <= 1) return number
  throw new TableError(
    'request-invalid',
    `--min ${text.trim() === '' ? '""' : text} is no share between 0 and 1`,
    {
      field: 'min',
      value: text,
      wayOut: 'write --min 0.95, or --min 95%',
    },
  )
}

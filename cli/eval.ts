import { TableError } from '../columns/errors.ts'
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
  /** Exit code 1 when any field is right less often, between 0 and 1. */
  min?: string
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
  against: { name: string; model: string | null; report: Report; comparison: Comparison } | null
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
      const answers = await answersOf(variant, read, limits.concurrency)
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
        report: other.report,
        comparison: compare(read.rows, { first: answers, second: other.answers }, unknown),
      },
      passed: limits.min === null ? null : (report.lowest ?? 0) >= limits.min,
      min: limits.min,
    }
  } finally {
    await sandbox?.close()
  }
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

/** `0.95`; a percentage is meant as one. */
function shareOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const number = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
  if (number >= 0 && number <= 1) return number
  throw new TableError('request-invalid', `--min ${text} is no share between 0 and 1`, {
    field: 'min',
    value: text,
    wayOut: 'write --min 0.95, or --min 95%',
  })
}

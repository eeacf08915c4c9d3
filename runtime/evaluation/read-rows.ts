import { z } from 'zod'
import { TableError } from '../../columns/errors.ts'
import { type Json, parseJson } from '../../columns/json.ts'
import { asJson } from '../as-json.ts'
import type { PlannedColumn, TablePlan } from '../plan.ts'
import type { LabelledRow } from './labelled-row.ts'

/** A row of the file as text, by header. */
export interface TextRow {
  line: number
  cells: Readonly<Record<string, string>>
}

/** The rows of a file as a column takes them, and where each of its values comes from. */
export interface ReadRows {
  rows: LabelledRow[]
  /** Fields that have a label; the empty name is the whole answer. */
  labels: string[]
  fromFile: string[]
  /** Earlier columns that the file does not hold and that can be worked out, because they ask nobody. */
  workedOut: string[]
  /** Values the column uses and that are empty in every row. */
  leftEmpty: string[]
}

/**
 * Reads rows for one column: values by the names of inputs and earlier columns, labels from `expected_<field>`, or `expected` for an
 * answer without fields. Empty cells are missing values, and unlabelled fields.
 *
 * @throws {TableError} `request-invalid` when a label names no field of the answer, nothing is labelled, or a value does not fit.
 */
export function readRows(plan: TablePlan, column: PlannedColumn, given: readonly TextRow[]): ReadRows {
  const headers = Object.keys(given[0]?.cells ?? {})
  checkHeaders(plan, column, headers)
  const labels = labelsOf(column, headers)
  const { fromFile, workedOut, leftEmpty } = sourcesOf(plan, column, headers)
  const problems: string[] = []
  const rows = given.map(({ line, cells }): LabelledRow => {
    const values: Record<string, Json> = {}
    for (const name of fromFile) {
      const read = readValue(schemaOf(plan, name), cells[name] ?? '')
      if (read.ok) values[name] = read.value
      else problems.push(`line ${line}, ${name}: ${read.problem}`)
    }
    const expected = labels.flatMap(({ header, field }): [string, string][] => {
      const label = (cells[header] ?? '').trim()
      return label === '' ? [] : [[field, label]]
    })
    return { line, given: values, expected: Object.fromEntries(expected), cells }
  })
  if (problems.length > 0) throw valuesRefused(problems)
  if (rows.every(({ expected }) => Object.keys(expected).length === 0)) throw nothingLabelled(column)
  return { rows, labels: labels.map(({ field }) => field), fromFile, workedOut, leftEmpty }
}

/** A header that is a known name but for capitals, blanks and the like would be taken for a remark, and its values be missing. */
function checkHeaders(plan: TablePlan, column: PlannedColumn, headers: readonly string[]): void {
  const fields = outputFields(column) ?? []
  const names = [
    ...Object.keys(plan.table.input.shape),
    ...plan.byName.keys(),
    ...['by', 'expected', `expected_${column.name}`],
    ...fields.map((each) => `expected_${each}`),
  ]
  for (const header of headers) {
    if (names.includes(header)) continue
    const meant = names.find((name) => plainOf(name) === plainOf(header))
    if (meant === undefined) continue
    throw new TableError(
      'request-invalid',
      `the header "${header}" is taken as it is written: no value is called so`,
      {
        field: header,
        value: header,
        wayOut: headers.includes(meant) ? `give it a name of its own: "${meant}" is there` : `write ${meant}`,
      },
    )
  }
}

const plainOf = (name: string) => name.toLowerCase().replaceAll(/[\s_.-]/g, '')

interface Label {
  header: string
  field: string
}

function labelsOf(column: PlannedColumn, headers: readonly string[]): Label[] {
  const fields = outputFields(column)
  return headers.flatMap((header): Label[] => {
    const named = /^expected(?:_(.+))?$/.exec(header)
    if (named === null) return []
    const field = named[1] ?? ''
    const isKnown = fields?.includes(field.split('.')[0] ?? '') ?? true
    // `expected_exit` is what people write for a column `exit` whose answer has no fields.
    if (field === column.name && !fields?.length) return [{ header, field: '' }]
    if (field === '' || isKnown) return [{ header, field }]
    throw new TableError(
      'request-invalid',
      `${header}: the answer of "${column.name}" has no field "${field}"`,
      {
        field: header,
        value: field,
        wayOut:
          fields?.length === 0
            ? 'name the column expected: the answer has no fields'
            : `use one of: ${(fields ?? []).map((each) => `expected_${each}`).join(', ')}`,
      },
    )
  })
}

/** Names of the answer's fields; none for an answer that is no object, null where the schema does not tell. */
function outputFields({ column: { output } }: PlannedColumn): string[] | null {
  if (output instanceof z.ZodObject) return Object.keys(output.shape)
  const isPlain = [z.ZodEnum, z.ZodString, z.ZodNumber, z.ZodBoolean].some((kind) => output instanceof kind)
  return isPlain ? [] : null
}

/** Where each value comes from that the column uses, directly or through an earlier column that only computes. */
function sourcesOf(plan: TablePlan, column: PlannedColumn, headers: readonly string[]) {
  const fromFile = new Set<string>()
  const workedOut = new Set<string>()
  const leftEmpty = new Set<string>()
  const visit = (name: string) => {
    const earlier = plan.byName.get(name)
    if (headers.includes(name)) fromFile.add(name)
    else if (earlier?.column.work.effect === 'none') {
      for (const each of earlier.uses) visit(each)
      workedOut.add(name)
    } else leftEmpty.add(name)
  }
  for (const name of column.uses) visit(name)
  return { fromFile: [...fromFile], workedOut: [...workedOut], leftEmpty: [...leftEmpty] }
}

function schemaOf(plan: TablePlan, name: string): z.core.$ZodType | null {
  return plan.byName.get(name)?.column.output ?? plan.table.input.shape[name] ?? null
}

type Read = { ok: true; value: Json } | { ok: false; problem: string }

/** A cell of a file is text: as it is where the schema takes text, else the JSON that it spells (`250`, `true`, `{"country":"Peru"}`). */
function readValue(schema: z.core.$ZodType | null, text: string): Read {
  if (text.trim() === '') return { ok: true, value: null }
  const json = parseJson(text)
  if (schema === null) {
    const isNested = json.ok && typeof json.value === 'object'
    return isNested ? kept(json.value) : { ok: true, value: text }
  }
  const asText = z.safeParse(schema, text)
  if (asText.success) return kept(asText.data)
  const parsed = json.ok ? z.safeParse(schema, json.value) : asText
  return parsed.success
    ? kept(parsed.data)
    : { ok: false, problem: z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ') }
}

function kept(value: unknown): Read {
  const json = asJson(value ?? null)
  return json.ok ? { ok: true, value: json.value as Json } : { ok: false, problem: `it becomes ${json.what}` }
}

function valuesRefused(problems: readonly string[]): TableError {
  const more = problems.length > 5 ? `; and ${problems.length - 5} more` : ''
  return new TableError(
    'request-invalid',
    `the file does not fit: ${problems.slice(0, 5).join('; ')}${more}`,
    {
      field: 'file',
      wayOut: 'mend these cells, or leave them empty where the value is missing',
    },
  )
}

function nothingLabelled(column: PlannedColumn): TableError {
  const fields = outputFields(column) ?? []
  const names = fields.length === 0 ? 'expected' : fields.map((each) => `expected_${each}`).join(', ')
  return new TableError('request-invalid', 'no row of the file has a label', {
    field: 'file',
    wayOut: `add ${names} with what the column should answer`,
  })
}

import { TableError } from '../../columns/errors.ts'
import { jsonSchemaOf } from '../../columns/json.ts'
import { readSchema, type Schema } from '../../columns/use-ai/schema-node.ts'
import type { PlannedColumn } from '../plan.ts'
import type { LabelledRow } from './labelled-row.ts'

/**
 * Labels that the answer can never be are slips of the pen, and would be counted as faults of the column for ever.
 *
 * @throws {TableError} `request-invalid`, naming the lines.
 */
export function checkLabels(
  { column: { output } }: PlannedColumn,
  rows: readonly LabelledRow[],
  unknown: string,
): void {
  const given = output === null ? null : jsonSchemaOf(output)
  if (given === null) return
  const schema = readSchema(given)
  const fields = new Set(rows.flatMap(({ expected }) => Object.keys(expected)))
  for (const field of fields) {
    const allowed = valuesAt(schema, given, field)
    if (allowed === null) continue
    const known = new Set([...allowed, unknown, 'null'])
    const wrong = rows.filter(({ expected }) => expected[field] !== undefined && !known.has(expected[field]))
    if (wrong.length > 0) throw notAmong(field, allowed, wrong)
  }
}

/** The only values that a field can have, as text; null where it can have others. */
function valuesAt(schema: Schema, root: unknown, field: string): string[] | null {
  let forms = schema.forms(root)
  for (const name of field === '' ? [] : field.split('.'))
    forms = forms.flatMap(({ properties }) =>
      properties !== undefined && Object.hasOwn(properties, name) ? schema.forms(properties[name]) : [],
    )
  const values = forms
    .filter(({ type }) => type !== 'null')
    .map((form) => form.enum ?? (form.const === undefined ? null : [form.const]))
  if (values.length === 0 || values.includes(null)) return null
  return values
    .flatMap((each) => each ?? [])
    .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
}

function notAmong(field: string, allowed: readonly string[], rows: readonly LabelledRow[]): TableError {
  const header = field === '' ? 'expected' : `expected_${field}`
  const shown = rows.slice(0, 5).map(({ line, expected }) => `line ${line}: "${expected[field]}"`)
  const more = rows.length > shown.length ? `; and ${rows.length - shown.length} more` : ''
  return new TableError(
    'request-invalid',
    `${header} holds what the answer cannot be: ${shown.join('; ')}${more}`,
    { field: header, value: rows[0]?.expected[field], wayOut: `use one of: ${allowed.join(', ')}` },
  )
}

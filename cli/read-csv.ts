import { existsSync, readFileSync, statSync } from 'node:fs'
import { parse } from 'csv-parse'
import type { z } from 'zod'
import { TableError } from '../columns/errors.ts'

/** Other names under which a field is known, folded: letters and digits only, lower case. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  company: ['companyname', 'account', 'accountname', 'organisation', 'organization', 'firma', 'name'],
  email: ['emailaddress', 'mail', 'workemail', 'businessemail'],
  firstName: ['first', 'givenname', 'vorname'],
  lastName: ['last', 'surname', 'familyname', 'nachname'],
  website: ['url', 'domain', 'web', 'homepage', 'companywebsite'],
  country: ['countryname', 'billingcountry', 'land'],
  headquarters: ['hq', 'location', 'headquarter', 'city'],
  employees: [
    'employeecount',
    'numberofemployees',
    'noofemployees',
    'ofemployees',
    'companysize',
    'headcount',
    'size',
    'mitarbeiter',
  ],
  industry: ['sector', 'vertical', 'branche'],
  description: ['about', 'summary', 'companydescription'],
  source: ['leadsource', 'channel', 'utmsource'],
  message: ['comments', 'comment', 'notes', 'note'],
  leadId: ['recordid', 'crmid', 'id'],
  occurredAt: ['submittedat', 'createdat', 'timestamp', 'date'],
}

const folded = (text: string) =>
  text
    .normalize('NFKD')
    .replaceAll(/[^\p{Letter}\p{Number}]/gu, '')
    .toLowerCase()

export interface HeaderMap {
  /** Header to field of the table. */
  used: { header: string; field: string }[]
  ignored: string[]
}

/** Matches CSV headers to the fields of a table: the same name first, then a known alias. Each field is taken once. */
export function mapHeaders(headers: readonly string[], fields: readonly string[]): HeaderMap {
  const used: HeaderMap['used'] = []
  const free = (field: string) => !used.some((each) => each.field === field)
  const exact = headers.map((header) => fields.find((field) => folded(field) === folded(header)))
  exact.forEach((field, index) => {
    const header = headers[index]
    if (field !== undefined && header !== undefined && free(field)) used.push({ header, field })
  })
  for (const header of headers) {
    if (used.some((each) => each.header === header)) continue
    const field = fields.find((each) => free(each) && (aliases[each] ?? []).includes(folded(header)))
    if (field !== undefined) used.push({ header, field })
  }
  return { used, ignored: headers.filter((header) => !used.some((each) => each.header === header)) }
}

/**
 * Reads a whole CSV with a header row as inputs of a table. Blank cells are left out, and so are columns that match no field.
 *
 * @throws {TableError} `request-invalid` when the file is not there, is not CSV, or no header matches a field.
 */
export async function readCsv(
  path: string,
  input: z.ZodObject,
): Promise<{ rows: Record<string, string>[]; headers: HeaderMap; encoding: string }> {
  const refuse = (message: string, wayOut: string) =>
    new TableError('request-invalid', `${path}: ${message}`, { field: 'file', value: path, wayOut })
  if (!existsSync(path)) throw refuse('there is no such file', 'give the path of a CSV file')
  const fields = Object.keys(input.shape)
  let headers: HeaderMap = { used: [], ignored: [] }
  const rows: Record<string, string>[] = []
  if (!statSync(path).isFile()) throw refuse('it is not a file', 'give the path of a CSV file')
  const { text, encoding } = decode(readFileSync(path))
  if (text.trim() === '') throw refuse('the file is empty', 'give a CSV file with a header row')
  const parser = parse(text, {
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    delimiter: delimiterOf(text),
  })
  let fieldAt: (string | undefined)[] | null = null
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      if (fieldAt === null) {
        headers = mapHeaders(record, fields)
        fieldAt = record.map((header) => headers.used.find((each) => each.header === header)?.field)
        if (headers.used.length === 0) break
        continue
      }
      const row: Record<string, string> = {}
      record.forEach((value, index) => {
        const field = fieldAt?.[index]
        if (field !== undefined && value.trim() !== '') row[field] = value
      })
      rows.push(row)
    }
  } catch (error) {
    throw refuse(
      error instanceof Error ? error.message : String(error),
      'save it as comma-separated values in UTF-8',
    )
  }
  if (headers.used.length === 0)
    throw refuse('no header matches a field of the table', `name columns: ${fields.join(', ')}`)
  return { rows, headers, encoding }
}

/** Spreadsheets on Windows still write windows-1252; a name must not arrive with holes in it. */
function decode(bytes: Buffer): { text: string; encoding: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'UTF-8' }
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' }
  }
}

/** The one that the headers use: a semicolon in somebody's description must not end the cell of a file with commas. */
export function delimiterOf(text: string): string {
  const [headers = ''] = text.split(/\r?\n/, 1)
  const used = (delimiter: string) => headers.split(delimiter).length
  return [',', ';', '\t'].reduce((best, each) => (used(each) > used(best) ? each : best))
}

import { existsSync, readFileSync, statSync } from 'node:fs'
import { CsvError } from 'csv-parse'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
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

export interface CsvRows {
  rows: Record<string, string>[]
  /** The line of the file on which each of `rows` starts, from 1. */
  lines: number[]
  /** Rows with another number of cells than the header: no value of theirs can be trusted to be where it belongs. */
  refused: { line: number; row: Record<string, string>; why: string }[]
  headers: HeaderMap
  encoding: string
}

type Refuse = (message: string, wayOut: string) => TableError

/**
 * Reads a whole CSV with a header row as inputs of a table. Blank cells are left out, and so are blank rows and columns that
 * match no field.
 *
 * @throws {TableError} `request-invalid` when the file is not there, is not CSV, no header matches a field, two that do have one name, or none is that of a field
 * that every row must have.
 */
export async function readCsv(path: string, input: z.ZodObject): Promise<CsvRows> {
  const refuse: Refuse = (message, wayOut) =>
    new TableError('request-invalid', `${path}: ${message}`, { field: 'file', value: path, wayOut })
  if (!existsSync(path)) throw refuse('there is no such file', 'give the path of a CSV file')
  if (!statSync(path).isFile()) throw refuse('it is not a file', 'give the path of a CSV file')
  const { text, encoding } = decode(readFileSync(path), refuse)
  const [first, ...rest] = recordsOf(text, { anyLength: true, refuse })
  if (first === undefined || text.trim() === '')
    throw refuse('the file is empty', 'give a CSV file with a header row')
  const fields = Object.keys(input.shape)
  const headers = mapHeaders(first.record, fields)
  if (headers.used.length === 0)
    throw refuse('no header matches a field of the table', `name columns: ${fields.join(', ')}`)
  const twice = headers.used.find(
    ({ header }) => first.record.indexOf(header) !== first.record.lastIndexOf(header),
  )
  if (twice !== undefined)
    throw refuse(`two columns are called "${twice.header}"`, 'rename or remove the one that is not meant')
  requireFields(input, headers, refuse)
  const fieldAt = first.record.map((header) => headers.used.find((each) => each.header === header)?.field)
  const delimiter = delimiterOf(text)
  const read: CsvRows = { rows: [], lines: [], refused: [], headers, encoding }
  for (const { line, record } of rest) {
    if (record.every(isBlank)) continue
    const row: Record<string, string> = {}
    record.forEach((value, index) => {
      const field = fieldAt[index]
      if (field !== undefined && !isBlank(value)) row[field] = value
    })
    const why = miscounted(record, first.record, delimiter)
    if (why !== null) read.refused.push({ line, row, why })
    else {
      read.rows.push(row)
      read.lines.push(line)
    }
  }
  return read
}

/** Said once of the file: without the column every row of it would be refused for the same reason. */
function requireFields(input: z.ZodObject, { used }: HeaderMap, refuse: Refuse): void {
  for (const [field, schema] of Object.entries(input.shape)) {
    if (used.some((each) => each.field === field) || z.safeParse(schema, undefined).success) continue
    const known = [field, ...(aliases[field] ?? [])].join(', ')
    throw refuse(
      `it has no column for "${field}", which every row must have`,
      `call the column one of: ${known} (capitals, spaces and signs do not matter)`,
    )
  }
}

const isBlank = (value: string) => value.trim() === ''

const separators: Readonly<Record<string, string>> = { ',': 'comma', ';': 'semicolon', '\t': 'tab' }

/** Why a row does not fit below its header, null where it does. Empty cells at the end of either count for nothing. */
function miscounted(record: readonly string[], header: readonly string[], delimiter: string): string | null {
  const filled = (cells: readonly string[]) => cells.findLastIndex((cell) => !isBlank(cell)) + 1
  const named = filled(header)
  if (record.length < named)
    return `it has ${record.length} cells, the header has ${named}: give it all of them, empty ones too, and put a value that holds a line break in quotes`
  if (filled(record) > header.length)
    return `it has ${filled(record)} cells, the header has ${named}: put the value that holds a ${separators[delimiter]} in quotes`
  return null
}

/**
 * Every record of a CSV with the line on which it starts, as an editor shows it. `anyLength` takes records that are shorter or longer than
 * the first one.
 *
 * @throws {TableError} what `refuse` makes of text that is not CSV.
 */
export function recordsOf(
  text: string,
  { anyLength, refuse }: { anyLength: boolean; refuse: Refuse },
): { line: number; record: string[] }[] {
  const records: string[][] = []
  const ends: number[] = []
  const startLines = () => startLinesOf(Buffer.from(text), ends)
  try {
    parse(text, {
      relax_column_count: anyLength,
      skip_empty_lines: true,
      delimiter: delimiterOf(text),
      on_record(record: string[], { bytes }) {
        records.push(record)
        ends.push(bytes)
        return null
      },
    })
  } catch (error) {
    if (error instanceof CsvError && /QUOTE/.test(error.code))
      // The parser names the line on which it gave up, which for a quote that is never closed is the last one of the file.
      throw refuse(
        `line ${startLines().at(-1)}: a quote stands inside a value, or is not closed`,
        'put the whole value in quotes and double each quote inside it, as in "The ""Big"" Company", or take the quote out',
      )
    const wayOut = 'save it as comma-separated values in UTF-8, with quotes around values that hold a comma'
    throw refuse(error instanceof Error ? error.message : String(error), wayOut)
  }
  const lines = startLines()
  return records.map((record, index) => ({ line: lines[index] ?? 0, record }))
}

/**
 * The line on which each record starts, by where the records end in bytes, and the line after the last of them. The parser's own count
 * takes a line break inside a cell twice where it has two signs.
 */
function startLinesOf(bytes: Buffer, ends: readonly number[]): number[] {
  const lines: number[] = []
  let at = 0
  let line = 1
  const isBreak = () => bytes[at] === 0x0a || bytes[at] === 0x0d
  const pass = () => {
    if (isBreak() && !(bytes[at] === 0x0d && bytes[at + 1] === 0x0a)) line += 1
    at += 1
  }
  for (const end of [...ends, 0]) {
    while (isBreak()) pass()
    lines.push(line)
    while (at < end) pass()
  }
  return lines
}

/** Spreadsheets on Windows still write windows-1252, and UTF-16 as "Unicode text"; a name must not arrive with holes in it. */
function decode(bytes: Buffer, refuse: Refuse): { text: string; encoding: string } {
  const mark = bytes.toString('hex', 0, 2)
  if (mark === 'fffe' || mark === 'feff') {
    try {
      const decoder = new TextDecoder(mark === 'fffe' ? 'utf-16le' : 'utf-16be', { fatal: true })
      return { text: decoder.decode(bytes), encoding: 'UTF-16' }
    } catch {
      throw refuse('it begins as UTF-16, but is not all of it', 'save it as comma-separated values in UTF-8')
    }
  }
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

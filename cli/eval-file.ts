import { existsSync, readFileSync, statSync } from 'node:fs'
import { TableError } from '../columns/errors.ts'
import type { TextRow } from '../runtime/evaluation/read-rows.ts'
import { recordsOf } from './read-csv.ts'

export interface LabelledFile {
  headers: string[]
  rows: TextRow[]
}

/**
 * Reads a file of labelled rows. Labels are somebody's work, so nothing about it is guessed: headers are taken as they are written, and
 * a row that is shorter or longer than the headers is refused.
 *
 * @throws {TableError} `request-invalid` naming the file and the line.
 */
export function readLabelledFile(path: string): LabelledFile {
  const refuse = (message: string, wayOut: string) =>
    new TableError('request-invalid', `${path}: ${message}`, { field: 'file', value: path, wayOut })
  if (!existsSync(path) || !statSync(path).isFile())
    throw refuse('there is no such file', 'give the path of a CSV file')
  const [first, ...rest] = recordsOf(decode(readFileSync(path), refuse), { anyLength: false, refuse })
  const headers = (first?.record ?? []).map((header) => header.trim())
  if (rest.length === 0) throw refuse('it has no rows', 'give a header row and at least one labelled row')
  const twice = headers.find((header, index) => headers.indexOf(header) !== index)
  if (twice !== undefined) throw refuse(`two columns are called "${twice}"`, 'give every column its own name')
  const rows = rest.map(({ line, record }) => {
    const cells = headers.map((header, index) => [header, record[index] ?? ''])
    return { line, cells: Object.fromEntries(cells) }
  })
  return { headers, rows }
}

function decode(bytes: Buffer, refuse: (message: string, wayOut: string) => TableError): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw refuse(
      error instanceof Error ? error.message : String(error),
      'save it as comma-separated values in UTF-8',
    )
  }
}

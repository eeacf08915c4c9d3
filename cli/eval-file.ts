import { existsSync, readFileSync, statSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import type { TextRow } from '../runtime/evaluation/read-rows.ts'
import { delimiterOf } from './read-csv.ts'

const Records = z.array(z.object({ record: z.array(z.string()), info: z.object({ bytes: z.number() }) }))

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
  const [first, ...rest] = recordsOf(readFileSync(path), refuse)
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

function recordsOf(
  bytes: Buffer,
  refuse: (message: string, wayOut: string) => TableError,
): { line: number; record: string[] }[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const options = { bom: true, skip_empty_lines: true, info: true, delimiter: delimiterOf(text) }
    return withLines(Buffer.from(text), Records.parse(parse(text, options)))
  } catch (error) {
    const wayOut = 'save it as comma-separated values in UTF-8, with quotes around values that hold a comma'
    throw refuse(error instanceof Error ? error.message : String(error), wayOut)
  }
}

/** The line on which each record starts, as an editor shows it: the parser counts a line break inside a cell twice where it has two signs. */
function withLines(bytes: Buffer, records: z.output<typeof Records>) {
  let at = 0
  let line = 1
  return records.map(({ record, info }) => {
    while (bytes[at] === 0x0a || bytes[at] === 0x0d) {
      if (bytes[at] === 0x0a) line += 1
      at += 1
    }
    const startsAt = line
    for (; at < info.bytes; at += 1) if (bytes[at] === 0x0a) line += 1
    return { line: startsAt, record }
  })
}

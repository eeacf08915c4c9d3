import { cellStatuses } from '../columns/cell.ts'
import { TableError } from '../columns/errors.ts'

/** One condition. `path` leads into the value of a cell or to a field of the input. */
export type Condition =
  | { of: 'status'; column: string | null; status: string }
  | { of: 'stale'; column: string | null; outdated: readonly Outdated[] }
  | { of: 'value'; column: string; path: string[]; operator: '=' | '!='; value: string }
  | { of: 'input'; field: string; operator: '=' | '!='; value: string }

/**
 * Definition numbers under which a column was another than it is today: the cells that ran under the ones, or were skipped under the
 * others, are stale without a mark. Nothing has to be written to a row when a definition changes.
 */
export interface Outdated {
  column: string
  ran: readonly number[]
  skipped: readonly number[]
}

/** What a filter may speak of. `outdated`: what `stale` finds beside the marks. */
export interface Names {
  columns: readonly string[]
  inputs: readonly string[]
  outdated?: readonly Outdated[]
  /** Where the request has the filter, for its refusal: `filter` unless told. */
  field?: string
}

/** All conditions must hold. */
export type Filter = readonly Condition[]

const wayOut =
  'write terms like status:error, owner.status:skipped, stale:owner, country=DE, segment.region!=EMEA, joined by commas'

/**
 * Reads a filter as people write it: `status:error, segment.region=EMEA`. Quotes keep commas: `company="Acme, Inc"`.
 *
 * @throws {TableError} `request-invalid` naming the term that is not understood.
 */
export function parseFilter(text: string, names: Names): Filter {
  return splitTerms(text).map((term) => parseTerm(term, names))
}

function splitTerms(text: string): string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,])+/g) ?? [])
    .map((term) => term.trim())
    .filter((term) => term !== '')
}

function parseTerm(term: string, names: Names): Condition {
  const refuse = (why: string) =>
    new TableError('request-invalid', `filter: ${why}`, {
      field: names.field ?? 'filter',
      value: term,
      wayOut,
    })
  const known = (column: string) => {
    if (names.columns.includes(column)) return column
    throw refuse(`there is no column "${column}"; the columns are ${names.columns.join(', ')}`)
  }
  const compared = (name: string) => {
    if (names.columns.includes(name)) return name
    const all = `the columns are ${names.columns.join(', ')}, the fields of the input ${names.inputs.join(', ')}`
    throw refuse(`there is no column or field "${name}"; ${all}`)
  }
  const status = /^(?:([\w-]+)\.)?status:([\w-]+)$/.exec(term)
  if (status?.[2] !== undefined) {
    if (!cellStatuses.some((each) => each === status[2])) {
      throw refuse(`"${status[2]}" is not a status; they are ${cellStatuses.join(', ')}`)
    }
    return { of: 'status', column: status[1] === undefined ? null : known(status[1]), status: status[2] }
  }
  const stale = /^stale(?::([\w-]+))?$/.exec(term)
  if (stale) {
    const column = stale[1] === undefined ? null : known(stale[1])
    const outdated = (names.outdated ?? []).filter((each) => column === null || each.column === column)
    return { of: 'stale', column, outdated }
  }
  const comparison = /^([\w-]+)((?:\.[\w-]+)*)(!=|=)(.*)$/s.exec(term)
  if (comparison === null) throw refuse(`"${term}" is not understood`)
  const [, name = '', path = '', sign, raw = ''] = comparison
  const operator = sign === '!=' ? '!=' : '='
  const value = unquote(raw.trim())
  if (names.inputs.includes(name) && path === '') return { of: 'input', field: name, operator, value }
  return { of: 'value', column: compared(name), path: path.split('.').slice(1), operator, value }
}

function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}

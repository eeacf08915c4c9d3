import type { z } from 'zod'

/** What a sender can do about one issue of a schema, where its message only says what is wrong. */
export function wayOutOf(issue: z.core.$ZodIssue, isMissing: boolean): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'correct its spelling, or leave it out'
    case 'invalid_type':
      return isMissing ? `add it: ${article(issue.expected)}` : `send ${article(issue.expected)}`
    case 'invalid_value':
      return issue.values.length === 1
        ? `${isMissing ? 'add it: ' : ''}send ${shown(issue.values[0])}`
        : `${isMissing ? 'add it, as' : 'use'} one of: ${issue.values.map(shown).join(', ')}`
    case 'too_small':
      return `send ${bound(issue.inclusive ?? true, 'at least', 'more than')} ${issue.minimum}${unitOf(issue.origin)}`
    case 'too_big':
      return `send ${bound(issue.inclusive ?? true, 'at most', 'less than')} ${issue.maximum}${unitOf(issue.origin)}`
    case 'invalid_format':
      return formats[issue.format] ?? issue.message
    case 'invalid_union':
      return 'send one of the shapes that the message names'
    default:
      return 'change it as the message says, and send it again; nothing was saved'
  }
}

const formats: Readonly<Record<string, string>> = {
  email: 'send an address such as name@company.com',
  datetime: 'send an ISO time with its zone, such as 2026-03-02T09:00:00Z',
  date: 'send a date such as 2026-03-02',
  url: 'send a whole address, such as https://company.com',
}

const articles: Readonly<Record<string, string>> = {
  int: 'a whole number',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  string: 'a text',
  boolean: 'true or false',
}

const article = (expected: string) => articles[expected] ?? `a ${expected}`
const shown = (value: unknown) => (typeof value === 'string' ? `"${value}"` : String(value))
const bound = (inclusive: boolean, within: string, beyond: string) => (inclusive ? within : beyond)

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters'
  return origin === 'array' || origin === 'set' ? ' entries' : ''
}

/** The same for a field of a row, of which only the refused value is known, as text. */
export function rowWayOut(field: string, value: string, table: string): string {
  const known = `GET /v1/tables/${encodeURIComponent(table)} describes the input`
  const what = field === '' ? 'the row' : field
  return value === 'missing'
    ? `add ${what} and send the row again; ${known}`
    : `correct ${what} and send the row again; ${known}`
}

import type { NamedFault } from '../vendor.ts'
import type { Outcome } from './script.ts'

/** What each outcome but an honest answer does. */
const abouts: Record<Exclude<Outcome, 'answer'>, string> = {
  refusal: 'the model refuses, with status 200',
  length: 'the answer ends with "length": it is cut off',
  'content-filter': 'the answer ends with "content_filter"',
  fenced: 'the JSON stands in a Markdown fence',
  prose: 'sentences stand before and behind the JSON',
  'not-json': 'the answer is a sentence',
  'empty-content': 'the answer is empty',
  'wrong-enum': 'valid JSON with a value that no enum knows',
  'wrong-case': 'valid JSON with a value in another case',
  'missing-key': 'a key of the schema is missing',
  'extra-keys': 'keys that the schema does not know, `__proto__` among them',
  'duplicate-keys': 'a key stands twice',
  array: 'a list instead of an object',
  'wrong-citation': 'cites an input that there is not',
  obedient: 'does what is written in the values',
  hostile: 'answers the first value of every enum, whatever is asked',
  'empty-choices': 'an answer without a choice',
  'no-usage': 'an answer without a count of tokens',
  'other-model': 'another model answers than was asked',
  'rate-limited': 'HTTP 429 with a short Retry-After',
  'rate-limited-long': 'HTTP 429 with a long Retry-After',
  'quota-exhausted': 'HTTP 429 insufficient_quota: the account is empty',
  'server-error': 'HTTP 500',
  unavailable: 'HTTP 503',
  unauthorized: 'HTTP 401: the key is refused',
  'unknown-model': 'HTTP 404: there is no such model',
  html: 'a page with status 200',
  'html-as-json': 'a page that says that it is JSON',
  megabyte: 'an answer of a megabyte',
  huge: 'an answer that does not end',
  'cut-json': 'the answer breaks off, and the connection with it',
  cut: 'the connection breaks',
  hang: 'no answer comes',
}

/** Each is played once, on the next request: the stand-in's own script says how. */
export const openaiFaults: Readonly<Record<string, NamedFault>> = Object.fromEntries(
  Object.entries(abouts).map(([name, about]) => [name, { about, fault: { kind: 'state' } }]),
)

import { plain } from './table-text.ts'

const longest = 100
const hidden = '[hidden]'

/** Fields that let somebody in, by the end of their names. */
const secretName =
  /(?:token|secret|passw(?:or)?d|passphrase|api[-_ ]?key|private[-_ ]?key|authorization|credentials?|cookie|signature)$/i
/** The same inside a text, whatever its field is called. */
const secretShapes: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[^\s"'\\,;]+/gi, `$1 ${hidden}`],
  [/(https?:\/\/)[^\s"'\\/@]+@/gi, `$1${hidden}@`],
  [
    /\b(sig|signature|access_token|refresh_token|token|client_secret|password|api_?key)=[^\s"'\\&]+/gi,
    `$1=${hidden}`,
  ],
  [/\b(?:sk|xox[abposr]|xapp|pat)-[\w-]{8,}/g, hidden],
]

/** The value of a field on one line, without secrets and control characters; a long one is cut. */
export function shortValue(value: unknown, name = ''): string {
  const told = withoutSecret(name, value)
  if (told === null || told === undefined) return 'missing'
  let text = typeof told === 'string' ? told : (JSON.stringify(told, withoutSecret) ?? 'missing')
  for (const [shape, instead] of secretShapes) text = text.replaceAll(shape, instead)
  if (text.trim() === '') return '""'
  const letters = [...plain(text).trim()]
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : letters.join('')
}

/** `name: value` for each declared input, in declared order. */
export const inputLines = (inputs: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(inputs).map(([name, value]) => `${plain(name)}: ${shortValue(value, name)}`)

function withoutSecret(name: string, value: unknown): unknown {
  return secretName.test(name) && value !== null && value !== '' ? hidden : value
}

import { hidden, isSecretName, withoutSecretShapes } from './secrets.ts'
import { plain } from './table-text.ts'

const longest = 100

/** The value of a field on one line, without secrets and control characters; a long one is cut. */
export function shortValue(value: unknown, name = ''): string {
  const told = withoutSecret(name, value)
  if (told === null || told === undefined) return 'missing'
  const whole = typeof told === 'string' ? told : (JSON.stringify(told, withoutSecret) ?? 'missing')
  const text = withoutSecretShapes(whole)
  if (text.trim() === '') return '""'
  const letters = [...plain(text).trim()]
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : letters.join('')
}

/** `name: value` for each declared input, in declared order. */
export const inputLines = (inputs: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(inputs).map(([name, value]) => `${plain(name)}: ${shortValue(value, name)}`)

function withoutSecret(name: string, value: unknown): unknown {
  return isSecretName(name) && value !== null && value !== '' ? hidden : value
}

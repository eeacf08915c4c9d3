import { type DestinationStream, pino } from 'pino'
import { CallFailure, TableError } from '../columns/errors.ts'
import type { Log } from '../runtime/engine.ts'
import { hidden, withoutSecretShapes } from './secrets.ts'
import type { Settings } from './settings.ts'

const maxCauses = 5

export interface LogOptions {
  level: string
  /** Their secrets are kept out of every line. */
  settings: Settings
  destination: DestinationStream
}

/** The log of the process, one JSON object a line: errors with all their causes, and no secret in any of it. */
export function createLog({ level, settings, destination }: LogOptions): Log {
  const secrets = secretsOf(settings)
  return pino(
    {
      level,
      serializers: { error: (error: unknown) => described(error, maxCauses) },
      hooks: { streamWrite: (line) => withoutSecrets(line, secrets) },
    },
    destination,
  )
}

/**
 * An error as it is logged. Fields are named one by one: the errors of vendors' clients carry whole requests, with their headers and
 * what people typed.
 */
function described(error: unknown, causesLeft: number): unknown {
  if (!(error instanceof Error)) return plainCause(error)
  const { cause } = error
  return {
    // Its own stack alone: pino would append those of the causes, which follow as fields.
    ...pick(pino.stdSerializers.errWithCause(error), ['type', 'stack']),
    message: error.message,
    ...('code' in error && isPlain(error.code) && { code: error.code }),
    ...('status' in error && isPlain(error.status) && { status: error.status }),
    ...(CallFailure.isInstance(error) && {
      kind: error.kind,
      retryable: error.retryable,
      outcomeUnknown: error.outcomeUnknown,
    }),
    ...(TableError.isInstance(error) && pick(error.details, ['field', 'wayOut'])),
    ...(error instanceof AggregateError &&
      causesLeft > 0 && { errors: error.errors.slice(0, 3).map((each) => described(each, causesLeft - 1)) }),
    ...(cause !== undefined && causesLeft > 0 && { cause: described(cause, causesLeft - 1) }),
  }
}

/** A cause that is no error is what a connector kept of an answer: words and numbers, nothing nested. */
function plainCause(cause: unknown): unknown {
  if (isPlain(cause)) return cause
  if (typeof cause !== 'object' || cause === null) return String(cause)
  const fields = Object.entries(cause).filter(([, value]) => isPlain(value))
  return Object.fromEntries(fields)
}

const isPlain = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null

function pick(from: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))
}

/** The values that let somebody in, longest first, so that one which contains another goes as a whole. */
function secretsOf(settings: Settings): string[] {
  return Object.entries(settings)
    .flatMap(([name, value]) =>
      typeof value === 'string' && /KEY|TOKEN|SECRET|WEBHOOK/.test(name) && value.length >= 8 ? [value] : [],
    )
    .sort((a, b) => b.length - a.length)
}

/** An address in an error may be anybody's, and its query a key. */
const query = /(https?:\/\/[^\s"'\\?#]*)[?#][^\s"'\\)]*/gi

/** The line without what looks like a secret, and without the secrets of the settings wherever they stand. */
function withoutSecrets(line: string, secrets: readonly string[]): string {
  let text = line
  for (const secret of secrets) text = text.replaceAll(JSON.stringify(secret).slice(1, -1), hidden)
  return withoutSecretShapes(text).replaceAll(query, `$1?${hidden}`)
}

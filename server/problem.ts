import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { z } from 'zod'
import { type ErrorCode, type ErrorDetails, errorCodes, TableError } from '../columns/errors.ts'
import type { Log } from '../runtime/engine.ts'
import type { FieldProblem, InsertedRow, Problem } from './contract.ts'
import type { AppEnv } from './parts.ts'
import { wayOutOf } from './way-out.ts'

/** More that a problem can carry than a `TableError` does. */
export interface ProblemExtras {
  errors?: FieldProblem[]
  rows?: InsertedRow[]
  headers?: Record<string, string>
}

const maxValueLength = 200
const maxErrors = 100
/** The longest sentence of ours, with room for the names of a definition; a name that was sent may be as long as a body. */
const maxDetailLength = 2_000

/** Answers with problem JSON; the status follows from the code. */
export function answerProblem(
  c: Context<AppEnv>,
  problem: { code: ErrorCode; detail: string } & ErrorDetails & ProblemExtras,
): Response {
  const { code, detail, field, value, wayOut, errors, rows, headers } = problem
  const status = errorCodes[code]
  const body: Problem = {
    type: `/docs#${code}`,
    title: titleOf(code),
    status,
    code,
    detail: cut(detail, maxDetailLength),
    instance: c.req.path,
    ...(field !== undefined && { field: cut(field) }),
    ...(value !== undefined && { value: shortened(value) }),
    ...(wayOut !== undefined && { wayOut }),
    ...(errors !== undefined && { errors }),
    ...(rows !== undefined && { rows }),
  }
  return c.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json', ...headers })
}

/** `row-invalid` -> `Row invalid`. */
export function titleOf(code: ErrorCode): string {
  const words = code.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** A `TableError` whose answer also carries a list: the wrong fields, or the rows that were accepted. */
export class ProblemError extends TableError {
  readonly extras: ProblemExtras

  constructor(code: ErrorCode, message: string, details: ErrorDetails & ProblemExtras) {
    super(code, message, details)
    this.name = 'ProblemError'
    const { errors, rows, headers } = details
    this.extras = {
      ...(errors !== undefined && { errors }),
      ...(rows !== undefined && { rows }),
      ...(headers !== undefined && { headers }),
    }
  }
}

/** Turns whatever was thrown into a problem. What we did not foresee is logged and told to nobody. */
export function answerError(c: Context<AppEnv>, error: unknown, log: Log): Response {
  if (TableError.isInstance(error) && error.code !== 'internal') {
    if (errorCodes[error.code] >= 500 && error.code !== 'wait-timeout') {
      log.error({ path: c.req.path, error }, error.message)
    }
    const extras = error instanceof ProblemError ? error.extras : {}
    return answerProblem(c, { ...error.details, ...extras, code: error.code, detail: error.message })
  }
  if (error instanceof HTTPException && error.status < 500) {
    return answerProblem(c, {
      code: 'request-invalid',
      detail: error.message || 'the request is not understood',
      wayOut: 'every shape is described at /docs',
    })
  }
  if (hasLeft(c, error)) {
    return answerProblem(c, {
      code: 'json-invalid',
      detail: 'the body broke off before its end',
      wayOut: 'send it again, whole',
    })
  }
  log.error({ method: c.req.method, path: c.req.path, error }, 'a request failed for a reason nobody foresaw')
  return answerProblem(c, {
    code: 'internal',
    detail: 'something went wrong here, not in your request',
    wayOut: 'try again; if it stays, the log of the server names the cause',
  })
}

/** Whoever asked has hung up in the middle of the body: nothing went wrong here. */
const hasLeft = (c: Context<AppEnv>, error: unknown): boolean =>
  c.req.raw.signal.aborted && error instanceof Error && 'code' in error && error.code === 'ECONNRESET'

/** A request that does not fit its schema: every wrong field, the first one in front. */
export function invalidRequest(error: z.core.$ZodError, given: unknown, where: string): ProblemError {
  const errors = fieldProblems(error, given)
  const [first] = errors
  const what = first === undefined ? 'not understood' : `${first.field || 'the whole'}: ${first.message}`
  return new ProblemError('request-invalid', `${where}: ${what}`, {
    ...(first !== undefined && { field: first.field, value: refusedValue(given, first.field) }),
    wayOut: `${first?.wayOut ?? 'send what the route asks for'}; every shape is described at /docs`,
    errors,
  })
}

export function fieldProblems(error: z.core.$ZodError, given: unknown): FieldProblem[] {
  const problems = error.issues.slice(0, maxErrors).flatMap((issue): FieldProblem[] => {
    const path = issue.path.map(String)
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: cut([...path, key].join('.')),
        message: 'there is no such field',
        value: textOf(valueAt(given, [...path, key])),
        wayOut: wayOutOf(issue, false),
      }))
    }
    const value = valueAt(given, path)
    const wayOut = wayOutOf(issue, value === undefined)
    // "expected one of" does not tell what is not there from what is wrong.
    const message =
      issue.code === 'invalid_value' && value === undefined
        ? `it is missing: ${issue.message}`
        : issue.message
    return [{ field: cut(path.join('.')), message, value: textOf(value), wayOut }]
  })
  return problems.slice(0, maxErrors)
}

/** The value under a field path like `rows.2.email`, as it was sent. */
export function refusedValue(given: unknown, field: string): unknown {
  const value = field === '' ? given : valueAt(given, field.split('.'))
  return value === undefined ? 'missing' : value
}

function valueAt(given: unknown, path: readonly string[]): unknown {
  let value = given
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = Reflect.get(value, part)
  }
  return value
}

const textOf = (value: unknown): string =>
  value === undefined ? 'missing' : cut(JSON.stringify(value) ?? String(value))

function shortened(value: unknown): unknown {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  if (text.length <= maxValueLength) return value
  return cut(text)
}

const cut = (text: string, most = maxValueLength) => (text.length <= most ? text : `${text.slice(0, most)}…`)

/** Checks the body of a request against its shape. Throws a `ProblemError` that names every wrong field. */
export function checked<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  throw invalidRequest(parsed.error, given, 'the body')
}

/** The id of a path must be the one of the body, where the body names one. */
export function requireSameName(field: string, given: string | undefined, name: string): void {
  if (given === undefined || given === name) return
  throw new TableError('request-invalid', `the body is about "${given}", the path about "${name}"`, {
    field,
    value: given,
    wayOut: `leave ${field} out, or make it the one of the path`,
  })
}

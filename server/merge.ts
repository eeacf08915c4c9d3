import { z } from 'zod'
import { ProblemError } from './problem.ts'

/** The shape of a PATCH: every field of the document may be left out, and none is filled in. */
export function patchOf(document: z.ZodObject) {
  const fields = Object.entries(document.shape).map(([name, schema]) => [
    name,
    (schema instanceof z.ZodDefault ? schema.unwrap() : schema).optional(),
  ])
  const shape: Record<string, z.ZodType> = Object.fromEntries(fields)
  return z.strictObject(shape)
}

/**
 * The fields of a PATCH that are part of the document; those that only an answer carries change nothing.
 *
 * @throws {ProblemError} `request-invalid` when none is left.
 */
export function changedFields(
  change: Readonly<Record<string, unknown>>,
  document: z.ZodObject,
): Record<string, unknown> {
  const known = Object.keys(document.shape)
  const given = known.filter((name) => Object.hasOwn(change, name))
  if (given.length > 0) return Object.fromEntries(given.map((name) => [name, change[name]]))
  const wayOut = `name at least one of: ${known.join(', ')}`
  const errors = [{ field: '', message: 'it names no field', value: '{}', wayOut }]
  throw new ProblemError('request-invalid', 'the body names no field to change', {
    field: '',
    value: change,
    wayOut,
    errors,
  })
}

/** Runs changes one after the other, so that two that read before they write do not lose one another. */
export function createQueue(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
}

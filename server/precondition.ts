import { hash } from 'node:crypto'
import { z } from 'zod'
import { stableStringify } from '../columns/json.ts'
import { problemAnswer } from './body.ts'
import { ProblemError } from './problem.ts'

/** Headers with which an edit says what it was made from. */
export const EditHeaders = z.object({
  'if-match': z
    .string()
    .max(1_000)
    .optional()
    .describe(
      'the ETag that the edit was made from: 412 when somebody changed it since; the last edit wins when absent',
    ),
  'if-none-match': z
    .string()
    .max(1_000)
    .optional()
    .describe('* to create and never to replace: 412 when it is there'),
})

/** A strong ETag of what can be edited of a document; what answers tell beside it, as availability and counts, is not in it. */
export const etagOf = (document: unknown): string =>
  `"${hash('sha256', stableStringify(document), 'base64url').slice(0, 22)}"`

/** Checks the headers of a request against a rep or a pool as it is in the transaction of the edit. */
export const preconditionOf =
  (headers: z.output<typeof EditHeaders>, name: string) =>
  (before: object | null): void =>
    requirePrecondition(headers, name, before === null ? null : etagOf(before))

/** Describes the refusal of an edit in the OpenAPI document. */
export const otherThanMatched = problemAnswer(
  'If-Match or If-None-Match does not hold, with the present ETag',
)

/** Describes an answer about one document of live data in the OpenAPI document. */
export const taggedAnswer = <Schema>(description: string, schema: Schema) => ({
  description,
  headers: {
    ETag: { description: 'send it back as If-Match to edit just this', schema: { type: 'string' as const } },
  },
  content: { 'application/json': { schema } },
})

/**
 * Refuses an edit whose headers do not hold (RFC 9110, 13.1). `present` is the ETag of what is there, null for nothing; `name` is for
 * people: `rep nora`.
 *
 * @throws {ProblemError} `precondition-failed` with the present ETag.
 */
export function requirePrecondition(
  headers: z.output<typeof EditHeaders>,
  name: string,
  present: string | null,
): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (
    match !== undefined &&
    !(present !== null && tagsOf(match).some((tag) => tag === '*' || tag === present))
  )
    throw failed({ field: 'If-Match', value: match }, present, {
      message:
        present === null
          ? `there is no ${name} to change`
          : `${name} was changed since: its ETag is ${present} now, not ${match}`,
      wayOut:
        present === null
          ? 'leave If-Match out to create it'
          : `GET it again, and make the change to what it is now, with If-Match: ${present}`,
    })
  if (noneMatch === undefined || present === null) return
  // Only here a weak ETag is as good as a strong one.
  if (!tagsOf(noneMatch).some((tag) => tag === '*' || tag.replace(/^W\//, '') === present)) return
  throw failed({ field: 'If-None-Match', value: noneMatch }, present, {
    message: `there is a ${name} already; its ETag is ${present}`,
    wayOut: `take another name for the new one, or change this one, with If-Match: ${present}`,
  })
}

const tagsOf = (header: string): string[] => header.split(',').map((tag) => tag.trim())

const failed = (
  where: { field: string; value: string },
  present: string | null,
  { message, wayOut }: { message: string; wayOut: string },
) =>
  new ProblemError('precondition-failed', message, {
    ...where,
    wayOut,
    ...(present !== null && { headers: { etag: present } }),
  })

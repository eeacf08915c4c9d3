import { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import { Assignment, type DecisionTrace, exclusionCodes, methods } from '../routing/decision.ts'
import { explainDecision, whyNot } from '../routing/explain.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { WhyStep } from '../runtime/views.ts'

const Considered = z.object({
  member: z.string(),
  name: z.string(),
  weight: z.number(),
  share: z.number(),
  balance: z.number(),
  excluded: z
    .object({ code: z.enum(exclusionCodes), reason: z.string(), until: z.number().nullable() })
    .nullable(),
})
const Condition = z.object({
  field: z.string(),
  operator: z.string(),
  expected: z.unknown(),
  seen: z.unknown(),
  matched: z.boolean(),
})
/** The trace as the journal keeps it: written by whichever version decided. */
const Trace = z.object({
  method: z.enum(methods).nullable(),
  fallbackUsed: z.boolean(),
  rules: z.array(
    z.object({
      rule: z.string(),
      matched: z.boolean(),
      reason: z.string(),
      conditions: z.array(Condition).exactOptional(),
      candidates: z
        .array(z.object({ name: z.string(), owner: z.string().nullable(), why: z.string() }))
        .exactOptional(),
      tieBreak: z.string().exactOptional(),
      pool: z.string().exactOptional(),
      chosen: z.string().exactOptional(),
      considered: z.array(Considered).exactOptional(),
    }),
  ),
})
const Detail = z.object({ trace: Trace })

export interface Told {
  told: string[]
  whyNot: string[] | null
}

/**
 * A decision in sentences, and why a certain rep did not get it where one is asked for.
 *
 * @throws {TableError} `request-invalid` for a rep who is not there, or a cell that no rules decided.
 */
export async function tellDecision(runtime: Runtime, step: WhyStep, notRep: string | null): Promise<Told> {
  const trace = traceOf(step)
  const assignment = Assignment.safeParse(step.value)
  const told = trace === null ? [] : explainDecision(trace, assignment.success ? assignment.data : null)
  if (notRep === null) return { told: [...told], whyNot: null }
  if (trace === null) {
    throw new TableError('request-invalid', `no rules have decided the cell ${step.column}`, {
      field: 'notRep',
      value: notRep,
      wayOut: 'ask about an owner column, once it has run',
    })
  }
  const rep = (await runtime.reps()).find(({ id }) => id === notRep)
  if (rep !== undefined) return { told: [...told], whyNot: [...whyNot(trace, rep.id, rep.name)] }
  throw new TableError('request-invalid', `there is no rep "${notRep}"`, {
    field: 'notRep',
    value: notRep,
    wayOut: 'use an id of GET /v1/reps',
  })
}

function traceOf({ detail }: WhyStep): DecisionTrace | null {
  const parsed = Detail.safeParse(detail)
  return parsed.success ? parsed.data.trace : null
}

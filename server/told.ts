import { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import { Assignment, exclusionCodes, methods } from '../routing/decision.ts'
import { explainDecision, notAsked, whyNot, whyOwner } from '../routing/explain.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { CellView, WhyStep } from '../runtime/views.ts'

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
const Anew = z.object({ reason: z.string(), who: z.string().exactOptional() })
const Detail = z.object({ trace: Trace, anew: Anew.nullable().default(null) })

export interface Told {
  told: string[]
  whyNot: string[] | null
}

/** The cell that is told, with the steps it stands on, and the names of the rules where it decides an owner. */
interface Asked {
  runtime: Runtime
  table: string
  row: string
  column: string
  steps: readonly WhyStep[]
  /** Null for a column that decides no owner. */
  ladder: readonly string[] | null
}

/**
 * A decision in sentences, and why a certain rep did not get it where one is asked for. An owner that was skipped, held or not reached
 * yet starts with that, and with what brought it about.
 *
 * @throws {TableError} `request-invalid` for a rep who is not there, or a cell that decides no owner.
 */
export async function tellDecision(asked: Asked, notRep: string | null): Promise<Told> {
  const { runtime, column, steps, ladder } = asked
  const step = steps.find((each) => each.column === column)
  if (step === undefined || ladder === null) return notAnOwner(column, notRep)
  const detail = isDecided(step) ? Detail.safeParse(step.detail).data : undefined
  const { trace = null, anew = null } = detail ?? {}
  const absence = trace === null || step.status === 'waiting' ? await tellAbsence(asked, step) : []
  const parsed = Assignment.safeParse(step.value)
  const assignment = step.status === 'done' && parsed.success ? parsed.data : null
  const decided = trace === null ? [] : explainDecision(trace, assignment, anew)
  // The hold says more than the first sentence of the decision does: until when, and for whom.
  const told = absence.length > 0 ? [...absence, ...decided.slice(1)] : decided
  if (notRep === null) return { told, whyNot: null }
  const rep = (await runtime.reps()).find(({ id }) => id === notRep)
  if (rep === undefined) throw noRep(notRep)
  const behind = trace === null ? null : notAsked(trace, ladder)
  const why = trace === null ? [] : [...whyNot(trace, rep.id, rep.name), ...(behind === null ? [] : [behind])]
  const first = absence.length > 0 ? [`${rep.name} does not have this lead because nobody does.`] : []
  const hasIt = assignment === null ? null : whyOwner(assignment, rep.id)
  return { told, whyNot: [...(hasIt === null ? [] : [hasIt]), ...first, ...absence, ...why] }
}

const isDecided = ({ status }: WhyStep): boolean =>
  status === 'done' || status === 'no-result' || status === 'waiting'

/** Why nobody has the lead, where no rules say so: the answer first, then what stands behind it. */
async function tellAbsence({ runtime, table, row, column, steps }: Asked, step: WhyStep): Promise<string[]> {
  const cell = (await runtime.row(table, row)).cells[column]
  switch (cell?.status) {
    case 'skipped':
      return [`Nobody gets this lead: ${ended(step.reason)}`, ...behind(cell.skipped, steps)]
    case 'error':
      return [`Nobody has this lead: the decision failed (${step.reason}).`]
    case 'cancelled':
      return ['Nobody has this lead: its run was cancelled before an owner was decided.']
    case 'waiting': {
      const on = cell.waiting?.on
      if (on === 'hours' || on === 'human') return [`Nobody has this lead yet: ${ended(step.reason)}`]
      return [`Nobody has this lead yet: it waits for ${on ?? 'other columns'}.`]
    }
    default:
      return [`Nobody has this lead yet: ${column} has not been decided (${cell?.status ?? 'idle'}).`]
  }
}

/** What the values of a condition come from: the exit that was taken, or the value that is missing. */
function behind(skipped: CellView['skipped'], steps: readonly WhyStep[]): string[] {
  return Object.entries(skipped?.values ?? {}).flatMap(([name, value]) => {
    const step = steps.find((each) => each.column === name)
    if (step === undefined || step.reason === step.status) return []
    return [`Why ${name} ${whatIs(value)}: ${ended(step.reason)}`]
  })
}

function whatIs(value: unknown): string {
  if (value === null) return 'has no value'
  if (typeof value === 'object') return 'is what it is'
  return `is ${String(value)}`
}
const ended = (text: string) => (/[.!?…]$/.test(text) ? text : `${text}.`)

function notAnOwner(column: string, notRep: string | null): Told {
  if (notRep === null) return { told: [], whyNot: null }
  throw new TableError('request-invalid', `column ${column} decides no owner`, {
    field: 'notRep',
    value: notRep,
    wayOut: 'ask about an owner column',
  })
}

const noRep = (id: string) =>
  new TableError('request-invalid', `there is no rep "${id}"`, {
    field: 'notRep',
    value: id,
    wayOut: 'use an id of GET /v1/reps',
  })

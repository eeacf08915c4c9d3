import { Assignment } from '../routing/decision.ts'
import type { Hearing, Signal } from './column.ts'
import { TableError } from './errors.ts'

/** How far the clocks of two systems may differ. */
const toleranceMs = 5 * 60_000

/**
 * Why a service level cannot take a signal: nobody waits for a touch of the row, it happened at an impossible time, or it is an answer
 * of somebody who does not own the lead. Null when it can. Anybody may touch a lead.
 */
export function refusalOf(owner: string, signal: Signal, hearing: Hearing): TableError | null {
  const own = hearing.cell(hearing.column)
  if (own.status === 'skipped') {
    return new TableError(
      'row-conflict',
      `nobody waits for a touch of this row: ${own.reason ?? 'skipped'}`,
      {
        field: 'row',
        value: hearing.row,
        wayOut: 'tell it of rows that are on their way to a rep',
      },
    )
  }
  const wrongTime = refusalOfTime(signal, hearing)
  if (wrongTime !== null || signal.kind === 'touched') return wrongTime
  return refusalOfAnswer(owner, signal, hearing)
}

function refusalOfTime({ at }: Signal, { occurredAt, receivedAt, now }: Hearing): TableError | null {
  const captured = Math.min(occurredAt, receivedAt)
  if (at >= captured - toleranceMs && at <= now + toleranceMs) return null
  const what = at > now ? 'lies ahead: tell it when it has happened' : 'lies before the lead was there'
  return wrongMoment(at, what, captured)
}

/** Acceptance and refusal are the present owner's alone: a late word of somebody else takes the lead from nobody. */
function refusalOfAnswer(owner: string, { kind, by, at }: Signal, hearing: Hearing): TableError | null {
  const { data: present } = Assignment.safeParse(hearing.values[owner])
  const cell = hearing.cell(owner)
  if (present === undefined) {
    const why = cell.reason ?? `${owner} is ${cell.status}`
    return conflict(by, `nobody owns the lead, so nobody can say that it is ${kind}: ${why}`, nobodyOwns)
  }
  const { rep, name, email, previous } = present
  const isOwner = rep === null ? isSame(by, email ?? name) : by === rep
  if (!isOwner) {
    const earlier = previous.find((each) => each.rep === by)
    const whose = earlier === undefined ? `not ${by}'s` : `${earlier.name} had it before`
    const wayOut = `the present owner alone can: by "${rep ?? email ?? name}"`
    return conflict(by, `the lead is ${name}'s, ${whose}`, wayOut)
  }
  // What is told of the time before would be taken for a word about somebody else's lead.
  const since = previous.length === 0 ? null : cell.finishedAt
  return since === null || at > since ? null : wrongMoment(at, `lies before ${name} had the lead`, since)
}

const nobodyOwns = 'name an owner with PUT …/owner, or wait until the rules find one'

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

const conflict = (by: string, message: string, wayOut: string): TableError =>
  new TableError('row-conflict', message, { field: 'by', value: by, wayOut })

const wrongMoment = (at: number, what: string, from: number): TableError =>
  new TableError('request-invalid', `at ${what}`, {
    field: 'at',
    value: new Date(at).toISOString(),
    wayOut: `leave at out for now, or name a time after ${new Date(from).toISOString()} that has passed`,
  })

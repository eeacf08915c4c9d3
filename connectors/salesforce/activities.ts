import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { CrmTouch } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { toIso } from './account-shape.ts'
import { requireId, typeOfId } from './ids.ts'
import { query } from './query.ts'
import type { Session } from './session.ts'
import { literal } from './soql.ts'

const Task = z.object({
  OwnerId: z.string(),
  Subject: z.string().nullable(),
  Type: z.string().nullable(),
  TaskSubtype: z.string().nullable(),
  CreatedDate: z.string(),
  CompletedDateTime: z.string().nullable(),
  CreatedById: z.string(),
  CreatedBy: z.object({ UserType: z.string().nullable() }).nullable(),
  ActionCadenceStepTrackerId: z.string().nullish(),
})
const Event = z.object({ OwnerId: z.string(), StartDateTime: z.string() })

/** Orgs without Sales Engagement have no such field: asked for until one says so. */
const cadenceField = 'ActionCadenceStepTrackerId'
const withoutCadences = new WeakSet<Session>()

/** Subtypes that no person does: mass mailings, and the steps a cadence lays out. */
const automatedSubtypes = new Set(['ListEmail', 'Cadence'])

/** The first finished task or held meeting of a person with the record, at or after `since` (ISO). */
export async function firstTouch(
  session: Session,
  { record, since }: { record: { type: string; id: string }; since: string },
  call: RunningCall,
): Promise<CrmTouch | null> {
  const id = requireId(record.id, ['Lead', 'Contact', 'Account', 'Opportunity'])
  const type = typeOfId(id)
  const from = startOf(since)
  const about = `${type === 'Lead' || type === 'Contact' ? 'WhoId' : 'WhatId'} = ${literal(id)}`
  const tasks = await tasksAbout(session, { about, from }, call)
  const { userId } = await session.identity(call)
  const meetings = await query(
    session,
    `SELECT OwnerId, StartDateTime FROM Event WHERE ${about} AND StartDateTime >= ${from} ` +
      `AND StartDateTime <= ${new Date().toISOString()} ORDER BY StartDateTime ASC LIMIT 200`,
    { record: Event, call },
  )
  const touches: CrmTouch[] = [
    ...tasks
      .filter((task) => isHuman(task, userId))
      .map((task) => ({
        at: toIso(task.CompletedDateTime ?? task.CreatedDate),
        by: task.OwnerId,
        kind: kindOf(task),
      })),
    ...meetings
      .filter(({ OwnerId }) => OwnerId !== userId)
      .map((event) => ({ at: toIso(event.StartDateTime), by: event.OwnerId, kind: 'meeting' })),
  ]
  return touches.sort((a, b) => a.at.localeCompare(b.at))[0] ?? null
}

async function tasksAbout(
  session: Session,
  { about, from }: { about: string; from: string },
  call: RunningCall,
): Promise<z.output<typeof Task>[]> {
  const ask = (more: string) =>
    query(
      session,
      'SELECT OwnerId, Subject, Type, TaskSubtype, CreatedDate, CompletedDateTime, CreatedById, ' +
        `CreatedBy.UserType${more} FROM Task WHERE ${about} AND IsClosed = TRUE ` +
        `AND (CompletedDateTime >= ${from} OR (CompletedDateTime = NULL AND CreatedDate >= ${from})) ` +
        'ORDER BY CreatedDate ASC LIMIT 200',
      { record: Task, call },
    )
  if (withoutCadences.has(session)) return ask('')
  try {
    return await ask(`, ${cadenceField}`)
  } catch (error) {
    if (!CallFailure.isInstance(error) || !error.message.includes(cadenceField)) throw error
    withoutCadences.add(session)
    return ask('')
  }
}

/**
 * Did a person do it? Not what an integration user or another machine logged, not a mass mailing, and no e-mail of a cadence or of
 * a sequencing tool, which tags its subjects (`[Outreach] [Email] …`): those go out by themselves.
 */
function isHuman(task: z.output<typeof Task>, ownUserId: string | null): boolean {
  if (task.CreatedById === ownUserId || (task.CreatedBy?.UserType ?? 'Standard') !== 'Standard') return false
  if (automatedSubtypes.has(task.TaskSubtype ?? '')) return false
  const ofSequence = (task[cadenceField] ?? null) !== null || /^\s*\[[^\]]+\]/.test(task.Subject ?? '')
  return !(kindOf(task) === 'email' && ofSequence)
}

function kindOf({ TaskSubtype, Type }: z.output<typeof Task>): string {
  if (TaskSubtype === 'Email' || Type === 'Email') return 'email'
  return TaskSubtype === 'Call' || Type === 'Call' ? 'call' : 'task'
}

function startOf(since: string): string {
  const at = new Date(since)
  if (!Number.isNaN(at.getTime())) return at.toISOString()
  throw new CallFailure('invalid-request', `salesforce: "${since}" is no time to look for activities from`, {
    retryable: false,
  })
}

import { z } from 'zod'
import type { Finding, TaskRequest } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { requireId, typeOfId } from './ids.ts'
import { asWritten } from './owners.ts'
import { query } from './query.ts'
import { pageOf, refuse } from './record-shape.ts'
import type { Session } from './session.ts'
import { literal } from './soql.ts'

/** A task as it is found again. */
export interface CreatedTask {
  id: string
  url: string
}

/** Tasks of one record that are looked through for ours, the youngest first. */
const maxTasks = 200

/**
 * Creates a task about a record. The send id is its description's last line: activities take no external id, and a field of our own would
 * have to be set up in every org.
 */
export async function createTask(
  session: Session,
  { task, sendId }: { task: TaskRequest; sendId: string },
  call: RunningCall,
): Promise<CreatedTask> {
  const about = aboutOf(task)
  const OwnerId = requireId(task.ownerId, ['User'])
  if (!/^\d{4}-\d{2}-\d{2}$/.test(task.dueOn)) refuse(`"${task.dueOn}" is no day for a task to be due`)
  const mark = markOf(sendId)
  const { id } = await session.request(
    {
      method: 'POST',
      path: '/sobjects/Task',
      headers: asWritten,
      body: {
        OwnerId,
        ...about,
        Subject: task.subject.trim().slice(0, 255),
        Description: `${task.description.trim().slice(0, 32_000 - mark.length - 2)}\n\n${mark}`.trimStart(),
        ActivityDate: task.dueOn,
      },
      answer: z.object({ id: z.string() }),
      write: true,
    },
    call,
  )
  return { id, url: await pageOf(session, { type: 'Task', id }, call) }
}

/** Was the task of this sending created? It is found under its record, whoever has it now and whether it is done. */
export async function findTask(
  session: Session,
  { task, sendId }: { task: TaskRequest; sendId: string },
  call: RunningCall,
): Promise<Finding<CreatedTask>> {
  const [[field, id] = ['WhatId', '']] = Object.entries(aboutOf(task))
  const soql =
    `SELECT Id, Description FROM Task WHERE ${field} = ${literal(id)} ` +
    `ORDER BY CreatedDate DESC LIMIT ${maxTasks}`
  const Task = z.object({ Id: z.string(), Description: z.string().nullable() })
  const tasks = await query(session, soql, { record: Task, call })
  const found = tasks.find(({ Description }) => linesOf(Description).includes(markOf(sendId)))
  if (found !== undefined) {
    const url = await pageOf(session, { type: 'Task', id: found.Id }, call)
    return { state: 'found', value: { id: found.Id, url } }
  }
  if (tasks.length < maxTasks) return { state: 'absent' }
  return {
    state: 'unknown',
    reason: `${id} has ${maxTasks} tasks or more, and ours is not among the youngest`,
  }
}

const linesOf = (text: string | null) => (text ?? '').split(/\r?\n/).map((line) => line.trim())

const markOf = (sendId: string) => `Rota: ${sendId}`

/** People are whom a task is about, everything else is what. */
function aboutOf({ about }: TaskRequest): Record<string, string> {
  const id = requireId(about.id, ['Lead', 'Contact', 'Account', 'Opportunity'])
  const type = typeOfId(id)
  return type === 'Lead' || type === 'Contact' ? { WhoId: id } : { WhatId: id }
}

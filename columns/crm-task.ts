import { z } from 'zod'
import type { Owner } from '../routing/decision.ts'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, noResult } from './column.ts'
import { ownerIdIn } from './crm-owner.ts'
import type { Crm, TaskRequest } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const TaskMade = z.object({
  id: z.string(),
  url: z.string(),
  /** User id of whoever is to do it. */
  ownerId: z.string(),
})
export type TaskMade = z.output<typeof TaskMade>

/** Something for a person to do, before it is known who that is in the CRM. */
export interface FollowUp extends Pick<TaskRequest, 'subject' | 'description' | 'about'> {
  owner: Owner
  /** Days until it is to be done, counted from the day (UTC) it is made; 1 when left out. */
  dueInDays?: number
}

export interface CrmTaskOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  crm: Crm
  /** Null when there is nothing to do. */
  task: (row: NoInfer<Seen<Row, Reads, Needs>>) => FollowUp | null
  /**
   * What the task is about, where one is enough for many leads: rows with the same key find the task that is there, done or not. Two rows
   * that look at the same moment may both make one. Left out: each row has its own.
   */
  once?: (row: NoInfer<Seen<Row, Reads, Needs>>) => string
}

const dayMs = 24 * 60 * 60 * 1_000

/**
 * A follow-up task in the CRM. Our send id is kept with it, so that a task whose outcome is not known is looked for and not made twice.
 */
export function crmTask<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: CrmTaskOptions<Row, Reads, Needs>): Column<Row, TaskMade> {
  const { crm, task, once } = options
  const requestOf = async (followUp: FollowUp, context: CellContext): Promise<TaskRequest> => {
    const { owner, dueInDays = 1, ...rest } = followUp
    const due = new Date(context.now() + dueInDays * dayMs)
    return { ...rest, ownerId: await ownerIdIn(crm, owner, context), dueOn: due.toISOString().slice(0, 10) }
  }
  const keyOf = (row: Seen<Row, Reads, Needs>, { sendId }: CellContext) =>
    once === undefined ? sendId : once(row)
  return buildColumn<Row, TaskMade>({
    ...options,
    kind: 'crm-task',
    output: TaskMade,
    describe: { crm: crm.vendor },
    versionOf: [task, ...(once === undefined ? [] : [once])],
    work: {
      effect: 'write',
      sideEffect: `creates a task in ${crm.vendor}`,
      reaches: 'people',
      target: 'readable',
      confirms: [],
      horizonMs: 1_000,
      async send(values, context) {
        const row = asSeen<Seen<Row, Reads, Needs>>(values)
        const [followUp, key] = beforeSending(() => [task(row), keyOf(row, context)] as const)
        if (followUp === null) return noResult('there is nothing to do')
        const request = await requestOf(followUp, context)
        const { ownerId } = request
        if (once !== undefined) {
          const present = await crm.findTask(request, key, context)
          if (present.state === 'found')
            return done({ ...present.value, ownerId }, { detail: { alreadyThere: true } })
        }
        return done({ ...(await crm.createTask(request, key, context)), ownerId })
      },
      async reconcile(values, context) {
        const row = asSeen<Seen<Row, Reads, Needs>>(values)
        const followUp = task(row)
        if (followUp === null) return { state: 'absent' }
        const request = await requestOf(followUp, context)
        const found = await crm.findTask(request, keyOf(row, context), context)
        if (found.state !== 'found') return found
        const value = { ...found.value, ownerId: request.ownerId }
        return { state: 'happened', outcome: done(value, { detail: { reconciled: true } }) }
      },
      tell: ({ id, url, ownerId }, { detail }) =>
        `task ${id} of ${ownerId} in ${crm.vendor}${detail !== null && 'alreadyThere' in detail ? ', which was there already' : ''}: ${url}`,
    },
  })
}

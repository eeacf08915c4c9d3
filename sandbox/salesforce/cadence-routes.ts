import type { Hono } from 'hono'
import { z } from 'zod'
import type { SandboxEnv } from '../vendor.ts'
import { collectionError, SalesforceError } from './errors.ts'
import { bodyOf, type OrgAccess, type SalesforceContext } from './records-routes.ts'
import { complete, type Org, toDateTime } from './state.ts'
import type { SalesforceRecord } from './store.ts'

const Assign = z.object({
  salesCadenceNameOrId: z.string(),
  targetId: z.string(),
  userId: z.string().nullish(),
})
const Remove = z.object({
  targetId: z.string().nullish(),
  actionCadenceTrackerId: z.string().nullish(),
  completionReasonCode: z.literal('ManuallyRemoved'),
})

/** The Sales Engagement actions that put a lead or contact into a cadence and take it out. */
export function addCadenceRoutes(app: Hono<SandboxEnv>, access: OrgAccess): void {
  const actions = '/services/data/:version/actions/standard'
  app.post(`${actions}/assignTargetToSalesCadence`, async (c) => {
    const name = 'assignTargetToSalesCadence'
    const { results, done } = await actOn(c, { name, input: Assign }, (input) =>
      assign(access.org(), input, access.now()),
    )
    const [first] = done
    if (first !== undefined) c.set('effect', enrolledEffect(first, done))
    return results
  })
  app.post(`${actions}/removeTargetFromSalesCadence`, async (c) => {
    const name = 'removeTargetFromSalesCadence'
    const { results, done } = await actOn(c, { name, input: Remove }, (input) => remove(access.org(), input))
    const removed = done.flat()
    const [first] = removed
    if (first !== undefined) {
      c.set('effect', {
        kind: 'unenrolled',
        record: first.TargetId ?? null,
        enrolments: removed.map(({ Id }) => Id),
      })
    }
    return results
  })
}

/** One result for each input, and what was done for those that worked. */
async function actOn<Input, Done>(
  c: SalesforceContext,
  { name, input }: { name: string; input: z.ZodType<Input> },
  act: (input: Input) => Done,
): Promise<{ results: Response; done: Done[] }> {
  const parsed = z.object({ inputs: z.array(input).min(1) }).safeParse(await bodyOf(c))
  if (!parsed.success) throw new SalesforceError(400, 'JSON_PARSER_ERROR', parsed.error.message)
  const done: Done[] = []
  const results = parsed.data.inputs.map((each) => {
    try {
      done.push(act(each))
      return { actionName: name, errors: null, isSuccess: true, outputValues: null }
    } catch (error) {
      if (!(error instanceof SalesforceError)) throw error
      return { actionName: name, errors: [collectionError(error)], isSuccess: false, outputValues: null }
    }
  })
  return { results: c.json(results, results.every((result) => result.isSuccess) ? 200 : 400), done }
}

function enrolledEffect(first: SalesforceRecord, trackers: SalesforceRecord[]) {
  return {
    kind: 'enrolled',
    record: first.TargetId ?? null,
    sequence: first.ActionCadenceId ?? null,
    sender: first.OwnerId ?? null,
    enrolment: first.Id,
    ...(trackers.length > 1 && { enrolments: trackers.map((tracker) => tracker.Id) }),
  }
}

function assign(org: Org, input: z.output<typeof Assign>, now: number): SalesforceRecord {
  const { store } = org
  const cadence =
    store.get('ActionCadence', input.salesCadenceNameOrId) ??
    store.lookUp('ActionCadence', 'Name', input.salesCadenceNameOrId)[0]
  if (cadence === undefined)
    throw refused('INVALID_INPUT', `no cadence is called ${input.salesCadenceNameOrId}`)
  if (cadence.State !== 'Active')
    throw refused('INVALID_INPUT', `the cadence ${String(cadence.Name)} is not active`)
  const target = store.get('Lead', input.targetId) ?? store.get('Contact', input.targetId)
  if (target === null) throw refused('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id')
  const user = store.get('User', input.userId ?? String(target.OwnerId))
  if (user === null) throw refused('INVALID_CROSS_REFERENCE_KEY', 'the assignee is no user')
  if (user.IsActive !== true)
    throw refused('INACTIVE_OWNER_OR_USER', `operation performed with inactive user [${user.Id}]`)
  const already = store
    .lookUp('ActionCadenceTracker', 'TargetId', target.Id)
    .some((tracker) => tracker.IsTrackerActive === true && tracker.ActionCadenceId === cadence.Id)
  if (already) throw refused('INVALID_INPUT', `the target ${target.Id} is already in the cadence`)
  const tracker = complete(
    'ActionCadenceTracker',
    { ActionCadenceId: cadence.Id, TargetId: target.Id, OwnerId: user.Id },
    { store, createdAt: toDateTime(now), ownerId: user.Id },
  )
  store.put('ActionCadenceTracker', tracker)
  return tracker
}

/** Takes the target out of one cadence, or out of all that it is in. */
function remove({ store }: Org, input: z.output<typeof Remove>): SalesforceRecord[] {
  const { actionCadenceTrackerId: trackerId, targetId } = input
  const named = typeof trackerId === 'string' ? store.get('ActionCadenceTracker', trackerId) : null
  const all = typeof targetId === 'string' ? store.lookUp('ActionCadenceTracker', 'TargetId', targetId) : []
  const meant = typeof trackerId === 'string' ? (named === null ? [] : [named]) : all
  const trackers = meant.filter(({ IsTrackerActive }) => IsTrackerActive === true)
  if (trackers.length === 0) throw refused('INVALID_INPUT', 'the target is in no such cadence')
  for (const tracker of trackers)
    store.put('ActionCadenceTracker', { ...tracker, IsTrackerActive: false, State: 'Complete' })
  return trackers
}

function refused(code: string, message: string): SalesforceError {
  return new SalesforceError(400, code, message)
}

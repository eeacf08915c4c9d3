import type { Hono } from 'hono'
import { z } from 'zod'
import type { SandboxEnv } from '../vendor.ts'
import { collectionError, SalesforceError } from './errors.ts'
import { bodyOf, type OrgAccess } from './records-routes.ts'
import { complete, type Org, toDateTime } from './state.ts'
import type { SalesforceRecord } from './store.ts'

const action = 'assignTargetToSalesCadence'

const Inputs = z.object({
  inputs: z
    .array(z.object({ salesCadenceNameOrId: z.string(), targetId: z.string(), userId: z.string().nullish() }))
    .min(1),
})

/** The Sales Engagement action that puts a lead or contact into a cadence. */
export function addCadenceRoutes(app: Hono<SandboxEnv>, access: OrgAccess): void {
  app.post(`/services/data/:version/actions/standard/${action}`, async (c) => {
    const parsed = Inputs.safeParse(await bodyOf(c))
    if (!parsed.success) throw new SalesforceError(400, 'JSON_PARSER_ERROR', parsed.error.message)
    const trackers: SalesforceRecord[] = []
    const results = parsed.data.inputs.map((input) => {
      try {
        trackers.push(assign(access.org(), input, access.now()))
        return { actionName: action, errors: null, isSuccess: true, outputValues: null }
      } catch (error) {
        if (!(error instanceof SalesforceError)) throw error
        return { actionName: action, errors: [collectionError(error)], isSuccess: false, outputValues: null }
      }
    })
    const [first] = trackers
    if (first !== undefined) c.set('effect', enrolledEffect(first, trackers))
    return c.json(results, results.every((result) => result.isSuccess) ? 200 : 400)
  })
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

function assign(org: Org, input: z.output<typeof Inputs>['inputs'][number], now: number): SalesforceRecord {
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

function refused(code: string, message: string): SalesforceError {
  return new SalesforceError(400, code, message)
}

import { z } from 'zod'
import { Assignment } from '../routing/decision.ts'
import {
  type ServiceLevelClock,
  type ServiceLevelDecision,
  type ServiceLevelFacts,
  ServiceLevelPolicy,
  type ServiceLevelPolicyInput,
  ServiceLevelValue,
} from '../routing/service-level/policy.ts'
import { decideServiceLevel } from '../routing/service-level.ts'
import { asSeen, buildColumn } from './build.ts'
import type { CellContext, Column, ColumnOptions, Outcome, Values } from './column.ts'
import { CallFailure } from './errors.ts'
import type { Crm, CrmTouch } from './ports.ts'
import { refusalOf } from './service-level-signals.ts'
import type { NameOf, Seen } from './types.ts'

/** The value of a service-level cell: where the lead stands, and every link of its chain of clocks. */
export const ServiceLevel = ServiceLevelValue.extend({
  /** When the lead was first decided, whoever owns it now. */
  decidedAt: z.iso.datetime().nullable(),
  /** Not touched by the deadline, also when it was touched later. */
  breached: z.boolean(),
})
export type ServiceLevel = z.output<typeof ServiceLevel>

export interface ServiceLevelOptions<Row extends object, Reads extends NameOf<Row>> extends ColumnOptions {
  /** The column that decides the owner. A lead nobody touches is taken from them by drawing it anew. */
  owner: NameOf<Row>
  /** Effects whose end marks a link of the chain. The clock starts once they have settled. */
  milestones?: {
    /** The write that makes the lead the owner's; without it the decision counts. */
    assigned?: NameOf<Row>
    /** The message that told the owner. */
    notified?: NameOf<Row>
  }
  policy: ServiceLevelPolicyInput
  /** Further values, for `record`. */
  reads?: readonly Reads[]
  /** Where activity is read, so that a call logged in the CRM counts as a touch. Needs `record`. */
  crm?: Crm
  /** The CRM record of the lead, null while there is none. */
  record?: (row: NoInfer<Seen<Row, Reads, never>>) => { type: string; id: string } | null
}

/** Activity is looked for only after this time: a rep who has just been told has done nothing yet. */
const graceMs = 5_000
/** Pause before a CRM that could not be read is asked again. */
const askAgainMs = 60_000

/**
 * The service level of a lead: its clock runs from the submission to the first touch by a person, in business time where there is a
 * calendar. It runs again by itself at each reminder, at the deadline and when the owner loses the lead, and on the signals `touched`,
 * `accepted` and `rejected`. The person at the end of the line must be a rep of the roster.
 *
 * @throws {z.ZodError} on a policy that cannot be kept.
 */
export function serviceLevel<Row extends object, const Reads extends NameOf<Row> = never>(
  options: ServiceLevelOptions<Row, Reads>,
): Column<Row, ServiceLevel> {
  const policy = ServiceLevelPolicy.parse(options.policy)
  const { owner, milestones = {}, crm } = options
  const reads = new Set<NameOf<Row>>([owner, ...Object.values(milestones), ...(options.reads ?? [])])
  return buildColumn<Row, ServiceLevel>({
    ...options,
    kind: 'service-level',
    reads: [...reads],
    output: ServiceLevel,
    describe: { owner, milestones: { ...milestones }, policy: described(policy), crm: crm?.vendor ?? null },
    versionOf: [policy, options.record],
    signals: ['touched', 'accepted', 'rejected'],
    refusal: (signal, hearing) => refusalOf(owner, signal, hearing),
    clock: clockOf,
    work: {
      effect: 'read',
      async run(values, context) {
        const facts = factsFrom(options, values, context)
        const decision = decideServiceLevel(policy, facts)
        // Since the present owner has it; the moment of the latest write would leave out what they did before.
        const since = decision.clock.assigned ?? facts.decided
        const record = options.record?.(asSeen(values)) ?? null
        const first = context.finishedAt(owner, 'first')
        if (crm === undefined || record === null || since === null || !isWorthAsking(decision, facts, since))
          return outcomeOf(owner, first, decision)
        const touch = await touchIn(crm, record, { since, context })
        if (touch !== 'not known')
          return outcomeOf(
            owner,
            first,
            decideServiceLevel(policy, { ...facts, activity: activityOf(touch) }),
          )
        // Nobody loses a lead because their work cannot be seen.
        const patient = decideServiceLevel({ ...policy, reassign: null }, facts)
        const again = Math.min(patient.again ?? Number.POSITIVE_INFINITY, facts.now + askAgainMs)
        return outcomeOf(owner, first, { ...patient, again })
      },
    },
  })
}

const described = ({
  withinMinutes,
  calendar,
  clockFrom,
  remindAfterMinutes,
  reassign,
}: ServiceLevelPolicy) => ({
  withinMinutes,
  calendar: calendar?.zone ?? null,
  clockFrom,
  remindAfterMinutes,
  reassign: reassign === null ? null : { ...reassign },
})

function factsFrom<Row extends object, Reads extends NameOf<Row>>(
  { owner, milestones = {} }: ServiceLevelOptions<Row, Reads>,
  values: Values,
  context: CellContext,
): ServiceLevelFacts {
  const decided = context.finishedAt(owner)
  const { assigned, notified } = milestones
  return {
    captured: Date.parse(context.occurredAt),
    received: Date.parse(context.receivedAt),
    decided,
    assigned: assigned === undefined ? decided : context.finishedAt(assigned),
    notified: notified === undefined ? null : context.finishedAt(notified),
    signals: context.signals,
    owner: Assignment.nullable().parse(values[owner] ?? null),
    pinned: context.isPinned(owner),
    activity: null,
    now: context.now(),
  }
}

/** A touch that was told, or a refusal, needs no second source. */
function isWorthAsking({ value }: ServiceLevelDecision, facts: ServiceLevelFacts, since: number): boolean {
  if (value.state === 'met' || value.state === 'ended' || facts.now - since < graceMs) return false
  return !facts.signals.some(({ kind, at }) => kind === 'rejected' && at >= since)
}

async function touchIn(
  crm: Crm,
  record: { type: string; id: string },
  { since, context }: { since: number; context: CellContext },
): Promise<CrmTouch | null | 'not known'> {
  try {
    return await crm.firstTouch(record, new Date(since).toISOString(), context)
  } catch (error) {
    if (!CallFailure.isInstance(error)) throw error
    // A record that was deleted or merged has seen nobody.
    return error.kind === 'not-found' ? null : 'not known'
  }
}

const activityOf = (touch: CrmTouch | null): ServiceLevelFacts['activity'] =>
  touch === null ? null : { at: Date.parse(touch.at), kind: touch.kind, by: touch.by }

/** `decided` is the first decision: how fast a lead was decided does not change because it was decided anew. */
function outcomeOf(
  owner: string,
  decided: number | null,
  { value, again, redraw, clock, learnt }: ServiceLevelDecision,
): Outcome<ServiceLevel> {
  const decidedAt = decided === null ? null : new Date(decided).toISOString()
  return {
    status: 'done',
    value: { ...value, decidedAt, breached: clock.breached },
    reason: value.reason,
    ...(again !== null && { again }),
    ...(redraw !== null && { redraw: { column: owner, ...redraw } }),
    ...(learnt.length > 0 && { learnt }),
  }
}

/** The clock a value stands for, as reports and open load count it. */
function clockOf(value: ServiceLevel): ServiceLevelClock {
  const { state, hops, breached, businessMinutes } = value
  return {
    captured: Date.parse(value.capturedAt),
    decided: momentOf(value.decidedAt),
    assigned: momentOf(value.assignedAt),
    notified: momentOf(value.notifiedAt),
    accepted: momentOf(value.acceptedAt),
    touched: momentOf(value.touchedAt),
    state: state === 'met' || state === 'ended' ? state : 'open',
    breached,
    rep: value.owner?.rep ?? null,
    hops,
    businessMs: businessMinutes === null ? null : Math.round(businessMinutes * 60_000),
  }
}

const momentOf = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso))

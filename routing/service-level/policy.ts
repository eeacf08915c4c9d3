import { z } from 'zod'
import type { Assignment } from '../decision.ts'
import { checkHolidays } from '../holidays.ts'
import { HolidayCalendar, Id, WorkingHours, Zone } from '../rep.ts'

const minutes = z
  .number()
  .positive()
  .max(60 * 24 * 366)

const Calendar = z
  .strictObject({
    zone: Zone,
    hours: WorkingHours.nullable().default(null),
    holidays: HolidayCalendar.nullable().default(null),
  })
  .superRefine(({ hours, holidays }, context) => {
    if (hours !== null && Object.values(hours).every((blocks) => (blocks ?? []).length === 0)) {
      const message = 'never opens; give one weekday a block, or leave hours out for any hour'
      context.addIssue({ code: 'custom', path: ['hours'], input: hours, message })
    }
    const problem = holidays === null ? null : checkHolidays(holidays)
    if (problem !== null) {
      context.addIssue({ code: 'custom', path: ['holidays'], input: holidays, message: problem })
    }
  })

/**
 * How soon a person must have touched a lead. All minutes are business time of the calendar, wall time without one. The time for the
 * first touch counts from the submission (or from the assignment, where the policy says so) over all owners; reminders and the moment
 * at which an owner loses the lead count from the assignment to that owner, who must have had the chance.
 */
export const ServiceLevelPolicy = z
  .strictObject({
    withinMinutes: minutes,
    calendar: Calendar.nullable().default(null),
    clockFrom: z.enum(['submission', 'assignment']).default('submission'),
    remindAfterMinutes: z.array(minutes).default([]),
    reassign: z
      .strictObject({
        afterMinutes: minutes,
        /** Owners after the first who get it by the rules; the next one is `finally`. */
        maxHops: z.number().int().min(0).max(20),
        /** Rep id of the person who has it in the end, and keeps it. */
        finally: Id,
      })
      .nullable()
      .default(null),
    /** How often activity is looked for beside the moments above, at most 30 days long; null: only at those. */
    checkEveryMinutes: minutes.nullable().default(null),
  })
  .superRefine(({ remindAfterMinutes, reassign }, context) => {
    remindAfterMinutes.forEach((after, index) => {
      if (reassign === null || after < reassign.afterMinutes) return
      context.addIssue({
        code: 'custom',
        path: ['remindAfterMinutes', index],
        input: after,
        message: `the lead is given to somebody else after ${reassign.afterMinutes} minutes; remind earlier`,
      })
    })
  })
export type ServiceLevelPolicy = z.output<typeof ServiceLevelPolicy>
/** A policy as people write it. */
export type ServiceLevelPolicyInput = z.input<typeof ServiceLevelPolicy>

const time = z.iso.datetime().nullable()

/** What the cell of a service level holds. Times are ISO; minutes have one decimal. */
export const ServiceLevelValue = z.object({
  /** `breached` waits for a touch still; `ended` for none: nobody owns the lead, or the last owner refused it. */
  state: z.enum(['open', 'reminded', 'breached', 'met', 'ended']),
  /** By when the first human touch is due, whoever owns the lead. */
  deadline: z.iso.datetime(),
  owner: z.object({ rep: z.string().nullable(), name: z.string() }).nullable(),
  /** Times the lead went from one owner to another. */
  hops: z.number().int(),
  capturedAt: z.iso.datetime(),
  /** The submission time lay in the future and was replaced by the arrival. */
  skewed: z.boolean(),
  /** From submission to arrival when that took more than five minutes, else null. */
  deliveredLateMs: z.number().nullable(),
  assignedAt: time,
  notifiedAt: time,
  acceptedAt: time,
  touchedAt: time,
  touchedBy: z.string().nullable(),
  /** From submission to first touch. */
  wallMinutes: z.number().nullable(),
  /** The same in business time, null without a calendar. */
  businessMinutes: z.number().nullable(),
  /** Reminders that were due to the present owner so far. */
  reminders: z.number().int(),
  /** When the present owner loses the lead; null: never, or no longer. */
  reassignAt: time,
  reason: z.string(),
})
export type ServiceLevelValue = z.output<typeof ServiceLevelValue>

/**
 * What somebody told the cell: `touched`, `accepted` or `rejected`; and what it keeps for itself: `assigned`, when the owner `by` first
 * got the lead, and `breached`, the first deadline that passed. Other kinds are no business of a service level.
 */
export interface TouchSignal {
  kind: string
  by: string
  /** Epoch ms at which it happened. */
  at: number
  note?: string
  automated?: boolean
  /** What kind of touch was seen, and where. */
  how?: string
}

/** All that a service level is decided from. Epoch ms; null: not yet. */
export interface ServiceLevelFacts {
  /** When the lead says it was submitted. */
  captured: number
  /** When the lead reached us; left out, the earliest of the other times stands for it, and late delivery cannot be told. */
  received?: number | null
  decided: number | null
  assigned: number | null
  notified: number | null
  signals: readonly TouchSignal[]
  owner: Assignment | null
  /** A person decided the owner, and has not let go of it. */
  pinned: boolean
  /** The first thing a person did about the lead in the CRM since the present owner got it. */
  activity: { at: number; kind: string; by?: string | null } | null
  now: number
}

/** One lead's way from the form to the first human touch. Epoch ms; null: not yet. */
export interface ServiceLevelClock {
  captured: number
  decided: number | null
  assigned: number | null
  notified: number | null
  accepted: number | null
  touched: number | null
  /** `open` counts as load of the rep; `ended`: nobody is waited for any more. */
  state: 'open' | 'met' | 'ended'
  breached: boolean
  /** Rep id of the present owner. */
  rep: string | null
  /** Times the lead was taken from a rep and given to another. */
  hops: number
  /** From capture to first touch in business time, ms. */
  businessMs: number | null
}

/** What follows from the facts. */
export interface ServiceLevelDecision {
  value: ServiceLevelValue
  /** Epoch ms at which to decide again, null when no clock changes anything any more. */
  again: number | null
  /** The owner loses the lead; `to` names who gets it, else the rules decide. */
  redraw: { reason: string; to?: string } | null
  clock: ServiceLevelClock
  /** What is a fact from now on, whatever is written or asked again later: to be among the signals of the next decision. */
  learnt: TouchSignal[]
}

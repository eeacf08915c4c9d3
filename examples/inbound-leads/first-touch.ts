import type { Notified } from '../../columns/notify.ts'
import type { CrmRecord, Message } from '../../columns/ports.ts'
import type { ServiceLevel } from '../../columns/service-level.ts'
import type { Assignment } from '../../routing/decision.ts'
import type { ServiceLevelPolicyInput } from '../../routing/service-level/policy.ts'
import { triageLead } from './team.ts'

const day = [{ from: '08:00', until: '18:00' }]

/**
 * A person touches every lead within half an hour of business time. Whoever lets one lie is reminded, the manager is told, and in the end
 * the owner loses it; after two more owners the lead of triage has it and keeps it.
 */
export const firstTouchPolicy: ServiceLevelPolicyInput = {
  withinMinutes: 30,
  calendar: {
    zone: 'Europe/London',
    hours: { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day },
    holidays: { country: 'GB' },
  },
  remindAfterMinutes: [15, 45],
  reassign: { afterMinutes: 60, maxHops: 2, finally: triageLead.id },
  checkEveryMinutes: 60,
}

const addressed = (email: string | null | undefined): Pick<Message, 'to' | 'fallbackChannel'> => ({
  to: email ? { email } : { channel: 'leads' },
  fallbackChannel: 'leads',
})

interface Due {
  /** 1 for the first reminder to this owner. */
  number: number
  deadline: string
}

/** The latest reminder that the present owner is to have, before the deadline or behind it; null while there is none. */
export const reminderDue = (level: ServiceLevel | null): Due | null =>
  level !== null && level.reminders > 0 && (level.state === 'reminded' || level.state === 'breached')
    ? { number: level.reminders, deadline: level.deadline }
    : null

/** What the manager is told of: a deadline that passed untouched. One that was met late was passed all the same. */
export const breachOf = (level: ServiceLevel | null): { deadline: string } | null =>
  level?.breached === true ? { deadline: level.deadline } : null

interface Waiting {
  record: CrmRecord
  company: string
}

/** To the owner of a lead that nobody has touched. */
export const reminderMessage = (lead: Waiting & { owner: Assignment; reminderDue: Due }): Message => ({
  ...addressed(lead.owner.email),
  title: `Still waiting: ${lead.company}`,
  facts: [['Due', lead.reminderDue.deadline]],
  reason: `Reminder ${lead.reminderDue.number}: nobody has touched it yet`,
  link: { text: 'Open the record', url: lead.record.url },
})

/** To the manager of everybody here, once for each lead. */
export const breachMessage = (lead: Waiting & { breach: { deadline: string } }): Message => ({
  ...addressed(triageLead.email),
  title: `Nobody touched it in time: ${lead.company}`,
  facts: [['Was due', lead.breach.deadline]],
  reason: 'Its owner is reminded, then it goes to somebody else',
  link: { text: 'Open the record', url: lead.record.url },
})

interface Handed {
  owner: Assignment
  handoff: Notified | null
  ownerPending: Notified | null
}

/** The rep who has to hear that it is no longer theirs, and under which message: the last one that gave it to somebody else. */
export interface ToldBefore {
  to: Message['to']
  replyTo: { channel: string; id: string } | null
}

/** Null for a lead that never changed hands, and where nobody was told: whoever never heard that it is theirs need not hear that it is not. */
export function toldBefore({ owner, handoff, ownerPending }: Handed): ToldBefore | null {
  if (owner.previous.length === 0) return null
  const given = [handoff?.replacing, ownerPending, ownerPending?.replacing].find(
    (message) => message != null && 'email' in message.to && message.to.email !== owner.email,
  )
  if (given != null) return { to: given.to, replyTo: { channel: given.channel, id: given.id } }
  // A hand-off that did not come about does not say whom an earlier one told.
  return handoff === null ? { to: addressed(owner.previous[0]?.email).to, replyTo: null } : null
}

interface TakenBack {
  owner: Assignment
  company: string
  toldBefore: ToldBefore
}

/** To the rep who had the lead until now, under the message that gave it to them. */
export const takenBackMessage = ({ owner, company, toldBefore: { to, replyTo } }: TakenBack): Message => ({
  to,
  fallbackChannel: 'leads',
  ...(replyTo !== null && { replyTo }),
  title: `No longer yours: ${company}`,
  facts: [['Now with', owner.name]],
  reason: owner.reason,
})

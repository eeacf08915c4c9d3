import type { CrmRecord, Message } from '../../columns/ports.ts'
import type { Assignment } from '../../routing/decision.ts'
import type { ServiceLevelPolicyInput, ServiceLevelValue } from '../../routing/service-level/policy.ts'
import { triageLead } from './team.ts'

const day = [{ from: '08:00', until: '18:00' }]

/**
 * A person touches every lead within half an hour of business time. Whoever lets one lie is reminded, then loses it; after two more
 * owners the lead of triage has it and keeps it.
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

interface Waiting {
  owner: Assignment
  firstTouch: ServiceLevelValue
  record: CrmRecord
  company: string
}

/** To the owner of a lead that nobody has touched. */
export const reminderMessage = ({ owner, firstTouch, record, company }: Waiting): Message => ({
  ...addressed(owner.email),
  title: `Still waiting: ${company}`,
  facts: [['Due', firstTouch.deadline]],
  reason: firstTouch.reason,
  link: { text: 'Open the record', url: record.url },
})

/** To the rep who had the lead until now. */
export const takenBackMessage = ({ owner, company }: { owner: Assignment; company: string }): Message => ({
  ...addressed(owner.previous[0]?.email),
  title: `No longer yours: ${company}`,
  facts: [['Now with', owner.name]],
  reason: owner.reason,
})

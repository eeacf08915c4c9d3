import type { Lateness } from '../../columns/column.ts'
import type { FollowUp } from '../../columns/crm-task.ts'
import type { FoundAccount } from '../../columns/find-account.ts'
import type { CrmRecord, Message } from '../../columns/ports.ts'
import type { Assignment } from '../../routing/decision.ts'
import type { Segmentation } from '../../routing/segment/segmentation.ts'
import { triageLead } from './team.ts'

interface Handoff {
  owner: Assignment
  record: CrmRecord
  segment: Segmentation
  company: string
  email: string | null
  firstName: string | null
  lastName: string | null
  source: string | null
  message: string | null
}

type Told = Omit<Handoff, 'owner' | 'record' | 'company' | 'segment'> & { segment: Segmentation | null }

/** What the lead is, as far as it is known. */
function factsOf({ segment, ...lead }: Told, alsoTold: string | null = null): Message['facts'] {
  const person = [lead.firstName, lead.lastName].filter((part) => part !== null && part !== '').join(' ')
  const facts: [string, string | null][] = [
    ['Person', person],
    ['E-mail', lead.email],
    ['Segment', segment && `${segment.segment} · ${segment.region}`],
    ['Source', lead.source],
    ['Message', lead.message],
    ['Also told', alsoTold],
  ]
  return facts.flatMap(([label, value]) => (value === null || value === '' ? [] : [[label, value] as const]))
}

/** What the rep reads: who it is, what they want, and why it is theirs. */
export function handoffMessage(lead: Handoff): Message {
  return {
    to: lead.owner.email === null ? { channel: 'leads' } : { email: lead.owner.email },
    fallbackChannel: 'leads',
    title: `New lead: ${lead.company}`,
    facts: factsOf(lead, lead.owner.alsoTell?.name),
    reason: `Yours because of ${lead.owner.rule}: ${lead.owner.reason}`,
    link: { text: 'Open the record', url: lead.record.url },
  }
}

interface Pending {
  company: string
  email: string | null
  segment: Segmentation
}

const pendingFacts = ({ email, segment }: Pending): Message['facts'] => [
  ...(email === null ? [] : [['E-mail', email] as const]),
  ['Segment', `${segment.segment} · ${segment.region}`],
]

/** Words for how it ended. */
const endings: Record<NonNullable<Lateness['ended']>, string> = {
  error: 'failed',
  unknown: 'has an outcome that nobody can tell',
  cancelled: 'was cancelled',
}

/** Null while it is still tried: only then may a message say that it goes on by itself. */
function endOf(step: string, lateness: Lateness | null): string | null {
  if (lateness === null || lateness.ended === null) return null
  const why = lateness.reason === null ? '' : `: ${lateness.reason}`
  return `${step} ${endings[lateness.ended]}${why}`
}

/** Who has to act, and on what. */
const toMend = (column: string) =>
  `It is not tried again by itself: RevOps has to see to it and run the lead again from ${column} on`

/** To the rep whose lead it is, while the CRM cannot be told or when it never will be: the lead is worked before the record says so. */
export function ownerPendingMessage(
  lead: Pending & { owner: Assignment },
  lateness: Lateness | null,
): Message {
  const failed = endOf('Writing the owner to the CRM', lateness)
  return {
    to: lead.owner.email === null ? { channel: 'leads' } : { email: lead.owner.email },
    fallbackChannel: 'leads',
    title: `New lead, owner ${failed === null ? 'pending' : 'not written'} in CRM: ${lead.company}`,
    facts: pendingFacts(lead),
    reason: `Yours because of ${lead.owner.rule}. ${
      failed === null
        ? 'The CRM has not taken the owner yet; Rota keeps trying'
        : `${failed}. ${toMend('crmOwner')}`
    }`,
  }
}

/** To the team, when the CRM cannot even be asked whose account it is. Who this is lets somebody see to it meanwhile. */
export function accountPendingMessage(lead: Told & { company: string }, lateness: Lateness | null): Message {
  const failed = endOf('Asking the CRM whether somebody looks after this company', lateness)
  return {
    to: { channel: 'leads' },
    title: `New lead, ${failed === null ? 'waiting for the CRM' : 'account not known'}: ${lead.company}`,
    facts: factsOf(lead),
    reason:
      failed === null
        ? 'The CRM cannot be asked yet whether somebody looks after this company, so the lead waits; Rota keeps trying'
        : `${failed}. The lead goes on as if nobody did. ${toMend('account')}`,
  }
}

/** To the team, when the CRM is away before anybody can be chosen, or takes no record of the lead. */
export function recordPendingMessage(lead: Pending, lateness: Lateness | null): Message {
  const failed = endOf('Finding or creating its record in the CRM', lateness)
  return {
    to: { channel: 'leads' },
    title: `New lead, record and owner ${failed === null ? 'pending' : 'not'} in CRM: ${lead.company}`,
    facts: pendingFacts(lead),
    reason:
      failed === null
        ? 'The CRM has not given its record yet, so nobody knows whose lead it is; Rota keeps trying'
        : `${failed}. Without a record the lead is handed to nobody. ${toMend('record')}`,
  }
}

/** The account of a lead whose owner has left is nobody's: the lead of triage gives it to somebody. */
export const reownAccount = (vendor: string, { name, id, owner }: FoundAccount): FollowUp => ({
  owner: { rep: triageLead.id, name: triageLead.name, email: triageLead.email ?? null, ids: {} },
  subject: `Give ${name} a new owner`,
  description: `${owner?.name ?? 'Its owner'} has left, and leads of this account still come in.`,
  about: { type: vendor === 'hubspot' ? 'company' : 'Account', id },
  dueInDays: 2,
})

/** The text field by which a change event is known as the echo of our own write. */
export const stampField = (vendor: string): string =>
  vendor === 'hubspot' ? 'rota_send_id' : 'Rota_Send_Id__c'

/** Fields that tell in the CRM why the owner is the owner; they are written together with the owner. */
export function routingFields(
  vendor: string,
  { owner, segment }: Pick<Handoff, 'owner' | 'segment'>,
): Record<string, string> {
  const reason = `${owner.method}: ${owner.reason}`.slice(0, 255)
  const size = `${segment.segment} · ${segment.region}`
  return vendor === 'hubspot'
    ? { rota_reason: reason, rota_segment: size }
    : { Rota_Reason__c: reason, Rota_Segment__c: size }
}

type Size = Exclude<Segmentation['segment'], 'unknown'>

/** Numbers of the stand-ins: no account has these. */
const standIns: Record<Size, string> = { Enterprise: '301', 'Mid-Market': '302', SMB: '303' }

/** The sequence for each size, by vendor. Put your own here: Salesforce knows a cadence by its name, the others a sequence by its id. */
const sequences: Readonly<Record<string, Record<Size, string>>> = {
  salesforce: {
    Enterprise: 'Inbound Enterprise',
    'Mid-Market': 'Inbound Mid-Market',
    SMB: 'Inbound SMB',
  },
  hubspot: standIns,
  salesloft: standIns,
  outreach: standIns,
  apollo: standIns,
}

/** A lead whose size nobody knows goes where the smallest go. */
export const sequenceFor = (vendor: string, { segment }: Segmentation): string =>
  (sequences[vendor] ?? standIns)[segment === 'unknown' ? 'SMB' : segment]

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

/** To the rep whose lead it is, while the CRM cannot be told: the lead is worked before the record says so. */
export const ownerPendingMessage = (lead: Pending & { owner: Assignment }): Message => ({
  to: lead.owner.email === null ? { channel: 'leads' } : { email: lead.owner.email },
  fallbackChannel: 'leads',
  title: `New lead, owner pending in CRM: ${lead.company}`,
  facts: pendingFacts(lead),
  reason: `Yours because of ${lead.owner.rule}; the CRM does not take it yet, and will have it as soon as it does`,
})

/** To the team, when the CRM cannot even be asked whose account it is. Who this is lets somebody see to it meanwhile. */
export const accountPendingMessage = (lead: Told & { company: string }): Message => ({
  to: { channel: 'leads' },
  title: `New lead, waiting for the CRM: ${lead.company}`,
  facts: factsOf(lead),
  reason:
    'The CRM cannot be asked whether somebody looks after this company, so the lead waits; it is routed as soon as it can',
})

/** To the team, when the CRM is away before anybody can be chosen. */
export const recordPendingMessage = (lead: Pending): Message => ({
  to: { channel: 'leads' },
  title: `New lead, record and owner pending in CRM: ${lead.company}`,
  facts: pendingFacts(lead),
  reason: 'The CRM does not answer, so nobody knows yet whose lead it is; it is routed as soon as it does',
})

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

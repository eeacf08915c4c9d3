import type { CrmRecord, Message } from '../../columns/ports.ts'
import type { Assignment } from '../../routing/decision.ts'
import type { Segmentation } from '../../routing/segment/segmentation.ts'

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

/** What the rep reads: who it is, what they want, and why it is theirs. */
export function handoffMessage(lead: Handoff): Message {
  const person = [lead.firstName, lead.lastName].filter((part) => part !== null && part !== '').join(' ')
  const facts: [string, string | null][] = [
    ['Person', person],
    ['E-mail', lead.email],
    ['Segment', `${lead.segment.segment} · ${lead.segment.region}`],
    ['Source', lead.source],
    ['Message', lead.message],
    ['Also told', lead.owner.alsoTell?.name ?? null],
  ]
  return {
    to: lead.owner.email === null ? { channel: 'leads' } : { email: lead.owner.email },
    fallbackChannel: 'leads',
    title: `New lead: ${lead.company}`,
    facts: facts.flatMap(([label, value]) =>
      value === null || value === '' ? [] : [[label, value] as const],
    ),
    reason: `Yours because of ${lead.owner.rule}: ${lead.owner.reason}`,
    link: { text: 'Open the record', url: lead.record.url },
  }
}

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

/** Sequences by segment. HubSpot knows a sequence by its number, Salesforce a cadence by its name. */
export function sequenceFor(vendor: string, { segment }: Segmentation): string {
  const name = segment === 'unknown' ? 'SMB' : segment
  if (vendor !== 'hubspot') return `Inbound ${name}`
  return { Enterprise: '301', 'Mid-Market': '302', SMB: '303' }[name]
}

import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Enrolment, EnrolRequest, Finding } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { ask, type RestAccount } from '../rest.ts'
import type { MailboxDirectory } from './mailboxes.ts'

interface Apollo {
  account: RestAccount
  mailboxes: MailboxDirectory
}

const Status = z.looseObject({
  id: z.string().optional(),
  emailer_campaign_id: z.string(),
  status: z.string().nullish(),
  send_email_from_email_account_id: z.string().nullish(),
})
const Contact = z.looseObject({
  id: z.string(),
  email: z.string().nullish(),
  email_unsubscribed: z.boolean().nullish(),
  contact_campaign_statuses: z.array(Status).nullish(),
})
type Contact = z.output<typeof Contact>
const Contacts = z.looseObject({ contacts: z.array(Contact) })
const Added = z.looseObject({ contacts: z.array(z.looseObject({ id: z.string() })).default([]) })

/** In these the person gets no more messages. */
const over = new Set(['finished', 'removed', 'bounced', 'unsubscribed'])

/** Why the person must not be written to. */
export async function refusal(
  account: RestAccount,
  request: EnrolRequest,
  call: RunningCall,
): Promise<string | null> {
  const contact = await contactOf(account, request, call)
  return contact.email_unsubscribed ? `${contact.email} has unsubscribed in Apollo` : null
}

/** `add_contact_ids`. A contact that is in the sequence already is left out by Apollo, and found afterwards. */
export async function enrol(
  { account, mailboxes }: Apollo,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Enrolment> {
  const contact = await contactOf(account, request, call)
  const mailbox = await mailboxes.idOf(request.sender.email, call)
  const { sequence, sender } = request
  const added = await ask(
    account,
    {
      method: 'POST',
      path: `/emailer_campaigns/${encodeURIComponent(sequence)}/add_contact_ids`,
      body: {
        emailer_campaign_id: sequence,
        contact_ids: [contact.id],
        send_email_from_email_account_id: mailbox,
      },
      write: true,
      answer: Added,
    },
    call,
  )
  if (!added.contacts.some(({ id }) => id === contact.id)) {
    throw new CallFailure('invalid-request', `Apollo did not take ${request.email} into ${sequence}`, {
      retryable: false,
    })
  }
  return { id: idOf(contact, sequence), sequence, sender: sender.email }
}

/** Is the person in this sequence now? */
export async function findEnrolment(
  { account, mailboxes }: Apollo,
  request: EnrolRequest,
  call: RunningCall,
): Promise<Finding<Enrolment>> {
  const contact = await contactOf(account, request, call)
  const status = (contact.contact_campaign_statuses ?? []).find(
    (each) => each.emailer_campaign_id === request.sequence && !over.has(each.status ?? ''),
  )
  if (status === undefined) return { state: 'absent' }
  const mailbox = status.send_email_from_email_account_id ?? null
  const sender = mailbox === null ? null : await mailboxes.emailOf(mailbox, call)
  return {
    state: 'found',
    value: { id: idOf(contact, request.sequence), sequence: request.sequence, sender },
  }
}

/** `remove_or_stop_contact_ids`: one who is not in it any more is answered alike. */
export async function unenrol(
  account: RestAccount,
  { enrolment, request }: { enrolment: Enrolment; request: EnrolRequest },
  call: RunningCall,
): Promise<void> {
  const contact = await contactOf(account, request, call)
  await ask(
    account,
    {
      method: 'POST',
      path: '/emailer_campaigns/remove_or_stop_contact_ids',
      body: { emailer_campaign_ids: [enrolment.sequence], contact_ids: [contact.id], mode: 'remove' },
      write: true,
      answer: z.unknown(),
    },
    call,
  )
}

/** A contact is in a sequence once at most, so the two together name the enrolment. */
const idOf = (contact: Contact, sequence: string) => `${sequence}/${contact.id}`

async function contactOf(account: RestAccount, { email }: EnrolRequest, call: RunningCall): Promise<Contact> {
  const wanted = email?.trim().toLowerCase() ?? ''
  if (wanted === '')
    throw new CallFailure('invalid-request', 'Apollo knows people by their e-mail address: it is empty', {
      retryable: false,
    })
  const { contacts } = await ask(
    account,
    {
      method: 'POST',
      path: '/contacts/search',
      body: { q_keywords: wanted, page: 1, per_page: 25 },
      write: false,
      answer: Contacts,
    },
    call,
  )
  const found = contacts.find((contact) => contact.email?.toLowerCase() === wanted)
  if (found !== undefined) return found
  throw new CallFailure('not-found', `Apollo has no contact ${email}: create it there first`, {
    retryable: false,
  })
}

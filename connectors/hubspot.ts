import type { Crm, Sequencer } from '../columns/ports.ts'
import type { HubspotSettings } from './hubspot/access.ts'
import { associationNumbers } from './hubspot/associations.ts'
import { findCompanies, findCompaniesByName, findContactCompanies, readCompany } from './hubspot/companies.ts'
import { firstTouch } from './hubspot/engagements.ts'
import { createHub } from './hubspot/hub.ts'
import { createLead, findLead } from './hubspot/leads.ts'
import { toCrmUser } from './hubspot/owners.ts'
import { createContact, findContact, readRecord, writeOwner } from './hubspot/records.ts'
import { cannotUnenrol, enrolContact, enrolmentRefusal, findEnrolment } from './hubspot/sequences.ts'
import { createTask, findTask } from './hubspot/tasks.ts'

export { type HubspotSettings, withinTenSeconds } from './hubspot/access.ts'

/**
 * HubSpot as the CRM: people are contacts, or leads with a contact; accounts are companies. Contacts, and leads where they are used, need a
 * custom property `rota_row_id` with unique values, the key under which a created record is found again.
 */
export function hubspot(settings: HubspotSettings): Crm {
  const hub = createHub(settings)
  const { owners, open } = hub
  const numberOf = associationNumbers()
  const [find, create] = settings.records === 'lead' ? [findLead, createLead] : [findContact, createContact]
  return {
    vendor: 'hubspot',
    budget: hub.access.budget,
    findAccounts: (domain, call) => findCompanies(domain, owners, open(call)),
    findAccountsByName: (name, call) => findCompaniesByName(name, owners, open(call)),
    findContactAccounts: (email, call) => findContactCompanies(email, owners, open(call)),
    readAccount: (id, call) => readCompany(id, owners, open(call)),
    async findUserByEmail(email, call) {
      const owner = email.trim() === '' ? null : await owners.findByEmail(email.trim(), open(call))
      return owner && toCrmUser(owner)
    },
    findRecord: (request, call) => find(request, hub, open(call)),
    createRecord: (request, call) => create(request, hub, open(call)),
    readRecord: (record, call) => readRecord(record, hub, open(call)),
    writeOwner: (record, change, call) => writeOwner(record, change, { hub, session: open(call) }),
    createTask: (task, sendId, call) => createTask(task, sendId, { hub, session: open(call), numberOf }),
    findTask: (task, sendId, call) => findTask(task, sendId, { hub, session: open(call) }),
    firstTouch: (record, since, call) => firstTouch(record, since, open(call)),
  }
}

/**
 * HubSpot's sequences, for contacts and the contacts of leads. `sender.crmUserId` is the owner id, as everywhere else; the user id is looked
 * up. Nobody is taken out: HubSpot has no call for that.
 */
export function hubspotSequences(settings: HubspotSettings): Sequencer {
  const hub = createHub(settings)
  return {
    vendor: 'hubspot',
    budget: hub.access.budget,
    unenrols: false,
    refusal: (request, call) => enrolmentRefusal(request, hub.open(call)),
    enrol: (request, call) => enrolContact(request, hub, hub.open(call)),
    find: (request, call) => findEnrolment(request, hub.open(call)),
    unenrol: (enrolment) => Promise.reject(cannotUnenrol(enrolment)),
  }
}

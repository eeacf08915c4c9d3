import type { Call, Crm, Sequencer } from '../columns/ports.ts'
import { findCompanies, findCompaniesByName, findContactCompanies, readCompany } from './hubspot/companies.ts'
import { firstTouch } from './hubspot/engagements.ts'
import { ownerDirectory, toCrmUser } from './hubspot/owners.ts'
import { recordPages } from './hubspot/pages.ts'
import { createContact, findContact, readObject, writeOwner } from './hubspot/records.ts'
import { enrolContact, findEnrolment } from './hubspot/sequences.ts'
import { type HubspotSettings, openSession } from './hubspot/session.ts'

export type { HubspotSettings } from './hubspot/session.ts'

/**
 * HubSpot as the CRM: leads are contacts, accounts are companies.
 * Contacts need a custom property `rota_row_id` with unique values, the key under which a created contact is found again.
 */
export function hubspot(settings: HubspotSettings): Crm {
  const owners = ownerDirectory()
  const pages = recordPages(owners)
  const open = (call: Call) => openSession(settings, call)
  return {
    vendor: 'hubspot',
    findAccounts: (domain, call) => findCompanies(domain, owners, open(call)),
    findAccountsByName: (name, call) => findCompaniesByName(name, owners, open(call)),
    findContactAccounts: (email, call) => findContactCompanies(email, owners, open(call)),
    readAccount: (id, call) => readCompany(id, owners, open(call)),
    async findUserByEmail(email, call) {
      const owner = email.trim() === '' ? null : await owners.findByEmail(email.trim(), open(call))
      return owner && toCrmUser(owner)
    },
    findRecord: (request, call) => findContact(request, pages, open(call)),
    createRecord: (request, call) => createContact(request, pages, open(call)),
    readRecord: (record, call) => readObject(record, pages, open(call)),
    writeOwner: (record, change, call) => writeOwner(record, change, open(call)),
    firstTouch: (record, since, call) => firstTouch(record, since, open(call)),
  }
}

/** HubSpot's sequences. `sender.crmUserId` is the owner id, as everywhere else; the user id is looked up. */
export function hubspotSequences(settings: HubspotSettings): Sequencer {
  const owners = ownerDirectory()
  return {
    vendor: 'hubspot',
    enrol: (request, call) => enrolContact(request, owners, openSession(settings, call)),
    find: (request, call) => findEnrolment(request, openSession(settings, call)),
  }
}

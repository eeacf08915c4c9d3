import type { Crm, Sequencer } from '../columns/ports.ts'
import { startCall } from './call.ts'
import { findAccounts, findAccountsByName, findContactAccounts, readAccount } from './salesforce/accounts.ts'
import { firstTouch } from './salesforce/activities.ts'
import { enrol, findEnrolment } from './salesforce/cadences.ts'
import { createRecord, findRecord, readRecord, writeOwner } from './salesforce/records.ts'
import { createSession, type SalesforceSettings, type Session } from './salesforce/session.ts'
import { findUserByEmail } from './salesforce/users.ts'

export type { SalesforceSettings } from './salesforce/session.ts'

/** One login per settings object, so that the CRM and its cadences share it. */
const sessions = new WeakMap<SalesforceSettings, Session>()

function sessionFor(settings: SalesforceSettings): Session {
  const known = sessions.get(settings)
  if (known !== undefined) return known
  const session = createSession(settings)
  sessions.set(settings, session)
  return session
}

/** Salesforce over its REST API. Logs in when first used; safe to share between any number of calls. */
export function salesforce(settings: SalesforceSettings): Crm {
  const session = sessionFor(settings)
  return {
    vendor: 'salesforce',
    findAccounts: (domain, call) => findAccounts(session, domain, startCall(call)),
    findAccountsByName: (name, call) => findAccountsByName(session, name, startCall(call)),
    findContactAccounts: (email, call) => findContactAccounts(session, email, startCall(call)),
    readAccount: (id, call) => readAccount(session, id, startCall(call)),
    findUserByEmail: (email, call) => findUserByEmail(session, email, startCall(call)),
    findRecord: (request, call) => findRecord(session, request, startCall(call)),
    createRecord: (request, call) => createRecord(session, request, startCall(call)),
    readRecord: (record, call) => readRecord(session, record, startCall(call)),
    writeOwner: (record, change, call) => writeOwner(session, record, { ...change, call: startCall(call) }),
    firstTouch: (record, since, call) => firstTouch(session, { record, since }, startCall(call)),
  }
}

/** Sales Engagement cadences. Pass the settings object that `salesforce` got, and both use one login. */
export function salesforceCadences(settings: SalesforceSettings): Sequencer {
  const session = sessionFor(settings)
  return {
    vendor: 'salesforce',
    enrol: (request, call) => enrol(session, request, startCall(call)),
    find: (request, call) => findEnrolment(session, request, startCall(call)),
  }
}

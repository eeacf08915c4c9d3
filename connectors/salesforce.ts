import type { Call, Crm, Sequencer } from '../columns/ports.ts'
import { startCall } from './call.ts'
import { findAccounts, findAccountsByName, findContactAccounts, readAccount } from './salesforce/accounts.ts'
import { firstTouch } from './salesforce/activities.ts'
import { enrol, findEnrolment, refusal, unenrol } from './salesforce/cadences.ts'
import { createOwners } from './salesforce/owners.ts'
import { createRecord, findRecord } from './salesforce/records.ts'
import { createSession } from './salesforce/session.ts'
import type { SalesforceSettings } from './salesforce/settings.ts'
import { createTask, findTask } from './salesforce/tasks.ts'
import { createUsers } from './salesforce/users.ts'

export type { DuplicatePolicy, SalesforceSettings } from './salesforce/settings.ts'

type Connection = ReturnType<typeof connect>

/** One login per settings object, so that the CRM and its cadences share it. */
const connections = new WeakMap<SalesforceSettings, Connection>()

function connectionFor(settings: SalesforceSettings): Connection {
  const known = connections.get(settings)
  if (known !== undefined) return known
  const made = connect(settings)
  connections.set(settings, made)
  return made
}

function connect(settings: SalesforceSettings) {
  const session = createSession(settings)
  const { budget } = session
  const start = (call: Call) => startCall(call, budget)
  return { session, budget, start, owners: createOwners(session), users: createUsers(session) }
}

/** Salesforce over its REST API. Logs in when first used; safe to share between any number of calls. */
export function salesforce(settings: SalesforceSettings): Crm {
  const org = connectionFor(settings)
  const { session, owners, users, start } = org
  return {
    vendor: 'salesforce',
    budget: org.budget,
    findAccounts: (domain, call) => findAccounts(session, domain, start(call)),
    findAccountsByName: (name, call) => findAccountsByName(session, name, start(call)),
    findContactAccounts: (email, call) => findContactAccounts(session, email, start(call)),
    readAccount: (id, call) => readAccount(session, id, start(call)),
    findUserByEmail: (email, call) => users.byEmail(email, start(call)),
    findRecord: (request, call) => findRecord(org, request, start(call)),
    createRecord: (request, call) => createRecord(org, request, start(call)),
    readRecord: (record, call) => owners.read(record, start(call)),
    writeOwner: (record, change, call) => owners.write(record, change, start(call)),
    createTask: (task, sendId, call) => createTask(session, { task, sendId }, start(call)),
    findTask: (task, sendId, call) => findTask(session, { task, sendId }, start(call)),
    firstTouch: (record, since, call) => firstTouch(session, { record, since }, start(call)),
  }
}

/** Sales Engagement cadences. Pass the settings object that `salesforce` got, and both use one login. */
export function salesforceCadences(settings: SalesforceSettings): Sequencer {
  const org = connectionFor(settings)
  const { start } = org
  return {
    vendor: 'salesforce',
    budget: org.budget,
    unenrols: true,
    refusal: (request, call) => refusal(org, request, start(call)),
    enrol: (request, call) => enrol(org, request, start(call)),
    find: (request, call) => findEnrolment(org, request, start(call)),
    unenrol: (enrolment, request, call) => unenrol(org, { enrolment, request }, start(call)),
  }
}

import { type CallFailure, CallFailure as Failure } from '../../../columns/errors.ts'
import type { Call, Crm, RecordRequest, Sequencer } from '../../../columns/ports.ts'
import { salesforce, salesforceCadences } from '../../../connectors/salesforce.ts'
import type { SalesforceStateInput } from '../../../sandbox/salesforce/state.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts'
import { patienceMs } from '../../support/patience.ts'

/** A fresh sandbox with a client that has not logged in yet. */
export interface Setup {
  sandbox: Sandbox
  crm: Crm
  cadences: Sequencer
  load(state: SalesforceStateInput): void
  /** Requests the stand-in received after the login, by method and path. */
  requests(): string[]
}

export async function startSetup(): Promise<Setup> {
  const sandbox = await startSandbox()
  const settings = { loginUrl: `${sandbox.url}/salesforce`, clientId: 'rota', clientSecret: 'secret' }
  return {
    sandbox,
    crm: salesforce(settings),
    cadences: salesforceCadences(settings),
    load: (state) => sandbox.vendors.salesforce?.load(state),
    requests: () =>
      sandbox.ledger
        .entries()
        .map((entry) => `${entry.method} ${entry.path.replace(/\?.*/, '')}`)
        .filter((line) => !line.includes('/oauth2/')),
  }
}

export function callOf(change: Partial<Call> = {}): Call {
  return { signal: new AbortController().signal, timeoutMs: patienceMs, fetch, ...change }
}

export function requestOf(change: Partial<RecordRequest> = {}): RecordRequest {
  return {
    recordId: null,
    externalId: 'row_1',
    email: null,
    firstName: null,
    lastName: null,
    company: null,
    website: null,
    ...change,
  }
}

/** The failure a call ends in. Anything else, a success too, fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<CallFailure> {
  try {
    await work
  } catch (error) {
    if (Failure.isInstance(error)) return error
    throw error
  }
  throw new Error('the call succeeded')
}

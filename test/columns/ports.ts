import { CallFailure, type FailureKind } from '../../columns/errors.ts'
import type { Crm } from '../../columns/ports.ts'

export const failureIn = (kind: FailureKind, retryable: boolean, outcomeUnknown = false) =>
  new CallFailure(kind, `the other side: ${kind}`, { retryable, outcomeUnknown })

const notAsked = (): Promise<never> => Promise.reject(new Error('the column was not to call this'))

/** A CRM of which only the given methods may be called. */
export const crmWith = (methods: Partial<Crm>): Crm => ({
  vendor: 'testcrm',
  findAccounts: notAsked,
  findAccountsByName: notAsked,
  findContactAccounts: notAsked,
  readAccount: notAsked,
  findUserByEmail: notAsked,
  findRecord: notAsked,
  createRecord: notAsked,
  readRecord: notAsked,
  writeOwner: notAsked,
  firstTouch: notAsked,
  ...methods,
})

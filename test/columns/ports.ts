import type { Budget } from '../../columns/budget.ts'
import { CallFailure, type FailureKind } from '../../columns/errors.ts'
import type { Crm, Enrolment, Messenger, Sequencer } from '../../columns/ports.ts'

export const failureIn = (kind: FailureKind, retryable: boolean, outcomeUnknown = false) =>
  new CallFailure(kind, `the other side: ${kind}`, { retryable, outcomeUnknown })

const notAsked = (): Promise<never> => Promise.reject(new Error('the column was not to call this'))

export const budgetOf = (key: string): Budget => ({ key, concurrency: 10 })

/** A CRM of which only the given methods may be called. */
export const crmWith = (methods: Partial<Crm>): Crm => ({
  vendor: 'testcrm',
  budget: budgetOf('testcrm'),
  findAccounts: notAsked,
  findAccountsByName: notAsked,
  findContactAccounts: notAsked,
  readAccount: notAsked,
  findUserByEmail: notAsked,
  findRecord: notAsked,
  createRecord: notAsked,
  readRecord: notAsked,
  writeOwner: notAsked,
  createTask: notAsked,
  findTask: notAsked,
  firstTouch: notAsked,
  ...methods,
})

/** A messenger of which only the given methods may be called. */
export const messengerWith = (parts: Partial<Messenger>): Messenger => ({
  vendor: 'testchat',
  budget: budgetOf('testchat'),
  target: 'readable',
  send: notAsked,
  find: notAsked,
  ...parts,
})

/** A sequencer that holds these enrolments, keeps what is done to it, and refuses who is in a sequence already. */
export function sequencerWith({
  present = [],
  ...parts
}: { present?: Enrolment[] } & Partial<Sequencer> = {}): {
  via: Sequencer
  enrolments: Enrolment[]
  calls: string[]
} {
  const enrolments = [...present]
  const calls: string[] = []
  const via: Sequencer = {
    vendor: 'testseq',
    budget: budgetOf('testseq'),
    unenrols: true,
    refusal: async () => null,
    async find({ sequence }) {
      const value = enrolments.find((each) => each.sequence === sequence)
      return value === undefined ? { state: 'absent' } : { state: 'found', value }
    },
    async enrol({ sequence, sender }) {
      calls.push(`enrol ${sequence} ${sender.email}`)
      if (enrolments.some((each) => each.sequence === sequence))
        throw new CallFailure('invalid-request', 'is enrolled already', { retryable: false })
      const made = { id: `e${enrolments.length + 1}`, sequence, sender: sender.email }
      enrolments.push(made)
      return made
    },
    async unenrol({ id, sequence }) {
      calls.push(`unenrol ${sequence} ${id}`)
      const at = enrolments.findIndex((each) => each.id === id)
      if (at !== -1) enrolments.splice(at, 1)
    },
    ...parts,
  }
  return { via, enrolments, calls }
}

import type { Allowance, Budget } from './budget.ts'
import type { JsonObject } from './json.ts'

/** What every call to the outside carries. The deadline is ours: no vendor client sets a usable one. */
export interface Call {
  signal: AbortSignal
  /** Whole time the call may take, in milliseconds. */
  timeoutMs: number
  fetch: typeof fetch
  /** A live row is never kept waiting to fill a batch. Left out: live. */
  lane?: 'live' | 'bulk'
  /**
   * Makes one request within what the credential allows: waits for its turn (which does not count against the deadline), and throws
   * `CallFailure` without a request while the account rests. Left out: no limits are kept.
   */
  limit?<Answer>(budget: Budget, request: () => Promise<Answer>): Promise<Answer>
  /**
   * From here until what it returns is called, the call waits to leave together with others: that long its deadline stands still, and when
   * it is cancelled nothing of it has left. Within `limit` there is no need for it.
   */
  wait?(): () => void
  /** Tells what the vendor says of its own allowance. */
  used?(budget: Budget, allowance: Allowance): void
}

/** A person in a CRM who can own records. */
export interface CrmUser {
  id: string
  name: string
  email: string | null
  active: boolean
  /** A queue or an integration user counts as "no owner". */
  kind: 'person' | 'queue' | 'integration'
}

/** The account above another one: a group and its subsidiary may be worked by different people. */
export interface ParentAccount {
  id: string
  name: string
  ownerId: string | null
  owner: CrmUser | null
}

export interface CrmAccount {
  id: string
  name: string
  /** Registrable domain, lower case; null for an account without a usable website. */
  domain: string | null
  /** The website as the CRM has it. */
  website: string | null
  /** Further registrable domains of the same company, where the CRM keeps them. */
  aliases: string[]
  relationship: 'customer' | 'open-opportunity' | 'prospect'
  owner: CrmUser | null
  parent: ParentAccount | null
  /** The account this one was merged into and that goes on instead; null while it stands for itself. */
  mergedInto: string | null
  /** ISO times. */
  lastActivityAt: string | null
  createdAt: string
}

export interface CrmRecord {
  /** Salesforce `Lead`, HubSpot `contact`, … */
  type: string
  id: string
  ownerId: string | null
  /** Who that is; null without an owner, or when the CRM does not say. */
  owner: CrmUser | null
  url: string
  /** ISO times: what somebody last did with the record, and when it came to be. Null when the CRM does not say. */
  lastActivityAt: string | null
  createdAt: string | null
}

/** Something a person did with a lead: a call, a meeting, an e-mail written by hand. */
export interface CrmTouch {
  /** ISO time. */
  at: string
  /** The person's user id in the CRM, null when it does not say. */
  by: string | null
  /** `call`, `email`, `meeting` or `task`. */
  kind: string
}

/** The person or company behind a row, as the CRM needs it to find or create a record. */
export interface RecordRequest {
  recordId: string | null
  /** Our row id: the key under which a created record is found again, so that creating twice makes one record. */
  externalId: string
  email: string | null
  firstName: string | null
  lastName: string | null
  company: string | null
  website: string | null
  /** The account that a record created for the person is put under, where the CRM relates the two. */
  accountId?: string | null
  /** Further fields of a record that is created; one that is found stays as it is. */
  fields?: Record<string, string>
}

/** Something for a person to do, kept in the CRM. */
export interface TaskRequest {
  /** Who is to do it: a user id. */
  ownerId: string
  subject: string
  description: string
  /** The record it is about. */
  about: { type: string; id: string }
  /** Last day, YYYY-MM-DD. */
  dueOn: string
}

/** A CRM. Every method makes each request once and throws `CallFailure`. */
export interface Crm {
  readonly vendor: string
  readonly budget: Budget
  /** Accounts whose registrable domain equals `domain`. An empty domain is refused, never "match all". */
  findAccounts(domain: string, call: Call): Promise<CrmAccount[]>
  /** Accounts whose name shares words with `name`: more than match, for the caller to compare. An empty name finds none. */
  findAccountsByName(name: string, call: Call): Promise<CrmAccount[]>
  /** Accounts of the contacts that have this e-mail address. An empty address finds none. */
  findContactAccounts(email: string, call: Call): Promise<CrmAccount[]>
  /** The account with this id, or the one it was merged into: then its id is another. Null when there is none. */
  readAccount(id: string, call: Call): Promise<CrmAccount | null>
  findUserByEmail(email: string, call: Call): Promise<CrmUser | null>
  /** Without creating: by id, by our external id, then by e-mail. */
  findRecord(request: RecordRequest, call: Call): Promise<CrmRecord | null>
  createRecord(request: RecordRequest, call: Call): Promise<CrmRecord>
  readRecord(record: { type: string; id: string }, call: Call): Promise<CrmRecord | null>
  /** Writes the owner and the given fields in one update. Does not read back. Rows of the bulk lane share requests, and so do their reads. */
  writeOwner(
    record: { type: string; id: string },
    change: { ownerId: string; fields?: Record<string, string> },
    call: Call,
  ): Promise<void>
  /** Creates a task. `sendId` is kept with it, so that `findTask` finds it afterwards. */
  createTask(task: TaskRequest, sendId: string, call: Call): Promise<{ id: string; url: string }>
  findTask(task: TaskRequest, sendId: string, call: Call): Promise<Finding<{ id: string; url: string }>>
  /**
   * The first thing a person did with the record at or after `since` (ISO). What machines do is none: automated and sequence
   * e-mails, mass mailings, and everything by integration users.
   */
  firstTouch(record: { type: string; id: string }, since: string, call: Call): Promise<CrmTouch | null>
}

/** A chat message to a person or a channel, in the vendor-neutral form that every messenger can show. */
export interface Message {
  to: { email: string } | { channel: string }
  /** Where it goes when the person cannot be found or is deactivated. */
  fallbackChannel?: string
  title: string
  /** Label and value, in order. Values are data, never markup. */
  facts: readonly (readonly [label: string, value: string])[]
  reason: string
  link?: { text: string; url: string }
  /** Shown under an earlier message, where the messenger has threads; otherwise it stands by itself. */
  replyTo?: { channel: string; id: string }
}

export interface SentMessage {
  id: string
  channel: string
  /** True when it went to the fallback channel. */
  fallback: boolean
}

export type Finding<Found> =
  | { state: 'found'; value: Found }
  | { state: 'absent' }
  | { state: 'unknown'; reason: string }

export interface Messenger {
  readonly vendor: string
  readonly budget: Budget
  /** Whether a message can be found afterwards. */
  readonly target: 'readable' | 'blind'
  /** `sendId` travels in the message's metadata and identifies it afterwards. */
  send(message: Message, sendId: string, call: Call): Promise<SentMessage>
  /** Did a message with this id arrive? Messengers that cannot be read back answer `unknown`. */
  find(message: Message, sendId: string, call: Call): Promise<Finding<SentMessage>>
}

export interface EnrolRequest {
  sequence: string
  record: { type: string; id: string }
  /** Of the person, for vendors that know people by their address. */
  email: string | null
  /** The rep in whose name the sequence is sent. */
  sender: { email: string; crmUserId: string | null }
}

export interface Enrolment {
  id: string
  sequence: string
  /** E-mail address in whose name the sequence is sent, null when the vendor does not say. */
  sender: string | null
}

export interface Sequencer {
  readonly vendor: string
  readonly budget: Budget
  /** False for a vendor without a call that takes a person out of a sequence. */
  readonly unenrols: boolean
  /** Why the person must not be written to, such as an opt-out; null when nothing is known against it. */
  refusal(request: EnrolRequest, call: Call): Promise<string | null>
  enrol(request: EnrolRequest, call: Call): Promise<Enrolment>
  find(request: EnrolRequest, call: Call): Promise<Finding<Enrolment>>
  /** Takes the person out. One who is not in the sequence any more is out. */
  unenrol(enrolment: Enrolment, request: EnrolRequest, call: Call): Promise<void>
}

export interface Firm {
  name: string | null
  domain: string
  country: string | null
  industry: string | null
  /** Head-count as the provider writes it: `990` or `51-200`. */
  employees: string | null
}

export interface EnrichmentProvider {
  readonly vendor: string
  readonly budget: Budget
  /** Price of one answer in US dollars, 0 when not known. */
  readonly costUsd: number
  /** What the price is for: every answer when left out, or only one that knows the company. */
  readonly paidFor?: 'answer' | 'match'
  /** `firm` is null when the provider has no match: a result, not an error. `raw` is its answer as received. */
  findFirm(query: { domain: string }, call: Call): Promise<{ firm: Firm | null; raw: JsonObject | null }>
}

export interface ModelRequest {
  system: string
  user: string
  /** Name a-z A-Z 0-9 _ -, at most 64; schema as JSON schema. */
  schema: { name: string; jsonSchema: JsonObject }
  maxTokens: number
}

export interface ModelAnswer {
  /** The text as received; null on refusal. */
  text: string | null
  refusal: string | null
  finishReason: string
  model: string
  usage: { inputTokens: number; outputTokens: number } | null
  /** How the server was asked for JSON, where there are several ways. */
  format?: string
}

export interface Model {
  readonly vendor: string
  readonly budget: Budget
  /** A pinned name. */
  readonly model: string
  /** What else an answer depends on, such as the server's address and the format: answers are kept under it. */
  readonly variant?: string
  /** Throws `CallFailure`. One answer per call; a call that failed is not repeated in secret. */
  answer(request: ModelRequest, call: Call): Promise<ModelAnswer>
}

/** The connectors a table can ask for. Reading one that is not configured makes start-up fail and name its variables. */
export interface Connectors {
  readonly crm: Crm
  readonly messenger: Messenger
  readonly sequencer: Sequencer
  /** In the order in which they are asked. */
  readonly enrichments: readonly EnrichmentProvider[]
  readonly model: Model
}

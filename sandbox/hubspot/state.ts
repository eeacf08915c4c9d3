import { z } from 'zod'

const id = z.string().regex(/^\d{1,20}$/)

const Owner = z.strictObject({
  id,
  email: z.string().nullable().default(null),
  firstName: z.string().default(''),
  lastName: z.string().default(''),
  /** Not the owner id: sequences want this one. Made up from the owner id when not given. */
  userId: z.number().int().optional(),
  type: z.enum(['PERSON', 'QUEUE']).default('PERSON'),
  /** A deactivated user is an archived owner. */
  archived: z.boolean().default(false),
})
export type Owner = z.output<typeof Owner>

const Record = z.strictObject({
  id: id.optional(),
  properties: z.record(z.string(), z.string().nullable()).default({}),
  createdAt: z.iso.datetime().optional(),
  /** The records it is linked with. Either end may name the other. */
  associations: z
    .strictObject({
      contact: z.array(id).default([]),
      company: z.array(id).default([]),
      lead: z.array(id).default([]),
    })
    .optional(),
})

const Enrolment = z.strictObject({
  id: z.string(),
  contactId: z.string(),
  sequenceId: z.string(),
  senderEmail: z.string(),
  userId: z.number(),
  enrolledAt: z.string(),
})
export type Enrolment = z.output<typeof Enrolment>

/** A HubSpot account as `PUT /state/hubspot` takes it and `GET /state/hubspot` gives it. Every part may be left out. */
export const HubspotState = z.strictObject({
  /** The access tokens that are accepted; null accepts any. */
  tokens: z.array(z.string()).nullable().default(null),
  portalId: z.number().int().default(44_000_001),
  owners: z.array(Owner).default([]),
  contacts: z.array(Record).default([]),
  companies: z.array(Record).default([]),
  leads: z.array(Record).default([]),
  tasks: z.array(Record).default([]),
  calls: z.array(Record).default([]),
  meetings: z.array(Record).default([]),
  emails: z.array(Record).default([]),
  /** The sequences there are; null lets any id exist. */
  sequences: z.array(z.string()).nullable().default(null),
  enrolments: z.array(Enrolment).default([]),
  /** Custom properties of contacts and leads whose values are unique, beside a contact's `email`. */
  uniqueProperties: z.array(z.string()).default(['rota_row_id']),
  /** Properties that the account does not have: a write that names one is refused. */
  missingProperties: z.array(z.string()).default([]),
  /** Records that refuse every change, as one whose values a rule of the account forbids: in a batch only they are. */
  refusing: z.array(id).default([]),
  /** The scopes of the tokens; null for all of them. */
  scopes: z.array(z.string()).nullable().default(null),
  /** What the account takes before it answers 429; null for any number. */
  limits: z
    .strictObject({
      tenSecondly: z.number().int().min(0).nullable().default(null),
      searchSecondly: z.number().int().min(0).nullable().default(null),
      daily: z.number().int().min(0).default(250_000),
    })
    .prefault({}),
  /** How long a new record stays invisible to the search, as in the real index. */
  searchDelayMs: z.number().int().min(0).default(0),
})
export type HubspotState = z.output<typeof HubspotState>

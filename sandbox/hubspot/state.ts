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
})

/** A call, meeting or e-mail, and the records it is with. */
const Engagement = Record.extend({
  associations: z
    .strictObject({ contact: z.array(id).default([]), company: z.array(id).default([]) })
    .prefault({}),
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
  calls: z.array(Engagement).default([]),
  meetings: z.array(Engagement).default([]),
  emails: z.array(Engagement).default([]),
  /** The sequences there are; null lets any id exist. */
  sequences: z.array(z.string()).nullable().default(null),
  enrolments: z.array(Enrolment).default([]),
  /** Custom contact properties whose values are unique, beside `email`. */
  uniqueProperties: z.array(z.string()).default(['rota_row_id']),
  /** How long a new record stays invisible to the search, as in the real index. */
  searchDelayMs: z.number().int().min(0).default(0),
})
export type HubspotState = z.output<typeof HubspotState>

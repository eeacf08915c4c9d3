import { z } from 'zod'

/** The parts of HubSpot's answers that we read. Everything else they hold is ignored. */
export const HubspotObject = z.object({
  id: z.string(),
  properties: z.record(z.string(), z.string().nullable()),
  createdAt: z.union([z.date(), z.string()]).optional(),
  /** Only in the answer to an upsert, where HubSpot writes `new` and its package renames it. */
  _new: z.boolean().nullish(),
})
export type HubspotObject = z.output<typeof HubspotObject>

export const HubspotOwner = z.object({
  id: z.string(),
  email: z.string().nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  /** Absent on a deactivated user. */
  userId: z.number().nullish(),
  type: z.string().nullish(),
  archived: z.boolean().default(false),
})
export type HubspotOwner = z.output<typeof HubspotOwner>

export const OwnerPage = z.object({ results: z.array(HubspotOwner) })

export const SearchPage = z.object({
  results: z.array(HubspotObject),
  paging: z.object({ next: z.object({ after: z.string() }).nullish() }).nullish(),
})

/** An error as a whole answer (4xx, 5xx) or as one entry of a 207. HubSpot documents every field as optional. */
export const HubspotError = z.object({
  category: z.string().nullish(),
  message: z.string().nullish(),
  policyName: z.string().nullish(),
  correlationId: z.string().nullish(),
})
export type HubspotError = z.output<typeof HubspotError>

/** 200 or 207: the client resolves on both, so `errors` has to be looked at. */
export const BatchAnswer = z.object({
  results: z.array(HubspotObject),
  numErrors: z.number().nullish(),
  errors: z.array(HubspotError).nullish(),
})

export const AccountDetails = z.object({
  portalId: z.number(),
  uiDomain: z.string().default('app.hubspot.com'),
})
export type AccountDetails = z.output<typeof AccountDetails>

/** `id`s are strings by the reference; numbers are accepted because older answers held them. */
const id = z.union([z.string(), z.number()]).transform(String)
export const EnrolmentAnswer = z.object({ id, sequenceId: id.nullish() })

/** A time as HubSpot writes it, ISO or milliseconds, in ISO; null when there is none. */
export function isoTime(value: string | Date | null | undefined): string | null {
  if (!value) return null
  const time = new Date(typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

import { z } from 'zod'

/** The parts of HubSpot's answers that we read. Everything else they hold is ignored. */
export const HubspotObject = z.object({
  id: z.string(),
  properties: z.record(z.string(), z.string().nullable()),
  createdAt: z.union([z.date(), z.string()]).optional(),
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

const paging = z.object({ next: z.object({ after: z.string() }).nullish() }).nullish()

export const OwnerPage = z.object({ results: z.array(HubspotOwner), paging })

export const SearchPage = z.object({ results: z.array(HubspotObject), paging })

export const AssociationPage = z.object({
  results: z.array(z.object({ toObjectId: z.union([z.string(), z.number()]).transform(String) })),
  paging,
})

/** The types of associations between two types of objects; the unlabelled one has no label. */
export const AssociationLabels = z.object({
  results: z.array(z.object({ category: z.string(), typeId: z.number(), label: z.string().nullish() })),
})

/** An error as a whole answer (4xx, 5xx) or as one entry of a 207. HubSpot documents every field as optional. */
export const HubspotError = z.object({
  category: z.string().nullish(),
  message: z.string().nullish(),
  policyName: z.string().nullish(),
  correlationId: z.string().nullish(),
  context: z.record(z.string(), z.array(z.string())).nullish().catch(null),
})
export type HubspotError = z.output<typeof HubspotError>

/** The inputs of a batch that an entry of a 207 is about: by their ids, or by the trace ids we gave them. */
export function namedIds({ context }: HubspotError): string[] {
  return [context?.ids, context?.id, context?.objectWriteTraceId].flatMap((ids) => ids ?? [])
}

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
export const EnrolmentAnswer = z.object({
  id,
  sequenceId: id.nullish(),
  enrolledByEmail: z.string().nullish(),
})

/** A time as HubSpot writes it, ISO or milliseconds, in ISO; null when there is none. */
export function isoTime(value: string | Date | null | undefined): string | null {
  if (!value) return null
  const time = new Date(typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

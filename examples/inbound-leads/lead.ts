import { z } from 'zod'

const text = z.string().trim().max(5_000)

const written = { offset: true, error: 'write date and time with the zone, such as 2026-11-20T09:30:00Z' }

/** A lead as forms, lists and webhooks bring it. Only the company is required; whatever else is there makes routing better. */
export const Lead = z.object({
  company: text.min(1, 'a lead needs a company name'),
  email: z.preprocess(blankAsMissing, z.email().max(254).optional()),
  firstName: text.optional(),
  lastName: text.optional(),
  website: text.optional(),
  country: text.optional(),
  headquarters: text.optional(),
  /** As people write it: `250`, `51-200`, `1,000+`; a number is taken too. */
  employees: z.preprocess((value) => (typeof value === 'number' ? String(value) : value), text.optional()),
  industry: text.optional(),
  description: text.optional(),
  /** Where it came from: `demo request`, `contact sales`, `webinar`, `newsletter` … */
  source: text.optional(),
  message: text.optional(),
  /** Id of the CRM record, where the lead already has one. */
  leadId: z.preprocess(blankAsMissing, z.string().trim().max(64).optional()),
  /** What the record carries of our last write, and when it changed, where the CRM tells of a change: our own are no leads. */
  stamp: z.preprocess(blankAsMissing, z.string().trim().max(200).optional()),
  changedAt: z.preprocess(blankAsMissing, z.iso.datetime(written).optional()),
  /** When the person pressed the button, which may be long before the row arrived. */
  occurredAt: z.preprocess(blankAsMissing, z.iso.datetime(written).optional()),
})
export type Lead = z.output<typeof Lead>

function blankAsMissing(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const trimmed = value.trim()
  return trimmed === '' ? undefined : trimmed
}

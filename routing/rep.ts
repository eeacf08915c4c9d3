import { z } from 'zod'
import type { ReadOnlyLists } from './read-only-lists.ts'

/** Ids that people type and that stand in URLs. Those of what every object inherits are refused: counts and balances are kept by id. */
export const Id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    'use letters, digits, - and _, at most 64, starting with a letter or digit',
  )
  .refine((id) => !(id in {}), 'is a word of JavaScript that every object has; use another')

/** In the order of the week, which starts on Monday. */
export const weekdays = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const
export type Weekday = (typeof weekdays)[number]

const timeOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'write a time of day as "09:00", at most "24:00"')

/** A span of one day on the clock of its zone, the end excluded. A night shift is two blocks, one on each day. */
const Block = z
  .strictObject({ from: timeOfDay, until: timeOfDay })
  .refine(({ from, until }) => from < until, {
    error:
      'the block ends before it starts; write a night shift as one block until "24:00" and one from "00:00" of the next day',
    path: ['until'],
  })

const Blocks = z
  .array(Block)
  .max(48)
  .superRefine((blocks, context) => {
    blocks.forEach((block, index) => {
      const other = blocks.findIndex(
        (each, at) => at < index && block.from < each.until && each.from < block.until,
      )
      if (other < 0) return
      context.addIssue({
        code: 'custom',
        path: [index],
        input: block,
        message: `${block.from} to ${block.until} overlaps ${blocks[other]?.from} to ${blocks[other]?.until}; make them one block`,
      })
    })
  })

/** Working hours by weekday; a weekday that is left out is free. */
export const WorkingHours = z.partialRecord(
  z.enum(weekdays, { error: `use a weekday: ${weekdays.join(', ')}` }),
  Blocks,
)
export type WorkingHours = z.output<typeof WorkingHours>

export const Zone = z.string().refine(isZone, {
  error: 'is not a time zone of the IANA list with its region; use a name such as "Europe/Berlin", or "UTC"',
})

/** A public-holiday calendar of `date-holidays`: country, then state, then region where the calendar has them. */
export const HolidayCalendar = z.strictObject({
  country: z.string().regex(/^[A-Z]{2}$/, 'use the two-letter country code in capitals, such as "DE"'),
  state: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
})
export type HolidayCalendar = z.output<typeof HolidayCalendar>

const moment = z.iso.datetime({ offset: true })

/**
 * An absence. Two dates (`2026-12-24`) are whole days in the rep's zone, both included; two ISO times are a span, the end excluded, and
 * such a span within a day is no leave for buffers.
 */
export const Leave = z
  .union(
    [
      z.strictObject({ from: z.iso.date(), until: z.iso.date(), note: z.string().optional() }),
      z.strictObject({ from: moment, until: moment, note: z.string().optional() }),
    ],
    {
      error:
        'write two dates that exist, { "from": "2026-12-24", "until": "2026-12-31" }, or two ISO times with their zone, { "from": "2026-12-24T12:00:00Z", "until": "2026-12-24T18:00:00Z" }; and a "note" where one is wanted',
    },
  )
  .refine(({ from, until }) => (from.includes('T') ? Date.parse(from) < Date.parse(until) : from <= until), {
    error: 'the leave ends before it starts',
    path: ['until'],
  })
export type Leave = z.output<typeof Leave>

const limit = z.number().int().min(0)

/** Draws at most: per day and week of the rep's own zone (weeks start on Monday), and leads open at once. Ownership goes beyond them. */
export const Caps = z.strictObject({
  perDay: limit.optional(),
  perWeek: limit.optional(),
  open: limit.optional(),
})
export type Caps = z.output<typeof Caps>

/** A person who can own leads: live data, seeded by the definition. Identity is the id, never the name. */
export const Rep = z
  .strictObject({
    id: Id,
    name: z.string().trim().min(1),
    email: z.email(),
    /** Ids by vendor, `{ salesforce: '005…', hubspot: '77001' }`; what is missing is resolved by e-mail in each environment. */
    ids: z.record(z.string(), z.string().min(1)).default({}),
    /** Licensed and working here. */
    active: z.boolean().default(true),
    /** What the rep does, `ae` or `sdr` say; read by rules that want a certain role. */
    role: z.string().min(1).nullable().default(null),
    /** Who takes over for good when the rep is inactive. */
    successor: Id.nullable().default(null),
    manager: Id.nullable().default(null),
    /** Who is told while the rep is on leave. */
    backup: Id.nullable().default(null),
    zone: Zone.default('UTC'),
    /** Null: reachable at any hour. */
    hours: WorkingHours.refine((hours) => Object.values(hours).some((blocks) => blocks.length > 0), {
      // A rep who never works would be passed over for ever, and nobody would find out why.
      error: 'has no hours at all; write null for any hour, or "active": false for somebody who is gone',
    })
      .nullable()
      .default(null),
    holidays: HolidayCalendar.nullable().default(null),
    leave: z.array(Leave).max(1_000).default([]),
    caps: Caps.default({}),
  })
  .superRefine((rep, context) => {
    for (const field of ['successor', 'manager', 'backup'] as const) {
      if (rep[field] !== rep.id) continue
      context.addIssue({
        code: 'custom',
        path: [field],
        input: rep.id,
        message: 'is the rep; name somebody else',
      })
    }
  })
export type Rep = z.output<typeof Rep>
/** A rep as people write it: only id, name and e-mail are needed. */
export type RepInput = ReadOnlyLists<z.input<typeof Rep>>

function isZone(zone: string): boolean {
  // An offset such as "+02:00" and a name such as "EST" pass in Intl, and know no summer time.
  if (zone !== 'UTC' && !/^[A-Za-z_]+\//.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

import { z } from 'zod'
import { creditReasons } from '../db/store.ts'
import { exclusionCodes } from '../routing/decision.ts'
import { Pool, WhenNobody } from '../routing/pool.ts'
import { Rep } from '../routing/rep.ts'
import { Territory } from '../routing/territory.ts'
import { AnyJson, Iso, Path, wholeNumber } from './contract-words.ts'
import { patchOf } from './merge.ts'

const count = z.number().int()
const Name = z.string().min(1).max(200)
const Page = {
  limit: wholeNumber(1, 1_000).default(100),
  after: z.string().max(50).optional().describe('`next` of the page before'),
}

/** An ISO time of a request, with its zone. */
const Moment = z.iso.datetime({
  offset: true,
  error: 'use an ISO time with its zone, such as 2026-03-02T09:00:00Z',
})

export const PoolParams = z.object({ pool: z.string() })
export const RepParams = z.object({ rep: z.string() })
export const TerritoryParams = z.object({ territory: z.string() })
export const VersionParams = z.object({
  territory: z.string(),
  version: wholeNumber(1, Number.MAX_SAFE_INTEGER),
})

const Etag = z.string().describe('of what can be edited, for If-Match')

/** Why a rep may not be drawn, and when that may end. */
export const ExclusionView = z.object({
  code: z.enum(exclusionCodes),
  reason: z.string(),
  until: Iso.nullable().describe('first moment at which it may be over; null: no clock ends it'),
})

export const PoolView = z.object({
  ...Pool.shape,
  url: Path,
  etag: Etag,
  bound: z
    .number()
    .describe(
      'how far draws stay from the expected share while the pool is not changed: 1 - 1/(2n - 2), to 2 decimals',
    ),
  fairness: z.array(
    z.object({
      member: z.string().describe('rep id'),
      name: z.string(),
      draws: count,
      expected: z.number().describe('draws the rep was due by weight'),
      balance: z.number().describe('draws owed (positive) or taken early (negative)'),
      excluded: ExclusionView.nullable().describe('why the rep cannot be drawn now'),
    }),
  ),
})
export type PoolView = z.output<typeof PoolView>
export const PoolsAnswer = z.object({ pools: z.array(PoolView) })

/** What PUT takes: the pool as GET gives it; what only an answer carries is ignored, a misspelt key is refused. */
export const PoolBody = z.strictObject({
  ...Pool.shape,
  name: Pool.shape.name.optional(),
  members: Pool.shape.members.max(1_000),
  url: AnyJson.optional(),
  etag: AnyJson.optional(),
  bound: AnyJson.optional(),
  fairness: AnyJson.optional(),
})
/** What PATCH takes: those fields that are to change, whole. */
export const PoolPatch = patchOf(PoolBody)

export const LedgerQuery = z.strictObject(Page)
const LedgerDraw = z.object({
  kind: z.literal('draw'),
  id: count,
  at: Iso,
  pool: z.string(),
  member: z.string(),
  table: z.string(),
  row: z.string(),
  column: z.string(),
  generation: count,
  state: z.enum(['reserved', 'confirmed', 'released']),
  reason: z.string().nullable().describe('why it was given back'),
  stratum: z.string().nullable(),
  backfill: z.boolean(),
})
export const CreditView = z.object({
  kind: z.literal('credit'),
  id: count,
  at: Iso,
  pool: z.string(),
  member: z.string(),
  stratum: z.string().nullable().describe('tier whose turns it is about; null: those of the pool itself'),
  leads: z.number().describe('leads given back; below 0 the member owes them'),
  reason: z.enum(creditReasons),
  note: z.string().nullable(),
  row: z.string().nullable(),
  who: z.string(),
})
export const LedgerAnswer = z.object({
  entries: z
    .array(z.discriminatedUnion('kind', [LedgerDraw, CreditView]))
    .describe('draws and credits, oldest first'),
  next: z.string().nullable(),
})

export const CreditBody = z
  .strictObject({
    rep: z.string().min(1).describe('id of a member of the pool'),
    leads: z
      .number()
      .min(-1_000)
      .max(1_000)
      .refine((leads) => leads !== 0, { error: 'a credit of 0 leads changes nothing' })
      .describe('leads given back; below 0 the member owes them'),
    reason: z.enum(creditReasons, { error: `say why with one of: ${creditReasons.join(', ')}` }),
    note: z.string().trim().min(1).max(1_000).nullable().default(null),
    row: z.string().min(1).nullable().default(null).describe('id of the row it is about'),
    stratum: Name.nullable()
      .optional()
      .describe('tier whose turns it is about; when absent, that of the draw of the row'),
  })
  .refine(({ reason, note }) => reason !== 'manual' || note !== null, {
    error: 'a credit by hand needs a note that says why',
    path: ['note'],
  })
export const CreditAnswer = z.object({ credit: CreditView, pool: PoolView })

export const PreviewQuery = z.strictObject({
  stratum: Name.optional().describe("tier whose turns are told; the pool's own when absent"),
})
export const PoolPreviewAnswer = z.object({
  pool: z.string(),
  stratum: z.string().nullable(),
  draws: z.array(
    z.object({
      turn: count,
      member: z.string(),
      name: z.string(),
      reason: z.string(),
      considered: AnyJson,
    }),
  ),
  nobody: z.string().nullable().describe('why nobody more can be drawn now'),
  opensAt: Iso.nullable().describe('when the first member may be drawn again, where nobody can be now'),
  whenNobody: WhenNobody,
})

const Availability = {
  excluded: ExclusionView.nullable().describe('why the rep cannot be drawn now; null: can be'),
  opensAt: Iso.nullable().describe('when a rep who cannot be drawn now can be again; null: not in a year'),
}
export const RepView = z.object({
  ...Rep.shape,
  url: Path,
  etag: Etag,
  availability: z.object(Availability).describe('whatever the pool: active, leave, holidays, hours, caps'),
  load: z
    .object({ today: count, week: count, open: count })
    .describe('standing draws of the day and the week in the zone of the rep, and leads not touched yet'),
  pools: z.array(z.object({ pool: z.string(), weight: z.number(), ...Availability })),
})
export type RepView = z.output<typeof RepView>
export const RepsAnswer = z.object({ reps: z.array(RepView) })

/** What PUT takes: the rep as GET gives it; what only an answer carries is ignored, a misspelt key is refused. */
export const RepBody = z.strictObject({
  ...Rep.shape,
  id: Rep.shape.id.optional(),
  leave: Rep.shape.leave,
  url: AnyJson.optional(),
  etag: AnyJson.optional(),
  availability: AnyJson.optional(),
  load: AnyJson.optional(),
  pools: AnyJson.optional(),
})
/** What PATCH takes: those fields that are to change, whole. */
export const RepPatch = patchOf(RepBody)

export const TerritoryView = z.object({
  ...Territory.shape,
  url: Path,
  etag: Etag.describe('of the territory with all of its versions, for If-Match'),
  version: count.describe('counts from 1'),
  effectiveFrom: Iso,
  savedAt: Iso,
  who: z.string(),
  inForce: z.boolean().describe('what a lead that comes now is decided by'),
  withdrawnAt: Iso.nullable().describe('taken back before it came into force; null: it stands'),
})
export type TerritoryView = z.output<typeof TerritoryView>
export const TerritoriesAnswer = z.object({ territories: z.array(TerritoryView) })
export const TerritoryVersionsAnswer = z.object({ versions: z.array(TerritoryView) })
export const TerritoryBody = z.strictObject({
  ...Territory.shape,
  name: Territory.shape.name.optional(),
  effectiveFrom: Moment.optional().describe('now when absent; leads in flight keep what they began with'),
  url: AnyJson.optional(),
  etag: AnyJson.optional(),
  version: AnyJson.optional(),
  savedAt: AnyJson.optional(),
  who: AnyJson.optional(),
  inForce: AnyJson.optional(),
  withdrawnAt: AnyJson.optional(),
})
/** The time of a look-up, beside its dimensions. */
export const LookUpTime = z.object({ at: Moment })
export const LookUpAnswer = z.object({
  territory: z.string(),
  version: count,
  key: z.record(z.string(), z.string()),
  destination: Territory.shape.entries.element.shape.to,
  path: z.string().describe('the combination in words'),
  entry: Territory.shape.entries.element.nullable().describe('the entry that decided'),
})

const subjects = ['rep', 'pool', 'territory', 'credit', 'row'] as const
export const AuditQuery = z.strictObject({
  subject: z.enum(subjects).optional(),
  name: Name.optional().describe('id of the rep or row, name of the pool or territory'),
  before: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().describe('`next` of the page before'),
  limit: wholeNumber(1, 1_000).default(100),
})
export const AuditAnswer = z.object({
  audit: z.array(
    z.object({
      id: count,
      subject: z.enum(subjects),
      name: z.string(),
      who: z.string(),
      at: Iso,
      before: AnyJson.describe('null: it was not there'),
      after: AnyJson.describe('null: it is not there any more'),
    }),
  ),
  next: count.nullable(),
})

const Reason = z.string().trim().min(1, 'say why').max(1_000)
export const OverrideBody = z.strictObject({
  rep: z.string().min(1).describe('rep id'),
  reason: Reason,
  column: z.string().min(1).optional().describe('which owner column, where the table has several'),
})
export const ColumnQuery = z.strictObject({
  column: z.string().min(1).optional().describe('which column, where the table has several'),
})

const By = z.string().trim().min(1).max(200).describe('rep id, or whatever the caller is known by')
const At = Moment.optional().describe('when it happened; now when absent')
const Note = z.string().trim().min(1).max(2_000).optional()
export const TouchBody = z.strictObject({
  by: By,
  at: At,
  note: Note,
  automated: z.boolean().default(false).describe('made by a machine: recorded, and no clock stops'),
})
export const AcceptanceBody = z.strictObject({ by: By, at: At, note: Note })
export const RejectionBody = z.strictObject({ by: By, at: At, reason: Reason })
export const SignalBody = z.strictObject({
  kind: z.string().min(1).max(100).describe('one of `signals` of the column'),
  by: By,
  at: At,
  note: Note,
  automated: z.boolean().default(false),
})
export const SignalAnswer = z.object({
  row: z.string(),
  url: Path,
  kind: z.string(),
  columns: z.array(z.string()).describe('the cells that were told'),
})

export const SpanQuery = z.strictObject({
  from: Moment.optional().describe('30 days before `until` when absent'),
  until: Moment.optional().describe('now when absent'),
  column: z.string().min(1).optional().describe('which service level, where the table has several'),
})
const Durations = z
  .object({ count, p50Ms: z.number().nullable(), p95Ms: z.number().nullable() })
  .describe('over the leads that have both ends; null where there are none')
export const ServiceLevelAnswer = z.object({
  table: z.string(),
  from: Iso,
  until: Iso,
  leads: count.describe('leads captured in the span that have a clock'),
  met: count,
  metLate: count.describe('of those, touched only after the deadline'),
  open: count,
  ended: count.describe('nobody is waited for any more'),
  breached: count,
  neverAssigned: count,
  neverTouched: count,
  hops: z.object({ total: count, most: count, leadsMoved: count }),
  links: z.object({
    capturedToDecided: Durations,
    decidedToAssigned: Durations,
    assignedToNotified: Durations,
    notifiedToAccepted: Durations,
    acceptedToTouched: Durations,
    capturedToAssigned: Durations,
    assignedToTouched: Durations,
  }),
  toTouch: z.object({
    wall: Durations,
    business: Durations,
    everyLead: Durations.describe('an untouched lead counts as slower than any other'),
  }),
})

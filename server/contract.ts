import { z } from 'zod'
import { cellStatuses } from '../columns/cell.ts'
import { AnyJson, Iso, JsonRecord, Path, wholeNumber } from './contract-words.ts'

/** The largest number of rows one request may insert. */
export const maxBatch = 1_000

/** For routes without query parameters: any parameter is a mistake and is named. */
export const NoQuery = z.strictObject({})
export const TableParams = z.object({ table: z.string() })
export const RowParams = TableParams.extend({ row: z.string() })
export const CellParams = RowParams.extend({ column: z.string() })
export const RunParams = z.object({ run: z.string() })

/** One wrong field of a request. `value` is the refused value as JSON text, shortened. */
export const FieldProblem = z.object({
  field: z.string(),
  message: z.string(),
  value: z.string(),
  wayOut: z.string().describe('what can be done about it'),
})
export type FieldProblem = z.output<typeof FieldProblem>

/** RFC 9457, with a stable `code`, the field, the refused value and the way out. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  instance: z.string(),
  field: z.string().optional(),
  value: AnyJson.optional(),
  wayOut: z.string().optional(),
  errors: z.array(FieldProblem).optional(),
  rows: z.array(AnyJson).optional().describe('wait-timeout: the rows that were accepted and go on'),
})
export type Problem = z.output<typeof Problem>

/** Rows of a backlog. What it may do is said outright: there is no default. */
export const BackfillBody = z.strictObject({
  consumeDraws: z
    .boolean()
    .describe(
      'true: draws come from the live rotation and count in caps; false: from a counter of their own',
    ),
  notify: z.boolean().describe('false: whatever reaches people is skipped'),
  startClocks: z.boolean().describe('false: no service-level clock starts'),
})

/** `{ "rows": [...] }` is a batch; any other object is one row. */
export const InsertBody = z.union([
  z.strictObject({ rows: z.array(AnyJson), backfill: BackfillBody.optional() }),
  JsonRecord,
])
export const InsertQuery = z.strictObject({
  wait: z.string().min(1).optional().describe('"done" or the name of a column'),
  timeoutMs: wholeNumber(1, 120_000).optional().describe('30000 when absent; only together with wait'),
})
export const InsertHeaders = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      'The same key with the same body again inserts nothing and gets the first answer, with `Idempotency-Replayed: true`; with another body it is refused. A key is known for 7 days in its table; after that it is a new one.',
    ),
})

export const InsertedRow = z.object({
  id: z.string().optional(),
  status: z.enum(['accepted', 'touched', 'invalid', 'ignored-own-write']),
  url: Path.optional(),
  errors: z.array(FieldProblem).optional(),
  ignored: z.array(z.string()).optional().describe('fields that were sent and that the table does not have'),
  writtenBy: z
    .object({ row: z.string(), column: z.string(), url: Path })
    .optional()
    .describe('ignored-own-write: the cell whose write came back as this row, which was not inserted'),
})
export type InsertedRow = z.output<typeof InsertedRow>
export const InsertAnswer = z.object({ rows: z.array(InsertedRow) })

export const CellView = z.object({
  status: z.enum(cellStatuses),
  value: AnyJson,
  error: z.object({ kind: z.string(), message: z.string(), retryable: z.boolean() }).nullable(),
  reason: z.string().nullable(),
  skipped: z.object({ rule: z.string(), values: JsonRecord }).nullable(),
  waiting: z.object({ on: z.string(), until: Iso.nullable(), since: Iso.nullable() }).nullable(),
  pinned: z
    .object({ who: z.string(), reason: z.string(), at: Iso })
    .nullable()
    .describe('a person decided this value: no run changes it until it is let go'),
  again: Iso.nullable().describe('when the cell runs again by itself'),
  attempts: z.number().int(),
  stale: z.boolean(),
  definition: z.number().int().nullable(),
  startedAt: Iso.nullable(),
  finishedAt: Iso.nullable(),
})

export const RowView = z.object({
  id: z.string(),
  url: Path,
  table: z.string(),
  input: JsonRecord,
  occurredAt: Iso,
  createdAt: Iso,
  touchCount: z.number().int().describe('how often the same person came again'),
  atRest: z.boolean(),
  cells: z.record(z.string(), CellView),
})
export const RowDetail = RowView.extend({
  touches: z.array(z.object({ at: Iso, occurredAt: Iso, input: JsonRecord })),
})
/** What `?wait=` answers: each row as it is now, with what became of its insert. */
export const WaitedRow = z.union([
  RowDetail.extend({
    status: z.enum(['accepted', 'touched']),
    ignored: InsertedRow.shape.ignored,
  }),
  InsertedRow,
])
export type WaitedRow = z.output<typeof WaitedRow>
export const WaitedAnswer = z.object({ rows: z.array(WaitedRow) })

/** A row is found by what is written when it rests or is parked: what its cells become on the way is in memory and the journal. */
const unseen = 'a row that is being worked on is found as it was before, until it rests or waits for long'

export const RowsQuery = z.strictObject({
  limit: wholeNumber(1, 1_000).default(100),
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional().describe('`next` of the page before'),
  filter: z
    .string()
    .max(2_000)
    .optional()
    .describe(`terms joined by commas: status:error, exit=route; ${unseen}`),
  q: z.string().min(1).max(200).optional().describe('text somewhere in the input'),
  sort: z
    .enum(['oldest', 'newest', 'createdAt', '-createdAt'], {
      error: 'use oldest (createdAt), which is the default, or newest (-createdAt)',
    })
    .default('oldest')
    .describe('rows in the order they came in, or the last one first'),
})
export const RowsAnswer = z.object({ rows: z.array(RowView), next: z.number().int().nullable() })

export const PatchBody = JsonRecord.refine((change) => Object.keys(change).length > 0, {
  error: 'name at least one input field',
})

const Cost = z.object({
  usd: z.number(),
  inputTokens: z.number().optional(),
  outputTokens: z.number().optional(),
})
export const AttemptView = z.object({
  kind: z
    .enum(['attempt', 'intent', 'passed', 'late'])
    .describe('late: an answer that came when the row no longer waited for it; it was not applied'),
  outcome: z.string().nullable(),
  status: z.enum(cellStatuses),
  value: AnyJson,
  error: CellView.shape.error,
  reason: z.string().nullable(),
  inputs: JsonRecord.nullable(),
  detail: AnyJson,
  cost: Cost.nullable(),
  run: z.number().int().nullable().describe('`number` of the run'),
  startedAt: Iso.nullable(),
  finishedAt: Iso.nullable(),
})
export const CellDetail = CellView.extend({
  table: z.string(),
  row: z.string(),
  column: z.string(),
  costUsd: z.number().describe('of all attempts and late answers'),
  history: z.array(AttemptView),
})

export const WhyQuery = z.strictObject({
  notRep: z.string().min(1).optional().describe('rep id: why not this one'),
})
export const WhyAnswer = z.object({
  table: z.string(),
  row: z.string(),
  column: z.string(),
  told: z.array(z.string()).describe('a decision as a person would tell it; empty for other cells'),
  whyNot: z.array(z.string()).nullable().describe('with ?notRep: why that rep did not get it'),
  steps: z.array(
    z.object({
      column: z.string(),
      kind: z.string(),
      status: z.enum(cellStatuses),
      value: AnyJson,
      reason: z.string(),
      stale: z
        .boolean()
        .describe(
          'what it stands on or its column has changed since, or it stands in for an answer that did not come',
        ),
      inputs: JsonRecord.nullable(),
      detail: AnyJson,
      evidence: z
        .array(z.string())
        .describe(
          'what a stale cell needs, how an answer of a rule or a model came about, how an effect went, whether an owner is written in the CRM: a sentence a line, empty for other cells',
        ),
      cost: Cost.nullable().describe('of the last attempt'),
      late: z
        .object({ value: AnyJson, reason: z.string().nullable(), at: Iso.nullable() })
        .nullable()
        .describe('an answer to the last attempt that came too late and was not applied'),
      ms: z.number().nullable(),
    }),
  ),
})

const scopeWish = 'use { "rows": ["row_…"] }, { "filter": "status:error" } or { "all": true }'
export const RunBody = z
  .strictObject({
    columns: z.array(z.string()).min(1).max(500).optional(),
    scope: z.union(
      [
        z.strictObject({ rows: z.array(z.string()).min(1).max(10_000) }),
        // Without a term in it, a slip would run its columns over every row.
        z.strictObject({
          filter: z
            .string()
            .max(2_000)
            .regex(/[^\s,]/, 'write at least one term, such as status:error')
            .describe(`as for the rows; ${unseen}`),
        }),
        z.strictObject({ all: z.literal(true) }),
      ],
      { error: scopeWish },
    ),
    mode: z.enum(['missing', 'errored', 'stale', 'all']),
    limit: z.number().int().min(1).optional(),
    downstream: z.boolean().default(false),
    force: z.boolean().default(false),
    includeEffects: z.boolean().default(false),
    redraw: z.boolean().default(false),
    reason: z
      .string()
      .trim()
      .min(1, 'say why')
      .max(1_000)
      .nullable()
      .default(null)
      .describe('needed for a redraw'),
    dryRun: z.boolean().default(false),
  })
  .refine(({ redraw, reason }) => !redraw || reason !== null, {
    error: 'a redraw takes leads from their owners: say why',
    path: ['reason'],
  })

const count = z.number().int()
export const RunView = z.object({
  id: z.string(),
  number: z.number().int(),
  url: Path,
  table: z.string(),
  kind: z.enum(['insert', 'rerun']),
  status: z.enum(['running', 'done', 'cancelled']),
  lane: z.enum(['live', 'bulk']),
  definition: z.number().int(),
  request: AnyJson,
  rows: count.describe('rows in scope, whether anything of them is to be run or not'),
  handedOut: count.describe('rows taken up so far'),
  remaining: count.describe('rows taken up and not at rest'),
  counts: z
    .object({ ran: count, unchanged: count, kept: count, skipped: count, failed: count, cancelled: count })
    .describe(
      'cells by what the run made of them: run; unchanged, since nothing they are made of has changed; kept as an owner, an effect or a word of a person that stands; skipped by their condition; failed; cancelled',
    ),
  createdAt: Iso,
  finishedAt: Iso.nullable(),
})
export const RunAnswer = z.object({ run: RunView })
export const PreviewAnswer = z.object({
  preview: z.object({
    rows: count,
    columns: z.array(
      z.object({
        column: z.string(),
        run: count,
        unchanged: count,
        kept: count,
        skipped: count,
        sideEffect: z.string().nullable(),
        draws: count,
        cached: count.describe('of those that run: asked before and kept, so they cost nothing'),
        costUsd: z.number().describe('at most, as calls are charged, within the limits'),
        likelyUsd: z.number().describe('one call for each row that is known to ask'),
        spend: z
          .object({
            perRow: z.number().nullable(),
            perRun: z.number().nullable(),
            perDay: z.number().nullable(),
            spentToday: z.number().nullable().describe('spent or reserved since midnight UTC'),
          })
          .nullable()
          .describe('limits of the column in US dollars'),
      }),
    ),
    costUsd: z.number(),
    likelyUsd: z.number(),
    sideEffects: z.array(z.string()),
  }),
})

const Counts = z
  .record(z.string(), count)
  .describe(
    'cells by status, stale ones as "stale"; a row counts as it last came to rest or was parked, so one in flight for the first time has none yet',
  )
export const TableView = z.object({
  name: z.string(),
  url: Path,
  version: z.string(),
  definition: z.number().int(),
  rows: count,
  counts: Counts,
  input: AnyJson.describe('JSON schema of a row'),
  columns: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      reads: z.array(z.string()),
      needs: z.array(z.string()),
      when: JsonRecord,
      dependsOn: z.array(z.string()),
      late: z
        .object({ column: z.string(), afterMs: z.number() })
        .nullable()
        .describe('it runs only when that column has no result in this time, or failed'),
      effect: z.enum(['none', 'read', 'draw', 'write']),
      sideEffect: z.string().nullable(),
      output: AnyJson,
      retry: z.object({ attempts: count, baseMs: z.number(), maxMs: z.number() }),
      timeoutMs: z.number(),
      withinMs: z.number().nullable().describe('after this the row goes on without the answer'),
      spend: z
        .object({
          perRow: z.number().optional(),
          perRun: z.number().optional(),
          perDay: z.number().optional(),
        })
        .nullable()
        .describe('limits in US dollars'),
      budget: AnyJson,
      version: z.string(),
      describe: AnyJson,
      counts: Counts,
    }),
  ),
})
export const Sandbox = z
  .object({ url: z.string() })
  .nullable()
  .describe('set while the vendors are stand-ins')
export const TablesAnswer = z.object({ tables: z.array(TableView), sandbox: Sandbox })

export const EventsQuery = z.strictObject({
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional().describe('id of the last event seen'),
})

import { z } from 'zod'
import { Id, Rep, type RepInput } from './rep.ts'

/** Far beyond any share that is meant; what is larger loses the decimals of the others. */
const heaviest = 1_000_000

export const PoolMember = z.strictObject({
  /** Id of the rep. */
  rep: Id,
  /** Share of the draws, against the other members. 0 pauses; decimals are allowed. */
  weight: z
    .number()
    .min(0, 'a weight cannot be below 0; 0 pauses the member')
    .max(
      heaviest,
      `a weight is at most ${heaviest}; only their proportions count, so make all of them smaller`,
    )
    .default(1),
})
export type PoolMember = z.output<typeof PoolMember>

/** A queue of the CRM: its name, and its id by vendor. */
export const Queue = z.strictObject({
  name: z.string().trim().min(1),
  ids: z.record(z.string(), z.string().min(1)),
})
export type Queue = z.output<typeof Queue>

const handOvers =
  '{ "pool": "…" }, { "person": "rep id" }, { "queue": { "name": "…", "ids": { "salesforce": "…" } } } or "assign-anyway"'

/** Who takes a lead in the end: another pool, a rep by id, a queue of the CRM, or the pool's own rotation whoever is away. */
export const HandOver = z.union(
  [
    z.strictObject({ pool: Id }),
    z.strictObject({ person: Id }),
    z.strictObject({ queue: Queue }),
    z.literal('assign-anyway'),
  ],
  { error: `say who takes the lead: ${handOvers}` },
)
export type HandOver = z.output<typeof HandOver>

/**
 * What happens when nobody of a pool may be drawn. There is no default: each pool says it. `hold` waits for the first opening of a
 * member, at most `atMostHours`; when none comes in that time the lead is handed over at once as `otherwise` says.
 */
export const WhenNobody = z.union(
  [
    HandOver,
    z.strictObject({
      hold: z.literal('until-opening'),
      atMostHours: z
        .number()
        .positive()
        .max(24 * 366)
        .default(24 * 7),
      otherwise: HandOver,
    }),
  ],
  {
    error: `say what happens when nobody is there: ${handOvers}; or { "hold": "until-opening", "atMostHours": 72, "otherwise": … } with one of these under "otherwise"`,
  },
)
export type WhenNobody = z.output<typeof WhenNobody>

/** What a member is owed after leave or a holiday: nothing, up to so many leads, or everything. Nobody accrues while paused or inactive. */
export const CatchUp = z.union(
  [z.literal('none'), z.strictObject({ bounded: z.number().positive() }), z.literal('full')],
  { error: 'use "none", { "bounded": 2 } for at most so many leads, or "full"' },
)
export type CatchUp = z.output<typeof CatchUp>

export const Pool = z
  .strictObject({
    name: Id,
    strategy: z.enum(['standard', 'weighted']),
    members: z.array(PoolMember),
    whenNobody: WhenNobody,
    catchUp: CatchUp.default('none'),
    /** Whole days before a leave begins from which nothing is drawn, and days before it ends from which draws go on. */
    leaveBuffer: z
      .strictObject({
        stopDaysBefore: z.number().int().min(0).default(0),
        resumeDaysBefore: z.number().int().min(0).default(0),
      })
      .default({ stopDaysBefore: 0, resumeDaysBefore: 0 }),
    /** Pools that name the same counter share one rotation; null: the pool is its own. */
    counter: Id.nullable().default(null),
  })
  .superRefine((pool, context) => {
    const seen = new Set<string>()
    pool.members.forEach((member, index) => {
      if (seen.has(member.rep)) {
        context.addIssue({
          code: 'custom',
          path: ['members', index, 'rep'],
          input: member.rep,
          message: `rep ${member.rep} is in the pool twice; give each rep one entry`,
        })
      }
      seen.add(member.rep)
      if (pool.strategy !== 'standard' || member.weight === 0 || member.weight === 1) return
      context.addIssue({
        code: 'custom',
        path: ['members', index, 'weight'],
        input: member.weight,
        message:
          'a standard rotation gives everybody the same: use 1, or 0 to pause; for other weights make the strategy "weighted"',
      })
    })
    if (!pool.members.some(({ weight }) => weight > 0)) {
      context.addIssue({
        code: 'custom',
        path: ['members'],
        input: pool.members,
        message: 'nobody in the pool has a weight above 0; add a member, or set one weight',
      })
    }
    for (const [handOver, path] of handOversOf(pool.whenNobody)) {
      if (typeof handOver === 'object' && 'pool' in handOver && handOver.pool === pool.name) {
        context.addIssue({
          code: 'custom',
          path: [...path, 'pool'],
          input: handOver.pool,
          message: 'a pool cannot hand over to itself',
        })
      }
    }
  })
export type Pool = z.output<typeof Pool>

/** The hand-over of a pool, behind its hold where it has one, with its place in the document. */
export function handOversOf(whenNobody: WhenNobody): [handOver: HandOver, path: string[]][] {
  return typeof whenNobody === 'object' && 'hold' in whenNobody
    ? [[whenNobody.otherwise, ['whenNobody', 'otherwise']]]
    : [[whenNobody, ['whenNobody']]]
}

type HandOverOption = { pool: string } | { person: RepInput } | { queue: Queue } | 'assign-anyway'

export interface PoolOptions {
  strategy: 'standard' | 'weighted'
  members: readonly { rep: RepInput; weight?: number }[]
  whenNobody: HandOverOption | { hold: 'until-opening'; atMostHours?: number; otherwise: HandOverOption }
  catchUp?: CatchUp
  leaveBuffer?: { stopDaysBefore?: number; resumeDaysBefore?: number }
  counter?: string
}

/** A pool as a definition holds it: the document, and the reps it names, both seeds of live data. */
export type PoolDefinition<Name extends string = string> = Pool & { name: Name; reps: readonly Rep[] }

/**
 * The reps a rotation draws from. The definition seeds the pool and its reps; from then on they are live data, edited over HTTP.
 *
 * @throws {RangeError} naming pool, field and value on a negative or endless weight, a rep named twice, nobody with a weight, a rep that is not
 * valid, no answer for when nobody is there.
 */
export function definePool<const Name extends string>(
  name: Name,
  options: PoolOptions,
): PoolDefinition<Name> {
  const reps = new Map<string, Rep>()
  const idOf = (rep: RepInput) => {
    const checked = checkedAs(Rep, rep, `a rep of pool ${name}`)
    reps.set(checked.id, checked)
    return checked.id
  }
  const handOver = (to: HandOverOption): HandOver =>
    typeof to === 'object' && 'person' in to ? { person: idOf(to.person) } : to
  const { whenNobody } = options
  const given = {
    ...options,
    name,
    members: options.members.map(({ rep, ...member }) => ({ rep: idOf(rep), ...member })),
    whenNobody:
      typeof whenNobody === 'object' && 'hold' in whenNobody
        ? { ...whenNobody, otherwise: handOver(whenNobody.otherwise) }
        : handOver(whenNobody),
  }
  const pool = checkedAs(Pool, given, `pool ${name}`)
  return { ...pool, name, reps: [...reps.values()] }
}

/** Parses what code says, and tells a mistake in one line instead of as a tree. */
function checkedAs<Output>(schema: z.ZodType<Output>, given: unknown, what: string): Output {
  const checked = schema.safeParse(given)
  if (checked.success) return checked.data
  const problems = checked.error.issues.map(({ path, message }) => {
    const value = path.reduce<unknown>((part, key) => Object(part)[key], given)
    const isPart = typeof value === 'object' && value !== null
    const told = isPart ? '' : `, not ${value === undefined ? 'nothing' : JSON.stringify(value)}`
    return `${path.length === 0 ? '' : `${path.join('.')}: `}${message}${told}`
  })
  throw new RangeError(`${what} is not valid: ${problems.join('; ')}`, { cause: checked.error })
}

import { z } from 'zod'

const id = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i, 'use letters, digits, - and _, at most 64')

/** A person who can own leads. Vendor ids are optional: what is missing is resolved by e-mail in each environment. */
export const Rep = z.object({
  id,
  name: z.string().min(1),
  email: z.email(),
  /** Ids by vendor: `{ salesforce: '005…', hubspot: '77001' }`. */
  ids: z.record(z.string(), z.string()).optional(),
})
export type Rep = z.output<typeof Rep>

/** A span of absence; both ends are ISO times, the end excluded. */
const Away = z
  .object({ from: z.iso.datetime({ offset: true }), until: z.iso.datetime({ offset: true }) })
  .refine((away) => Date.parse(away.from) < Date.parse(away.until), {
    error: 'the absence ends before it starts',
    path: ['until'],
  })

export const PoolMember = z.object({
  rep: Rep,
  /** Share of the draws, against the other members. 0 pauses; decimals are allowed. */
  weight: z.number().min(0).finite().default(1),
  active: z.boolean().default(true),
  away: z.array(Away).default([]),
})
export type PoolMember = z.output<typeof PoolMember>

/** What happens when nobody of a pool may be drawn. There is no default: each pool says it. */
export const WhenNobody = z.union([
  z.object({ pool: id }),
  z.object({ person: Rep }),
  z.literal('assign-anyway'),
])
export type WhenNobody = z.output<typeof WhenNobody>

export const Pool = z
  .object({
    name: id,
    strategy: z.enum(['standard', 'weighted']),
    members: z.array(PoolMember),
    whenNobody: WhenNobody,
  })
  .superRefine((pool, context) => {
    const seen = new Set<string>()
    pool.members.forEach((member, index) => {
      if (seen.has(member.rep.id)) {
        context.addIssue({
          code: 'custom',
          path: ['members', index, 'rep', 'id'],
          message: `rep ${member.rep.id} is in the pool twice; give each rep one entry`,
        })
      }
      seen.add(member.rep.id)
    })
    if (
      typeof pool.whenNobody === 'object' &&
      'pool' in pool.whenNobody &&
      pool.whenNobody.pool === pool.name
    ) {
      context.addIssue({
        code: 'custom',
        path: ['whenNobody', 'pool'],
        message: 'a pool cannot fall back to itself',
      })
    }
  })
export type Pool = z.output<typeof Pool>

export interface PoolOptions {
  strategy: 'standard' | 'weighted'
  members: readonly {
    rep: Rep
    weight?: number
    active?: boolean
    away?: { from: string; until: string }[]
  }[]
  whenNobody: WhenNobody
}

/**
 * The reps a rotation draws from. The definition seeds the pool; from then on it is live data, edited over HTTP.
 *
 * @throws {z.ZodError} on a negative or endless weight, a rep named twice, an absence that ends before it starts.
 */
export function definePool<const Name extends string>(
  name: Name,
  options: PoolOptions,
): Pool & { name: Name } {
  return { ...Pool.parse({ name, ...options }), name }
}

/** Why this member may not be drawn at `now` (ms), or null. The order is fixed: active, weight, absence. */
export function exclusionOf(member: PoolMember, now: number): string | null {
  if (!member.active) return 'not active'
  if (member.weight === 0) return 'paused with weight 0'
  for (const away of member.away) {
    if (Date.parse(away.from) <= now && now < Date.parse(away.until)) return `away until ${away.until}`
  }
  return null
}

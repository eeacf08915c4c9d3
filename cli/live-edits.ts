import type { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import type { PoolMember } from '../routing/pool.ts'
import type { Rep as StoredRep } from '../routing/rep.ts'
import type { PoolView, RepView } from '../server/contract-routing.ts'
import { type Client, createClient } from './client.ts'
import { plain } from './table-text.ts'

type Rep = z.output<typeof RepView>
type Pool = z.output<typeof PoolView>

export interface LeaveOptions {
  rep: string
  /** Two dates, whole days in the rep's zone; or two ISO times. */
  from: string
  until: string
  note?: string
  url: string
}

/** Adds a leave to a rep, beside those that are there. The server checks it. */
export async function leave({ rep: id, from, until, note, url }: LeaveOptions): Promise<void> {
  const client = createClient(url, process.env.ROTA_API_KEY)
  const path = `/v1/reps/${encodeURIComponent(id)}`
  const added = { from, until, ...(note !== undefined && { note }) }
  const { after: rep } = await change<Rep>(client, path, (before) => {
    const others = before.leave.filter((each) => each.from !== from || each.until !== until)
    return { leave: [...others, added] }
  })
  const { excluded, opensAt } = rep.availability
  const now = excluded === null ? 'can be drawn now' : `cannot be drawn now: ${excluded.reason}`
  const next = opensAt === null ? '' : `, again from ${opensAt}`
  const are = await tense({ ...rep, leave: [added] }, Date.now())
  console.log(plain(`${rep.name} ${are} on leave from ${from} until ${until} (${rep.zone}); ${now}${next}`))
}

/** How to speak at this time of a rep's only leave. */
async function tense(rep: StoredRep, now: number): Promise<string> {
  // Time zones take a while to load, which a leave that is refused need not wait for.
  const { leavesOf } = await import('../routing/time/leave.ts')
  const [span] = leavesOf(rep, null)
  if (span === undefined || now >= span.until) return 'was'
  return now < span.from ? 'will be' : 'is'
}

export interface WeightOptions {
  pool: string
  rep: string
  weight: string
  url: string
}

/** Sets the weight of one member of a pool; 0 pauses. Balances stay as they are. */
export async function weight({ pool: name, rep, weight: text, url }: WeightOptions): Promise<void> {
  const given = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isFinite(given)) {
    throw new TableError('request-invalid', `"${text}" is not a weight`, {
      field: 'weight',
      value: text,
      wayOut: 'give a number: 0 pauses, 2 is twice the share of 1',
    })
  }
  const client = createClient(url, process.env.ROTA_API_KEY)
  const path = `/v1/pools/${encodeURIComponent(name)}`
  const { before, after } = await change<Pool>(client, path, (pool) => {
    memberOf(pool, rep)
    return { members: pool.members.map((each) => (each.rep === rep ? { ...each, weight: given } : each)) }
  })
  const sum = after.members.reduce((all, member) => all + member.weight, 0)
  console.log(plain(`${name}: ${rep} weighed ${memberOf(before, rep).weight}, now ${given} of ${sum} in all`))
}

function memberOf({ name, members }: Pool, rep: string): PoolMember {
  const found = members.find((member) => member.rep === rep)
  if (found !== undefined) return found
  throw new TableError('request-invalid', `pool ${name} has no member "${rep}"`, {
    field: 'rep',
    value: rep,
    wayOut: `use one of: ${members.map((member) => member.rep).join(', ')}`,
  })
}

/**
 * Reads a document, and writes what is to be another in it, unless somebody else changed it in between: then once more, from what it is by
 * then.
 *
 * @throws {TableError} `precondition-failed` where that happens again.
 */
async function change<View extends Rep | Pool>(
  client: Client,
  path: string,
  fieldsOf: (before: View) => object,
): Promise<{ before: View; after: View }> {
  for (let attempt = 1; ; attempt += 1) {
    const before = (await client.get(path)) as View
    try {
      const after = await client.patch(path, fieldsOf(before), { 'if-match': before.etag })
      return { before, after: after as View }
    } catch (error) {
      if (!TableError.isInstance(error) || error.code !== 'precondition-failed') throw error
      if (attempt === 2) throw changedMeanwhile(path, error)
    }
  }
}

const changedMeanwhile = (path: string, cause: TableError) =>
  new TableError('precondition-failed', `somebody else keeps changing ${path}, so nothing was saved`, {
    cause,
    wayOut: 'GET /v1/audit names who; look at what it is now, and run the command again',
  })

import type { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import type { PoolView, RepView } from '../server/contract-routing.ts'
import { createClient } from './client.ts'
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
  const before = (await client.get(path)) as Rep
  const others = before.leave.filter((each) => each.from !== from || each.until !== until)
  const added = { from, until, ...(note !== undefined && { note }) }
  const rep = (await client.patch(path, { leave: [...others, added] })) as Rep
  const { excluded, opensAt } = rep.availability
  const now = excluded === null ? 'can be drawn now' : `cannot be drawn now: ${excluded.reason}`
  const next = opensAt === null ? '' : `, again from ${opensAt}`
  console.log(plain(`${rep.name} is on leave from ${from} until ${until} (${rep.zone}); ${now}${next}`))
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
  const { members } = (await client.get(path)) as Pool
  const before = members.find((member) => member.rep === rep)
  if (before === undefined) {
    throw new TableError('request-invalid', `pool ${name} has no member "${rep}"`, {
      field: 'rep',
      value: rep,
      wayOut: `use one of: ${members.map((member) => member.rep).join(', ')}`,
    })
  }
  const changed = members.map((member) => (member.rep === rep ? { ...member, weight: given } : member))
  const pool = (await client.patch(path, { members: changed })) as Pool
  const sum = pool.members.reduce((all, member) => all + member.weight, 0)
  console.log(plain(`${name}: ${rep} weighed ${before.weight}, now ${given} of ${sum} in all`))
}

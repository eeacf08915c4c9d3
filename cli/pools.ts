import type { z } from 'zod'
import type { PoolsAnswer } from '../server/contract-routing.ts'
import { type Client, createClient } from './client.ts'
import { tableText } from './table-text.ts'

export interface PoolsOptions {
  url: string
  json: boolean
}

/** Prints every pool: draws against the expected share, and who cannot be drawn now. */
export async function pools({ url, json }: PoolsOptions): Promise<void> {
  const client = createClient(url, process.env.ROTA_API_KEY)
  if (json) console.log(JSON.stringify(await client.get('/v1/pools'), null, 2))
  else console.log(await poolsText(client))
}

/** One line for each member of each pool, as a table for the terminal. */
export async function poolsText(client: Client): Promise<string> {
  const answer = (await client.get('/v1/pools')) as z.output<typeof PoolsAnswer>
  const lines = answer.pools.flatMap((pool) =>
    pool.fairness.map(({ member, name, draws, expected, excluded }, index) => {
      const weight = pool.members.find(({ rep }) => rep === member)?.weight ?? 0
      const off = draws - expected
      return [
        index === 0 ? pool.name : '',
        name,
        String(weight),
        String(draws),
        expected.toFixed(2),
        `${off >= 0 ? '+' : ''}${off.toFixed(2)}`,
        excluded === null ? 'can be drawn' : excluded.reason,
      ]
    }),
  )
  const headers = ['Pool', 'Rep', 'Weight', 'Draws', 'Expected', 'Off by', 'Now']
  return tableText(headers, lines, [20, 20, 6, 6, 8, 7, 60])
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import type { RowDetail, RunAnswer } from '../server/contract.ts'
import { createClient, tableOf } from './client.ts'
import { plain } from './table-text.ts'

export interface OverrideOptions {
  row: string
  rep: string
  reason: string
  column: string
  /** Left out: the only table the server has. */
  table?: string
  url: string
}

const pauseMs = 100
const longestMs = 30_000

/** Gives a row to a rep against the rules, waits for what follows, and prints how it ended. */
export async function override({ row, rep, reason, column, table, url }: OverrideOptions): Promise<void> {
  const client = createClient(url, process.env.ROTA_API_KEY)
  const inTable = encodeURIComponent(await tableOf(client, table))
  const path = `/v1/tables/${inTable}/rows/${encodeURIComponent(row)}`
  let { run } = (await client.put(`${path}/owner`, { rep, reason, column })) as z.output<typeof RunAnswer>
  for (let waited = 0; run.status === 'running' && waited < longestMs; waited += pauseMs) {
    await sleep(pauseMs)
    run = ((await client.get(`/v1/runs/${run.id}`)) as z.output<typeof RunAnswer>).run
  }
  const { cells } = (await client.get(path)) as z.output<typeof RowDetail>
  for (const [name, cell] of Object.entries(cells)) {
    // What stands before the owner did not move.
    if (name !== column && (cell.startedAt ?? '') < run.createdAt) continue
    const said = cell.error?.message ?? cell.reason ?? ''
    const value = cell.value
    const owner = typeof value === 'object' && value !== null && 'name' in value ? ` ${value.name}` : ''
    console.log(plain(`${name}: ${cell.status}${owner}${said === '' ? '' : ` (${said})`}`))
  }
  if (run.status === 'running') console.log(`run ${run.id} is still under way`)
}

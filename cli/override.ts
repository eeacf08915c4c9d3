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
/** A row that has waited for this long will not move in the next moment. */
const waitingMs = 1_000
const longestMs = 10_000

type Run = z.output<typeof RunAnswer>['run']
type Cells = z.output<typeof RowDetail>['cells']

/**
 * Gives a row to a rep against the rules and prints how it ended. A row that waits for something goes on waiting: then it says for what,
 * and that the rep gets it all the same.
 */
export async function override({ row, rep, reason, column, table, url }: OverrideOptions): Promise<void> {
  const client = createClient(url, process.env.ROTA_API_KEY)
  const inTable = encodeURIComponent(await tableOf(client, table))
  const path = `/v1/tables/${inTable}/rows/${encodeURIComponent(row)}`
  let { run } = (await client.put(`${path}/owner`, { rep, reason, column })) as z.output<typeof RunAnswer>
  console.log(plain(`accepted: ${row} goes to ${rep} (run ${run.id})`))
  let { cells } = (await client.get(path)) as z.output<typeof RowDetail>
  for (let waited = 0; run.status === 'running' && waited < longestMs; waited += pauseMs) {
    if (waited >= waitingMs && isWaiting(cells)) break
    await sleep(pauseMs)
    run = ((await client.get(`/v1/runs/${run.id}`)) as z.output<typeof RunAnswer>).run
    cells = ((await client.get(path)) as z.output<typeof RowDetail>).cells
  }
  for (const [name, cell] of Object.entries(cells)) {
    // What stands before the owner did not move.
    if (name !== column && (cell.startedAt ?? '') < run.createdAt) continue
    const said = cell.error?.message ?? cell.reason ?? ''
    const value = cell.value
    const owner = typeof value === 'object' && value !== null && 'name' in value ? ` ${value.name}` : ''
    console.log(plain(`${name}: ${cell.status}${owner}${said === '' ? '' : ` (${said})`}`))
  }
  if (run.status === 'running')
    for (const line of stillOpen(run, cells, { rep, column })) console.log(plain(line))
}

/** Nothing of the row is under way, and something of it waits for what is outside. */
function isWaiting(cells: Cells): boolean {
  const all = Object.values(cells)
  const waits = all.some(({ waiting }) => waiting !== null && waiting.on !== 'upstream')
  return waits && all.every(({ status }) => status !== 'running')
}

function stillOpen({ id }: Run, cells: Cells, { rep, column }: { rep: string; column: string }): string[] {
  const waits = Object.entries(cells).flatMap(([name, { waiting, error, reason }]) => {
    if (waiting === null || waiting.on === 'upstream') return []
    const until = waiting.until === null ? '' : ` until ${waiting.until}`
    const why = error?.message ?? reason
    return [`${name} waits for ${waiting.on}${until}${why === null ? '' : `: ${why}`}`]
  })
  const owner = cells[column]?.value
  const hasIt = typeof owner === 'object' && owner !== null && 'rep' in owner && owner.rep === rep
  const what = hasIt ? `${rep} has it` : `${rep} gets it when the row goes on`
  return [...waits, `${what}; run ${id} is still under way and goes on by itself`]
}

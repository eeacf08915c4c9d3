import { someLeads } from '../end-to-end/leads.ts'
import type { ServerProcess } from '../end-to-end/server-process.ts'

/** Leads that are posted in batches with an idempotency key each. A batch without an answer is posted again, later. */
export interface Feed {
  /** Posts the next batches; resolves when each has its answer or has lost it. */
  post(server: ServerProcess, batches: number): Promise<void>
  /** Ids that the server answered 202 for. */
  acknowledged: readonly string[]
  /** Batches that were posted and have no answer yet, or were never posted. */
  left(): number
  /** Answers other than 202. */
  refused: readonly string[]
}

export function createFeed(leads: number, batchRows: number): Feed {
  const all = someLeads(leads)
  const waiting = Array.from({ length: Math.ceil(leads / batchRows) }, (_, index) => index)
  const acknowledged: string[] = []
  const refused: string[] = []

  async function postBatch(server: ServerProcess, batch: number): Promise<void> {
    try {
      const answer = await fetch(`${server.url}/v1/tables/inbound-leads/rows`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `batch-${batch}` },
        body: JSON.stringify({ rows: all.slice(batch * batchRows, (batch + 1) * batchRows) }),
      })
      const text = await answer.text()
      if (answer.status !== 202) {
        refused.push(`${answer.status} ${text.slice(0, 200)}`)
        return
      }
      const { rows } = JSON.parse(text) as { rows: { id: string }[] }
      acknowledged.push(...rows.map(({ id }) => id))
    } catch {
      waiting.push(batch)
    }
  }

  return {
    acknowledged,
    refused,
    left: () => waiting.length,
    async post(server, batches) {
      await Promise.all(waiting.splice(0, batches).map((batch) => postBatch(server, batch)))
    },
  }
}

import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { notify } from '../../columns/notify.ts'
import { defineTable } from '../../columns/table.ts'
import { teams } from '../../connectors/teams.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { insertOne, runTables } from '../support/runtime.ts'

/** A message over the real Teams connector, whose first `lost` answers are cut after the message was taken. */
async function tell({ lost, whenUnknown }: { lost: number; whenUnknown?: 'leave' | 'repeat' }) {
  const sandbox = await startSandbox()
  onTestFinished(() => sandbox.close())
  const webhookUrl = `${sandbox.url}/teams/workflows/leads?sig=secret`
  const table = defineTable('leads', { input: z.object({ company: z.string() }) }).column(
    'told',
    notify({
      needs: ['company'],
      via: teams({ webhookUrl }),
      message: ({ company }) => ({ to: { channel: 'leads' }, title: company, facts: [], reason: 'by turn' }),
      ...(whenUnknown !== undefined && { whenUnknown }),
    }),
  )
  if (lost > 0) sandbox.faults.add({ vendor: 'teams', kind: 'after', times: lost })
  const running = await runTables([table])
  const id = await insertOne(running, 'leads', { company: 'Acme' })
  const bodies = sandbox.ledger.entries({ vendor: 'teams' }).map(({ body }) => JSON.stringify(body))
  return { cell: (await running.runtime.row('leads', id)).cells.told, bodies }
}

describe('a message that nobody can look for', () => {
  test('goes out once when its answer comes', async () => {
    const { cell, bodies } = await tell({ lost: 0 })
    expect(cell?.status).toBe('done')
    expect(bodies).toHaveLength(1)
    expect(bodies[0]).not.toContain('may repeat')
  })

  test('goes out once more when its answer is lost, and says that it may be a repetition', async () => {
    const { cell, bodies } = await tell({ lost: 1 })
    expect(cell?.status).toBe('done')
    expect(bodies.map((body) => body.includes('may repeat an earlier message'))).toEqual([false, true])
  })

  test('does not go out a third time', async () => {
    const { cell, bodies } = await tell({ lost: 5 })
    expect(cell?.status).toBe('unknown')
    expect(bodies).toHaveLength(2)
  })

  test('does not go out again where its column says to leave it', async () => {
    const { cell, bodies } = await tell({ lost: 1, whenUnknown: 'leave' })
    expect(cell?.status).toBe('unknown')
    expect(bodies).toHaveLength(1)
  })
})

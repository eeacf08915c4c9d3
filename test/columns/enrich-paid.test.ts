import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { enrich } from '../../columns/enrich.ts'
import { CallFailure } from '../../columns/errors.ts'
import type { EnrichmentProvider } from '../../columns/ports.ts'
import { defineTable } from '../../columns/table.ts'
import { enrichment } from '../../connectors/enrichment.ts'
import { insertOne, runTables, until } from '../support/runtime.ts'
import { budgetOf, failureIn } from './ports.ts'

const dayMs = 24 * 60 * 60 * 1_000

/** A provider that knows no company, after failing like this as often as told; and how often it was asked. */
function provider(
  vendor: string,
  costUsd: number,
  { fails = 0, with: failure = failureIn('unavailable', true) } = {},
) {
  const asked: string[] = []
  const made: EnrichmentProvider = {
    vendor,
    budget: budgetOf(vendor),
    costUsd,
    async findFirm({ domain }) {
      asked.push(domain)
      if (asked.length <= fails) throw failure
      return { firm: null, raw: { id: asked.length } }
    },
  }
  return { made, asked }
}

const tableOf = (providers: readonly EnrichmentProvider[], attempts = 4) =>
  defineTable('t', { input: z.object({ domain: z.string() }) }).column(
    'firm',
    enrich({
      needs: ['domain'],
      providers,
      domain: ({ domain }) => domain,
      retry: { attempts, baseMs: 5, maxMs: 10 },
    }),
  )

describe('what a provider said', () => {
  test('is not paid again while another one could not be asked', async () => {
    const [paid, away] = [provider('paid', 0.5), provider('away', 0.25, { fails: 2 })]
    const running = await runTables([tableOf([paid.made, away.made])])
    const id = await insertOne(running, 't', { domain: 'acme.example' })
    expect([paid.asked.length, away.asked.length]).toEqual([1, 3])
    const { status, costUsd, history } = await running.runtime.cell('t', id, 'firm')
    expect([status, costUsd]).toEqual(['no-result', 0.75])
    expect(history.at(-1)?.detail).toMatchObject({
      providers: [
        { provider: 'paid', outcome: 'no-match', cached: true, costUsd: 0 },
        { provider: 'away', outcome: 'no-match', cached: false, costUsd: 0.25 },
      ],
    })
  })

  test('counts for other rows too, over a restart, and for 30 days', async () => {
    const { made, asked } = provider('paid', 0.5)
    let running = await runTables([tableOf([made])])
    await insertOne(running, 't', { domain: 'acme.example' })
    running.clock.aheadMs += 29 * dayMs
    running = await running.restart()
    const second = await insertOne(running, 't', { domain: 'Acme.example' })
    expect((await running.runtime.cell('t', second, 'firm')).costUsd).toBe(0)
    expect(asked).toHaveLength(1)
    running.clock.aheadMs += 2 * dayMs
    running = await running.restart()
    await insertOne(running, 't', { domain: 'acme.example' })
    await insertOne(running, 't', { domain: 'acme.example' })
    expect(asked).toHaveLength(2)
  })
})

describe('a paid question', () => {
  const dead = new CallFailure('unavailable', 'answered 503', { retryable: true, cause: { status: 503 } })

  test.each([
    ['took too long', failureIn('timeout', true), 0.5],
    ['was answered with something that is no company', failureIn('invalid-output', true), 0.5],
    ['was refused for want of a pause', failureIn('rate-limited', true), 0],
    ['was answered with an error', dead, 0],
  ])('that %s costs what it may cost', async (_, failure, usd) => {
    const { made } = provider('paid', 0.5, { fails: 9, with: failure })
    const running = await runTables([tableOf([made], 1)])
    const { rows } = await running.runtime.insert('t', [{ domain: 'acme.example' }])
    const id = rows[0]?.status === 'accepted' ? rows[0].id : ''
    await until(async () => (await running.runtime.cell('t', id, 'firm')).history.length > 0, 'it failed')
    expect((await running.runtime.cell('t', id, 'firm')).costUsd).toBe(usd)
  })

  test('costs nothing when nobody could be reached, and its price when the connection breaks', async () => {
    const server = createServer((request) => request.socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const baseUrl = `http://127.0.0.1:${address.port}`
    const costs = async () => {
      const running = await runTables([tableOf([enrichment({ baseUrl, costUsd: 0.5 })], 1)])
      const id = await insertOne(running, 't', { domain: 'acme.example' })
      return (await running.runtime.cell('t', id, 'firm')).costUsd
    }
    onTestFinished(() => {
      server.close()
    })
    expect(await costs()).toBe(0.5)
    await new Promise((resolve) => server.close(resolve))
    expect(await costs()).toBe(0)
  })
})

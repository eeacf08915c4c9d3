import { describe, expect, test } from 'vitest'
import { chaos } from './chaos.ts'

/** Set ROTA_TEST_SEED to play the same moments again. `npm run chaos` does all of this at length. */
const seed = Number(process.env.ROTA_TEST_SEED ?? Date.now() % 1_000_000)

describe('a server that is killed at random moments after its work began', () => {
  test('loses nothing, writes one owner, tells once and enrols once', async () => {
    // So long that whoever looks for a request under way meets one on a busy machine too.
    const { problems, landed, troubles, leads } = await chaos({ kills: 6, seed, latency: '20-80' })
    expect(problems, `seed ${seed}`).toEqual([])
    expect(leads).toBe(48)
    // A kill during the start of a process proves nothing.
    expect(landed.crmWrite + landed.notify, `seed ${seed}`).toBeGreaterThanOrEqual(2)
    // A trouble that no request meets proves nothing either.
    const { given, met } = troubles
    expect(met.all > 0, `seed ${seed}`).toBe(given.all > 0)
    expect(met.ownerWrites > 0, `seed ${seed}`).toBe(given.ownerWrites > 0)
  })

  // The harness has to be able to fail: these builds are broken on purpose, by test/chaos/broken.
  test.each(['send-before-intent', 'resend-without-read-back'] as const)(
    'is found out when it is built to %s',
    async (broken) => {
      const { problems } = await chaos({ kills: 4, seed, broken })
      expect(problems.join('\n'), `seed ${seed}`).toMatch(/2 messages for/)
    },
    120_000,
  )
})

import { expect, test } from 'vitest'
import { crashEverywhere } from './every-point.ts'

/** Set ROTA_TEST_SEED to play the same points again. `npm run chaos -- --every-point` takes all of them. */
const seed = Number(process.env.ROTA_TEST_SEED ?? Date.now() % 1_000_000)

test('a crash before or after any commit or outgoing call leaves twenty leads right, also with a second one on the way back', async () => {
  const { points, crashes, problems } = await crashEverywhere({ seed, step: 190, from: 1 + (seed % 100) })
  expect(problems, `seed ${seed}`).toEqual([])
  expect(points).toBeGreaterThan(150)
  expect(crashes).toBeGreaterThanOrEqual(2)
})

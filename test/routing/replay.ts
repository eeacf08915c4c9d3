import fc from 'fast-check'
import type { Exclusion } from '../../routing/decision.ts'
import { chooseMember, type RotationMember, type RotationRequest } from '../../routing/rotation.ts'

export const onLeave: Exclusion = { code: 'leave', reason: 'on leave', until: null }

export interface Replay {
  balances: Record<string, number>
  lastDrawn: Record<string, number>
  draws: Record<string, number>
  turn: number
}

export function startReplay(): Replay {
  return { balances: {}, lastDrawn: {}, draws: {}, turn: 0 }
}

export function drawNext(replay: Replay, members: RotationMember[], strategy: RotationRequest['strategy']) {
  const choice = chooseMember({ strategy, members, balances: replay.balances, lastDrawn: replay.lastDrawn })
  replay.balances = choice.balances
  if (choice.chosen !== null) {
    replay.turn += 1
    replay.lastDrawn[choice.chosen] = replay.turn
    replay.draws[choice.chosen] = (replay.draws[choice.chosen] ?? 0) + 1
  }
  return choice
}

export function pool(weights: number[]): RotationMember[] {
  return weights.map((weight, index) => ({ id: `rep-${index}`, weight, excluded: null }))
}

export function worstBalance(replay: Replay): number {
  return Math.max(0, ...Object.values(replay.balances).map(Math.abs))
}

export const weight = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.double({ min: 0.01, max: 1000, noNaN: true }),
  fc.constantFrom(1, 1, 5, 1 / 3),
)

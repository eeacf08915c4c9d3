import type { z } from 'zod'
import type { DecisionView, RepLoad } from '../routing/decision.ts'
import { type Turn, turnOf } from '../routing/ladder/members.ts'
import type { Pool } from '../routing/pool.ts'
import type { Rep } from '../routing/rep.ts'
import { exclusionView, inHundredths, iso, openingOfPool } from './availability.ts'
import type { PoolPreviewAnswer } from './contract-routing.ts'

const turns = 20

type Preview = z.output<typeof PoolPreviewAnswer>

/** The next turns of a pool, or of one of its strata, if nothing changed, caps filling up on the way. Pure: nothing is drawn. */
export function previewPool(pool: Pool, view: DecisionView, stratum: string | null): Preview {
  const { balances, lastDrawn } = view.counter(pool, stratum)
  const counter = { balances, lastDrawn: { ...lastDrawn } }
  let ordinal = Math.max(0, ...Object.values(lastDrawn))
  const taken = new Map<string, number>()
  const simulated: DecisionView = {
    ...view,
    counter: () => counter,
    load: (rep) => withTaken(view.load(rep), taken.get(rep) ?? 0),
  }
  const draws: Preview['draws'] = []
  let nobody: string | null = null
  while (draws.length < turns && nobody === null) {
    const turn = nextTurn(pool, simulated, stratum)
    if (turn.rep === null) {
      nobody = whyNobody(turn)
      break
    }
    const { id } = turn.rep
    draws.push(drawView(draws.length + 1, turn, turn.rep))
    ordinal += 1
    counter.lastDrawn[id] = ordinal
    counter.balances = turn.balances
    taken.set(id, (taken.get(id) ?? 0) + 1)
  }
  const opensAt = nobody === null ? null : iso(openingOfPool(simulated, pool))
  return { pool: pool.name, stratum, draws, nobody, opensAt, whenNobody: pool.whenNobody }
}

function nextTurn(pool: Pool, view: DecisionView, stratum: string | null): Turn {
  const turn = turnOf(pool, view, { stratum })
  return turn.rep === null && pool.whenNobody === 'assign-anyway'
    ? turnOf(pool, view, { stratum, anyway: true })
    : turn
}

function drawView(turn: number, { considered }: Turn, { id, name }: Rep): Preview['draws'][number] {
  const own = considered.find(({ member }) => member === id)
  const available = considered.filter(({ excluded }) => excluded === null).length
  const owed = `${(own?.balance ?? 0).toFixed(2)} leads owed`
  const share = `${Math.round((own?.share ?? 0) * 100)} %`
  return {
    turn,
    member: id,
    name,
    reason: `${name} is next: share ${share}, ${owed}, ${available} of ${considered.length} reps available`,
    considered: considered.map((each) => ({
      ...each,
      share: inHundredths(each.share),
      balance: inHundredths(each.balance),
      excluded: exclusionView(each.excluded),
    })),
  }
}

function whyNobody({ considered }: Turn): string {
  if (considered.length === 0) return 'nobody can be drawn: the pool has no members'
  const reasons = considered.map(({ name, excluded }) => `${name} (${excluded?.reason ?? 'available'})`)
  return `nobody can be drawn: ${reasons.join(', ')}`
}

/** The load after so many more leads, all of them drawn now. */
const withTaken = (load: RepLoad, taken: number): RepLoad => ({
  drawnSince: (at) => load.drawnSince(at) + taken,
  open: () => load.open() + taken,
})

import { describe, expect, test } from 'vitest'
import type { Decision, HeldSince } from '../../routing/decision.ts'
import { decideOwner, type Ladder, type Rule } from '../../routing/ladder.ts'
import { hours, noon, pool, rep, viewOf, weekdays } from './decision-view.ts'

const ana = rep('ana', { hours: weekdays('18:00', '20:00') })
const bo = rep('bo', { hours: weekdays('22:00', '23:00') })
const end = { person: 'dev' }
const dev = { person: rep('dev') }

/** Decides at `noon` plus so many hours, with what the decision before left. */
function asked(ladder: Ladder<object>, pools: readonly ReturnType<typeof pool>[]) {
  let heldSince: HeldSince = {}
  return (after: number): Decision => {
    const view = viewOf({ pools, reps: [rep('dev')] }, { now: noon + hours(after), heldSince })
    const decision = decideOwner(ladder, {}, view)
    heldSince = decision.hold?.since ?? {}
    return decision
  }
}

const review = (name: string, dwellHours: number): Rule<object, string> => ({
  name,
  decide: (_, by) => by.review(`${name}?`, { dwellHours }),
})

describe('each hold has a clock of its own', () => {
  test('two reviews take their time one after the other, and neither begins again (trap 55)', () => {
    const at = asked({ rules: [review('first', 4), review('second', 4)], otherwise: end }, [])
    expect(at(0).hold).toMatchObject({ on: 'human', until: noon + hours(4) })
    expect(at(4).hold).toMatchObject({ on: 'human', until: noon + hours(8) })
    expect(at(7).hold).toMatchObject({ until: noon + hours(8) })
    expect(at(8).assignment?.rep).toBe('dev')
  })

  test('a pool waits for its whole time after a review', () => {
    const team = pool('team', [ana], {
      whenNobody: { hold: 'until-opening', atMostHours: 4, otherwise: dev },
    })
    const rotation: Rule<object, string> = { name: 'rotation', decide: (_, by) => by.rotate('team') }
    const at = asked({ rules: [review('first', 3), rotation], otherwise: end }, [team])
    expect(at(0).hold?.until).toBe(noon + hours(3))
    expect(at(3).hold).toMatchObject({ on: 'hours', until: noon + hours(6) })
    expect(at(6).assignment?.rep).toBe('ana')
  })

  test('the next pool waits for its whole time after the first, whose time stays over', () => {
    const second = pool('second', [bo], {
      whenNobody: { hold: 'until-opening', atMostHours: 8, otherwise: dev },
    })
    const first = pool('first', [ana], {
      whenNobody: { hold: 'until-opening', atMostHours: 6, otherwise: { pool: 'second' } },
    })
    const at = asked(
      { rules: [{ name: 'rotation', decide: (_, by) => by.rotate('first') }], otherwise: end },
      [first, second],
    )
    expect(at(0).hold?.until).toBe(noon + hours(6))
    // Ana was there from 18:00 to 20:00; nobody asked then.
    const later = at(8.5)
    expect(later.hold).toMatchObject({ on: 'hours', until: noon + hours(10) })
    expect(later.hold?.since).toEqual({ 'hours first': noon, 'hours second': noon + hours(8.5) })
    expect(at(9).hold?.until).toBe(noon + hours(10))
  })

  test('a hold that another one took the place of begins anew', () => {
    let contested = false
    const team = pool('team', [ana], {
      whenNobody: { hold: 'until-opening', atMostHours: 7, otherwise: dev },
    })
    const at = asked(
      {
        rules: [
          { name: 'r', decide: (_, by) => by.review(contested ? 'which?' : null, { dwellHours: 2 }) },
          { name: 'rotation', decide: (_, by) => by.rotate('team') },
        ],
        otherwise: end,
      },
      [team],
    )
    expect(at(0).hold?.since).toEqual({ 'hours team': noon })
    contested = true
    expect(at(1).hold?.since).toEqual({ 'human r': noon + hours(1) })
    contested = false
    expect(at(2).hold?.since).toEqual({ 'hours team': noon + hours(2) })
  })
})

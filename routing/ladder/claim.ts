import type { Decision, Exclusion } from '../decision.ts'
import type { Rep } from '../rep.ts'
import { dayMs } from '../time/zone.ts'
import { awayFrom, coverFor, isSameOwner, ownerOf, repBehind } from './coverage.ts'
import { assign, type Deciding, lineOf } from './deciding.ts'
import { noteOn } from './relationship.ts'

/**
 * The rep whom this company has already, asked before anything is distributed: one company, one rep (traps 51 to 53). Null when there
 * is no claim of another lead, or its owner does not get this one; the trace then says why, once.
 */
export function stickTo(deciding: Deciding): Decision | null {
  const { view } = deciding
  const { claim } = view
  if (claim === null || deciding.claimRefused) return null
  // A lead never sticks to itself: a redraw of the cell that made the claim decides anew.
  if (claim.row === view.row && claim.column === view.column) return null
  const rep = repBehind(claim.owner, view)
  const went = `${claim.account} already went to ${claim.owner.name} (${claim.row}, rule "${claim.rule}")`
  const kept = keep(rep, deciding)
  if ('no' in kept) {
    deciding.claimRefused = true
    deciding.rules.push(
      lineOf(
        { ...deciding, rule: 'claim', conditions: [], candidates: [], tieBreak: null },
        {
          matched: false,
          reason: `${went}, ${kept.no}`,
        },
      ),
    )
    return null
  }
  if (kept.cover !== null) {
    deciding.fallbackUsed = true
    const reason = `${went}, who is inactive; ${kept.cover.reason}`
    return assign(deciding, { owner: ownerOf(kept.cover.rep), method: 'sticky', reason })
  }
  const note = rep === null ? null : noteOn(rep, kept.away, deciding)
  return assign(deciding, {
    owner: rep === null ? claim.owner : { ...ownerOf(rep), ids: { ...claim.owner.ids, ...rep.ids } },
    method: 'sticky',
    reason: note === null ? went : `${went}; ${note.text}`,
    alsoTell: note?.tell ?? null,
  })
}

type Kept = { no: string } | { cover: { rep: Rep; reason: string } | null; away: Exclusion | null }

function keep(rep: Rep | null, { view, claims }: Deciding): Kept {
  const { claim } = view
  if (claim === null) return { no: 'which is gone' }
  const { dormantDays, onLeave } = claims
  if (dormantDays !== undefined && view.now - Date.parse(claim.renewedAt) > dormantDays * dayMs) {
    return { no: `whose last lead is more than ${dormantDays} days ago` }
  }
  if (rep?.active === false) {
    const cover = coverFor(rep, view)
    return cover === null
      ? { no: 'who is inactive and has neither an active successor nor manager' }
      : { cover, away: null }
  }
  // Whoever takes the lead from somebody does not mean the company's claim to give it back.
  if (view.previous.some((each) => isSameOwner(each, claim.owner))) return { no: 'who had this lead before' }
  if (rep === null) {
    return claim.owner.rep === null
      ? { cover: null, away: null }
      : { no: 'who is not in the roster any more' }
  }
  const away = awayFrom(rep, view.now)
  if (away !== null && onLeave === 'next-rule') return { no: `who is ${away.reason}` }
  return { cover: null, away }
}

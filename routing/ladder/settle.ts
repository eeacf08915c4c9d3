import type { Decision } from '../decision.ts'
import { lookUp, whyNowhere } from '../territory.ts'
import { nearText } from '../time/words.ts'
import { type Answer, answerOf } from './answers.ts'
import { stickTo } from './claim.ts'
import { awayFrom, coverFor, isBarred, ownerOf, whyUncovered } from './coverage.ts'
import { assign, type Deciding, holdOn, holdSince, nobody, refuse } from './deciding.ts'
import { drawFrom, toQueue } from './draw.ts'
import { noteOn, paidDraw, settleOwner } from './relationship.ts'

type PersonAnswer = Extract<Answer, { kind: 'person' }>

/** What an answer of a rule comes to, with the world as the view shows it. Null: the next rule is asked. */
export function settle(answer: Answer, deciding: Deciding): Decision | null {
  switch (answer.kind) {
    case 'no':
      return refuse(deciding, answer.reason)
    case 'owner': {
      const settled = settleOwner(answer, deciding)
      return 'instead' in settled ? settle(settled.instead, deciding) : settled.decision
    }
    case 'territory':
      return settleTerritory(answer, deciding)
    case 'review':
      return review(answer, deciding)
    case 'not-qualified':
      refuse(deciding, answer.reason)
      return nobody(deciding, 'not_qualified', answer.reason)
    case 'person':
      return (answer.beforeClaims ? null : stickTo(deciding)) ?? person(answer, deciding)
    case 'pool':
      return stickTo(deciding) ?? drawFrom(answer, deciding)
    case 'queue':
      return (
        stickTo(deciding) ??
        toQueue(answer.queue, { reason: `${answer.reason}: queue ${answer.queue.name}` }, deciding)
      )
  }
}

function settleTerritory(
  { territory: definition, key }: Extract<Answer, { kind: 'territory' }>,
  deciding: Deciding,
): Decision | null {
  const territory = deciding.view.territory(definition.name) ?? definition
  const found = lookUp(territory, key)
  if (found === null) return refuse(deciding, whyNowhere(territory, key))
  const method = 'person' in found.destination ? 'territory' : null
  return settle(answerOf(found.destination, { reason: found.path, method }), deciding)
}

/** A person decides first. When nobody did in time the next rule answers. */
function review(
  { reason, dwellMs }: Extract<Answer, { kind: 'review' }>,
  deciding: Deciding,
): Decision | null {
  const { view } = deciding
  const key = `human ${deciding.rule}`
  const since = holdSince(deciding, key)
  deciding.heldSince[key] = since
  const until = since + dwellMs
  if (view.now >= until) return refuse(deciding, `${reason}; nobody decided within ${dwellMs / 3_600_000} h`)
  const held = `${reason}: a person decides until ${nearText(until, 'UTC', view.now)}, then the next rule`
  return holdOn(deciding, { on: 'human', until }, { reason: held })
}

/** One named rep, with the same availability chain as a pool has: covered when gone, stood in for when away (trap 64). */
function person(answer: PersonAnswer, deciding: Deciding): Decision | null {
  const { view } = deciding
  const { method, reason } = answer
  const rep = view.rep(answer.rep)
  if (rep === null) {
    deciding.failures.push({ who: `rep ${answer.rep}`, why: 'is not in the roster' })
    return refuse(deciding, `${reason} names rep ${answer.rep}, who is not in the roster`)
  }
  const away = awayFrom(rep, view.now)
  const said = `${reason}: ${rep.name}`
  if (away === null || (answer.beforeClaims && away.code !== 'inactive')) {
    if (isBarred(ownerOf(rep), view)) {
      deciding.failures.push({ who: rep.name, why: 'had this lead before' })
      return refuse(deciding, `${said}, who had this lead before`)
    }
    const note = noteOn(rep, away, deciding)
    return assign(deciding, {
      owner: ownerOf(rep),
      method,
      reason: note === null ? said : `${said}; ${note.text}`,
      alsoTell: note?.tell ?? null,
      draw: paidDraw(rep, deciding),
    })
  }
  const gone = away.code === 'inactive'
  const order = gone ? (['successor', 'manager'] as const) : (['backup', 'manager'] as const)
  const cover = coverFor(rep, view, order)
  const absent = `${said}, who is ${gone ? 'inactive' : away.reason}`
  if (cover === null) {
    const why = `${gone ? 'inactive' : away.reason}: ${whyUncovered(rep, view, order)}`
    deciding.failures.push({ who: rep.name, why })
    return refuse(deciding, `${absent}, and nobody covers`)
  }
  deciding.fallbackUsed = true
  return assign(deciding, { owner: ownerOf(cover.rep), method, reason: `${absent}; ${cover.reason}` })
}

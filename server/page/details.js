import { read } from './api.js'
import { byId, longText, make, moment, seconds, shortText } from './dom.js'
import { pill, statuses, wordsOf } from './pills.js'
import { consideredReps } from './reps.js'

const heading = (text) => make('h3', {}, text)

let shown = ''

/** Shows one cell: what it is, why, from which inputs, and every attempt. */
export async function showDetails(row, column, onClose) {
  const path = `${row.url}/cells/${encodeURIComponent(column)}`
  const [cell, why] = await Promise.all([read(path), read(`${path}/why`)])
  const text = JSON.stringify([row.input, cell, why])
  // Drawing the same again would take the focus and the selection away.
  if (text === shown && !byId('details').hidden) return
  shown = text
  const title = `${column} → ${cell.status === 'done' ? shortText(cell.value) : wordsOf(cell)}`
  const close = make('button', { type: 'button', 'aria-label': 'Close the details' }, '✕')
  close.addEventListener('click', onClose)
  byId('details').replaceChildren(
    make(
      'div.title',
      {},
      make('div', {}, make('h2', {}, title), make('p.quiet', {}, `${row.id} · attempts: ${cell.attempts}`)),
      close,
    ),
    make('p', {}, pill(cell)),
    ...stateOf(cell),
    heading('Why'),
    ...toldNodes(why.told),
    // The cell itself first, then what it stands on, nearest first.
    make('ol.steps', {}, ...why.steps.toReversed().map(stepItem)),
    ...(cell.value === null ? [] : [heading('Value'), make('pre', {}, longText(cell.value))]),
    heading('Input of the row'),
    valueList(row.input),
    heading('Attempts'),
    cell.history.length === 0
      ? make('p.quiet', {}, 'None yet.')
      : make('ol.steps', {}, ...cell.history.map(attemptItem)),
  )
  byId('details').hidden = false
}

/** The decision in sentences: the outcome first; what is indented belongs to the sentence before it. */
function toldNodes([outcome, ...rest]) {
  if (outcome === undefined) return []
  const items = rest.map((sentence) =>
    make(sentence.startsWith(' ') ? 'li.below' : 'li', {}, sentence.trim()),
  )
  return [make('p.told', {}, outcome), make('ul.told', {}, ...items)]
}

function stateOf({ error, skipped, waiting, pinned, again, reason, stale }) {
  const lines = []
  if (error !== null)
    lines.push(`${error.kind}: ${error.message}${error.retryable ? ' (may work later)' : ''}`)
  if (skipped !== null) lines.push(`${skipped.rule}: ${JSON.stringify(skipped.values)}`)
  if (waiting?.until) lines.push(`until ${moment(waiting.until)}`)
  if (waiting?.since) lines.push(`held since ${moment(waiting.since)}`)
  if (reason !== null) lines.push(reason)
  if (pinned) {
    const { who, at } = pinned
    lines.push(`Decided by ${who}, ${moment(at)}: ${pinned.reason}. No run changes it until it is let go.`)
  }
  if (again) lines.push(`runs again by itself: ${moment(again)}`)
  if (stale)
    lines.push('Stale: its inputs or the column changed after it ran, or it stands in for an answer.')
  return lines.map((line) => make('p.quiet', {}, line))
}

function stepItem({ column, kind, status, reason, inputs, detail, evidence, late, ms }) {
  const [glyph, , colour] = status === 'done' ? ['✓', '', 'good'] : (statuses[status] ?? ['?', '', 'none'])
  const rules = Array.isArray(detail?.trace?.rules) ? detail.trace.rules : []
  return make(
    'li',
    {},
    make(`span.glyph.${colour}`, { 'aria-hidden': 'true' }, glyph),
    make(
      'div.title',
      {},
      make('strong', {}, `${column} · ${kind}`),
      ms === null ? null : make('span.quiet', {}, seconds(ms)),
    ),
    make('p.quiet', {}, reason),
    late === null || late.value === null
      ? null
      : make('p.quiet', {}, `Too late, so not applied: ${JSON.stringify(late.value)}`),
    evidence.length === 0
      ? null
      : make('ul.rules', {}, ...evidence.map((sentence) => make('li', {}, sentence))),
    inputs === null || Object.keys(inputs).length === 0 ? null : valueList(inputs),
    rules.length === 0 ? null : make('ul.rules', {}, ...rules.map(ruleItem)),
  )
}

/** One rule of the ladder, with every rep the rotation looked at. */
function ruleItem({ rule, matched, reason, considered }) {
  return make(
    'li',
    {},
    `${matched ? '✓' : '○'} ${rule}: ${reason}`,
    Array.isArray(considered) ? consideredReps(considered) : null,
  )
}

function attemptItem({ kind, status, outcome, reason, error, cost, startedAt, finishedAt }) {
  const [glyph, word] = statuses[status] ?? ['?', status]
  const ms = startedAt !== null && finishedAt !== null ? Date.parse(finishedAt) - Date.parse(startedAt) : null
  const said = [error?.message, reason, cost === null ? null : dollars(cost.usd)].filter(Boolean).join(' · ')
  const what = {
    attempt: word,
    intent: 'About to be sent',
    late: `${word}, too late: not applied`,
    passed: `Passed by: ${outcome}`,
  }[kind]
  return make(
    'li',
    {},
    make('span.glyph', { 'aria-hidden': 'true' }, glyph),
    make(
      'div.title',
      {},
      make('span', {}, what),
      make('span.quiet', {}, (kind === 'attempt' || kind === 'late') && ms !== null ? seconds(ms) : ''),
    ),
    make(
      'p.quiet',
      {},
      [finishedAt === null ? '' : new Date(finishedAt).toLocaleTimeString(), said]
        .filter(Boolean)
        .join(' · '),
    ),
  )
}

/** Three digits that say something. */
const dollars = (usd) =>
  usd === 0 ? '$0' : `$${Number(usd.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 9 })}`

function valueList(values) {
  const entries = Object.entries(values).flatMap(([name, value]) => [
    make('dt', {}, name),
    make('dd', {}, value === null ? '—' : typeof value === 'object' ? JSON.stringify(value) : String(value)),
  ])
  return make('dl.values', {}, ...entries)
}

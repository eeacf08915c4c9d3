import { make, moment, shortText } from './dom.js'

/** Glyph, word and colour of every status: never colour alone. */
export const statuses = {
  idle: ['·', 'Idle', 'none'],
  queued: ['◔', 'Queued', 'wait'],
  running: ['◐', 'Running', 'busy'],
  waiting: ['◷', 'Waiting', 'wait'],
  done: ['●', 'Done', 'good'],
  'no-result': ['∅', 'No result', 'none'],
  skipped: ['⤼', 'Skipped', 'skip'],
  error: ['✕', 'Error', 'bad'],
  cancelled: ['⊘', 'Cancelled', 'none'],
  unknown: ['?', 'Unknown', 'bad'],
}

/** The words of a cell: its value when it is done, or else what keeps it. */
export function wordsOf(cell) {
  const [, word] = statuses[cell.status] ?? ['', cell.status]
  if (cell.status === 'done') return shortText(cell.value) || word
  if (cell.status === 'waiting') return waitingWords(cell.waiting, word)
  if (cell.status === 'error') return `${word}: ${cell.error?.kind ?? ''}`
  return word
}

/** A held row says until when: that is what its people want to know. */
function waitingWords(waiting, word) {
  const until = waiting?.until ? ` until ${moment(waiting.until)}` : ''
  if (waiting?.on === 'hours') return `Held${until}`
  if (waiting?.on === 'human') return `Held for a person${until}`
  return `${word}: ${waiting?.on ?? 'upstream'}`
}

/** What else is to be known of a cell: a person decided it, its inputs changed since. */
export const marksOf = (cell) => `${cell.pinned ? ' ⚑ by hand' : ''}${cell.stale ? ' ↻ stale' : ''}`

export function pill(cell) {
  const [glyph, , colour] = statuses[cell.status] ?? ['?', '', 'none']
  return make(`span.pill.${colour}`, {}, `${glyph} ${wordsOf(cell)}${marksOf(cell)}`)
}

import { make, shortText } from './dom.js'

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
  if (cell.status === 'waiting') return `${word}: ${cell.waiting?.on ?? 'upstream'}`
  if (cell.status === 'error') return `${word}: ${cell.error?.kind ?? ''}`
  return word
}

export function pill(cell) {
  const [glyph, , colour] = statuses[cell.status] ?? ['?', '', 'none']
  const stale = cell.stale ? ' ↻ stale' : ''
  return make(`span.pill.${colour}`, {}, `${glyph} ${wordsOf(cell)}${stale}`)
}

import type { EventRecord } from '../store.ts'

type Change = EventRecord['changes'][number]

const events = [
  'row-inserted',
  'row-touched',
  'cells-changed',
  'row-erased',
] as const satisfies Change['event'][]

/**
 * The changes of one commit as they are written. Hundreds of them tell the same few things of different rows, so each pair of column and
 * status is written once, and a change is its row, its event and the positions of its pairs.
 */
interface PackedChanges {
  pairs: string[]
  changes: [row: string, event: number, ...pairs: number[]][]
}

export function packChanges(changes: readonly Change[]): string {
  const pairs = new Map<string, number>()
  const packed = changes.map(({ row, event, cells }) => {
    const change: [string, number, ...number[]] = [row, events.indexOf(event)]
    for (const column of Object.keys(cells)) {
      // No column has a blank in its name.
      const pair = `${column} ${cells[column]}`
      const known = pairs.get(pair)
      if (known === undefined) pairs.set(pair, pairs.size)
      change.push(known ?? pairs.size - 1)
    }
    return change
  })
  return JSON.stringify({ pairs: [...pairs.keys()], changes: packed } satisfies PackedChanges)
}

export function unpackChanges(text: string): Change[] {
  const { pairs, changes } = JSON.parse(text) as PackedChanges
  return changes.map(([row, event, ...positions]) => ({
    row,
    event: events[event] ?? 'cells-changed',
    cells: Object.fromEntries(positions.map((position) => (pairs[position] ?? '').split(' '))),
  }))
}

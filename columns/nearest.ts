/** The name that is written most like the given one, null when none comes near: for "did you mean". */
export function nearestName(name: string, known: readonly string[]): string | null {
  let best: { name: string; distance: number } | null = null
  for (const each of known) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase())
    if (best === null || distance < best.distance) best = { name: each, distance }
  }
  // A name of one letter is one change away from any other of one letter.
  const most = name.length < 2 ? 0 : Math.floor(name.length / 2)
  return best !== null && best.distance <= most ? best.name : null
}

/** Insertions, deletions and changes of single letters between two names; neighbours that swapped places count as one. */
function editDistance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, index) => index)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row]
    rows.push(line)
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1]
      let best = Math.min(
        at(row - 1, column) + 1,
        (line[column - 1] ?? 0) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1])
        best = Math.min(best, at(row - 2, column - 2) + 1)
      line.push(best)
    }
  }
  return at(one.length, other.length)
}

/** A way out for a name that does not exist: the nearest one first, then all of them. */
export function wayOutOf(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  const all = known.length === 0 ? 'there is none to use' : `use one of: ${known.join(', ')}`
  return nearest === null ? all : `did you mean "${nearest}"? Else ${all}`
}

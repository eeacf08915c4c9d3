const maxDepth = 100

export type AsJson = { ok: true; value: unknown } | { ok: false; path: readonly string[]; what: string }

/** The path of what is refused, from the inside out. */
type Found = { kind: 'json' } | { kind: 'rewritten' } | { kind: 'refused'; path: string[]; what: string }

const json: Found = { kind: 'json' }
const rewritten: Found = { kind: 'rewritten' }

/**
 * The value as the store will give it back: a date is its text from the start, not only after the first run. Refused when JSON would
 * lose something (a map, a function, infinity) or has no such thing (a bigint).
 */
export function asJson(value: unknown): AsJson {
  const found = look(value, 0)
  if (found.kind === 'refused') return { ok: false, path: found.path.toReversed(), what: found.what }
  if (found.kind === 'json') return { ok: true, value }
  return { ok: true, value: JSON.parse(JSON.stringify(value)) }
}

function look(value: unknown, depth: number): Found {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return json
    case 'number':
      return Number.isFinite(value) ? json : { kind: 'refused', path: [], what: String(value) }
    case 'undefined':
      return rewritten
    case 'object':
      return value === null ? json : lookInside(value, depth)
    default:
      return { kind: 'refused', path: [], what: `a ${typeof value}` }
  }
}

function lookInside(value: object, depth: number): Found {
  if (depth > maxDepth)
    return { kind: 'refused', path: [], what: `nested deeper than ${maxDepth} levels, or refers to itself` }
  if ('toJSON' in value && typeof value.toJSON === 'function') return rewritten
  const shape: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && shape !== Object.prototype && shape !== null)
    return { kind: 'refused', path: [], what: `a ${value.constructor.name}` }
  let whole = json
  for (const [name, each] of Object.entries(value)) {
    const found = look(each, depth + 1)
    if (found.kind === 'refused') {
      found.path.push(name)
      return found
    }
    if (found.kind === 'rewritten') whole = rewritten
  }
  return whole
}

import { z } from 'zod'

/**
 * A fault to play on the next matching requests.
 * `status` answers with that status and `body`; `before` cuts the connection before the request takes effect, `after` once it
 * has taken effect but before the answer; `half-body` sends half of the answer and cuts, `stalled-body` sends half and then
 * nothing more; `hang` takes effect and never answers; `delay` takes `delayMs` longer.
 */
export const Fault = z.object({
  vendor: z.string(),
  /** Matches when the request path, with its query, contains this text. */
  path: z.string().default(''),
  method: z.string().optional(),
  kind: z.enum(['status', 'before', 'after', 'half-body', 'stalled-body', 'hang', 'delay']),
  status: z.number().int().min(200).max(599).default(500),
  headers: z.record(z.string(), z.string()).default({}),
  /** A text is sent as HTML, anything else as JSON, unless `headers` names another content type. */
  body: z.unknown().optional(),
  /** For `delay`: milliseconds before the request is handled. */
  delayMs: z.number().int().min(0).default(0),
  /** How many requests it plays on. */
  times: z.number().int().min(1).default(1),
})
export type Fault = z.output<typeof Fault>

/** The switched-on faults, taken in the order they were added. */
export interface Faults {
  add(fault: z.input<typeof Fault>): void
  /** The fault due for this request, counted down; null when none is. */
  take(request: { vendor: string; method: string; path: string }): Fault | null
  list(): Fault[]
  clear(): void
}

/** An empty switchboard. */
export function createFaults(): Faults {
  let active: Fault[] = []
  return {
    add(fault) {
      active.push(Fault.parse(fault))
    },
    take(request) {
      const fault = active.find(
        (each) =>
          each.vendor === request.vendor &&
          request.path.includes(each.path) &&
          (each.method === undefined || each.method === request.method),
      )
      if (fault === undefined) return null
      fault.times -= 1
      if (fault.times === 0) active = active.filter((each) => each !== fault)
      return fault
    },
    list: () => structuredClone(active),
    clear() {
      active = []
    },
  }
}

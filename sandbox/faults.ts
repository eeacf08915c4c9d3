import { z } from 'zod'
import { namedFault, SandboxError } from './named-faults.ts'
import type { Vendor } from './vendor.ts'

const kinds = [
  'status',
  'status-after',
  'before',
  'after',
  'late-accept',
  'half-body',
  'stalled-body',
  'hang',
  'delay',
  'state',
] as const

function canBeSent(headers: Record<string, string>): boolean {
  try {
    new Headers(headers)
    return true
  } catch {
    return false
  }
}

const fields =
  'vendor, kind, path, method, status, headers, body, delayMs, times and after, or vendor and name with path, method, times and after'

/** Names what a fault can have, where a field is none of it. */
const unknownField = ({
  code,
  keys = [],
}: {
  code?: string
  keys?: readonly string[]
}): string | undefined =>
  code === 'unrecognized_keys' ? `no fault has ${keys.join(', ')}: it has ${fields}` : undefined

/** How often a fault plays that lasts until it is cleared. */
export const untilCleared = 1_000_000_000

/**
 * A fault to play on the next matching requests.
 * `status` answers with that status and `body` and does nothing else, `status-after` does so once the request has taken effect;
 * `before` cuts the connection before the request takes effect, `after` once it has taken effect but before the answer,
 * `late-accept` cuts it at once and lets the request take effect `delayMs` later; `half-body` sends half of the answer and cuts,
 * `stalled-body` sends half and then nothing more; `hang` takes effect and never answers; `delay` takes `delayMs` longer;
 * `state` changes what the stand-in keeps (`Vendor.play`), and the request is then answered as always.
 */
export const Fault = z.strictObject(
  {
    vendor: z.string(),
    /** What the vendor calls it, where it was switched on by name. */
    name: z.string().optional(),
    /** Matches when the request path, with its query, contains this text. */
    path: z.string().default(''),
    method: z.string().optional(),
    kind: z.enum(kinds),
    status: z.number().int().min(200).max(599).default(500),
    headers: z
      .record(z.string(), z.string())
      .refine(canBeSent, 'there is a header with a name or a value that HTTP does not know')
      .default({}),
    /** A text is sent as HTML, anything else as JSON, unless `headers` names another content type. */
    body: z.unknown().optional(),
    /** Milliseconds: for `delay` before the request is handled, for `late-accept` before it takes effect. */
    delayMs: z.number().int().min(0).default(0),
    /** How many requests it plays on. */
    times: z.number().int().min(1).default(1),
    /** How many matching requests pass before it plays. */
    after: z.number().int().min(0).default(0),
  },
  { error: unknownField },
)
export type Fault = z.output<typeof Fault>
export type FaultInput = z.input<typeof Fault>

/** A fault of the vendor's own list, aimed at other requests than the list says where `path` or `method` are given. */
const ByName = z.strictObject(
  {
    vendor: z.string(),
    name: z.string(),
    path: z.string().optional(),
    method: z.string().optional(),
    times: z.number().int().min(1).optional(),
    after: z.number().int().min(0).optional(),
  },
  { error: unknownField },
)
/** What switches a fault on: its name, or all that it does. */
export type FaultRequest = z.input<typeof ByName> | FaultInput

/** The switched-on faults, taken in the order they were added; after them the scripts, each step when its turn has come. */
export interface Faults {
  /**
   * Switches a fault on and answers with it as it will be played. One of the kind `state` that waits for no certain request is
   * played at once.
   *
   * @throws {SandboxError} naming the vendors, or the faults of the vendor, when there is none of that name.
   * @throws {ZodError} when it is no fault at all.
   */
  add(fault: FaultRequest): Fault
  /**
   * Adds steps to be played one after the other: a step is considered once the one before it of the same vendor is used up.
   *
   * @throws as `add` does, naming the step; none of them is then added.
   */
  script(steps: readonly FaultRequest[]): Fault[]
  /** The fault due for this request, counted down; null when none is. */
  take(request: { vendor: string; method: string; path: string }): Fault | null
  list(): Fault[]
  clear(): void
}

/** An empty switchboard for these stand-ins. */
export function createFaults(vendors: Readonly<Record<string, Vendor>>): Faults {
  let active: Fault[] = []
  let scripted: Fault[] = []

  /** Counts the fault down when it is due, and the requests that pass before it when it is not. */
  function due(fault: Fault): boolean {
    if (fault.after > 0) {
      fault.after -= 1
      return false
    }
    fault.times -= 1
    if (fault.times === 0) {
      active = active.filter((each) => each !== fault)
      scripted = scripted.filter((each) => each !== fault)
    }
    return true
  }

  return {
    add(input) {
      const fault = resolved(input, vendors)
      const atOnce =
        fault.kind === 'state' && fault.path === '' && fault.method === undefined && fault.after === 0
      if (atOnce) for (let time = 0; time < fault.times; time += 1) playState(fault, vendors)
      else active.push(fault)
      return structuredClone(fault)
    },
    script(steps) {
      const faults = steps.map((step, index) => {
        try {
          return resolved(step, vendors)
        } catch (error) {
          throw new SandboxError(`step ${index + 1} of the script: ${textOf(error)}`, { cause: error })
        }
      })
      scripted.push(...faults)
      return structuredClone(faults)
    },
    take(request) {
      const fitting = active.filter((fault) => fits(fault, request))
      const step = scripted.find(({ vendor }) => vendor === request.vendor)
      if (step !== undefined && fits(step, request)) fitting.push(step)
      const fault = fitting.find(due)
      if (fault?.kind === 'state') playState(fault, vendors)
      return fault ?? null
    },
    list: () => structuredClone([...active, ...scripted]),
    clear() {
      active = []
      scripted = []
    },
  }
}

function textOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error)
  return error instanceof Error ? error.message : String(error)
}

function fits(fault: Fault, request: { vendor: string; method: string; path: string }): boolean {
  const sameMethod = fault.method === undefined || fault.method === request.method
  return fault.vendor === request.vendor && sameMethod && request.path.includes(fault.path)
}

/** The whole fault behind a request for one. */
function resolved(input: FaultRequest, vendors: Readonly<Record<string, Vendor>>): Fault {
  const vendor = vendors[input.vendor]
  if (typeof input.vendor === 'string' && vendor === undefined) {
    const names = Object.keys(vendors).join(', ')
    throw new SandboxError(`no stand-in is called "${input.vendor}"; there are ${names}`)
  }
  if ('kind' in input || vendor === undefined) return playable(Fault.parse(input), vendors)
  const { name, ...aim } = ByName.parse(input)
  return playable(Fault.parse({ ...namedFault(vendor, name).fault, name, ...aim }), vendors)
}

function playable(fault: Fault, vendors: Readonly<Record<string, Vendor>>): Fault {
  if (fault.kind !== 'state') return fault
  if (fault.name === undefined)
    throw new SandboxError('a fault of the kind "state" is switched on by its name')
  if (vendors[fault.vendor]?.play === undefined)
    throw new SandboxError(`the stand-in "${fault.vendor}" plays no faults of the kind "state"`)
  return fault
}

function playState(fault: Fault, vendors: Readonly<Record<string, Vendor>>): void {
  if (fault.name !== undefined) vendors[fault.vendor]?.play?.(fault.name)
}

import type { ServiceLevelClock } from './policy.ts'

/** How long something took over `count` leads, in ms; null where there are none. Percentiles are of nearest rank. */
export interface Durations {
  count: number
  p50Ms: number | null
  p95Ms: number | null
}

/** How fast leads were, beside how many were never touched or never had an owner: a median of the fast ones alone says nothing. */
export interface ServiceLevelReport {
  leads: number
  met: number
  /** Of those that met a person, how many only after the deadline. */
  metLate: number
  open: number
  ended: number
  /** Deadline passed without a touch until then, those touched later included. */
  breached: number
  neverAssigned: number
  neverTouched: number
  hops: { total: number; most: number; leadsMoved: number }
  /** Wall time of each link of the chain, over the leads that have both ends. */
  links: Record<Link, Durations>
  /** From submission to first touch. `everyLead` counts an untouched lead as slower than any other: null when the rank falls on one. */
  toTouch: { wall: Durations; business: Durations; everyLead: Durations }
}

const links = {
  capturedToDecided: ['captured', 'decided'],
  decidedToAssigned: ['decided', 'assigned'],
  assignedToNotified: ['assigned', 'notified'],
  notifiedToAccepted: ['notified', 'accepted'],
  acceptedToTouched: ['accepted', 'touched'],
  capturedToAssigned: ['captured', 'assigned'],
  assignedToTouched: ['assigned', 'touched'],
} as const satisfies Record<string, readonly [keyof ServiceLevelClock, keyof ServiceLevelClock]>

export type Link = keyof typeof links

/** Sums up the clocks of leads. Assignment and notice are those of the present owner, so a lead that moved counts with its last ones. */
export function reportServiceLevel(clocks: readonly ServiceLevelClock[]): ServiceLevelReport {
  const count = (holds: (clock: ServiceLevelClock) => boolean) => clocks.filter(holds).length
  const wall = between(clocks, ['captured', 'touched'])
  const untouched = clocks.length - wall.length
  return {
    leads: clocks.length,
    met: count(({ state }) => state === 'met'),
    metLate: count(({ state, breached }) => state === 'met' && breached),
    open: count(({ state }) => state === 'open'),
    ended: count(({ state }) => state === 'ended'),
    breached: count(({ breached }) => breached),
    neverAssigned: count(({ assigned }) => assigned === null),
    neverTouched: untouched,
    hops: {
      total: clocks.reduce((sum, { hops }) => sum + hops, 0),
      most: clocks.reduce((most, { hops }) => Math.max(most, hops), 0),
      leadsMoved: count(({ hops }) => hops > 0),
    },
    links: linksOf(clocks),
    toTouch: {
      wall: durations(wall),
      business: durations(clocks.map((clock) => clock.businessMs).filter((ms) => ms !== null)),
      everyLead: durations([...wall, ...Array<number>(untouched).fill(Number.POSITIVE_INFINITY)]),
    },
  }
}

function linksOf(clocks: readonly ServiceLevelClock[]): Record<Link, Durations> {
  const of = (link: Link) => durations(between(clocks, links[link]))
  return {
    capturedToDecided: of('capturedToDecided'),
    decidedToAssigned: of('decidedToAssigned'),
    assignedToNotified: of('assignedToNotified'),
    notifiedToAccepted: of('notifiedToAccepted'),
    acceptedToTouched: of('acceptedToTouched'),
    capturedToAssigned: of('capturedToAssigned'),
    assignedToTouched: of('assignedToTouched'),
  }
}

type Milestone = (typeof links)[Link][number]

function between(
  clocks: readonly ServiceLevelClock[],
  [from, until]: readonly [Milestone, Milestone],
): number[] {
  return clocks.flatMap((clock) => {
    const [begin, end] = [clock[from], clock[until]]
    // The submission time comes from another machine, whose clock may be a little ahead.
    return begin === null || end === null ? [] : [Math.max(0, end - begin)]
  })
}

function durations(ms: readonly number[]): Durations {
  const sorted = [...ms].sort((a, b) => a - b)
  const rank = (share: number) => {
    const value = sorted[Math.ceil(share * sorted.length) - 1]
    return value === undefined || value === Number.POSITIVE_INFINITY ? null : value
  }
  return { count: sorted.length, p50Ms: rank(0.5), p95Ms: rank(0.95) }
}

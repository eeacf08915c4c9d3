import { createHash } from 'node:crypto'
import { z } from 'zod'

const Person = z.strictObject({
  id: z.int().optional(),
  email: z.string().min(3),
  optedOut: z.boolean().default(false),
})
const Sender = z.strictObject({
  id: z.int().optional(),
  email: z.string().min(3),
  /** False for one who left, or whose mailbox is not connected. */
  active: z.boolean().default(true),
})
const Enrolment = z.strictObject({
  id: z.int(),
  person: z.int(),
  sequence: z.string(),
  sender: z.int(),
  /** False once the person was taken out or the sequence has ended. */
  on: z.boolean().default(true),
})
export type Enrolment = z.output<typeof Enrolment>

/** What `PUT /state/{sequencer}` takes. Every part may be left out. */
export const SequencerState = z.strictObject({
  /** The key or token a request must carry; null accepts any. */
  apiKey: z.string().nullable().default(null),
  /** Any address that is not listed belongs to somebody, with the same id every time. */
  autoProvision: z.boolean().default(true),
  people: z.array(Person).default([]),
  senders: z.array(Sender).default([]),
  enrolments: z.array(Enrolment).default([]),
})
export type SequencerState = z.output<typeof SequencerState>

export interface Known {
  id: number
  email: string
}

/** People, senders and who is in which sequence: what the three sequencers have in common. */
export interface Roster {
  apiKey: string | null
  person(email: string): (Known & { optedOut: boolean }) | null
  personById(id: number): (Known & { optedOut: boolean }) | null
  sender(email: string): (Known & { active: boolean }) | null
  senderById(id: number): (Known & { active: boolean }) | null
  senders(): (Known & { active: boolean })[]
  enrolments(): readonly Enrolment[]
  enrol(person: number, sequence: string, sender: number): Enrolment
  /** False where there is no such enrolment, or the person is out already. */
  takeOut(id: number): boolean
  state(): SequencerState
}

/** Builds a roster; throws a `ZodError` on a state it does not understand. */
export function openRoster(input: unknown): Roster {
  const given = SequencerState.parse(input)
  const { apiKey, autoProvision } = given
  const people = createIndex(
    given.people.map((each) => ({ ...each, id: each.id ?? numberOf(`p:${each.email}`) })),
  )
  const senders = createIndex(
    given.senders.map((each) => ({ ...each, id: each.id ?? numberOf(`s:${each.email}`) })),
  )
  const enrolments = [...given.enrolments]
  const provisioned = (email: string) => autoProvision && email.includes('@')
  return {
    apiKey,
    person(email) {
      const known = people.byEmail(email)
      if (known !== null || !provisioned(email)) return known
      return people.add({ id: numberOf(`p:${email.toLowerCase()}`), email, optedOut: false })
    },
    personById: people.byId,
    sender(email) {
      const known = senders.byEmail(email)
      if (known !== null || !provisioned(email)) return known
      return senders.add({ id: numberOf(`s:${email.toLowerCase()}`), email, active: true })
    },
    senderById: senders.byId,
    senders: senders.all,
    enrolments: () => enrolments,
    enrol(person, sequence, sender) {
      const enrolment = { id: 900_001 + enrolments.length, person, sequence, sender, on: true }
      enrolments.push(enrolment)
      return enrolment
    },
    takeOut(id) {
      const found = enrolments.find((each) => each.id === id && each.on)
      if (found !== undefined) found.on = false
      return found !== undefined
    },
    state: () => ({ apiKey, autoProvision, people: people.all(), senders: senders.all(), enrolments }),
  }
}

function createIndex<Each extends Known>(given: readonly Each[]) {
  const byEmail = new Map(given.map((each) => [each.email.toLowerCase(), each]))
  const byId = new Map(given.map((each) => [each.id, each]))
  return {
    byEmail: (email: string) => byEmail.get(email.trim().toLowerCase()) ?? null,
    byId: (id: number) => byId.get(id) ?? null,
    all: () => [...byId.values()],
    add(each: Each): Each {
      byEmail.set(each.email.toLowerCase(), each)
      byId.set(each.id, each)
      return each
    },
  }
}

/** The same number for the same text, so that a restart keeps the ids. */
const numberOf = (text: string) => createHash('sha256').update(text).digest().readUInt32BE(0)

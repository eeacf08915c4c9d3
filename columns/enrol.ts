import { z } from 'zod'
import { asSeen, beforeSending, buildColumn } from './build.ts'
import { type CellContext, type Column, type ColumnOptions, done, noResult, type Outcome } from './column.ts'
import { CallFailure } from './errors.ts'
import type { Enrolment, EnrolRequest, Sequencer } from './ports.ts'
import type { NameOf, Seen } from './types.ts'

export const EnrolmentShape: z.ZodType<Enrolment> = z.object({
  id: z.string(),
  sequence: z.string(),
  sender: z.string().nullable(),
})

export interface EnrolOptions<Row extends object, Reads extends NameOf<Row>, Needs extends NameOf<Row>>
  extends ColumnOptions {
  reads?: readonly Reads[]
  needs?: readonly Needs[]
  via: Sequencer
  enrolment: (row: NoInfer<Seen<Row, Reads, Needs>>) => EnrolRequest
}

/**
 * Enrols the person in a sequence once: never who must not be written to, and not who is in it already. When this cell enrolled the person
 * before with another sender or in another sequence, that ends first, also when nothing comes after it. A vendor without a call for it is
 * asked all the same, and the old enrolment is named, to be ended by hand.
 */
export function enrol<
  Row extends object,
  const Reads extends NameOf<Row> = never,
  const Needs extends NameOf<Row> = never,
>(options: EnrolOptions<Row, Reads, Needs>): Column<Row, Enrolment> {
  const { via } = options
  return buildColumn<Row, Enrolment>({
    ...options,
    kind: 'enrol',
    output: EnrolmentShape,
    describe: { via: via.vendor },
    versionOf: [options.enrolment],
    work: {
      effect: 'write',
      sideEffect: `enrols the person in a sequence of ${via.vendor}`,
      reaches: 'people',
      target: 'readable',
      confirms: [],
      horizonMs: 1_000,
      async send(values, context) {
        const request = beforeSending(() => options.enrolment(asSeen(values)))
        const refusal = await via.refusal(request, context)
        if (refusal !== null) return refused(refusal, { via, request, context })
        return enrolOnce(via, request, context)
      },
      async reconcile(values, context) {
        const request = options.enrolment(asSeen(values))
        const found = await via.find(request, context)
        if (found.state !== 'found') return found
        // The one to be ended is still there: what was to come after it has not happened.
        if (isOurs(found.value, replacedBy(request, context))) return { state: 'absent' }
        return { state: 'happened', outcome: done(found.value, { detail: { reconciled: true } }) }
      },
      tell: (value, { detail }) =>
        `${detail !== null && 'alreadyEnrolled' in detail ? 'was there already' : 'enrolled'} with ${via.vendor}: ${named(value)}`,
    },
  })
}

interface Asked {
  via: Sequencer
  request: EnrolRequest
  context: CellContext
}

/** Nobody writes to the person, the former sender included. */
async function refused(refusal: string, { via, request, context }: Asked): Promise<Outcome<Enrolment>> {
  const former = replacedBy(request, context)
  if (former === null) return noResult(refusal)
  if (!via.unenrols)
    return noResult(`${refusal}; ${byHand(via, former)}`, { detail: { takeOutByHand: former } })
  await via.unenrol(former, request, context)
  return noResult(`${refusal}; taken out of ${named(former)}`, { detail: { ended: former } })
}

async function enrolOnce(
  via: Sequencer,
  request: EnrolRequest,
  context: CellContext,
): Promise<Outcome<Enrolment>> {
  const former = replacedBy(request, context)
  const present = await via.find(request, context)
  if (present.state === 'found' && !isOurs(present.value, former)) return already(present.value, request)
  // Perhaps in this one: enrolled once at most.
  if (present.state === 'unknown') return noResult(`${present.reason}: nobody is enrolled on a guess`)
  if (former === null) return done(await via.enrol(request, context))
  if (!via.unenrols) return enrolBeside(former, { via, request, context })
  await via.unenrol(former, request, context)
  return done(await via.enrol(request, context), {
    reason: `moved from ${named(former)}`,
    detail: { ended: former },
  })
}

/** What this cell did before and has now to be undone, null for nothing: another sender or another sequence. */
function replacedBy({ sequence, sender }: EnrolRequest, { earlier }: CellContext): Enrolment | null {
  const former = EnrolmentShape.safeParse(earlier).data
  if (former === undefined) return null
  return former.sequence === sequence && isSameSender(former.sender, sender.email) ? null : former
}

/** An address that the vendor does not tell is taken for the right one: nobody is moved on a guess. */
const isSameSender = (known: string | null, wanted: string) =>
  known === null || known.toLowerCase() === wanted.toLowerCase()

/** By the id, or by the sender where the vendor gives an enrolment another id when it is looked up. */
const isOurs = (present: Enrolment, former: Enrolment | null) =>
  former !== null &&
  present.sequence === former.sequence &&
  (present.id === former.id ||
    (present.sender !== null && former.sender !== null && isSameSender(present.sender, former.sender)))

function already(present: Enrolment, { sender }: EnrolRequest): Outcome<Enrolment> {
  const reason = isSameSender(present.sender, sender.email)
    ? {}
    : {
        reason: `the person is in ${named(present)} already and stays there: it was not this lead that enrolled them`,
      }
  return done(present, { ...reason, detail: { alreadyEnrolled: true } })
}

/** The vendor decides whether a person may be in both; the old enrolment is a person's to end. */
async function enrolBeside(former: Enrolment, { via, request, context }: Asked): Promise<Outcome<Enrolment>> {
  const reason = byHand(via, former)
  try {
    const made = await via.enrol(request, context)
    return done(made, { reason, detail: { takeOutByHand: former } })
  } catch (error) {
    if (!CallFailure.isInstance(error) || error.retryable || error.outcomeUnknown) throw error
    throw new CallFailure(error.kind, `${error.message}; ${reason}`, { retryable: false, cause: error })
  }
}

const byHand = ({ vendor }: Sequencer, former: Enrolment): string =>
  `${vendor} has no call that ends an enrolment: take the person out of ${named(former)} by hand`

const named = ({ id, sequence, sender }: Enrolment): string =>
  `sequence ${sequence}${sender === null ? '' : ` of ${sender}`} (enrolment ${id})`

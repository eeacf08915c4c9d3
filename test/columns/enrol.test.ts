import { describe, expect, it } from 'vitest'
import { enrol } from '../../columns/enrol.ts'
import type { Enrolment, Sequencer } from '../../columns/ports.ts'
import { sequencerWith } from './ports.ts'
import { failureOf, reconcile, run } from './running.ts'

interface Row {
  email: string
  sender: string
  sequence: string
}
const row: Row = { email: 'kim@acme.example', sender: 'ana@ours.example', sequence: 'welcome' }
const column = (via: Sequencer) =>
  enrol<Row, never, 'email' | 'sender' | 'sequence'>({
    needs: ['email', 'sender', 'sequence'],
    via,
    enrolment: ({ email, sender, sequence }) => ({
      sequence,
      record: { type: 'Lead', id: 'L1' },
      email,
      sender: { email: sender, crmUserId: null },
    }),
  })
const of = (sender: string | null, over: Partial<Enrolment> = {}): Enrolment => ({
  id: 'e1',
  sequence: 'welcome',
  sender,
  ...over,
})
const fromBo = of('bo@ours.example')
/** As the cell holds it. */
const earlier = (enrolment: Enrolment) => ({ ...enrolment })

describe('an enrol column', () => {
  it('enrols who is not in the sequence yet, and nobody twice', async () => {
    const { via, calls } = sequencerWith()
    expect(await run(column(via), row)).toMatchObject({ value: { sender: 'ana@ours.example' } })
    expect(await run(column(via), row)).toMatchObject({ detail: { alreadyEnrolled: true } })
    expect(calls).toEqual(['enrol welcome ana@ours.example'])
  })

  it('never enrols a person who must not be written to, and says why', async () => {
    const { via, calls } = sequencerWith({ refusal: async () => 'opted out of e-mail' })
    expect(await run(column(via), row)).toEqual({ status: 'no-result', reason: 'opted out of e-mail' })
    expect(calls).toEqual([])
  })

  it('ends what it did before when the person has opted out since, and enrols nobody', async () => {
    const refusal = async () => 'opted out of e-mail'
    const { via, calls } = sequencerWith({ present: [fromBo], refusal })
    expect(await run(column(via), row, { earlier: earlier(fromBo) })).toEqual({
      status: 'no-result',
      reason: expect.stringMatching(/^opted out of e-mail; .*sequence welcome of bo@ours.example/),
      detail: { ended: fromBo },
    })
    expect(calls).toEqual(['unenrol welcome e1'])
    const byHand = sequencerWith({ present: [fromBo], refusal, unenrols: false })
    expect(await run(column(byHand.via), row, { earlier: earlier(fromBo) })).toMatchObject({
      status: 'no-result',
      reason: expect.stringMatching(/^opted out of e-mail; .*by hand/),
      detail: { takeOutByHand: fromBo },
    })
    expect(byHand.calls).toEqual([])
  })

  it('ends what it did before in the name of another sender', async () => {
    const { via, calls, enrolments } = sequencerWith({ present: [fromBo] })
    expect(await run(column(via), row, { earlier: earlier(fromBo) })).toMatchObject({
      status: 'done',
      value: { sequence: 'welcome', sender: 'ana@ours.example' },
      reason: expect.stringContaining('bo@ours.example'),
      detail: { ended: fromBo },
    })
    expect(calls).toEqual(['unenrol welcome e1', 'enrol welcome ana@ours.example'])
    expect(enrolments).toHaveLength(1)
  })

  it('ends what it did before in another sequence', async () => {
    const former = of('ana@ours.example', { sequence: 'small' })
    const { via, calls } = sequencerWith({ present: [former] })
    await run(column(via), row, { earlier: earlier(former) })
    expect(calls).toEqual(['unenrol small e1', 'enrol welcome ana@ours.example'])
  })

  it('leaves a person alone whom it enrolled before with the same sender', async () => {
    for (const sender of ['Ana@ours.example', null]) {
      const { via, calls } = sequencerWith({ present: [of(sender)] })
      const outcome = await run(column(via), row, { earlier: earlier(of(sender)) })
      expect(outcome).toMatchObject({ detail: { alreadyEnrolled: true } })
      expect(outcome.reason).toBeUndefined()
      expect(calls).toEqual([])
    }
  })

  it('leaves a person where somebody else enrolled them, and says with whom', async () => {
    const { via, calls } = sequencerWith({ present: [fromBo] })
    expect(await run(column(via), row)).toMatchObject({
      value: fromBo,
      reason: expect.stringContaining('bo@ours.example'),
    })
    expect(calls).toEqual([])
  })

  it('names the old enrolment to be ended by hand where the vendor has no call for it', async () => {
    const former = of('bo@ours.example', { sequence: 'small' })
    const { via, calls } = sequencerWith({ present: [former], unenrols: false })
    expect(await run(column(via), row, { earlier: earlier(former) })).toMatchObject({
      status: 'done',
      reason: expect.stringMatching(/by hand/),
      detail: { takeOutByHand: former },
    })
    expect(calls).toEqual(['enrol welcome ana@ours.example'])
  })

  it('fails with the old enrolment in its words when that vendor does not allow a second one', async () => {
    const { via, calls } = sequencerWith({ present: [fromBo], unenrols: false })
    const failure = await failureOf(run(column(via), row, { earlier: earlier(fromBo) }))
    expect(failure).toMatchObject({ kind: 'invalid-request', retryable: false })
    expect(failure.message).toMatch(/enrolled already; .*sequence welcome of bo@ours.example .*by hand/)
    expect(calls).toEqual(['enrol welcome ana@ours.example'])
  })

  it('enrols nobody on a guess when the vendor cannot say in which sequence the person is', async () => {
    const unknown = { state: 'unknown', reason: 'enrolled, but not known where' } as const
    const { via, calls } = sequencerWith({ find: async () => unknown })
    const outcome = await run(column(via), row)
    expect(outcome).toEqual({
      status: 'no-result',
      reason: 'enrolled, but not known where: nobody is enrolled on a guess',
    })
    expect(calls).toEqual([])
  })

  it('is reconciled by asking', async () => {
    const { via } = sequencerWith({ present: [of('ana@ours.example')] })
    expect(await reconcile(column(via), row)).toMatchObject({ state: 'happened' })
    expect(await reconcile(column(sequencerWith().via), row)).toEqual({ state: 'absent' })
    const unknown = { state: 'unknown', reason: 'r' } as const
    expect(await reconcile(column(sequencerWith({ find: async () => unknown }).via), row)).toEqual(unknown)
  })

  it('has not happened while only the enrolment is there that it was to end', async () => {
    const { via } = sequencerWith({ present: [fromBo] })
    expect(await reconcile(column(via), row, { earlier: earlier(fromBo) })).toEqual({ state: 'absent' })
    const mine = sequencerWith({ present: [of('ana@ours.example', { id: 'e2' })] })
    expect(await reconcile(column(mine.via), row, { earlier: earlier(fromBo) })).toMatchObject({
      state: 'happened',
    })
  })
})

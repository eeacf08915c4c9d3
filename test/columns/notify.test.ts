import { describe, expect, it } from 'vitest'
import { notify } from '../../columns/notify.ts'
import type { Finding, Message, Messenger, SentMessage } from '../../columns/ports.ts'
import { failureIn, messengerWith } from './ports.ts'
import { failureOf, reconcile, run } from './running.ts'

interface Row {
  email: string
}
const sent: SentMessage = { id: 'm1', channel: 'D1', fallback: false }
const lead = { email: 'ana@ours.example' }

const column = (via: Partial<Messenger>, whenUnknown?: 'repeat' | 'leave') =>
  notify<Row, never, 'email'>({
    needs: ['email'],
    via: messengerWith(via),
    ...(whenUnknown !== undefined && { whenUnknown }),
    message: ({ email }) => ({ to: { email }, title: 'New lead', facts: [], reason: 'because' }),
  })

/** Keeps what is sent with it. */
function outbox() {
  const messages: [Message, string][] = []
  const send: Messenger['send'] = async (message, sendId) => {
    messages.push([message, sendId])
    return sent
  }
  return { send, messages }
}

describe('a notify column', () => {
  it('sends one message with the send id', async () => {
    const { send, messages } = outbox()
    expect(await run(column({ send }), lead)).toEqual({
      status: 'done',
      value: { ...sent, to: lead, replacing: null },
    })
    expect(messages).toMatchObject([[{ to: lead, reason: 'because' }, 'row_1.cell.1.abcd']])
  })

  it('keeps which earlier message of its own it stands in for, and whom that was for', async () => {
    const { send } = outbox()
    const to = { email: 'bo@ours.example' }
    const replacing = { id: 'm0', channel: 'D0', to }
    const earlier = { ...replacing, fallback: false, replacing: { id: 'm-1', channel: 'D9', to } }
    expect(await run(column({ send }), lead, { earlier })).toMatchObject({ value: { replacing } })
    const find = async () => ({ state: 'found' as const, value: sent })
    expect(await reconcile(column({ find }), lead, { earlier })).toMatchObject({
      outcome: { value: { id: 'm1', replacing } },
    })
    expect(await run(column({ send }), lead, { earlier: 'something else' })).toMatchObject({
      value: { replacing: null },
    })
  })

  it('lets a lost answer through as it is, for the runtime to reconcile', async () => {
    const lost = failureIn('unavailable', true, true)
    expect(await failureOf(run(column({ send: () => Promise.reject(lost) }), lead))).toBe(lost)
  })

  it.each<[Finding<SentMessage>, string]>([
    [{ state: 'found', value: sent }, 'happened'],
    [{ state: 'absent' }, 'absent'],
    [{ state: 'unknown', reason: 'no history' }, 'unknown'],
  ])('is reconciled by searching for the send id: %o', async (finding, state) => {
    const ids: string[] = []
    const find: Messenger['find'] = async (_, sendId) => {
      ids.push(sendId)
      return finding
    }
    expect(await reconcile(column({ find }), lead)).toMatchObject({ state })
    expect(ids).toEqual(['row_1.cell.1.abcd'])
  })

  it.each([
    ['blind', undefined, 'repeat'],
    ['blind', 'leave', 'leave'],
    ['readable', undefined, 'leave'],
    ['readable', 'repeat', 'repeat'],
  ] as const)('over a %s messenger told %s will %s what nobody can tell of', (target, told, whenUnknown) => {
    expect(column({ target }, told).work).toMatchObject({ target, whenUnknown })
  })

  it('says at the end of a message that it may be a repetition, in its detail too', async () => {
    const { send, messages } = outbox()
    const outcome = await run(column({ send, target: 'blind' }), lead, { mayRepeat: true })
    expect(outcome).toMatchObject({ status: 'done', detail: { mayRepeat: true } })
    expect(messages[0]?.[0].reason).toMatch(/^because\n.*may repeat an earlier message/)
  })
})

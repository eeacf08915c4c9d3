import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { RunningCall } from '../call.ts'
import { createMemo } from '../memo.ts'
import { ask, type RestAccount } from '../rest.ts'

const Mailboxes = z.looseObject({
  email_accounts: z.array(
    z.looseObject({ id: z.string(), email: z.string(), active: z.boolean().default(true) }),
  ),
})
type Mailbox = z.output<typeof Mailboxes>['email_accounts'][number]

export type MailboxDirectory = ReturnType<typeof createMailboxes>

/** The mailboxes that Apollo may send from: `GET /email_accounts`, remembered for five minutes. */
export function createMailboxes(account: RestAccount) {
  const all = createMemo<Mailbox[]>({ ttlMs: () => 300_000, maxEntries: 1 })
  const read = (call: RunningCall) =>
    all.get('all', async () => {
      const request = { method: 'GET', path: '/email_accounts', write: false, answer: Mailboxes } as const
      return (await ask(account, request, call)).email_accounts
    })
  return {
    /** Throws `inactive-owner` for a rep without a mailbox that is connected. */
    async idOf(email: string, call: RunningCall): Promise<string> {
      const wanted = email.toLowerCase()
      const found = (await read(call)).find((each) => each.email.toLowerCase() === wanted)
      if (found?.active) return found.id
      throw new CallFailure(
        'inactive-owner',
        `Apollo has no connected mailbox of ${email}: connect it there, or enrol in another name`,
        { retryable: false },
      )
    },
    async emailOf(id: string, call: RunningCall): Promise<string | null> {
      return (await read(call)).find((each) => each.id === id)?.email ?? null
    },
  }
}

import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { EnrolRequest } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { createMemo } from '../memo.ts'
import { ask, type RestAccount } from '../rest.ts'

const Person = z.looseObject({
  id: z.int(),
  email_address: z.string().nullish(),
  do_not_contact: z.boolean().nullish(),
  /** Ways in which the person must not be reached: `call`, `email`, `message`. */
  contact_restrictions: z.array(z.string()).nullish(),
})
export type Person = z.output<typeof Person>
const People = z.looseObject({ data: z.array(Person) })

const User = z.looseObject({ id: z.int(), email: z.string().nullish(), active: z.boolean().default(true) })
const Users = z.looseObject({ data: z.array(User) })
const OneUser = z.looseObject({ data: User })

/** The person of this request. Throws `not-found` where Salesloft has none with the address. */
export async function personOf(
  account: RestAccount,
  { email }: EnrolRequest,
  call: RunningCall,
): Promise<Person> {
  const wanted = email?.trim().toLowerCase() ?? ''
  if (wanted === '') {
    throw new CallFailure('invalid-request', 'Salesloft knows people by their e-mail address: it is empty', {
      retryable: false,
    })
  }
  const { data } = await ask(
    account,
    {
      method: 'GET',
      path: '/people.json',
      query: { 'email_addresses[]': wanted, per_page: '25' },
      write: false,
      answer: People,
    },
    call,
  )
  const found = data.find((person) => person.email_address?.toLowerCase() === wanted)
  if (found !== undefined) return found
  throw new CallFailure('not-found', `Salesloft has no person ${email}: create it there first`, {
    retryable: false,
  })
}

export type UserDirectory = ReturnType<typeof createUsers>

/** Who sends in Salesloft, remembered for five minutes. */
export function createUsers(account: RestAccount) {
  const ids = createMemo<number | null>({
    ttlMs: (id) => (id === null ? 60_000 : 300_000),
    maxEntries: 10_000,
  })
  const emails = createMemo<string | null>({ ttlMs: () => 300_000, maxEntries: 10_000 })
  return {
    /** Throws `inactive-owner` for a rep who is no active user. */
    async idOf(email: string, call: RunningCall): Promise<number> {
      const wanted = email.trim().toLowerCase()
      const id = await ids.get(wanted, async () => {
        const query = { search: wanted, active: 'true', per_page: '100' }
        const request = { method: 'GET', path: '/users.json', query, write: false, answer: Users } as const
        const { data } = await ask(account, request, call)
        return data.find((user) => user.active && user.email?.toLowerCase() === wanted)?.id ?? null
      })
      if (id !== null) return id
      throw new CallFailure('inactive-owner', `Salesloft has no active user ${email}`, { retryable: false })
    },
    emailOf: (id: number, call: RunningCall): Promise<string | null> =>
      emails.get(String(id), async () => {
        const request = { method: 'GET', path: `/users/${id}.json`, write: false, answer: OneUser } as const
        return (await ask(account, request, call)).data.email ?? null
      }),
  }
}

import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { CrmUser } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { createGatherer } from '../gather.ts'
import { createMemo } from '../memo.ts'
import { query } from './query.ts'
import type { Session } from './session.ts'
import { literal } from './soql.ts'

/** The fields of a user, on `User` and on an owner relation to it. */
export const User = z.object({
  Id: z.string(),
  Name: z.string(),
  Email: z.string().nullable(),
  IsActive: z.boolean(),
  UserType: z.string().nullish(),
})

/**
 * Guests, automated processes and the user we act as own records for technical reasons only: nobody of them works an account.
 */
export function toCrmUser(user: z.output<typeof User>, ownUserId: string | null): CrmUser {
  const technical = (user.UserType ?? 'Standard') !== 'Standard' || user.Id === ownUserId
  return {
    id: user.Id,
    name: user.Name,
    email: user.Email,
    active: user.IsActive,
    kind: technical ? 'integration' : 'person',
  }
}

/** Looks up users by their address; many rows that ask for the same rep at about the same time share one query. */
export interface Users {
  /** The user with this address; of several the active one, then the oldest. */
  byEmail(email: string, call: RunningCall): Promise<CrmUser | null>
}

/** How long a user is remembered, in milliseconds. Somebody who leaves meanwhile is refused as an owner by Salesforce itself. */
const rememberedMs = 30_000
/** One who was not there, or not active, may be created any moment. */
const missedMs = 2_000

/** Addresses in one query, which ends at 16 kB with its headers. */
const maxAddresses = 50

export function createUsers(session: Session): Users {
  const memo = createMemo<CrmUser | null>({
    ttlMs: (user) => (user?.active === true ? rememberedMs : missedMs),
    maxEntries: 1_000,
  })
  const url = `${session.settings.loginUrl}/query`
  const together = createGatherer<string, CrmUser | null>({
    request: { vendor: 'salesforce', method: 'GET', url, write: false },
    max: maxAddresses,
    one: async (address, call) => (await findByEmail(session, [address], call))[0] ?? null,
    many: async (addresses, call) =>
      (await findByEmail(session, addresses, call)).map((value) => ({ value })),
  })
  return {
    async byEmail(email, call) {
      const address = email.trim().toLowerCase()
      if (address !== '') return memo.get(address, () => together.ask(address, call))
      const message = 'salesforce: a user cannot be looked up by an empty e-mail address'
      throw new CallFailure('invalid-request', message, { retryable: false })
    },
  }
}

/** The user of each address, in their order. */
async function findByEmail(
  session: Session,
  addresses: readonly string[],
  call: RunningCall,
): Promise<(CrmUser | null)[]> {
  const soql =
    'SELECT Id, Name, Email, IsActive, UserType FROM User ' +
    `WHERE Email IN (${addresses.map(literal).join(',')}) ORDER BY IsActive DESC, CreatedDate ASC`
  const users = await query(session, soql, { record: User, call })
  const { userId } = await session.identity(call)
  return addresses.map((address) => {
    const user = users.find(({ Email }) => Email?.toLowerCase() === address)
    return user === undefined ? null : toCrmUser(user, userId)
  })
}

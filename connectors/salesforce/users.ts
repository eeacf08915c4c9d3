import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { CrmUser } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
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

/** The user with this address; of several the active one, then the oldest. */
export async function findUserByEmail(
  session: Session,
  email: string,
  call: RunningCall,
): Promise<CrmUser | null> {
  const address = email.trim()
  if (address === '') {
    throw new CallFailure(
      'invalid-request',
      'salesforce: a user cannot be looked up by an empty e-mail address',
      {
        retryable: false,
      },
    )
  }
  const { userId } = await session.identity(call)
  const soql =
    'SELECT Id, Name, Email, IsActive, UserType FROM User ' +
    `WHERE Email = ${literal(address)} ORDER BY IsActive DESC, CreatedDate ASC LIMIT 1`
  const [user] = await query(session, soql, { record: User, call })
  return user === undefined ? null : toCrmUser(user, userId)
}

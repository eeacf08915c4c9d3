import type { Owner } from '../routing/decision.ts'
import { CallFailure } from './errors.ts'
import type { Call, Crm, CrmUser } from './ports.ts'

/**
 * The user id of an owner in this CRM: the one that is set for it, else found by e-mail.
 *
 * @throws {CallFailure} `not-found` without such a user, `inactive-owner` for one who cannot own anything any more.
 */
export async function ownerIdIn(crm: Crm, owner: Owner, call: Call): Promise<string> {
  const known = owner.ids[crm.vendor]?.trim() ?? ''
  if (known !== '') return known
  const email = owner.email?.trim() ?? ''
  const user = email === '' ? null : await crm.findUserByEmail(email, call)
  if (user === null) {
    throw new CallFailure(
      'not-found',
      `${crm.vendor} has no user with the e-mail ${owner.email} of ${owner.name}; create the user or set ids.${crm.vendor} of the rep`,
      { retryable: false },
    )
  }
  if (!user.active) {
    throw new CallFailure('inactive-owner', `${owner.name} is inactive in ${crm.vendor}`, {
      retryable: false,
    })
  }
  return user.id
}

/** Salesforce writes the same id with 15 characters or with 18, of which the last three only check the others. */
export const isSameId = (one: string | null, other: string | null): boolean =>
  one === other ||
  (one !== null && other !== null && one.slice(0, 15) === other.slice(0, 15) && isPair(one, other))

const isPair = (one: string, other: string) =>
  Math.min(one.length, other.length) === 15 && Math.max(one.length, other.length) === 18

/** Is this owner of ours the user `ownerId`, of whom the CRM tells `user`? */
export function isSameOwner(
  owner: Owner,
  { vendor, ownerId, user }: { vendor: string; ownerId: string; user: CrmUser | null },
): boolean {
  const email = user?.email?.toLowerCase()
  return (
    isSameId(owner.ids[vendor] ?? null, ownerId) ||
    (email !== undefined && owner.email?.toLowerCase() === email)
  )
}

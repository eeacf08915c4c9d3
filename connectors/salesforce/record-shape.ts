import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { CrmRecord } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { ownerOf, toIso } from './account-shape.ts'
import type { RecordType } from './ids.ts'
import type { Session } from './session.ts'

/** Types whose owner we may set. */
export const ownedTypes = [
  'Lead',
  'Contact',
  'Account',
  'Opportunity',
] as const satisfies readonly RecordType[]
export type OwnedType = (typeof ownedTypes)[number]

/** A record with its owner, as our queries read it. */
export const Owned = z.object({
  Id: z.string(),
  OwnerId: z.string().nullable(),
  /** Of a queue Salesforce shows the name, and of a lead's owner not the kind of user. */
  Owner: z
    .object({
      Name: z.string(),
      Email: z.string().nullish(),
      IsActive: z.boolean().nullish(),
      UserType: z.string().nullish(),
    })
    .nullable(),
  LastActivityDate: z.string().nullable(),
  CreatedDate: z.string(),
  LastModifiedDate: z.string(),
})

/** What is selected of a record. */
export const fieldsOf = (type: OwnedType) =>
  'Id, OwnerId, Owner.Name, Owner.Email, Owner.IsActive, LastActivityDate, CreatedDate, LastModifiedDate' +
  (type === 'Lead' ? '' : ', Owner.UserType')

/** The record in Rota's words. */
export async function toRecord(
  session: Session,
  { type, record }: { type: OwnedType; record: z.output<typeof Owned> },
  call: RunningCall,
): Promise<CrmRecord> {
  const { userId } = await session.identity(call)
  return {
    type,
    id: record.Id,
    ownerId: record.OwnerId,
    owner: ownerOf(record, userId),
    url: await pageOf(session, { type, id: record.Id }, call),
    lastActivityAt: record.LastActivityDate === null ? null : toIso(record.LastActivityDate),
    createdAt: toIso(record.CreatedDate),
  }
}

/** Where a person finds the record. */
export async function pageOf(
  session: Session,
  { type, id }: { type: string; id: string },
  call: RunningCall,
): Promise<string> {
  const { instanceUrl } = await session.identity(call)
  return `${instanceUrl}/lightning/r/${type}/${id}/view`
}

/** The type, or a failure for one whose owner we never set. */
export function requireType(type: string): OwnedType {
  const owned = ownedTypes.find((each) => each === type)
  return owned ?? refuse(`"${type}" is no type whose owner can be set; use ${ownedTypes.join(', ')}`)
}

/** Throws before anything has left. */
export function refuse(message: string): never {
  throw new CallFailure('invalid-request', `salesforce: ${message}`, { retryable: false })
}

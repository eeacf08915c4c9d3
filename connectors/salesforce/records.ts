import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { CrmRecord, RecordRequest } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { ownerOf, toIso } from './account-shape.ts'
import { type RecordType, requireId, typeOfId } from './ids.ts'
import { query } from './query.ts'
import type { Session } from './session.ts'
import { literal } from './soql.ts'

/** The external id field that carries our row id; it must exist on Lead, marked external id and unique. */
export const rowIdField = 'Rota_Row_Id__c'

/** Active assignment rules would give the record to somebody else and still answer success. */
const asWritten = { 'Sforce-Auto-Assign': 'FALSE' }

/** Types whose owner we may set. */
const ownedTypes = ['Lead', 'Contact', 'Account', 'Opportunity'] as const satisfies readonly RecordType[]
type OwnedType = (typeof ownedTypes)[number]

const Owned = z.object({
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
})
const Lead = Owned.extend({
  [rowIdField]: z.string().nullable(),
  IsConverted: z.boolean(),
  ConvertedContactId: z.string().nullable(),
})
const fieldsOf = (type: OwnedType) =>
  'Id, OwnerId, Owner.Name, Owner.Email, Owner.IsActive, LastActivityDate, CreatedDate' +
  (type === 'Lead' ? '' : ', Owner.UserType')
const leadFields = `${fieldsOf('Lead')}, ${rowIdField}, IsConverted, ConvertedContactId`

/** By id, then by our row id, then by e-mail among leads and contacts. A converted lead stands for its contact. */
export async function findRecord(
  session: Session,
  request: RecordRequest,
  call: RunningCall,
): Promise<CrmRecord | null> {
  if (request.recordId !== null && request.recordId !== '') {
    const byId = await findById(session, request.recordId, call)
    if (byId !== null) return byId
  }
  const lead = await findLead(session, request, call)
  if (lead !== null) return lead
  const email = request.email?.trim() ?? ''
  if (email === '') return null
  const soql = `SELECT ${fieldsOf('Contact')} FROM Contact WHERE Email = ${literal(email)} ORDER BY CreatedDate ASC, Id ASC LIMIT 1`
  const [contact] = await query(session, soql, { record: Owned, call })
  return contact === undefined ? null : toRecord(session, 'Contact', contact, call)
}

/** The record as it is now; null when it does not exist or is deleted. */
export async function readRecord(
  session: Session,
  record: { type: string; id: string },
  call: RunningCall,
): Promise<CrmRecord | null> {
  const type = requireType(record.type)
  const id = requireId(record.id, [type])
  const soql = `SELECT ${fieldsOf(type)} FROM ${type} WHERE Id = ${literal(id)} LIMIT 1`
  const [found] = await query(session, soql, { record: Owned, call })
  return found === undefined ? null : toRecord(session, type, found, call)
}

/** Creates the lead of a row, or updates it when it was created before: the row id makes the two the same write. */
export async function createRecord(
  session: Session,
  request: RecordRequest,
  call: RunningCall,
): Promise<CrmRecord> {
  // A dot segment survives encoding and would climb up the path.
  if (/^\.{0,2}$/.test(request.externalId))
    refuse(`a lead cannot be created under the row id "${request.externalId}"`)
  const { id } = await session.request(
    {
      method: 'PATCH',
      path: `/sobjects/Lead/${rowIdField}/${encodeURIComponent(request.externalId)}`,
      headers: asWritten,
      body: {
        LastName: clip(request.lastName, 80) ?? '[not provided]',
        Company: clip(request.company, 255) ?? '[not provided]',
        ...(clip(request.firstName, 40) !== null && { FirstName: clip(request.firstName, 40) }),
        ...(clip(request.email, 80) !== null && { Email: clip(request.email, 80) }),
        ...(clip(request.website, 255) !== null && { Website: clip(request.website, 255) }),
      },
      answer: z.object({ id: z.string() }),
      write: true,
    },
    call,
  )
  // The lead is there: that its owner cannot be read now must not look like a failed creation.
  const created = await readRecord(session, { type: 'Lead', id }, call).catch(() => null)
  return created ?? { type: 'Lead', id, ...unread, url: await pageOf(session, { type: 'Lead', id }, call) }
}

/** Writes the owner and the given fields in one update. */
export async function writeOwner(
  session: Session,
  record: { type: string; id: string },
  change: { ownerId: string; fields?: Record<string, string>; call: RunningCall },
): Promise<void> {
  const type = requireType(record.type)
  const id = requireId(record.id, [type])
  const ownerId = requireId(change.ownerId, ['User', 'Group'])
  for (const field of Object.keys(change.fields ?? {})) {
    if (!/^[A-Za-z]\w*$/.test(field) || field === 'Id' || field === 'OwnerId')
      refuse(`"${field}" is no field to write`)
  }
  await session.request(
    {
      method: 'PATCH',
      path: `/sobjects/${type}/${id}`,
      headers: asWritten,
      body: { ...change.fields, OwnerId: ownerId },
      // 204 without a body. A page with status 200 is a proxy talking, not Salesforce.
      answer: z.null(),
      write: true,
    },
    change.call,
  )
}

async function findById(session: Session, recordId: string, call: RunningCall): Promise<CrmRecord | null> {
  const id = requireId(recordId, ownedTypes)
  const type = typeOfId(id)
  if (type === null || type !== 'Lead') return readRecord(session, { type: type ?? '', id }, call)
  const soql = `SELECT ${leadFields} FROM Lead WHERE Id = ${literal(id)} LIMIT 1`
  const [lead] = await query(session, soql, { record: Lead, call })
  return lead === undefined ? null : standingFor(session, lead, call)
}

async function findLead(
  session: Session,
  request: RecordRequest,
  call: RunningCall,
): Promise<CrmRecord | null> {
  const email = request.email?.trim() ?? ''
  const conditions = [
    ...(request.externalId === '' ? [] : [`${rowIdField} = ${literal(request.externalId)}`]),
    ...(email === '' ? [] : [`(Email = ${literal(email)} AND IsConverted = FALSE)`]),
  ]
  // An empty predicate would match every lead of the org.
  if (conditions.length === 0) return null
  const soql = `SELECT ${leadFields} FROM Lead WHERE ${conditions.join(' OR ')} ORDER BY CreatedDate ASC, Id ASC LIMIT 200`
  const leads = await query(session, soql, { record: Lead, call })
  const ours = leads.find((lead) => lead[rowIdField] === request.externalId)
  const lead = ours ?? leads[0]
  return lead === undefined ? null : standingFor(session, lead, call)
}

/** The owner of a converted lead cannot be changed any more; its contact is the record that goes on. */
function standingFor(
  session: Session,
  lead: z.output<typeof Lead>,
  call: RunningCall,
): Promise<CrmRecord | null> {
  return lead.IsConverted && lead.ConvertedContactId !== null
    ? readRecord(session, { type: 'Contact', id: lead.ConvertedContactId }, call)
    : toRecord(session, 'Lead', lead, call)
}

const unread = { ownerId: null, owner: null, lastActivityAt: null, createdAt: null }

async function toRecord(
  session: Session,
  type: OwnedType,
  record: z.output<typeof Owned>,
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

async function pageOf(
  session: Session,
  { type, id }: { type: OwnedType; id: string },
  call: RunningCall,
): Promise<string> {
  const { instanceUrl } = await session.identity(call)
  return `${instanceUrl}/lightning/r/${type}/${id}/view`
}

function requireType(type: string): OwnedType {
  const owned = ownedTypes.find((each) => each === type)
  return owned ?? refuse(`"${type}" is no type whose owner can be set; use ${ownedTypes.join(', ')}`)
}

function clip(text: string | null, length: number): string | null {
  const trimmed = text?.trim() ?? ''
  return trimmed === '' ? null : trimmed.slice(0, length)
}

function refuse(message: string): never {
  throw new CallFailure('invalid-request', `salesforce: ${message}`, { retryable: false })
}

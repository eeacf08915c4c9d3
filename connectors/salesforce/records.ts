import { z } from 'zod'
import type { CrmRecord, RecordRequest } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { duplicatesOf } from './failures.ts'
import { requireId, typeOfId } from './ids.ts'
import { asWritten, despiteDuplicates, type Owners } from './owners.ts'
import { query } from './query.ts'
import { fieldsOf, Owned, ownedTypes, pageOf, refuse, toRecord } from './record-shape.ts'
import type { Session } from './session.ts'
import { literal } from './soql.ts'

/** The external id field that carries our row id; it must exist on Lead, marked external id and unique. */
export const rowIdField = 'Rota_Row_Id__c'

const Lead = Owned.extend({
  [rowIdField]: z.string().nullable(),
  IsConverted: z.boolean(),
  ConvertedContactId: z.string().nullable(),
})
const leadFields = `${fieldsOf('Lead')}, ${rowIdField}, IsConverted, ConvertedContactId`

/** A session and the reads that go through it in batches. */
export interface Org {
  session: Session
  owners: Owners
}

/** By id, then by our row id, then by e-mail among leads and contacts. A converted lead stands for its contact. */
export async function findRecord(
  org: Org,
  request: RecordRequest,
  call: RunningCall,
): Promise<CrmRecord | null> {
  const { session } = org
  if (request.recordId !== null && request.recordId !== '') {
    const byId = await findById(org, request.recordId, call)
    if (byId !== null) return byId
  }
  const lead = await findLead(org, request, call)
  if (lead !== null) return lead
  const email = request.email?.trim() ?? ''
  if (email === '') return null
  const soql = `SELECT ${fieldsOf('Contact')} FROM Contact WHERE Email = ${literal(email)} ORDER BY CreatedDate ASC, Id ASC LIMIT 1`
  const [contact] = await query(session, soql, { record: Owned, call })
  return contact === undefined ? null : toRecord(session, { type: 'Contact', record: contact }, call)
}

/**
 * Creates the lead of a row, or updates it when it was created before: the row id makes the two the same write. What a duplicate rule
 * makes of it is for the settings to say.
 */
export async function createRecord(org: Org, request: RecordRequest, call: RunningCall): Promise<CrmRecord> {
  const { session } = org
  const { duplicates } = session.settings
  const id = await upsertLead(session, request, call).catch((error: unknown) => {
    const existing = duplicatesOf(error).find(
      (each) => typeOfId(each) === 'Lead' || typeOfId(each) === 'Contact',
    )
    if (duplicates !== 'existing' || existing === undefined) throw error
    return existing
  })
  // The record is there: that its owner cannot be read now must not look like a failed creation.
  const created = await findById(org, id, call).catch(() => null)
  if (created !== null) return created
  const type = typeOfId(id) === 'Contact' ? 'Contact' : 'Lead'
  const url = await pageOf(session, { type, id }, call)
  return { type, id, ownerId: null, owner: null, lastActivityAt: null, createdAt: null, url }
}

async function upsertLead(session: Session, request: RecordRequest, call: RunningCall): Promise<string> {
  // A dot segment survives encoding and would climb up the path.
  if (/^\.{0,2}$/.test(request.externalId))
    refuse(`a lead cannot be created under the row id "${request.externalId}"`)
  const isSaved = session.settings.duplicates === 'allow'
  const { id } = await session.request(
    {
      method: 'PATCH',
      path: `/sobjects/Lead/${rowIdField}/${encodeURIComponent(request.externalId)}`,
      headers: { ...asWritten, ...(isSaved && despiteDuplicates) },
      body: {
        ...request.fields,
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
  return id
}

/** The record, or what stands for it: the contact of a converted lead, the one that a merged one was taken into. */
async function findById(org: Org, recordId: string, call: RunningCall): Promise<CrmRecord | null> {
  let id = requireId(recordId, ownedTypes)
  // Merges of merges happen; a handful is plenty.
  for (let step = 0; step < 5; step += 1) {
    const found = await readById(org, id, call)
    if (found !== null) return found
    const goesOn = await masterOf(org, id, call)
    if (goesOn === null) return null
    id = goesOn
  }
  return null
}

async function readById(org: Org, id: string, call: RunningCall): Promise<CrmRecord | null> {
  const type = ownedTypes.find((each) => each === typeOfId(id)) ?? refuse(`"${id}" has no owner to set`)
  if (type !== 'Lead') return org.owners.read({ type, id }, call)
  const soql = `SELECT ${leadFields} FROM Lead WHERE Id = ${literal(id)} LIMIT 1`
  const [lead] = await query(org.session, soql, { record: Lead, call })
  return lead === undefined ? null : standingFor(org, lead, call)
}

/** Salesforce keeps merged records as deleted ones that name the one that goes on. */
async function masterOf({ session }: Org, id: string, call: RunningCall): Promise<string | null> {
  const type = typeOfId(id)
  if (type === null || type === 'Opportunity') return null
  const soql = `SELECT MasterRecordId FROM ${type} WHERE Id = ${literal(id)} AND IsDeleted = TRUE LIMIT 1`
  const record = z.object({ MasterRecordId: z.string().nullable() })
  const [merged] = await query(session, soql, { record, call, deleted: true })
  return merged?.MasterRecordId ?? null
}

async function findLead(org: Org, request: RecordRequest, call: RunningCall): Promise<CrmRecord | null> {
  const email = request.email?.trim() ?? ''
  const conditions = [
    ...(request.externalId === '' ? [] : [`${rowIdField} = ${literal(request.externalId)}`]),
    ...(email === '' ? [] : [`(Email = ${literal(email)} AND IsConverted = FALSE)`]),
  ]
  // An empty predicate would match every lead of the org.
  if (conditions.length === 0) return null
  const soql = `SELECT ${leadFields} FROM Lead WHERE ${conditions.join(' OR ')} ORDER BY CreatedDate ASC, Id ASC LIMIT 200`
  const leads = await query(org.session, soql, { record: Lead, call })
  const ours = leads.find((lead) => lead[rowIdField] === request.externalId)
  const lead = ours ?? leads[0]
  return lead === undefined ? null : standingFor(org, lead, call)
}

/** The owner of a converted lead cannot be changed any more; its contact is the record that goes on. */
function standingFor(
  { session, owners }: Org,
  lead: z.output<typeof Lead>,
  call: RunningCall,
): Promise<CrmRecord | null> {
  return lead.IsConverted && lead.ConvertedContactId !== null
    ? owners.read({ type: 'Contact', id: lead.ConvertedContactId }, call)
    : toRecord(session, { type: 'Lead', record: lead }, call)
}

function clip(text: string | null, length: number): string | null {
  const trimmed = text?.trim() ?? ''
  return trimmed === '' ? null : trimmed.slice(0, length)
}

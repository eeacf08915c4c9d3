import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/objects/index.js'
import type { CrmTouch } from '../../columns/ports.ts'
import { isId, objectType, refused } from './object-types.ts'
import { readAs, type Session } from './session.ts'
import { type HubspotObject, isoTime, SearchPage } from './wire.ts'

type Properties = HubspotObject['properties']

/** One kind of engagement: what is read of it, when it took place, and whether it counts. */
interface Kind {
  object: string
  kind: string
  properties: readonly string[]
  /** The property that says when; the first is searched and sorted by. */
  at: string
  counts(properties: Properties): boolean
}

const never = (values: string) => {
  const set = new Set(values.split(' '))
  return (value: string | null | undefined) => !set.has(value ?? '')
}
const wasCall = never('MISSED QUEUED FAILED CANCELED RINGING CONNECTING')
const wasMeeting = never('CANCELED NO_SHOW RESCHEDULED')
const byPerson = never('AUTOMATION_PLATFORM WORKFLOWS')
const writtenByHand = never('AUTOMATION_PLATFORM WORKFLOWS SEQUENCES INTEGRATION MARKETING_EMAIL')

const kinds: readonly Kind[] = [
  {
    object: 'calls',
    kind: 'call',
    properties: ['hs_call_status'],
    at: 'hs_timestamp',
    counts: ({ hs_call_status, hs_object_source }) => wasCall(hs_call_status) && byPerson(hs_object_source),
  },
  {
    object: 'meetings',
    kind: 'meeting',
    properties: ['hs_meeting_outcome'],
    at: 'hs_meeting_start_time',
    // The lead may book it alone through a link; that it is held is the rep's doing.
    counts: ({ hs_meeting_outcome }) => wasMeeting(hs_meeting_outcome),
  },
  {
    object: 'emails',
    kind: 'email',
    properties: ['hs_email_direction', 'hs_email_status', 'hs_sequence_id'],
    at: 'hs_timestamp',
    // An outgoing e-mail that a sequence sent carries the sequence's id. Marketing e-mails are no engagements at all.
    counts: ({ hs_email_direction, hs_email_status, hs_sequence_id, hs_object_source }) =>
      hs_email_direction === 'EMAIL' &&
      (hs_email_status ?? 'SENT') === 'SENT' &&
      !hs_sequence_id &&
      writtenByHand(hs_object_source),
  },
]

/** More engagements than this with one lead before the first that counts are noise. */
const limit = 200

/** The first call, held meeting or hand-written e-mail of a person with the record, at or after `since` (ISO). */
export async function firstTouch(
  record: { type: string; id: string },
  since: string,
  session: Session,
): Promise<CrmTouch | null> {
  const type = objectType(record.type)
  if (!isId(record.id)) throw refused(`"${record.id}" is no HubSpot record id`)
  const from = Date.parse(since)
  if (Number.isNaN(from)) throw refused(`"${since}" is no time to look for activities from`)
  const found = await Promise.all(
    kinds.map((kind) => firstOf(kind, { association: `associations.${type}`, id: record.id, from }, session)),
  )
  const touches = found.filter((touch) => touch !== null)
  return touches.sort((a, b) => a.at.localeCompare(b.at))[0] ?? null
}

async function firstOf(
  { object, kind, properties, at, counts }: Kind,
  { association, id, from }: { association: string; id: string; from: number },
  session: Session,
): Promise<CrmTouch | null> {
  const request = {
    filterGroups: [
      {
        filters: [
          { propertyName: association, operator: FilterOperatorEnum.Eq, value: id },
          // What is planned has not happened yet.
          {
            propertyName: at,
            operator: FilterOperatorEnum.Between,
            value: String(from),
            highValue: String(Date.now()),
          },
        ],
      },
    ],
    properties: [at, 'hubspot_owner_id', 'hs_object_source', ...properties],
    sorts: [at],
    limit,
  }
  const { results } = await readAs(SearchPage, session.search().doSearch(object, request))
  for (const { properties: values } of results) {
    const time = isoTime(values[at])
    // Without an owner it was logged by a machine.
    if (time === null || !values.hubspot_owner_id || !counts(values)) continue
    return { at: time, by: values.hubspot_owner_id, kind }
  }
  return null
}

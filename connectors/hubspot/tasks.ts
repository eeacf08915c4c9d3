import type { Finding, TaskRequest } from '../../columns/ports.ts'
import { associatedIds, associationTypes, linkTo } from './associations.ts'
import { batchSize } from './batch-writer.ts'
import type { Hub } from './hub.ts'
import { isId, type ObjectType, objectType, pathOf, refused } from './object-types.ts'
import { readAs, type Session } from './session.ts'
import { BatchAnswer, HubspotObject } from './wire.ts'

interface Task {
  id: string
  url: string
}

interface Ways {
  hub: Hub
  session: Session
  /** The number of an association that we do not know by heart. */
  numberOf(from: string, to: string, session: Session): Promise<number>
}

/** Creates a task that is linked with its record. Its text ends with the send id, by which it is known again. */
export async function createTask(task: TaskRequest, sendId: string, ways: Ways): Promise<Task> {
  const { hub, session } = ways
  const { type, id } = recordOf(task)
  if (!isId(task.ownerId)) throw refused(`"${task.ownerId}" is no HubSpot owner id`)
  const properties = {
    hs_task_subject: task.subject,
    hs_task_body: `${asHtml(task.description)}<p>${marker(sendId)}</p>`,
    hs_task_status: 'NOT_STARTED',
    hs_task_type: 'TODO',
    // A task is due at a time. At noon in UTC it is this day almost everywhere.
    hs_timestamp: `${task.dueOn}T12:00:00.000Z`,
    hubspot_owner_id: task.ownerId,
  }
  const associations = [linkTo(id, await associationTo(type, ways))]
  const answer = session.create('tasks', { properties, associations })
  const created = await readAs(HubspotObject, answer, { write: true })
  return { id: created.id, url: await urlOf(created.id, { type, id }, { hub, session }) }
}

/** Is there a task with this send id at the record? It is looked for by its association, so no search index can hide it. */
export async function findTask(
  task: TaskRequest,
  sendId: string,
  { hub, session }: { hub: Hub; session: Session },
): Promise<Finding<Task>> {
  const { type, id } = recordOf(task)
  const ids = await associatedIds({ path: pathOf(type), id }, 'tasks', session)
  // The latest first: ours was made a moment ago.
  const latest = ids.toSorted((a, b) => Number(b) - Number(a))
  for (let start = 0; start < latest.length; start += batchSize) {
    const inputs = latest.slice(start, start + batchSize).map((each) => ({ id: each }))
    const request = { inputs, properties: ['hs_task_body'], propertiesWithHistory: [] }
    const { results } = await readAs(BatchAnswer, session.batches().read('tasks', request))
    const found = results.find(({ properties }) => properties.hs_task_body?.includes(marker(sendId)))
    if (found !== undefined) {
      return {
        state: 'found',
        value: { id: found.id, url: await urlOf(found.id, { type, id }, { hub, session }) },
      }
    }
  }
  return { state: 'absent' }
}

function recordOf({ about }: TaskRequest): { type: ObjectType; id: string } {
  const type = objectType(about.type)
  if (!isId(about.id)) throw refused(`"${about.id}" is no HubSpot record id`)
  return { type, id: about.id }
}

async function associationTo(type: ObjectType, { numberOf, session }: Ways): Promise<number> {
  if (type === 'contact') return associationTypes.taskToContact
  return type === 'company' ? associationTypes.taskToCompany : numberOf('tasks', 'leads', session)
}

/** Tasks have no page of their own; the record's page opens with one. */
async function urlOf(
  taskId: string,
  { type, id }: { type: ObjectType; id: string },
  { hub, session }: { hub: Hub; session: Session },
): Promise<string> {
  return `${await hub.pages.pageOf(type, id, session)}?engagement=${taskId}`
}

function marker(sendId: string): string {
  return `Rota ${sendId.replaceAll(/[^\w.-]/g, '_')}.`
}

/** The body of a task is HTML. What is written into it is text. */
function asHtml(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return escaped
    .split(/\n+/)
    .map((line) => `<p>${line}</p>`)
    .join('')
}

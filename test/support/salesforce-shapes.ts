import { z } from 'zod'
import type { ReceivedCall } from '../../sandbox/receive.ts'
import { vendorContract } from '../connectors/vendor-contracts.ts'

const Requests = z.array(z.object({ method: z.string(), url: z.string(), body: z.string().nullable() }))

/** Calls that the public list of requests leaves out and the vendor's manual has: collections, upsert, actions. */
const fromManual = [
  ['PATCH', '/services/data/v{{version}}/composite/sobjects'],
  ['POST', '/services/data/v{{version}}/composite/sobjects/<SOBJECT_API_NAME>'],
  ['PATCH', '/services/data/v{{version}}/composite/sobjects/<SOBJECT_API_NAME>/<FIELD_NAME>'],
  ['PATCH', '/services/data/v{{version}}/sobjects/<SOBJECT_API_NAME>/<FIELD_NAME>/<FIELD_VALUE>'],
  ['POST', '/services/data/v{{version}}/actions/standard/<ACTION>'],
  ['GET', '/services/data/v{{version}}/query/<QUERY_LOCATOR>'],
] as const

const contract = vendorContract('salesforce/postman-cc0/requests.json')
const known = contract === null ? null : patterns(Requests.parse(contract))

/** The most records in one request of a collection, by whether it writes them. */
const most = { write: 200, read: 2_000 }

/**
 * What is wrong with a request to Salesforce: a call that is not in the public list of requests or the manual, a record id in
 * the path that is none, a collection that is too big, an owner written with the assignment rules on (tasks have none).
 */
export function salesforceProblems(call: ReceivedCall): readonly string[] {
  if (known === null) return []
  const address = call.path.replace(/\?.*/, '').replace(/\/$/, '')
  const problems: string[] = []
  if (!known.some(({ method, pattern }) => method === call.method && pattern.test(address)))
    problems.push(`there is no call ${call.method} ${address}`)
  const isRead = call.method === 'POST' && /\/composite\/sobjects\/\w+$/.test(address)
  if (address.includes('/composite/sobjects')) problems.push(...collectionProblems(call.text, isRead))
  const ofRecord = /\/sobjects(?!\/Task)/.test(address) && !isRead
  if (ofRecord && call.text.includes('"OwnerId"') && !/^false$/i.test(autoAssign(call)))
    problems.push('an owner is written without Sforce-Auto-Assign: FALSE')
  return problems
}

const autoAssign = ({ headers }: ReceivedCall): string => headers.get('sforce-auto-assign') ?? ''

const Collection = z.object({
  allOrNone: z.boolean().optional(),
  records: z.array(z.looseObject({ attributes: z.looseObject({ type: z.string() }) })).optional(),
  ids: z.array(z.string().regex(/^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/)).optional(),
  fields: z.array(z.string()).optional(),
})

function collectionProblems(text: string, isRead: boolean): string[] {
  const parsed = Collection.safeParse(JSON.parse(text))
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  const { records, ids, fields } = parsed.data
  const problems: string[] = []
  if (!isRead && (records === undefined || records.length > most.write))
    problems.push(`a collection writes 1 to ${most.write} records, not ${records?.length ?? 0}`)
  if (isRead && (ids === undefined || fields === undefined || ids.length > most.read))
    problems.push(`a collection reads fields of 1 to ${most.read} ids, not ${ids?.length ?? 0}`)
  return problems
}

/** Paths of the list as patterns: what stands in braces or angles is one step of the path, a record id where it is called so. */
function patterns(requests: z.output<typeof Requests>): { method: string; pattern: RegExp }[] {
  const listed = requests.map(({ method, url }) => [method, url.replace(/\?.*/, '')] as const)
  return [...listed, ...fromManual].map(([method, url]) => {
    const path = url.replace(/^(?:\{\{\w+\}\})+/, '').replace(/\/$/, '')
    const source = path
      .replaceAll('.', '\\.')
      .replaceAll('{{version}}', '\\d\\d\\.0')
      .replaceAll('<RECORD_ID>', '[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?')
      .replaceAll(/<SOBJECT_API_NAME>/g, '[A-Za-z]\\w*')
      .replaceAll(/<\w+>|\{\{\w+\}\}/g, '[^/]+')
    return { method, pattern: new RegExp(`^${source}$`) }
  })
}

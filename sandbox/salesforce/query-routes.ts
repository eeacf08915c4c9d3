import type { Hono } from 'hono'
import type { SandboxEnv } from '../vendor.ts'
import { SalesforceError } from './errors.ts'
import { type OrgAccess, rootOf, type SalesforceContext } from './records-routes.ts'
import { type QueryResult, runQuery } from './soql.ts'

/** Cursors that are kept; Salesforce ends the oldest of a user's ten. */
const maxCursors = 10
/** Characters of a query. */
const maxQuery = 100_000

/** `/query?q=`, `/queryAll?q=` which finds deleted records too, and the pages that follow them. */
export function addQueryRoutes(app: Hono<SandboxEnv>, access: OrgAccess): void {
  const cursors = new Map<string, QueryResult>()
  let serial = 0

  const first = (c: SalesforceContext, deleted: boolean) => {
    const soql = c.req.query('q') ?? ''
    if (soql.trim() === '')
      throw new SalesforceError(400, 'MALFORMED_QUERY', 'A query string has to be specified')
    if (soql.length > maxQuery)
      throw new SalesforceError(400, 'QUERY_TOO_COMPLICATED', 'the query is longer than 100,000 characters')
    const { store, settings } = access.org()
    const result = runQuery(soql, store, { root: rootOf(c), deleted })
    const size = pageSize(c, settings.pageSize)
    if (result.records.length <= size) return c.json({ ...result, done: true })
    serial += 1
    const cursor = `01gSb${serial.toString(36).padStart(10, '0')}`
    cursors.set(cursor, result)
    const [oldest] = cursors.keys()
    if (cursors.size > maxCursors && oldest !== undefined) cursors.delete(oldest)
    return page(c, result, { cursor, start: 0, size })
  }
  app.get('/services/data/:version/query', (c) => first(c, false))
  app.get('/services/data/:version/queryAll', (c) => first(c, true))

  app.get('/services/data/:version/query/:locator', (c) => {
    const [cursor = '', start = '', size = ''] = c.req.param('locator').split('-')
    const result = cursors.get(cursor)
    if (result === undefined || !/^\d+$/.test(start) || !/^\d+$/.test(size)) {
      throw new SalesforceError(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator')
    }
    return page(c, result, { cursor, start: Number(start), size: Number(size) })
  })
}

function page(
  c: SalesforceContext,
  { totalSize, records }: QueryResult,
  { cursor, start, size }: { cursor: string; start: number; size: number },
): Response {
  const end = start + size
  const done = end >= records.length
  return c.json({
    totalSize,
    done,
    ...(!done && { nextRecordsUrl: `${rootOf(c)}/query/${cursor}-${end}-${size}` }),
    records: records.slice(start, end),
  })
}

function pageSize(c: SalesforceContext, configured: number): number {
  const asked = /batchSize=(\d+)/.exec(c.req.header('sforce-query-options') ?? '')?.[1]
  return asked === undefined ? configured : Math.min(Math.max(Number(asked), 200), 2000)
}

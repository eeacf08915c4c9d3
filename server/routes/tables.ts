import { createRoute } from '@hono/zod-openapi'
import type { CellCount } from '../../db/store.ts'
import type { TableView as StoredTable } from '../../runtime/reader.ts'
import { NoQuery, TableParams, TablesAnswer, TableView } from '../contract.ts'
import type { App, Parts } from '../parts.ts'
import { tablePath } from '../paths.ts'

const listRoute = createRoute({
  method: 'get',
  path: '/v1/tables',
  tags: ['tables'],
  summary: 'Every table',
  request: { query: NoQuery },
  responses: {
    200: { description: 'the tables', content: { 'application/json': { schema: TablesAnswer } } },
  },
})

const readRoute = createRoute({
  method: 'get',
  path: '/v1/tables/{table}',
  tags: ['tables'],
  summary: 'One table: its columns, and counts by status',
  request: { params: TableParams, query: NoQuery },
  responses: { 200: { description: 'the table', content: { 'application/json': { schema: TableView } } } },
})

/** `GET /v1/tables` and `GET /v1/tables/{table}`. */
export function tableRoutes(app: App, { runtime, sandbox }: Parts): void {
  app.openapi(listRoute, async (c) =>
    c.json({ tables: (await runtime.tables()).map(tableView), sandbox }, 200),
  )
  app.openapi(readRoute, async (c) => c.json(tableView(await runtime.table(c.req.valid('param').table)), 200))
}

function tableView({ counts, columns, ...table }: StoredTable) {
  return {
    ...table,
    url: tablePath(table.name),
    counts: byStatus(counts),
    columns: columns.map((column) => ({
      ...column,
      reads: [...column.reads],
      needs: [...column.needs],
      dependsOn: [...column.dependsOn],
      counts: byStatus(counts.filter((each) => each.column === column.name)),
    })),
  }
}

function byStatus(counts: readonly CellCount[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { status, count } of counts) sums[status] = (sums[status] ?? 0) + count
  return sums
}

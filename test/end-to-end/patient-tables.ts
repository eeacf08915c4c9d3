import type { Connectors } from '../../columns/ports.ts'
import type { TableDefinition } from '../../columns/table.ts'
import { tables as ofTheExample } from '../../examples/inbound-leads/tables.ts'
import { patienceMs } from '../support/patience.ts'

/**
 * The tables of the example, whose calls have as much time as a slow and busy machine needs for hundreds of leads at once: the deadlines of
 * a column are not what these tests are about.
 */
export const tables = (connectors: Connectors): TableDefinition[] =>
  ofTheExample(connectors).map((table) => ({
    ...table,
    columns: table.columns.map((placed) => ({
      ...placed,
      column: {
        ...placed.column,
        timeoutMs: patienceMs,
        withinMs: placed.column.withinMs === null ? null : patienceMs,
      },
    })),
  }))

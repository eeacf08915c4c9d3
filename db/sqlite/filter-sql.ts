import { backfillRule } from '../../columns/cell.ts'
import type { Condition, Outdated } from '../filter.ts'
import { definitionAt, hashAt, restAt, statusAt, valueAt } from './packed.ts'

interface Part {
  sql: string
  values: unknown[]
}

/**
 * A condition as SQL with its values bound; names of columns and fields are values too, never SQL text. The table is bound as well:
 * a subquery that looked at the outer row for it would be run again for every row.
 */
export function conditionSql(condition: Condition, tableId: number): Part {
  switch (condition.of) {
    case 'status':
      return statusSql(condition.column, condition.status, tableId)
    case 'stale':
      return staleSql(condition, tableId)
    case 'input':
      return comparison('input', jsonPath([condition.field]), condition)
    case 'value':
      return comparison('cells', jsonPath([condition.column, valueAt, ...condition.path]), condition)
  }
}

/** Settled statuses are in the document; the others in the side table, which has an index. */
function statusSql(column: string | null, status: string, tableId: number): Part {
  const inDocument = status === 'done' || status === 'skipped' || status === 'no-result'
  if (!inDocument) return openSql('status = ?', [status], { column, tableId })
  return column === null
    ? {
        sql: `EXISTS (SELECT 1 FROM json_each(cells) AS each WHERE each.value ->> '$[${statusAt}]' = ?)`,
        values: [status],
      }
    : { sql: 'json_extract(cells, ?) = ?', values: [jsonPath([column, statusAt]), status] }
}

/** Marked so, or standing on a definition in which the column was another: see `standsOn` of the cells. */
function staleSql({ column, outdated }: Extract<Condition, { of: 'stale' }>, tableId: number): Part {
  const marked = openSql('stale = 1', [], { column, tableId })
  const parts = [marked, ...outdated.flatMap(outdatedSql)]
  return {
    sql: `(${parts.map(({ sql }) => sql).join(' OR ')})`,
    values: parts.flatMap(({ values }) => values),
  }
}

function outdatedSql({ column, ran, skipped }: Outdated): Part[] {
  const at = (...path: (string | number)[]) => jsonPath([column, ...path])
  const under = (definitions: readonly number[], more: string, values: unknown[]): Part[] =>
    definitions.length === 0
      ? []
      : [
          {
            sql: `(json_extract(cells, ?) IN (SELECT value FROM json_each(?)) AND ${more})`,
            values: [at(definitionAt), JSON.stringify(definitions), ...values],
          },
        ]
  return [
    ...under(
      ran,
      `json_extract(cells, ?) IS NOT NULL AND json_extract(cells, ?) NOT IN ('idle', 'queued', 'running', 'waiting', 'skipped')`,
      [at(hashAt), at(statusAt)],
    ),
    ...under(skipped, `json_extract(cells, ?) = 'skipped' AND json_extract(cells, ?) IS NOT ?`, [
      at(statusAt),
      `${at(restAt)}.skipped.rule`,
      backfillRule,
    ]),
  ]
}

function openSql(
  wanted: string,
  values: unknown[],
  { column, tableId }: { column: string | null; tableId: number },
): Part {
  const ofColumn = column === null ? '' : ' AND "column" = ?'
  return {
    sql: `seq IN (SELECT row_seq FROM open_cells WHERE table_id = ? AND ${wanted}${ofColumn})`,
    values: [tableId, ...values, ...(column === null ? [] : [column])],
  }
}

/** Values are compared as people write them: SQLite itself would give 1 for true. */
function comparison(
  document: 'input' | 'cells',
  path: string,
  condition: { operator: '=' | '!='; value: string },
): Part {
  const extract = `CASE json_type(${document}, ?) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(json_extract(${document}, ?) AS TEXT) END`
  return {
    sql: `${extract} ${condition.operator === '=' ? '=' : 'IS NOT'} ?`,
    values: [path, path, condition.value],
  }
}

const jsonPath = (parts: readonly (string | number)[]) =>
  `$${parts.map((part) => (typeof part === 'number' ? `[${part}]` : `."${part.replaceAll('"', '')}"`)).join('')}`

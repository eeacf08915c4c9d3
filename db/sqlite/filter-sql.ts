import type { Condition } from '../filter.ts'

/** A condition as SQL with its values bound; names of columns and fields are values too, never SQL text. */
export function conditionSql(condition: Condition): { sql: string; values: unknown[] } {
  switch (condition.of) {
    case 'status':
      return statusSql(condition.column, condition.status)
    case 'stale':
      return condition.column === null
        ? {
            sql: 'seq IN (SELECT row_seq FROM open_cells WHERE stale = 1 AND table_id = rows.table_id)',
            values: [],
          }
        : {
            sql: 'seq IN (SELECT row_seq FROM open_cells WHERE stale = 1 AND table_id = rows.table_id AND "column" = ?)',
            values: [condition.column],
          }
    case 'input':
      return comparison('input', jsonPath([condition.field]), condition)
    case 'value':
      return comparison('cells', jsonPath([condition.column, 'value', ...condition.path]), condition)
  }
}

/** Settled statuses are in the document; the others in the side table, which has an index. */
function statusSql(column: string | null, status: string): { sql: string; values: unknown[] } {
  const inDocument = status === 'done' || status === 'skipped' || status === 'no-result'
  if (!inDocument) {
    return column === null
      ? {
          sql: 'seq IN (SELECT row_seq FROM open_cells WHERE table_id = rows.table_id AND status = ?)',
          values: [status],
        }
      : {
          sql: 'seq IN (SELECT row_seq FROM open_cells WHERE table_id = rows.table_id AND status = ? AND "column" = ?)',
          values: [status, column],
        }
  }
  return column === null
    ? {
        sql: `EXISTS (SELECT 1 FROM json_each(cells) AS each WHERE each.value ->> '$.status' = ?)`,
        values: [status],
      }
    : { sql: 'json_extract(cells, ?) = ?', values: [jsonPath([column, 'status']), status] }
}

function comparison(
  document: 'input' | 'cells',
  path: string,
  condition: { operator: '=' | '!='; value: string },
) {
  const extract = `CAST(json_extract(${document}, ?) AS TEXT)`
  return condition.operator === '='
    ? { sql: `${extract} = ?`, values: [path, condition.value] }
    : { sql: `${extract} IS NOT ?`, values: [path, condition.value] }
}

const jsonPath = (parts: readonly string[]) =>
  `$${parts.map((part) => `."${part.replaceAll('"', '')}"`).join('')}`

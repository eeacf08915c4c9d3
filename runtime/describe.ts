import { z } from 'zod'
import { jsonSchemaOf } from '../columns/json.ts'
import type { TableDefinition } from '../columns/table.ts'

/** A definition as a document: for `GET /v1/tables/{table}` and for the store's list of versions. */
export function describeTable(table: TableDefinition) {
  return {
    name: table.name,
    version: table.version,
    input: z.toJSONSchema(table.input, { io: 'input', unrepresentable: 'any' }),
    columns: table.columns.map(({ name, column, when, late, dependsOn }) => ({
      name,
      kind: column.kind,
      reads: column.reads as readonly string[],
      needs: column.needs as readonly string[],
      when: Object.fromEntries(
        Object.entries(when).map(([key, wish]) => [
          key,
          typeof wish === 'function' ? 'a condition in code' : wish,
        ]),
      ),
      late,
      dependsOn,
      effect: column.work.effect,
      sideEffect: column.work.effect === 'write' ? column.work.sideEffect : null,
      output: column.output === null ? null : jsonSchemaOf(column.output),
      retry: column.retry,
      timeoutMs: column.timeoutMs,
      withinMs: column.withinMs,
      spend: column.spend,
      budget: column.budget,
      version: column.version,
      describe: column.describe,
    })),
  }
}

import { z } from 'zod'
import type { Runtime } from '../runtime/runtime.ts'

export interface Definition {
  columns: readonly string[]
  inputs: readonly string[]
  /** The columns that decide an owner, with the names of their rules in order. */
  ladders: ReadonlyMap<string, readonly string[]>
}

/** A column says in its description which rules it asks; a plain rotation has none. */
const Described = z.object({ rules: z.array(z.string()).default([]) })

/** Names out of the definitions. They do not change while the process lives, so each table is asked for once. */
export interface Definitions {
  /** Throws `table-unknown`. */
  of(table: string): Promise<Definition>
  tables(): Promise<readonly string[]>
}

export function createDefinitions(runtime: Runtime): Definitions {
  const known = new Map<string, Definition>()
  let names: readonly string[] | null = null
  return {
    async of(table) {
      const remembered = known.get(table)
      if (remembered !== undefined) return remembered
      const { columns, input } = await runtime.table(table)
      const definition = {
        columns: columns.map(({ name }) => name),
        inputs: Object.keys(input.properties ?? {}),
        ladders: new Map(
          columns
            .filter(({ effect }) => effect === 'draw')
            .map(({ name, describe }) => [name, Described.safeParse(describe).data?.rules ?? []]),
        ),
      }
      known.set(table, definition)
      return definition
    },
    async tables() {
      names ??= (await runtime.tables()).map(({ name }) => name)
      return names
    },
  }
}

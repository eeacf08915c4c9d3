import { z } from 'zod'
import { compute } from '../../columns/compute.ts'
import { defineTable } from '../../columns/table.ts'

/** A module for `ROTA_TABLES` whose table needs no connector. */
export const tables = () => [
  defineTable('notes', { input: z.object({ text: z.string() }) }).column(
    'length',
    compute({ reads: ['text'], run: ({ text }) => text.length }),
  ),
]

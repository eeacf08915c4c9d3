import { createRoute } from '@hono/zod-openapi'
import type { z } from 'zod'
import { CellDetail, CellParams, NoQuery, WhyAnswer, WhyQuery } from '../contract.ts'
import type { App, Parts } from '../parts.ts'
import { tellDecision } from '../told.ts'

const path = '/v1/tables/{table}/rows/{row}/cells/{column}' as const

const cellRoute = createRoute({
  method: 'get',
  path,
  tags: ['cells'],
  summary: 'One cell with all its attempts',
  request: { params: CellParams, query: NoQuery },
  responses: { 200: { description: 'the cell', content: { 'application/json': { schema: CellDetail } } } },
})

const whyRoute = createRoute({
  method: 'get',
  path: `${path}/why`,
  tags: ['cells'],
  summary: 'Why a cell is what it is',
  description:
    'Every column it stands on, in the order they ran, with inputs, reason and trace. For an owner also in sentences, the answer first, and with ?notRep why a certain rep did not get it.',
  request: { params: CellParams, query: WhyQuery },
  responses: { 200: { description: 'the steps', content: { 'application/json': { schema: WhyAnswer } } } },
})

/** `GET …/cells/{column}` and `…/why`. */
export function cellRoutes(app: App, { runtime, definitions }: Parts): void {
  app.openapi(cellRoute, async (c) => {
    const { table, row, column } = c.req.valid('param')
    const cell: z.output<typeof CellDetail> = {
      table,
      row,
      column,
      ...(await runtime.cell(table, row, column)),
    }
    return c.json(cell, 200)
  })

  app.openapi(whyRoute, async (c) => {
    const { table, row, column } = c.req.valid('param')
    const { notRep = null } = c.req.valid('query')
    const steps = await runtime.why(table, row, column)
    const ladder = (await definitions.of(table)).ladders.get(column) ?? null
    const told = await tellDecision({ runtime, table, row, column, steps, ladder }, notRep)
    return c.json({ table, row, column, ...told, steps }, 200)
  })
}

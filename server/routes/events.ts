import { createRoute, z } from '@hono/zod-openapi'
import { TableError } from '../../columns/errors.ts'
import { EventsQuery, TableParams } from '../contract.ts'
import type { EventHub } from '../event-hub.ts'
import type { App } from '../parts.ts'

const eventsRoute = createRoute({
  method: 'get',
  path: '/v1/tables/{table}/events',
  tags: ['events'],
  summary: 'Changes as they are committed, as server-sent events',
  description:
    'Starts with `ready`, or with `reset` when events behind Last-Event-ID are no longer kept: then read the table anew. Every message has an id; coming back with it as Last-Event-ID, or as `after`, loses nothing.',
  request: {
    params: TableParams,
    query: EventsQuery,
    headers: z.object({ 'last-event-id': z.string().max(20).optional() }),
  },
  responses: {
    200: { description: 'the stream', content: { 'text/event-stream': { schema: z.string() } } },
  },
})

/** `GET /v1/tables/{table}/events`. */
export function eventRoutes(app: App, hub: EventHub): void {
  app.openapi(eventsRoute, async (c) => {
    const { table } = c.req.valid('param')
    const resumed = c.req.valid('header')['last-event-id']
    // A browser that comes back repeats the address it first asked for, so the header is the later word.
    const after = resumed === undefined ? (c.req.valid('query').after ?? null) : idOf(resumed)
    const headers = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would otherwise gather events until its buffer is full.
      'x-accel-buffering': 'no',
    }
    // Nobody reads the body of an answer to HEAD, so nobody would ever leave the stream.
    if (c.req.method === 'HEAD') return c.body(null, 200, headers)
    const signal = AbortSignal.any([
      c.req.raw.signal,
      ...(c.env.closing === undefined ? [] : [c.env.closing]),
    ])
    const stream = await hub.open({ table, after, signal, cut: () => c.env.outgoing?.destroy() })
    return c.body(stream, 200, headers)
  })
}

function idOf(text: string): number {
  const id = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(id)) return id
  throw new TableError('request-invalid', 'Last-Event-ID is not an id this server gave', {
    field: 'Last-Event-ID',
    value: text,
    wayOut: 'send the id of the last event, or leave the header out',
  })
}

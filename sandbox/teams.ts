import { Hono } from 'hono'
import { z } from 'zod'
import { teamsFaults } from './teams/faults.ts'
import type { SandboxEnv, Vendor, VendorContext } from './vendor.ts'

const Card = z.looseObject({
  type: z.literal('AdaptiveCard'),
  version: z.enum(['1.0', '1.1', '1.2', '1.3', '1.4', '1.5']),
  body: z.array(z.looseObject({ type: z.string(), id: z.string().optional() })),
  actions: z.array(z.looseObject({ type: z.string() })).optional(),
})
type Card = z.output<typeof Card>

const Message = z.strictObject({
  type: z.literal('message'),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: Card,
      }),
    )
    .min(1),
})

/** The flows there are and what they posted, as `PUT /state/teams` takes it. */
const TeamsState = z.strictObject({
  /** The `sig` that the address must carry; null accepts any, but there must be one. */
  signature: z.string().nullable().default(null),
  /** Flows whose owner left: the address is gone. */
  deletedFlows: z.array(z.string()).default([]),
  posts: z.array(z.strictObject({ run: z.string(), flow: z.string(), card: Card })).default([]),
})

/** Teams refuses longer messages. */
const maxBytes = 28 * 1024

/**
 * Workflows webhooks at `POST /workflows/{flow}?sig=…`, answered with 202: accepted, not delivered. The send id is read from
 * the card element that carries it.
 */
export function createTeams(_context: VendorContext): Vendor {
  let state = TeamsState.parse({})
  const app = new Hono<SandboxEnv>()

  app.post('/workflows/:flow', async (c) => {
    const flow = c.req.param('flow')
    const signature = c.req.query('sig')
    if (state.deletedFlows.includes(flow)) return c.json(problem('WorkflowNotFound'), 404)
    if (!signature || (state.signature !== null && signature !== state.signature)) {
      return c.json(problem('DirectApiAuthorizationRequired'), 401)
    }
    const text = await c.req.text()
    if (Buffer.byteLength(text) > maxBytes) return c.text('request entity too large', 413)
    const message = Message.safeParse(readJson(text))
    if (!message.success) return c.json(problem('InvalidRequestContent', message.error.message), 400)
    const card = message.data.attachments[0]?.content
    if (card === undefined) return c.json(problem('InvalidRequestContent'), 400)
    const run = `08585000000000000000${String(state.posts.length + 1).padStart(6, '0')}`
    state.posts.push({ run, flow, card })
    c.set('effect', {
      kind: 'message-posted',
      channel: flow,
      user: null,
      sendId: sendIdOf(card),
      text: textOf(card),
    })
    return c.body(null, 202, { 'x-ms-workflow-run-id': run })
  })

  return {
    name: 'teams',
    faults: teamsFaults,
    app,
    state: () => state,
    load(input) {
      state = TeamsState.parse(input)
    },
    reset() {
      state = TeamsState.parse({})
    },
  }
}

function problem(code: string, message = code) {
  return { error: { code, message } }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function sendIdOf(card: Card): string | null {
  const marked = card.body.find(({ id }) => id?.startsWith('rota-send-'))
  return marked?.id?.slice('rota-send-'.length) ?? null
}

/** Every text on the card, in reading order. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).filter(Boolean).join('\n')
  if (typeof value !== 'object' || value === null) return ''
  if ('text' in value && typeof value.text === 'string') return value.text
  return Object.values(value).map(textOf).filter(Boolean).join('\n')
}

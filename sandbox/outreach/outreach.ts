import { Hono } from 'hono'
import { z } from 'zod'
import { restFaults } from '../rest-faults.ts'
import { type Enrolment, openRoster } from '../sequencers/state.ts'
import type { SandboxEnv, Vendor, VendorContext } from '../vendor.ts'

const Login = z.object({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  grant_type: z.literal('refresh_token'),
  refresh_token: z.string().min(1),
})
const Related = z.object({ data: z.object({ type: z.string(), id: z.int() }) })
const NewState = z.object({
  data: z.object({
    type: z.literal('sequenceState'),
    relationships: z.object({ prospect: Related, sequence: Related, mailbox: Related }),
  }),
})

/**
 * Outreach's token endpoint and, under `/api/v2`, its prospects, mailboxes and sequence states in JSON:API. `apiKey` of the state is the
 * refresh token that is accepted: once, as every login gives the next one. Access tokens are forgotten by `POST /expire`.
 */
export function createOutreach(_: VendorContext): Vendor {
  let roster = openRoster({})
  /** The refresh token that is good for the next login; null while any is. */
  let refresh: string | null = null
  let tokens = new Set<string>()
  let issued = 0
  const app = new Hono<SandboxEnv>()

  app.post('/oauth/token', async (c) => {
    const login = Login.safeParse(await c.req.json().catch(() => null))
    if (!login.success) return c.json({ error: 'invalid_request' }, 400)
    if (refresh !== null && login.data.refresh_token !== refresh)
      return c.json({ error: 'invalid_grant' }, 400)
    issued += 1
    const access_token = `sandbox-access-${issued}`
    tokens.add(access_token)
    const refresh_token = `sandbox-refresh-${issued}`
    if (refresh !== null) refresh = refresh_token
    return c.json({
      access_token,
      refresh_token,
      expires_in: 7_200,
      token_type: 'Bearer',
    })
  })
  app.post('/expire', (c) => {
    tokens = new Set()
    return c.body(null, 204)
  })

  app.use('/api/v2/*', async (c, next) => {
    const token = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? ''
    if (!tokens.has(token)) return c.json({ errors: [{ id: 'unauthorizedOauthToken' }] }, 401)
    return next()
  })
  app.get('/api/v2/prospects', (c) => {
    const person = roster.person(c.req.query('filter[emails]') ?? '')
    const data =
      person === null
        ? []
        : [
            {
              type: 'prospect',
              id: person.id,
              attributes: { emails: [person.email], optedOut: person.optedOut },
            },
          ]
    return c.json({ data })
  })
  app.get('/api/v2/mailboxes', (c) => {
    const sender = roster.sender(c.req.query('filter[email]') ?? '')
    return c.json({ data: sender === null ? [] : [shownMailbox(sender)] })
  })
  app.get('/api/v2/mailboxes/:id', (c) => {
    const sender = roster.senderById(Number(c.req.param('id')))
    return sender === null ? missing() : c.json({ data: shownMailbox(sender) })
  })

  app.get('/api/v2/sequenceStates', (c) => {
    const { 'filter[prospect][id]': person, 'filter[sequence][id]': sequence } = c.req.query()
    const data = roster
      .enrolments()
      .filter(
        (each) =>
          (person === undefined || String(each.person) === person) &&
          (sequence === undefined || each.sequence === sequence),
      )
    return c.json({ data: data.map(shownState) })
  })
  app.post('/api/v2/sequenceStates', async (c) => {
    const body = NewState.safeParse(await c.req.json().catch(() => null))
    if (!body.success) return invalid(z.prettifyError(body.error))
    const { prospect, sequence, mailbox } = body.data.data.relationships
    const person = roster.personById(prospect.data.id)
    const sender = roster.senderById(mailbox.data.id)
    if (person === null || sender === null) return invalid('a relationship names nothing')
    if (person.optedOut) return invalid('the prospect has opted out')
    const name = String(sequence.data.id)
    const isIn = roster
      .enrolments()
      .some((each) => each.on && each.person === person.id && each.sequence === name)
    if (isIn) return invalid('the prospect is in the sequence already')
    const enrolment = roster.enrol(person.id, name, sender.id)
    c.set('effect', { kind: 'enrolled', contact: person.email, sequence: name, sender: sender.email })
    return c.json({ data: shownState(enrolment) }, 201)
  })
  app.post('/api/v2/sequenceStates/:id/actions/finish', (c) => {
    const id = c.req.param('id')
    if (!roster.takeOut(Number(id))) return missing()
    c.set('effect', { kind: 'unenrolled', enrolment: id })
    return c.json({ data: { type: 'sequenceState', id: Number(id), attributes: { state: 'finished' } } })
  })

  return {
    name: 'outreach',
    faults: {
      ...restFaults('/api/v2/sequenceStates', (_, id) => ({ errors: [{ id }] })),
      'login-refused': {
        about: 'the refresh token was taken back: no access token any more',
        fault: { kind: 'status', status: 400, path: '/oauth/token', body: { error: 'invalid_grant' } },
      },
    },
    app,
    state: () => roster.state(),
    load(given) {
      roster = openRoster(given)
      refresh = roster.apiKey
    },
    reset() {
      roster = openRoster({})
      refresh = null
      tokens = new Set()
    },
  }
}

const missing = () => Response.json({ errors: [{ id: 'resourceNotFound' }] }, { status: 404 })
const invalid = (detail: string) =>
  Response.json({ errors: [{ id: 'validationError', detail }] }, { status: 422 })

const shownMailbox = ({ id, email, active }: { id: number; email: string; active: boolean }) => ({
  type: 'mailbox',
  id,
  attributes: { email, sendDisabled: !active },
})

const shownState = ({ id, person, sequence, sender, on }: Enrolment) => ({
  type: 'sequenceState',
  id,
  attributes: { state: on ? 'active' : 'finished' },
  relationships: {
    prospect: { data: { type: 'prospect', id: person } },
    sequence: { data: { type: 'sequence', id: Number(sequence) } },
    mailbox: { data: { type: 'mailbox', id: sender } },
  },
})

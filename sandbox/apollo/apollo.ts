import { Hono } from 'hono'
import { z } from 'zod'
import { Company } from '../enrichment/enrichment.ts'
import { restFaults } from '../rest-faults.ts'
import { openRoster, SequencerState } from '../sequencers/state.ts'
import type { SandboxEnv, Vendor, VendorContext } from '../vendor.ts'

/** What `PUT /state/apollo` takes: the companies it knows, and the people, mailboxes and sequences. */
const ApolloState = SequencerState.extend({
  companies: z.array(Company).default([]),
  /** False for a key that is no master key: everything about sequences is forbidden. */
  master: z.boolean().default(true),
})

const Add = z.object({
  contact_ids: z.array(z.string()).min(1),
  emailer_campaign_id: z.string(),
  send_email_from_email_account_id: z.string(),
})
const Remove = z.object({
  contact_ids: z.array(z.string()).min(1),
  emailer_campaign_ids: z.array(z.string()).min(1),
  mode: z.enum(['remove', 'stop', 'mark_as_finished']),
})
const Search = z.object({ q_keywords: z.string() })

function open(input: unknown) {
  const { companies, master, ...rest } = ApolloState.parse(input)
  return {
    roster: openRoster(rest),
    companies: new Map(companies.map((each) => [each.domain, each])),
    master,
  }
}

/** Apollo under `/api/v1`: `organizations/enrich`, contacts, mailboxes and sequences, with the key in `x-api-key`. */
export function createApollo(_: VendorContext): Vendor {
  let world = open({})
  const app = new Hono<SandboxEnv>()

  app.use('/api/v1/*', async (c, next) => {
    const key = c.req.header('x-api-key')
    const { apiKey } = world.roster
    if (key === undefined || (apiKey !== null && key !== apiKey))
      return c.json({ error: 'Invalid access credentials.' }, 401)
    if (!world.master && !c.req.path.includes('/organizations/'))
      return c.json({ error: 'api key is not a master key', error_code: 'API_INACCESSIBLE' }, 403)
    return next()
  })

  app.get('/api/v1/organizations/enrich', (c) => {
    const company = world.companies.get(c.req.query('domain')?.toLowerCase() ?? '')
    if (company === undefined) return c.json({ organization: null })
    const { domain, name, country, industry, employees } = company
    return c.json({
      organization: {
        id: `org-${domain}`,
        name,
        primary_domain: domain,
        country,
        industry,
        estimated_num_employees: typeof employees === 'number' ? employees : null,
      },
    })
  })

  app.post('/api/v1/contacts/search', async (c) => {
    const { q_keywords } = Search.parse(await c.req.json())
    const person = world.roster.person(q_keywords)
    return c.json({ contacts: person === null ? [] : [shownContact(person)], pagination: { page: 1 } })
  })
  app.get('/api/v1/email_accounts', (c) =>
    c.json({
      email_accounts: world.roster
        .senders()
        .map(({ id, email, active }) => ({ id: String(id), email, active })),
    }),
  )
  app.post('/api/v1/emailer_campaigns/:id/add_contact_ids', async (c) => {
    const body = Add.safeParse(await c.req.json().catch(() => null))
    if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 422)
    const sequence = c.req.param('id')
    const sender = world.roster.senderById(Number(body.data.send_email_from_email_account_id))
    if (sender === null) return c.json({ error: 'no such email account' }, 422)
    const added = body.data.contact_ids.flatMap((id) => {
      const person = world.roster.personById(Number(id))
      const isIn = world.roster
        .enrolments()
        .some((each) => each.on && String(each.person) === id && each.sequence === sequence)
      if (person === null || person.optedOut || isIn) return []
      world.roster.enrol(person.id, sequence, sender.id)
      c.set('effect', { kind: 'enrolled', contact: person.email, sequence, sender: sender.email })
      return [shownContact(person)]
    })
    return c.json({ contacts: added, emailer_campaign: { id: sequence } })
  })
  app.post('/api/v1/emailer_campaigns/remove_or_stop_contact_ids', async (c) => {
    const body = Remove.safeParse(await c.req.json().catch(() => null))
    if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 422)
    const { contact_ids, emailer_campaign_ids } = body.data
    for (const { id, person, sequence } of world.roster.enrolments()) {
      if (!contact_ids.includes(String(person)) || !emailer_campaign_ids.includes(sequence)) continue
      if (world.roster.takeOut(id))
        c.set('effect', { kind: 'unenrolled', enrolment: `${sequence}/${person}` })
    }
    return c.json({ contacts: [] })
  })

  function shownContact({ id, email, optedOut }: { id: number; email: string; optedOut: boolean }) {
    const statuses = world.roster.enrolments().filter(({ person }) => person === id)
    return {
      id: String(id),
      email,
      email_unsubscribed: optedOut,
      contact_campaign_statuses: statuses.map((each) => ({
        id: String(each.id),
        emailer_campaign_id: each.sequence,
        status: each.on ? 'active' : 'removed',
        send_email_from_email_account_id: String(each.sender),
      })),
    }
  }

  return {
    name: 'apollo',
    faults: {
      ...restFaults('/emailer_campaigns'),
      'credits-used-up': {
        about: 'HTTP 402: no credits are left',
        fault: {
          kind: 'status',
          status: 402,
          path: '/organizations/enrich',
          body: { error: 'insufficient credits' },
        },
      },
    },
    app,
    state: () => ({
      ...world.roster.state(),
      companies: [...world.companies.values()],
      master: world.master,
    }),
    load(given) {
      world = open(given)
    },
    reset() {
      world = open({})
    },
  }
}

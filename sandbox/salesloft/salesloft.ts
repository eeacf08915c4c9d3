import { type Context, Hono } from 'hono'
import { restFaults } from '../rest-faults.ts'
import { type Enrolment, openRoster } from '../sequencers/state.ts'
import type { SandboxEnv, Vendor, VendorContext } from '../vendor.ts'

/** Salesloft's people, users and cadence memberships under `/v2`, with arguments in the query as Salesloft takes them. */
export function createSalesloft(_: VendorContext): Vendor {
  let roster = openRoster({})
  const app = new Hono<SandboxEnv>()

  app.use('/v2/*', async (c, next) => {
    const key = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    if (key === undefined || (roster.apiKey !== null && key !== roster.apiKey))
      return c.json({ error: 'Unauthorized' }, 401)
    return next()
  })

  app.get('/v2/people.json', (c) => {
    const person = roster.person(c.req.query('email_addresses[]') ?? '')
    const data = person === null ? [] : [shownPerson(person)]
    return c.json({ metadata: {}, data })
  })
  app.get('/v2/users.json', (c) => {
    const sender = roster.sender(c.req.query('search') ?? '')
    const onlyActive = c.req.query('active') === 'true'
    const data = sender === null || (onlyActive && !sender.active) ? [] : [sender]
    return c.json({ metadata: {}, data })
  })
  app.get('/v2/users/:file', (c) => {
    const sender = roster.senderById(numberIn(c))
    return sender === null ? c.json({ error: 'Not Found' }, 404) : c.json({ data: sender })
  })

  app.get('/v2/cadence_memberships.json', (c) => {
    const { person_id, cadence_id, currently_on_cadence } = c.req.query()
    const data = roster
      .enrolments()
      .filter(
        ({ person, sequence, on }) =>
          (person_id === undefined || String(person) === person_id) &&
          (cadence_id === undefined || sequence === cadence_id) &&
          (currently_on_cadence !== 'true' || on),
      )
    return c.json({ metadata: {}, data: data.map(shownMembership) })
  })
  app.post('/v2/cadence_memberships.json', (c) => {
    const { person_id, cadence_id, user_id } = c.req.query()
    const person = roster.personById(Number(person_id))
    const sender = roster.senderById(Number(user_id))
    if (person === null || sender === null || cadence_id === undefined)
      return c.json({ errors: { person_id: ['must exist'] } }, 422)
    if (person.optedOut) return c.json({ errors: { person: ['is marked do not contact'] } }, 422)
    const isOn = roster
      .enrolments()
      .some((each) => each.on && each.person === person.id && each.sequence === cadence_id)
    if (isOn) return c.json({ errors: { person_id: ['is already on cadence'] } }, 422)
    const enrolment = roster.enrol(person.id, cadence_id, sender.id)
    c.set('effect', { kind: 'enrolled', contact: person.email, sequence: cadence_id, sender: sender.email })
    return c.json({ data: shownMembership(enrolment) })
  })
  app.delete('/v2/cadence_memberships/:file', (c) => {
    const id = numberIn(c)
    if (!roster.takeOut(id)) return c.json({ error: 'Not Found' }, 404)
    c.set('effect', { kind: 'unenrolled', enrolment: String(id) })
    return c.body(null, 204)
  })

  return {
    name: 'salesloft',
    faults: restFaults('/cadence_memberships'),
    app,
    state: () => roster.state(),
    load(given) {
      roster = openRoster(given)
    },
    reset() {
      roster = openRoster({})
    },
  }
}

/** The number in `123.json`. */
const numberIn = (c: Context<SandboxEnv>) => Number(/^(\d+)\.json$/.exec(c.req.param('file') ?? '')?.[1])

const shownPerson = ({ id, email, optedOut }: { id: number; email: string; optedOut: boolean }) => ({
  id,
  email_address: email,
  do_not_contact: optedOut,
  contact_restrictions: [],
})

const shownMembership = ({ id, person, sequence, sender, on }: Enrolment) => ({
  id,
  currently_on_cadence: on,
  person: { id: person },
  cadence: { id: Number(sequence) },
  user: { id: sender },
})

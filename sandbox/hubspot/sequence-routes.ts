import { Hono } from 'hono'
import { z } from 'zod'
import type { SandboxEnv } from '../vendor.ts'
import { type Account, strikes } from './account.ts'
import { invalid, jsonOf, notFound, refuse } from './answers.ts'

const Enrolment = z.object({
  sequenceId: z.string(),
  contactId: z.string(),
  senderEmail: z.string(),
  senderAliasAddress: z.string().optional(),
})

/** Enrols contacts, one sequence at a time, in the name of an active user who owns the sending inbox. */
export function sequenceRoutes(account: () => Account) {
  const app = new Hono<SandboxEnv>()

  app.post('/', async (c) => {
    const { owners, objects, enrolments, settings, now } = account()
    const body = Enrolment.safeParse(await jsonOf(c))
    if (!body.success) return refuse(c, invalid(`Invalid input JSON: ${body.error.message}`))
    const { sequenceId, contactId, senderEmail } = body.data
    const userId = c.req.query('userId')
    const user = [...owners.values()].find((owner) => String(owner.userId) === userId)
    if (user === undefined || user.archived) return refuse(c, invalid(`User ${userId} does not exist`))
    if (user.email?.toLowerCase() !== senderEmail.toLowerCase()) {
      return refuse(c, invalid(`User ${userId} has no connected inbox ${senderEmail}`))
    }
    const contact = objects.contacts.get(contactId)
    if (contact === null) return refuse(c, notFound)
    if (settings.sequences !== null && !settings.sequences.includes(sequenceId)) return refuse(c, notFound)
    if (contact.properties.hs_email_optout === 'true') {
      return refuse(c, invalid(`Contact ${contactId} has opted out of e-mails`))
    }
    if (enrolments.has(contactId)) {
      return refuse(c, invalid(`Contact ${contactId} is already enrolled in a sequence`))
    }
    const enrolledAt = new Date(now()).toISOString()
    const id = String(700_000_001 + enrolments.size)
    enrolments.set(contactId, { id, contactId, sequenceId, senderEmail, userId: user.userId, enrolledAt })
    c.set('effect', { kind: 'enrolled', contact: contactId, sequence: sequenceId })
    return c.json({ id, toEmail: contact.properties.email ?? '', enrolledAt, updatedAt: enrolledAt })
  })

  app.get('/contact/:contactId', (c) => {
    const { enrolments, objects } = account()
    const enrolment = enrolments.get(c.req.param('contactId'))
    if (enrolment === undefined) return refuse(c, notFound)
    const { id, sequenceId, senderEmail, userId, enrolledAt } = enrolment
    const toEmail = objects.contacts.get(enrolment.contactId)?.properties.email ?? ''
    const short = { id, toEmail, enrolledAt, updatedAt: enrolledAt }
    if (strikes(account(), 'enrolment-short-form')) return c.json(short)
    return c.json({
      ...short,
      sequenceId,
      sequenceName: `Sequence ${sequenceId}`,
      enrolledBy: String(userId),
      enrolledByEmail: senderEmail,
    })
  })
  return app
}

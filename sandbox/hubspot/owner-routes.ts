import { Hono } from 'hono'
import type { SandboxEnv } from '../vendor.ts'
import type { Account } from './account.ts'
import { notFound, refuse } from './answers.ts'

type StoredOwner = Account['owners'] extends Map<string, infer Owner> ? Owner : never

/** Owners by page, by e-mail and by id. One request sees either the active or the archived ones. */
export function ownerRoutes(account: () => Account) {
  const app = new Hono<SandboxEnv>()

  app.get('/', (c) => {
    const { email, archived, limit = '100', after = '0' } = c.req.query()
    const found = [...account().owners.values()].filter(
      (owner) =>
        owner.archived === (archived === 'true') &&
        (email === undefined || owner.email?.toLowerCase() === email.toLowerCase()),
    )
    const next = Number(after) + Number(limit)
    return c.json({
      results: found.slice(Number(after), next).map(shownOwner),
      ...(next < found.length && { paging: { next: { after: String(next) } } }),
    })
  })

  app.get('/:id', (c) => {
    const { idProperty = 'id', archived } = c.req.query()
    const id = c.req.param('id')
    const owner =
      idProperty === 'userId'
        ? [...account().owners.values()].find((each) => String(each.userId) === id)
        : account().owners.get(id)
    if (owner === undefined || owner.archived !== (archived === 'true')) return refuse(c, notFound)
    return c.json(shownOwner(owner))
  })
  return app
}

/** A deactivated user keeps its id only in `userIdIncludingInactive`. */
function shownOwner({ id, email, firstName, lastName, userId, type, archived }: StoredOwner) {
  const at = '2026-01-01T00:00:00.000Z'
  return {
    id,
    ...(email !== null && { email }),
    type,
    firstName,
    lastName,
    ...(type === 'PERSON' && { userIdIncludingInactive: userId, ...(!archived && { userId }) }),
    createdAt: at,
    updatedAt: at,
    archived,
  }
}

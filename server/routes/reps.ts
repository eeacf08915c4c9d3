import { createRoute } from '@hono/zod-openapi'
import { TableError } from '../../columns/errors.ts'
import type { Check } from '../../db/store.ts'
import type { DecisionView } from '../../routing/decision.ts'
import type { Pool } from '../../routing/pool.ts'
import { Rep } from '../../routing/rep.ts'
import { availabilityOf, loadOf } from '../availability.ts'
import { jsonAnswer, jsonBody, readJson } from '../body.ts'
import { NoQuery } from '../contract.ts'
import { RepBody, RepParams, RepPatch, RepsAnswer, RepView } from '../contract-routing.ts'
import { changedFields, createQueue } from '../merge.ts'
import type { App, Parts } from '../parts.ts'
import { repPath } from '../paths.ts'
import { EditHeaders, etagOf, otherThanMatched, preconditionOf, taggedAnswer } from '../precondition.ts'
import { checked, requireSameName } from '../problem.ts'
import { requireKnownFor } from '../references.ts'

const path = '/v1/reps/{rep}' as const

const listRoute = createRoute({
  method: 'get',
  path: '/v1/reps',
  tags: ['reps'],
  summary: 'Every rep, with availability and load',
  request: { query: NoQuery },
  responses: { 200: jsonAnswer('the reps', RepsAnswer) },
})

const readRoute = createRoute({
  method: 'get',
  path,
  tags: ['reps'],
  summary: 'One rep: may be drawn now or not, why, and when next',
  request: { params: RepParams, query: NoQuery },
  responses: { 200: taggedAnswer('the rep', RepView) },
})

const putRoute = createRoute({
  method: 'put',
  path,
  tags: ['reps'],
  summary: 'Set a rep: hours, leave, caps, who takes over',
  description:
    'A rep who is not there is created; of one who is, whatever is left out goes back to its default: PATCH changes single fields. Nobody is deleted: a rep who left becomes inactive, so that the ledger stays true. Leads that are held look again at once, and who changed what is kept.',
  middleware: [readJson] as const,
  request: { params: RepParams, query: NoQuery, headers: EditHeaders, body: jsonBody(RepBody) },
  responses: {
    200: taggedAnswer('the rep', RepView),
    201: taggedAnswer('the new rep', RepView),
    412: otherThanMatched,
  },
})

const patchRoute = createRoute({
  method: 'patch',
  path,
  tags: ['reps'],
  summary: 'Change some fields of a rep: a leave, the hours, the caps',
  description:
    'Each field that is named is replaced whole, all others stay. Checked and written down like PUT.',
  middleware: [readJson] as const,
  request: { params: RepParams, query: NoQuery, headers: EditHeaders, body: jsonBody(RepPatch) },
  responses: { 200: taggedAnswer('the rep', RepView), 412: otherThanMatched },
})

/** `/v1/reps` and everything below it. */
export function repRoutes(app: App, { runtime, who }: Parts): void {
  const inTurn = createQueue()

  async function views(reps: readonly Rep[]): Promise<RepView[]> {
    const [view, pools] = await Promise.all([runtime.decisionView(), runtime.pools()])
    const all = pools.map(({ state }) => state.pool)
    return reps.map((rep) => repView(rep, view, all))
  }

  async function stored(id: string): Promise<Rep> {
    const found = (await runtime.reps()).find((rep) => rep.id === id)
    if (found !== undefined) return found
    throw new TableError('rep-unknown', `there is no rep "${id}"`, {
      field: 'rep',
      value: id,
      wayOut: 'GET /v1/reps lists them, PUT makes a new one',
    })
  }

  async function one(id: string): Promise<RepView> {
    const [view, pools] = await Promise.all([runtime.decisionView(), runtime.pools()])
    return repView(
      await stored(id),
      view,
      pools.map(({ state }) => state.pool),
    )
  }

  async function save(given: unknown, check: Check<Rep | null>): Promise<void> {
    const rep = checked(Rep, given)
    await requireKnownFor(rep, runtime)
    await runtime.putRep(rep, who, check)
  }

  app.openapi(listRoute, async (c) => c.json({ reps: await views(await runtime.reps()) }, 200))
  app.openapi(readRoute, async (c) => {
    const rep = await one(c.req.valid('param').rep)
    return c.json(rep, 200, { etag: rep.etag })
  })

  app.openapi(putRoute, async (c) => {
    const id = c.req.valid('param').rep
    const { url, etag, availability, load, pools, ...given } = checked(RepBody, c.get('body'))
    requireSameName('id', given.id, id)
    const precondition = preconditionOf(c.req.valid('header'), `rep ${id}`)
    let isNew = false
    await inTurn(() =>
      save({ ...given, id }, (before) => {
        precondition(before)
        isNew = before === null
      }),
    )
    const rep = await one(id)
    return c.json(rep, isNew ? 201 : 200, { etag: rep.etag })
  })

  app.openapi(patchRoute, async (c) => {
    const id = c.req.valid('param').rep
    const { id: given, ...change } = changedFields(checked(RepPatch, c.get('body')), Rep)
    if (typeof given === 'string') requireSameName('id', given, id)
    const precondition = preconditionOf(c.req.valid('header'), `rep ${id}`)
    await inTurn(async () => {
      const before = await stored(id)
      // Here for what the change is merged into, and once more in the transaction.
      precondition(before)
      await save({ ...before, ...change }, precondition)
    })
    const rep = await one(id)
    return c.json(rep, 200, { etag: rep.etag })
  })
}

function repView(rep: Rep, view: DecisionView, pools: readonly Pool[]): RepView {
  return {
    ...rep,
    url: repPath(rep.id),
    etag: etagOf(rep),
    availability: availabilityOf(view, rep.id),
    load: loadOf(rep, view),
    pools: pools.flatMap((pool) =>
      pool.members.flatMap((member) =>
        member.rep === rep.id
          ? [
              {
                pool: pool.name,
                weight: member.weight,
                ...availabilityOf(view, rep.id, { pool, weight: member.weight }),
              },
            ]
          : [],
      ),
    ),
  }
}

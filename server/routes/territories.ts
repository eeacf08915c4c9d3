import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { TableError } from '../../columns/errors.ts'
import type { TerritoryVersion } from '../../db/store.ts'
import { lookUp, Territory, whyNowhere } from '../../routing/territory.ts'
import { jsonAnswer, jsonBody, problemAnswer, readJson } from '../body.ts'
import { NoQuery } from '../contract.ts'
import {
  LookUpAnswer,
  LookUpTime,
  TerritoriesAnswer,
  TerritoryBody,
  TerritoryParams,
  TerritoryVersionsAnswer,
  TerritoryView,
  VersionParams,
} from '../contract-routing.ts'
import type { App, Parts } from '../parts.ts'
import { EditHeaders, otherThanMatched, requirePrecondition, taggedAnswer } from '../precondition.ts'
import { checked, invalidRequest, ProblemError, requireSameName } from '../problem.ts'
import { requireSound } from '../territory-check.ts'
import { findVersion, namesOf, territoryEtag, versionView } from '../territory-versions.ts'

const path = '/v1/territories/{territory}' as const

const listRoute = createRoute({
  method: 'get',
  path: '/v1/territories',
  tags: ['territories'],
  summary: 'Every territory as it is in force now',
  request: { query: NoQuery },
  responses: { 200: jsonAnswer('the territories', TerritoriesAnswer) },
})

const readRoute = createRoute({
  method: 'get',
  path,
  tags: ['territories'],
  summary: 'The version in force now',
  request: { params: TerritoryParams, query: NoQuery },
  responses: { 200: taggedAnswer('the territory', TerritoryView) },
})

const putRoute = createRoute({
  method: 'put',
  path,
  tags: ['territories'],
  summary: 'Save a new version, from now or from a day to come',
  description:
    'A combination without a destination, entries that overlap without a rank, an entry that never decides, a pool or rep that is not there: refused, each named. Leads in flight keep the version they began with.',
  middleware: [readJson] as const,
  request: { params: TerritoryParams, query: NoQuery, headers: EditHeaders, body: jsonBody(TerritoryBody) },
  responses: { 200: taggedAnswer('the version', TerritoryView), 412: otherThanMatched },
})

const versionsRoute = createRoute({
  method: 'get',
  path: `${path}/versions`,
  tags: ['territories'],
  summary: 'Every version, the latest saved first',
  request: { params: TerritoryParams, query: NoQuery },
  responses: { 200: jsonAnswer('the versions', TerritoryVersionsAnswer) },
})

const withdrawRoute = createRoute({
  method: 'delete',
  path: `${path}/versions/{version}`,
  tags: ['territories'],
  summary: 'Take back a version that is still to come',
  description:
    'Refused from the moment on at which it is in force. A version that was taken back stays in the list with the time of it, and its number is not given again. Who did it is kept.',
  request: { params: VersionParams, query: NoQuery, headers: EditHeaders },
  responses: {
    200: taggedAnswer('the version that was taken back', TerritoryView),
    409: problemAnswer('the version is or was in force'),
    412: otherThanMatched,
  },
})

const lookUpRoute = createRoute({
  method: 'get',
  path: `${path}/lookup`,
  tags: ['territories'],
  summary: 'Whose a combination is, now or at another time',
  description:
    'One parameter for each dimension: ?region=EMEA&segment=SMB. With &at=2026-04-01T00:00:00Z as a lead that comes then would be decided, unless a dimension is called "at".',
  request: { params: TerritoryParams, query: z.object({}).catchall(z.string()) },
  // The names are those of the territory, so no schema of ours can list them.
  parameters: [
    {
      in: 'query',
      name: 'combination',
      description: 'a value for each dimension, each as a parameter of its own, and `at`',
      required: true,
      schema: { type: 'object', additionalProperties: { type: 'string' } },
      style: 'form',
      explode: true,
    },
  ],
  responses: { 200: jsonAnswer('the destination', LookUpAnswer) },
})

/** `/v1/territories` and everything below it. */
export function territoryRoutes(app: App, { runtime, now, who }: Parts): void {
  const current = async (name: string) => findVersion(await runtime.territories(), name, now())
  const viewOf = async (version: TerritoryVersion) => versionView(version, await runtime.territories(), now())
  const preconditionOf =
    (headers: z.output<typeof EditHeaders>, name: string) => (versions: readonly TerritoryVersion[]) =>
      requirePrecondition(headers, `territory ${name}`, territoryEtag(versions, now()))

  app.openapi(listRoute, async (c) => {
    const all = await runtime.territories()
    const found = namesOf(all).map((name) => findVersion(all, name, now()))
    return c.json({ territories: found.map((each) => versionView(each, all, now())) }, 200)
  })

  app.openapi(readRoute, async (c) => {
    const view = await viewOf(await current(c.req.valid('param').territory))
    return c.json(view, 200, { etag: view.etag })
  })

  app.openapi(putRoute, async (c) => {
    const name = c.req.valid('param').territory
    const body = checked(TerritoryBody, c.get('body'))
    requireSameName('name', body.name, name)
    const before = await current(name)
    const at = body.effectiveFrom === undefined ? now() : Date.parse(body.effectiveFrom)
    refuseBefore(before, at)
    const territory = checked(Territory, { name, dimensions: body.dimensions, entries: body.entries })
    await requireSound(runtime, territory, before.territory)
    const precondition = preconditionOf(c.req.valid('header'), name)
    const planned = { territory, effectiveFrom: at }
    const view = await viewOf(await runtime.putTerritory(planned, who, precondition))
    return c.json(view, 200, { etag: view.etag })
  })

  app.openapi(versionsRoute, async (c) => {
    const name = c.req.valid('param').territory
    const all = await runtime.territories()
    findVersion(all, name, now())
    const mine = all.filter(({ territory }) => territory.name === name)
    return c.json({ versions: mine.map((each) => versionView(each, mine, now())) }, 200)
  })

  app.openapi(withdrawRoute, async (c) => {
    const { territory: name, version } = c.req.valid('param')
    const precondition = preconditionOf(c.req.valid('header'), name)
    const view = await viewOf(await runtime.withdrawTerritory({ name, version }, who, precondition))
    return c.json(view, 200, { etag: view.etag })
  })

  app.openapi(lookUpRoute, async (c) => {
    const name = c.req.valid('param').territory
    const { at, key } = placeAndTime(await current(name), c.req.valid('query'))
    const { territory, version } = findVersion(await runtime.territories(), name, at ?? now())
    refuseOtherDimensions(territory, key)
    const found = lookUp(territory, key)
    if (found === null) throw nowhere(territory, key)
    const { destination, path: combination, entry } = found
    const answer = { territory: territory.name, version, key, destination, path: combination }
    return c.json({ ...answer, entry: territory.entries[entry] ?? null }, 200)
  })
}

/** A version that began earlier than the one in force would rewrite what leads were decided by since. */
function refuseBefore({ version, effectiveFrom }: TerritoryVersion, at: number): void {
  if (at >= effectiveFrom) return
  const [given, began] = [at, effectiveFrom].map((each) => new Date(each).toISOString())
  const wayOut = `leave effectiveFrom out for now, or name a time from ${began} on`
  const message = `effectiveFrom ${given} lies before version ${version}, which is in force since ${began}`
  throw new ProblemError('request-invalid', message, {
    field: 'effectiveFrom',
    value: given,
    wayOut,
    errors: [{ field: 'effectiveFrom', message, value: `"${given}"`, wayOut }],
  })
}

/** The key of a look-up, and the time it is asked for; a dimension called "at" keeps its name. */
function placeAndTime(
  { territory }: TerritoryVersion,
  query: Record<string, string>,
): { at: number | null; key: Record<string, string> } {
  if (territory.dimensions.some(({ name }) => name === 'at')) return { at: null, key: query }
  const { at, ...key } = query
  if (at === undefined) return { at: null, key }
  const time = LookUpTime.safeParse({ at })
  if (!time.success) throw invalidRequest(time.error, { at }, 'the query')
  return { at: Date.parse(time.data.at), key }
}

function refuseOtherDimensions(territory: Territory, key: Record<string, string>): void {
  const known = territory.dimensions.map(({ name }) => name)
  const other = Object.keys(key).find((name) => !known.includes(name))
  if (other === undefined) return
  throw new TableError('request-invalid', `territory ${territory.name} has no dimension "${other}"`, {
    field: other,
    value: key[other],
    wayOut: `ask with ${known.join(', ')}`,
  })
}

function nowhere(territory: Territory, key: Record<string, string>): TableError {
  const wrong = territory.dimensions.find(({ name, values }) => !values.includes(key[name] ?? ''))
  return new TableError('request-invalid', whyNowhere(territory, key), {
    field: wrong?.name ?? 'territory',
    value: (wrong === undefined ? territory.name : key[wrong.name]) ?? 'missing',
    wayOut: `ask with ${territory.dimensions.map(({ name, values }) => `${name}=${values[0]}`).join('&')}`,
  })
}

import * as associations from '@hubspot/api-client/lib/codegen/crm/associations/v4/index.js'
import * as objects from '@hubspot/api-client/lib/codegen/crm/objects/index.js'
import * as owners from '@hubspot/api-client/lib/codegen/crm/owners/index.js'
import type { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import { exchange, type HttpAnswer, type HttpRequest, parseAnswer, type RunningCall } from '../call.ts'
import { unreadableAnswer } from '../status.ts'
import type { Access } from './access.ts'
import { dailyAllowance, hubspotFailure } from './failure.ts'

export type Session = ReturnType<typeof openSession>

/** An object to create, and those that it is linked with by HubSpot's own associations. */
export interface NewObject {
  properties: Record<string, string>
  associations: { to: { id: string }; associationTypeId: number }[]
}

interface WireRequest {
  getUrl(): string
  getHttpMethod(): string
  getHeaders(): Record<string, string>
  getBody(): unknown
}

type Ask = (request: Omit<HttpRequest, 'vendor'>) => Promise<HttpAnswer>

/**
 * One port call: every request made in it shares the call's time, signal and fetch.
 *
 * The generated API classes are used without the client around them. It offers no deadline, ignores a transport given per
 * request, and keeps retries in one place per process, where the client made last decides for all.
 */
export function openSession(access: Access, running: RunningCall) {
  const { baseUrl, accessToken } = access
  const ask = askOver(access, running)
  const apis = generatedApis(access, ask)
  return {
    baseUrl,
    running,
    ...apis,

    /** Creates an object together with its links. */
    create: (path: string, input: NewObject): Promise<unknown> => {
      const named = objects.AssociationSpecAssociationCategoryEnum.HubspotDefined
      const associations = input.associations.map(({ to, associationTypeId }) => ({
        to,
        types: [{ associationCategory: named, associationTypeId }],
      }))
      return apis.objects().create(path, { properties: input.properties, associations })
    },

    /** A request that the package has no method for. */
    async json(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
      const answer = await ask({
        method,
        url: `${baseUrl}${path}`,
        headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        write: method !== 'GET',
      })
      return parseAnswer(answer.text)
    },
  }
}

function askOver({ budget, searchBudget }: Access, running: RunningCall): Ask {
  return (request) => {
    const asked = { ...request, vendor: 'HubSpot' }
    const failure = (answer: HttpAnswer) => {
      const allowance = dailyAllowance(answer)
      if (allowance !== null) running.used?.(budget, allowance)
      if (answer.status < 200 || answer.status > 299) return hubspotFailure(answer, asked)
      return parseAnswer(answer.text) === undefined ? unreadableAnswer(asked, answer.text) : null
    }
    const isSearch = pathOf(request.url).endsWith('/search')
    return exchange({ ...asked, failure }, isSearch ? { ...running, budget: searchBudget } : running)
  }
}

/** Made when asked for: most calls use one or two. Each of the package's modules has its own copy of the same types. */
function generatedApis({ baseUrl, accessToken }: Access, ask: Ask) {
  const transport = transportOver(ask)
  const authMethods = { oauth2: { accessToken } }
  const forObjects = () =>
    objects.createConfiguration({
      baseServer: new objects.ServerConfiguration(baseUrl, {}),
      httpApi: objects.wrapHttpLibrary(transport),
      authMethods,
    })
  const forAssociations = () =>
    associations.createConfiguration({
      baseServer: new associations.ServerConfiguration(baseUrl, {}),
      httpApi: associations.wrapHttpLibrary(transport),
      authMethods,
    })
  const forOwners = () =>
    owners.createConfiguration({
      baseServer: new owners.ServerConfiguration(baseUrl, {}),
      httpApi: owners.wrapHttpLibrary(transport),
      authMethods,
    })
  return {
    /** Objects of any type, by its name. */
    objects: () => new objects.BasicApi(forObjects()),
    batches: () => new objects.BatchApi(forObjects()),
    search: () => new objects.SearchApi(forObjects()),
    associations: () => new associations.BasicApi(forAssociations()),
    owners: () => new owners.OwnersApi(forOwners()),
  }
}

/** The package's idea of a transport, over our own requests. */
function transportOver(ask: Ask) {
  return {
    async send(request: WireRequest) {
      const method = request.getHttpMethod()
      const url = request.getUrl()
      const body = request.getBody()
      const answer = await ask({
        method,
        url,
        headers: request.getHeaders(),
        ...(typeof body === 'string' && { body }),
        write: method !== 'GET' && !/\/(?:search|batch\/read)$/.test(pathOf(url)),
      })
      return new objects.ResponseContext(answer.status, answer.headers, {
        text: async () => answer.text,
        binary: async () => Buffer.from(answer.text),
      })
    },
  }
}

function pathOf(url: string): string {
  return url.replace(/\?.*/s, '')
}

/** Awaits an answer and checks its shape. Whatever is thrown comes out as a `CallFailure`. */
export async function readAs<Shape extends z.ZodType>(
  shape: Shape,
  answer: Promise<unknown>,
  options: { write: boolean } = { write: false },
): Promise<z.output<Shape>> {
  try {
    return shape.parse(await answer)
  } catch (error) {
    throw CallFailure.isInstance(error) ? error : unreadableAnswer({ vendor: 'HubSpot', ...options }, error)
  }
}

/** Null instead of a failure when HubSpot says that there is no such thing. */
export async function orNull<Value>(answer: Promise<Value>): Promise<Value | null> {
  try {
    return await answer
  } catch (error) {
    if (CallFailure.isInstance(error) && error.kind === 'not-found') return null
    throw error
  }
}

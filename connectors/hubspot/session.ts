import * as companies from '@hubspot/api-client/lib/codegen/crm/companies/index.js'
import * as contacts from '@hubspot/api-client/lib/codegen/crm/contacts/index.js'
import * as objects from '@hubspot/api-client/lib/codegen/crm/objects/index.js'
import * as owners from '@hubspot/api-client/lib/codegen/crm/owners/index.js'
import type { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { Call } from '../../columns/ports.ts'
import { exchange, type HttpAnswer, type HttpRequest, parseAnswer, startCall } from '../call.ts'
import { unreadableAnswer } from '../status.ts'
import { hubspotFailure } from './failure.ts'

export interface HubspotSettings {
  /**
   * Of a private app: contacts and companies to read and write, owners to read; for sequences also their enrolment scope, and for first
   * touches the scopes to read calls, meetings and the content of logged e-mails.
   */
  accessToken: string
  /** `https://api.hubapi.com` unless told otherwise; a path in front of `/crm/…` is kept. */
  baseUrl?: string
}

export type Session = ReturnType<typeof openSession>

interface WireRequest {
  getUrl(): string
  getHttpMethod(): string
  getHeaders(): Record<string, string>
  getBody(): unknown
}

type Ask = (request: Omit<HttpRequest, 'vendor'>) => Promise<HttpAnswer>

/**
 * One port call: every request made in it shares the call's deadline, signal and fetch.
 *
 * The generated API classes are used without the client around them. It offers no deadline, ignores a transport given per
 * request, and keeps retries in one place per process, where the client made last decides for all.
 */
export function openSession(settings: HubspotSettings, call: Call) {
  const baseUrl = (settings.baseUrl ?? 'https://api.hubapi.com').replace(/\/+$/, '')
  const running = startCall(call)
  const ask: Ask = async (request) => {
    const asked = { ...request, vendor: 'HubSpot' }
    const answer = await exchange(asked, running)
    if (answer.status < 200 || answer.status > 299) throw hubspotFailure(answer, asked)
    if (parseAnswer(answer.text) === undefined) throw unreadableAnswer(asked, answer.text)
    return answer
  }
  return {
    baseUrl,
    ...generatedApis({ baseUrl, accessToken: settings.accessToken, ask }),

    /** A request that the package has no method for. */
    async json(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
      const answer = await ask({
        method,
        url: `${baseUrl}${path}`,
        headers: { authorization: `Bearer ${settings.accessToken}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        write: method !== 'GET',
      })
      return parseAnswer(answer.text)
    },
  }
}

/** Made when asked for: most calls use one or two. Each of the package's modules has its own copy of the same types. */
function generatedApis({ baseUrl, accessToken, ask }: { baseUrl: string; accessToken: string; ask: Ask }) {
  const transport = transportOver(ask)
  const authMethods = { oauth2: { accessToken } }
  const forContacts = () =>
    contacts.createConfiguration({
      baseServer: new contacts.ServerConfiguration(baseUrl, {}),
      httpApi: contacts.wrapHttpLibrary(transport),
      authMethods,
    })
  const forCompanies = () =>
    companies.createConfiguration({
      baseServer: new companies.ServerConfiguration(baseUrl, {}),
      httpApi: companies.wrapHttpLibrary(transport),
      authMethods,
    })
  const forObjects = () =>
    objects.createConfiguration({
      baseServer: new objects.ServerConfiguration(baseUrl, {}),
      httpApi: objects.wrapHttpLibrary(transport),
      authMethods,
    })
  const forOwners = () =>
    owners.createConfiguration({
      baseServer: new owners.ServerConfiguration(baseUrl, {}),
      httpApi: owners.wrapHttpLibrary(transport),
      authMethods,
    })
  return {
    contacts: () => new contacts.BasicApi(forContacts()),
    contactBatches: () => new contacts.BatchApi(forContacts()),
    companies: () => new companies.BasicApi(forCompanies()),
    companyBatches: () => new companies.BatchApi(forCompanies()),
    /** Search over any type of object, by its name. */
    objectSearch: () => new objects.SearchApi(forObjects()),
    companySearch: () => new companies.SearchApi(forCompanies()),
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
        write: method !== 'GET' && !/\/(?:search|batch\/read)$/.test(url.replace(/\?.*/s, '')),
      })
      return new contacts.ResponseContext(answer.status, answer.headers, {
        text: async () => answer.text,
        binary: async () => Buffer.from(answer.text),
      })
    },
  }
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

import type { z } from 'zod'
import type { CallFailure } from '../columns/errors.ts'
import {
  exchangeNow,
  type HttpAnswer,
  type HttpRequest,
  inTurn,
  parseAnswer,
  type RunningCall,
} from './call.ts'
import { isJsonObject } from './json-object.ts'
import { type Asked, failureOfStatus, unreadableAnswer } from './status.ts'

/** A vendor without a client of its own: JSON over HTTP. */
export interface RestAccount extends Required<Pick<Asked, 'isOwn'>> {
  /** Named in messages. */
  vendor: string
  /** Without a slash at the end. */
  baseUrl: string
  headers: Record<string, string>
  /** What the vendor means by an answer where it differs from the usual reading of its status; null where it does not. */
  failure?(answer: HttpAnswer, asked: Asked): CallFailure | null
}

export interface RestRequest<Shape extends z.ZodType> extends Pick<HttpRequest, 'method' | 'write'> {
  path: string
  query?: Record<string, string>
  body?: unknown
  /** Shape of a success; an answer without a body arrives as null. */
  answer: Shape
}

/** JSON with `error` or `errors`: the shape of a refusal by most of these vendors. A page is none. */
export function namesError({ text }: HttpAnswer): boolean {
  const body = parseAnswer(text)
  return isJsonObject(body) && ('error' in body || 'errors' in body)
}

/** Answers of these vendors are a few kilobytes; a page of them some hundred. */
const maxAnswerBytes = 4 * 1024 * 1024

/** Makes one request when the credential allows it, and checks its answer. Throws `CallFailure`; any status but a 2xx is one. */
export const ask = <Shape extends z.ZodType>(
  account: RestAccount,
  request: RestRequest<Shape>,
  call: RunningCall,
): Promise<z.output<Shape>> => inTurn(call, () => askNow(account, request, call))

/** `ask` for work that has its turn already. */
export async function askNow<Shape extends z.ZodType>(
  account: RestAccount,
  { method, path, query, body, write, answer: shape }: RestRequest<Shape>,
  call: RunningCall,
): Promise<z.output<Shape>> {
  const asked = { vendor: account.vendor, write, isOwn: account.isOwn }
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`
  const { text } = await exchangeNow(
    {
      ...asked,
      method,
      url: `${account.baseUrl}${path}${search}`,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...account.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      maxBytes: maxAnswerBytes,
      failure(answer) {
        const { status } = answer
        const own = account.failure?.(answer, asked) ?? null
        return own ?? (status < 200 || status > 299 ? failureOfStatus(answer, asked) : null)
      },
    },
    call,
  )
  const parsed = shape.safeParse(text === '' ? null : parseAnswer(text))
  if (!parsed.success) throw unreadableAnswer(asked, parsed.error)
  return parsed.data
}

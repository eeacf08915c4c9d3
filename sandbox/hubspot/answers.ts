import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { z } from 'zod'
import type { SandboxEnv } from '../vendor.ts'
import type { StoredObject } from './objects.ts'

/** One request to the stand-in. */
export type Ask = Context<SandboxEnv>

/** An error in HubSpot's shape. */
export interface Refusal {
  status: 400 | 401 | 403 | 404 | 409
  category:
    | 'VALIDATION_ERROR'
    | 'CONFLICT'
    | 'OBJECT_NOT_FOUND'
    | 'INVALID_AUTHENTICATION'
    | 'EXPIRED_AUTHENTICATION'
    | 'MISSING_SCOPES'
  message: string
  /** In a batch only this record is refused; otherwise the batch is. */
  ofOneRecord?: boolean
}

/** The body as JSON, undefined when it is none: the schemas refuse that with the rest. */
export async function jsonOf(c: Ask): Promise<unknown> {
  return c.req.json().catch(() => undefined)
}

/** Values are texts: HubSpot refuses a number even for an owner id. */
export const Properties = z.record(z.string(), z.string().nullable())

/** Answers with an error. */
export function refuse(c: Ask, { status, category, message }: Refusal): Response {
  return c.json({ status: 'error', category, message, correlationId: randomUUID() }, status)
}

/** No such record, owner or enrolment. */
export const notFound: Refusal = { status: 404, category: 'OBJECT_NOT_FOUND', message: 'resource not found' }

/** A body or value that HubSpot does not take. */
export function invalid(message: string): Refusal {
  return { status: 400, category: 'VALIDATION_ERROR', message }
}

/** A record with the properties asked for; `createdate` and the last change always come along. */
export function shown({ id, properties, createdAt, updatedAt }: StoredObject, wanted: string[]) {
  const picked = wanted.length === 0 ? Object.keys(properties) : [...wanted, 'createdate']
  return {
    id,
    properties: {
      ...Object.fromEntries(picked.map((name) => [name, properties[name] ?? null])),
      hs_object_id: id,
      lastmodifieddate: updatedAt,
    },
    createdAt,
    updatedAt,
    archived: false,
  }
}

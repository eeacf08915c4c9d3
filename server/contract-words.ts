import { z } from 'zod'

/** Any JSON value. Whoever made it says which: the table's own schemas, or a trace. */
export const AnyJson = z.unknown()
export const JsonRecord = z.record(z.string(), AnyJson)
export const Iso = z.string().describe('ISO 8601 time, UTC')
export const Path = z.string().describe('path on this server')

/** A whole number of a query string. */
export const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max)

import { z } from 'zod'

/** Any JSON value. Whoever made it says which: the table's own schemas, or a trace. */
export const AnyJson = z.unknown()
export const JsonRecord = z.record(z.string(), AnyJson)
export const Iso = z.string().describe('ISO 8601 time, UTC')
export const Path = z.string().describe('path on this server')

/** A whole number of a query string, in digits: what else `Number` takes for one ('' or '0x10') is a mistake of the sender. */
export const wholeNumber = (min: number, max: number) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^-?\d+$/.test(text) ? Number(text) : text),
    z.number().int().min(min).max(max),
  )

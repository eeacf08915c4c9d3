import { Hono } from 'hono'
import { z } from 'zod'
import type { LedgerEntry } from '../ledger.ts'
import type { SandboxEnv } from '../vendor.ts'
import { type Account, findUnique, isUnique, type ObjectType } from './account.ts'
import { type Ask, invalid, jsonOf, notFound, Properties, type Refusal, refuse, shown } from './answers.ts'
import { type Written, write } from './writes.ts'

const Input = z.object({
  id: z.string(),
  idProperty: z.string().optional(),
  properties: Properties.default({}),
})
const Batch = z.object({ inputs: z.array(Input).min(1).max(100) })
const ReadBatch = z.object({
  inputs: z
    .array(z.object({ id: z.string() }))
    .min(1)
    .max(100),
  properties: z.array(z.string()).default([]),
  idProperty: z.string().optional(),
})

/**
 * Batches of up to 100. A bad value or a conflict refuses the whole batch before anything is written; records that do not
 * exist are listed in a 207 beside those that do.
 */
export function batchRoutes(type: ObjectType, account: () => Account) {
  const app = new Hono<SandboxEnv>()

  app.post('/read', async (c) => {
    const body = ReadBatch.safeParse(await jsonOf(c))
    if (!body.success) return refuse(c, invalid(`Invalid input JSON: ${body.error.message}`))
    const { inputs, idProperty, properties } = body.data
    if (!isUnique(account(), type, idProperty))
      return refuse(c, invalid(`${idProperty} has no unique values`))
    const found = inputs.map(({ id }) => findUnique(account(), type, { idProperty, value: id }))
    return answer(c, {
      results: found.flatMap((object) => (object === null ? [] : [shown(object, properties)])),
      missing: inputs.flatMap(({ id }, index) => (found[index] === null ? [id] : [])),
    })
  })

  app.post('/update', (c) => writeBatch(c, { type, account: account(), create: false }))
  app.post('/upsert', (c) => writeBatch(c, { type, account: account(), create: true }))
  return app
}

async function writeBatch(
  c: Ask,
  { type, account, create }: { type: ObjectType; account: Account; create: boolean },
): Promise<Response> {
  const body = Batch.safeParse(await jsonOf(c))
  if (!body.success) return refuse(c, invalid(`Invalid input JSON: ${body.error.message}`))
  const results: object[] = []
  const missing: string[] = []
  const effects: NonNullable<LedgerEntry['effect']>[] = []
  for (const { id, idProperty, properties } of body.data.inputs) {
    const unfit = !isUnique(account, type, idProperty) || (create && idProperty === undefined)
    const existing = unfit ? null : findUnique(account, type, { idProperty, value: id })
    let written: Written = { ok: false, refusal: notFound }
    if (unfit) {
      written = {
        ok: false,
        refusal: invalid(`Unable to perform update/upsert by non-unique property ${idProperty}`),
      }
    } else if (existing !== null || create) {
      const keyed = create && idProperty !== undefined ? { [idProperty]: id, ...properties } : properties
      written = write(account, type, { existing, properties: keyed })
    }
    if (written.ok) {
      results.push({
        ...shown(written.object, Object.keys(properties)),
        ...(create && { new: written.created }),
      })
      effects.push(written.effect)
    } else if (written.refusal === notFound) missing.push(id)
    else return refuseBatch(c, written.refusal, effects)
  }
  report(c, effects)
  return answer(c, { results, missing })
}

/** Earlier records of the batch stay written: HubSpot promises nothing else. */
function refuseBatch(c: Ask, refusal: Refusal, effects: NonNullable<LedgerEntry['effect']>[]): Response {
  report(c, effects)
  return refuse(c, refusal)
}

/** The ledger has one effect to a request: that of the first record, with the others listed in it. */
function report(c: Ask, effects: NonNullable<LedgerEntry['effect']>[]): void {
  const [first, ...others] = effects
  if (first !== undefined) c.set('effect', others.length === 0 ? first : { ...first, others })
}

function answer(c: Ask, { results, missing }: { results: object[]; missing: string[] }): Response {
  const at = new Date().toISOString()
  const base = { status: 'COMPLETE', results, startedAt: at, completedAt: at }
  if (missing.length === 0) return c.json(base, 200)
  const { category, message } = notFound
  const errors = [{ status: 'error', category, message, context: { ids: missing } }]
  return c.json({ ...base, numErrors: missing.length, errors }, 207)
}

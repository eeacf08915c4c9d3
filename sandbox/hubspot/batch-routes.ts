import { Hono } from 'hono'
import { z } from 'zod'
import type { Effect } from '../ledger.ts'
import type { SandboxEnv } from '../vendor.ts'
import { type Account, findUnique, isUnique, type ObjectType } from './account.ts'
import { type Ask, invalid, jsonOf, notFound, Properties, type Refusal, refuse, shown } from './answers.ts'
import { type Written, write } from './writes.ts'

const Input = z.object({
  id: z.string(),
  idProperty: z.string().optional(),
  objectWriteTraceId: z.string().optional(),
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

/** What a batch failed to do, as a 207 lists it. */
interface Failed {
  refusal: Refusal
  id: string
}

/**
 * Batches of up to 100. A bad value or a conflict refuses the whole batch, whatever of it was written before; records that do not exist,
 * and those that a rule of the account guards, are listed in a 207 beside those that went well.
 */
export function batchRoutes(type: ObjectType, account: () => Account) {
  const app = new Hono<SandboxEnv>()

  app.post('/read', async (c) => {
    const body = ReadBatch.safeParse(await jsonOf(c))
    if (!body.success) return refuse(c, invalid(`Invalid input JSON: ${body.error.message}`))
    const { inputs, idProperty, properties } = body.data
    const twice = duplicate(inputs)
    if (twice !== null) return refuse(c, twice)
    if (!isUnique(account(), type, idProperty))
      return refuse(c, invalid(`${idProperty} has no unique values`))
    const found = inputs.map(({ id }) => findUnique(account(), type, { idProperty, value: id }))
    return answer(c, {
      results: found.flatMap((object) => (object === null ? [] : [shown(object, properties)])),
      failed: inputs.flatMap(({ id }, index) => (found[index] === null ? [{ id, refusal: notFound }] : [])),
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
  const twice = duplicate(body.data.inputs)
  if (twice !== null) return refuse(c, twice)
  const results: object[] = []
  const failed: Failed[] = []
  const effects: Effect[] = []
  for (const { id, idProperty, properties } of body.data.inputs) {
    // Only an upsert is addressed by a property; an update takes record ids.
    const unfit = !isUnique(account, type, idProperty) || create === (idProperty === undefined)
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
    } else if (written.refusal === notFound || written.refusal.ofOneRecord) {
      failed.push({ id, refusal: written.refusal })
    } else return refuseBatch(c, written.refusal, effects)
  }
  report(c, effects)
  return answer(c, { results, failed })
}

function duplicate(inputs: readonly { id: string }[]): Refusal | null {
  const ids = inputs.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice === undefined) return null
  return invalid(`Duplicate IDs found in batch input: [${twice}]. IDs must be unique`)
}

/** Earlier records of the batch stay written: HubSpot promises nothing else. */
function refuseBatch(c: Ask, refusal: Refusal, effects: Effect[]): Response {
  report(c, effects)
  return refuse(c, refusal)
}

function report(c: Ask, effects: Effect[]): void {
  if (effects.length > 0) c.set('effect', { kind: 'collection-written', effects })
}

function answer(c: Ask, { results, failed }: { results: object[]; failed: readonly Failed[] }): Response {
  const at = new Date().toISOString()
  const base = { status: 'COMPLETE', results, startedAt: at, completedAt: at }
  if (failed.length === 0) return c.json(base, 200)
  const missing = failed.filter(({ refusal }) => refusal === notFound).map(({ id }) => id)
  const errors = failed
    .filter(({ refusal }) => refusal !== notFound)
    .map(({ id, refusal }) => problem(refusal, { id: [id] }))
  if (missing.length > 0) errors.push(problem(notFound, { ids: missing }))
  return c.json({ ...base, numErrors: errors.length, errors }, 207)
}

function problem({ category, message }: Refusal, context: Record<string, string[]>) {
  return { status: 'error', category, message, context }
}

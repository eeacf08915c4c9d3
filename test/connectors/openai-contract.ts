import { z } from 'zod'
import { vendorContract } from './vendor-contracts.ts'

/** OpenAI's own contract, or null where it is not there. */
export const openaiContract = vendorContract('openai/openapi-subset.json')

const Contract = z.object({ components: z.object({ schemas: z.record(z.string(), z.json()) }) })

/** A named schema of the contract as a zod type. */
export function openaiShape(name: string): z.ZodType {
  const text = JSON.stringify(openaiContract).replaceAll('#/components/schemas/', '#/$defs/')
  const { schemas } = Contract.parse(JSON.parse(text)).components
  return z.fromJSONSchema({ $ref: `#/$defs/${name}`, $defs: z.record(z.string(), z.any()).parse(schemas) })
}

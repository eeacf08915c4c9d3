import { z } from 'zod'
import type { EnrichmentProvider } from '../../columns/ports.ts'
import type { RunningCall } from '../call.ts'
import { isJsonObject } from '../json-object.ts'
import { ask, type RestAccount } from '../rest.ts'

const Text = z
  .string()
  .nullish()
  .transform((text) => text?.trim() || null)

const Organization = z.looseObject({
  name: Text,
  primary_domain: Text,
  country: Text,
  industry: Text,
  estimated_num_employees: z.number().int().min(0).nullish(),
})
/** A company that Apollo does not know comes without an organization, or with an empty one. */
const Answer = z.looseObject({
  organization: z.union([Organization.extend({ id: z.string() }), z.looseObject({}).nullish()]),
})

/** `GET /organizations/enrich`: one credit for each company that is found. */
export async function findFirm(
  account: RestAccount,
  domain: string,
  call: RunningCall,
): ReturnType<EnrichmentProvider['findFirm']> {
  const asked = domain.trim().toLowerCase()
  const answer = await ask(
    account,
    { method: 'GET', path: '/organizations/enrich', query: { domain: asked }, write: false, answer: Answer },
    call,
  )
  const raw = isJsonObject(answer) ? answer : null
  const found = Organization.extend({ id: z.string() }).safeParse(answer.organization)
  if (!found.success) return { firm: null, raw }
  const { name, primary_domain, country, industry, estimated_num_employees: employees } = found.data
  return {
    firm: {
      name,
      domain: primary_domain?.toLowerCase() ?? asked,
      country,
      industry,
      employees: employees == null || employees === 0 ? null : String(employees),
    },
    raw,
  }
}

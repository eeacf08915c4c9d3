import type { Account } from './account.ts'
import { type Ask, type Refusal, refuse } from './answers.ts'

/** The scope that a request needs, by its method and path. Reading by a POST is reading. */
function scopeOf(method: string, path: string): string | null {
  if (path.startsWith('/crm/v3/owners')) return 'crm.objects.owners.read'
  if (path.startsWith('/automation/')) {
    return method === 'GET' ? 'automation.sequences.read' : 'automation.sequences.enrollments.write'
  }
  const type = /^\/crm\/v[34]\/objects\/(contacts|companies|leads)\b/.exec(path)?.[1]
  if (type === undefined) return null
  const reads = method === 'GET' || /\/(?:search|batch\/read)$/.test(path)
  return `crm.objects.${type}.${reads ? 'read' : 'write'}`
}

/** The refusal of a token without the scope that the request needs; null when it has it. */
export function missingScope(c: Ask, { settings }: Account): Response | null {
  const scope = scopeOf(c.req.method, c.req.path)
  if (scope === null || settings.scopes === null || settings.scopes.includes(scope)) return null
  const refusal: Refusal = {
    status: 403,
    category: 'MISSING_SCOPES',
    message: `This app hasn't been granted all required scopes to make this call: ${scope}`,
  }
  return refuse(c, refusal)
}

const secretNames = new Set([
  'access_token',
  'api_key',
  'apikey',
  'assertion',
  'authorization',
  'client_secret',
  'hapikey',
  'password',
  'refresh_token',
  'sig',
  'signature',
  'token',
])
const leftOut = '(left out)'
const isSecret = (name: string) => secretNames.has(name.toLowerCase())

/** The path with the values of secret query parameters left out. */
export function pathWithoutSecrets(path: string): string {
  const mark = path.indexOf('?')
  return mark < 0 ? path : `${path.slice(0, mark + 1)}${formWithoutSecrets(path.slice(mark + 1))}`
}

/** A body as the ledger keeps it: parsed where it is JSON, with the values of secret fields left out. */
export function bodyWithoutSecrets(text: string): unknown {
  if (text === '') return null
  try {
    return withoutSecrets(JSON.parse(text))
  } catch {
    return formWithoutSecrets(text)
  }
}

function formWithoutSecrets(form: string): string {
  if (!form.includes('=')) return form
  return form
    .split('&')
    .map((pair) => {
      const [name = ''] = pair.split('=', 1)
      return isSecret(name) ? `${name}=${leftOut}` : pair
    })
    .join('&')
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecret(name) && typeof inner === 'string' ? leftOut : withoutSecrets(inner),
    ]),
  )
}

import { CallFailure } from '../../columns/errors.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'

/** The first three characters of an id, which name its type. */
export const prefixes = {
  Account: '001',
  Contact: '003',
  User: '005',
  Opportunity: '006',
  Group: '00G',
  Lead: '00Q',
} as const

export type RecordType = keyof typeof prefixes

const recordTypes: readonly RecordType[] = ['Account', 'Contact', 'User', 'Opportunity', 'Group', 'Lead']

/**
 * The 18-character form of a 15-character id. Each of three chunks of five adds a character whose bit j says that character j
 * is a capital, so that ids which differ only in case stay different where case is lost.
 */
export function withChecksum(id15: string): string {
  let checksum = ''
  for (let chunk = 0; chunk < 15; chunk += 5) {
    let bits = 0
    for (let position = 0; position < 5; position += 1) {
      const character = id15.charAt(chunk + position)
      if (character >= 'A' && character <= 'Z') bits |= 1 << position
    }
    checksum += alphabet.charAt(bits)
  }
  return id15 + checksum
}

/** The 18-character form of a well-formed id of either length; null for anything else. */
export function normalizeId(id: string): string | null {
  if (!/^[a-zA-Z0-9]{15}(?:[A-Z0-5]{3})?$/.test(id)) return null
  const full = withChecksum(id.slice(0, 15))
  return id.length === 15 || id === full ? full : null
}

/** The type an id's prefix names; null for types we never touch. */
export function typeOfId(id: string): RecordType | null {
  const prefix = id.slice(0, 3)
  return recordTypes.find((type) => prefixes[type] === prefix) ?? null
}

/**
 * The 18-character form of an id of one of the given types, or a `CallFailure`. Every id goes through here before it gets into
 * a path: jsforce does not encode ids, and an id with a slash in it would address another record.
 */
export function requireId(id: string, types: readonly RecordType[]): string {
  const full = normalizeId(id)
  if (full === null) {
    throw new CallFailure(
      'invalid-request',
      `"${id}" is no Salesforce id: 15 or 18 characters with a valid checksum`,
      {
        retryable: false,
      },
    )
  }
  const type = typeOfId(full)
  if (type === null || !types.includes(type)) {
    throw new CallFailure('invalid-request', `"${id}" is not the id of a ${types.join(' or ')}`, {
      retryable: false,
    })
  }
  return full
}

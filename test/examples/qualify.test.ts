import { describe, expect, test } from 'vitest'
import type { CrmAccount } from '../../columns/ports.ts'
import { qualify } from '../../examples/inbound-leads/qualify.ts'

const nothing = {
  segment: { region: 'unknown', segment: 'unknown', reason: 'nothing is known' },
  account: null,
  source: null,
  message: null,
  email: 'jo@acme.example',
  domain: 'acme.example',
} as const
const account = (relationship: CrmAccount['relationship']): CrmAccount => ({
  id: '001',
  name: 'Acme',
  domain: 'acme.example',
  website: null,
  aliases: [],
  relationship,
  owner: null,
  parent: null,
  mergedInto: null,
  lastActivityAt: null,
  createdAt: '2025-01-01T00:00:00.000Z',
})
const exitOf = (more: Partial<Parameters<typeof qualify>[0]>) => {
  const answer = qualify({ ...nothing, ...more })
  return typeof answer === 'string' ? answer : answer.exit
}

describe('the exits of the example', () => {
  test('let a customer and an open opportunity through before anything is asked of the lead (trap 29)', () => {
    for (const source of ['newsletter', 'job application', 'webinar', null]) {
      expect(exitOf({ source, account: account('customer') })).toBe('route')
      expect(exitOf({ source, account: account('open-opportunity') })).toBe('route')
      expect(exitOf({ source, account: account('prospect') })).not.toBe('route')
    }
  })

  test('let a named account through before anything is asked of the lead (trap 29)', () => {
    for (const source of ['newsletter', 'job application', 'webinar', null]) {
      expect(exitOf({ source, domain: 'nordicfreight.example' })).toBe('route')
      expect(exitOf({ source, domain: null })).not.toBe('route')
    }
  })

  test('disqualify by what is known, never by what is missing (trap 30)', () => {
    expect(exitOf({ source: 'demo request' })).toBe('route')
    expect(exitOf({})).toBe('nurture')
    expect(exitOf({ source: 'job application' })).toBe('disqualified')
    expect(exitOf({ email: 'kim@rota.example' })).toBe('disqualified')
  })
})

import { describe, expect, test } from 'vitest'
import type { CrmAccount } from '../../columns/ports.ts'
import { classifiedWithoutModel, classifyByRule, qualify } from '../../examples/inbound-leads/qualify.ts'
import { regionTableVersion } from '../../routing/segment/regions.ts'

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

describe('the facts of a lead', () => {
  const empty = {
    country: 'Germany',
    headquarters: null,
    employees: null,
    description: null,
    domain: null,
    firm: null,
  }
  const answerOf = (more: Partial<typeof empty> | object) => classifyByRule({ ...empty, ...more })

  test.each([
    { employees: '0' },
    { employees: '-5' },
    { employees: 'N/A' },
    { employees: '#250' },
    { employees: 'a handful' },
    { employees: 'growing fast', description: 'We make software that people love.' },
    { employees: '0', description: 'One of the leading firms' },
    { firm: { name: null, domain: null, country: null, industry: null, employees: 0, description: null } },
  ])(
    'settle the size as unknown where no text can have told it, without a model: %o (traps 5, 10)',
    (more) => {
      expect(answerOf(more)).toMatchObject({ complete: true, value: { region: 'EMEA', segment: 'unknown' } })
    },
  )

  test.each([
    { employees: 'about two hundred' },
    { employees: '٢٠٠' },
    { description: 'We are 40 people.' },
    { employees: '0', description: 'Somos cuarenta personas.' },
  ])('leave it open where one can: %o', (more) => {
    expect(answerOf(more)).toMatchObject({ complete: false, known: { region: 'EMEA' } })
    expect(answerOf(more)).not.toHaveProperty('known.segment')
  })

  test('stand against a model that gives a size nobody told (trap 10)', () => {
    const answer = answerOf({ country: 'Atlantis', employees: '-', description: 'We love our customers.' })
    expect(answer).toMatchObject({ complete: false, known: { segment: 'unknown' } })
    expect(answer).toMatchObject({ explain: { decidingFields: [] } })
  })

  test('say which table of regions and which fields decided, and explain what they know', () => {
    const lead = { ...empty, employees: 'some', description: '40 people in Texas' }
    expect(classifyByRule(lead)).toEqual({
      complete: false,
      known: { region: 'EMEA' },
      explain: {
        reason: 'Region EMEA from country "Germany". The model said otherwise.',
        decidingFields: ['country'],
      },
      detail: { regionTable: regionTableVersion, decidedBy: { region: 'country', segment: null } },
    })
    expect(classifiedWithoutModel(lead)).toMatchObject({ region: 'EMEA', segment: 'unknown' })
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, sandboxSettings } from '../../cli/connect.ts'
import { Settings } from '../../cli/settings.ts'
import type { Budget } from '../../columns/budget.ts'
import { accessOf } from '../../connectors/hubspot/access.ts'
import { teams } from '../../connectors/teams.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { hasTitleOrCase, pinsOf, textOf } from './named-tests.ts'

const page = textOf('docs/connectors.md')

/** The sections that have a table of faults, by the vendor's name in the sandbox. */
const headings: Record<string, string> = {
  salesforce: 'Salesforce',
  hubspot: 'HubSpot',
  slack: 'Slack',
  teams: 'Teams',
  salesloft: 'Salesloft',
  outreach: 'Outreach',
  apollo: 'Apollo',
  'people-data-labs': 'People Data Labs',
  enrichment: 'Enrichment over plain HTTP',
  openai: 'OpenAI, and servers like it',
}

const sectionOf = (heading: string): string =>
  page.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? ''
const cellsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('|--'))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    )

/** The rows under the header of a table of faults. */
const faultsOf = (vendor: string) =>
  cellsOf(sectionOf(headings[vendor] ?? '').split('| fault |')[1] ?? '')
    .filter((cells) => cells.length === 4)
    .map(([fault = '', about = '', outcome = '', shownBy = '']) => ({ fault, about, outcome, shownBy }))

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

describe('the tables of faults', () => {
  test('there is one for each stand-in', () => {
    expect(Object.keys(headings).sort()).toEqual(Object.keys(sandbox.vendors).sort())
  })

  test.each(Object.keys(headings))(
    'of %s has every fault that the stand-in plays, and at least ten',
    (name) => {
      const rows = faultsOf(name)
      const named = rows.flatMap(({ fault }) => /^`(.+)`$/.exec(fault)?.[1] ?? [])
      const plays = sandbox.vendors[name]?.faults ?? {}
      expect(named.sort()).toEqual(Object.keys(plays).sort())
      expect(rows.length).toBeGreaterThanOrEqual(10)
      for (const { fault, about } of rows) {
        const told = plays[fault.slice(1, -1)]?.about
        if (told !== undefined) expect(about, fault).toBe(told)
      }
    },
  )

  test.each(Object.keys(headings))(
    'of %s says what becomes of each, and names a test that exists',
    (name) => {
      for (const { fault, outcome, shownBy } of faultsOf(name)) {
        expect(outcome, fault).not.toBe('')
        const pins = pinsOf(shownBy)
        expect(pins.length, `${fault}: ${shownBy}`).toBeGreaterThan(0)
        expect(
          pins.filter((pin) => !hasTitleOrCase(pin)),
          fault,
        ).toEqual([])
      }
    },
  )
})

describe('the tables of settings', () => {
  /** Of Rota itself, not of a connector. */
  const own = ['PORT', 'HOST', 'ROTA_DB', 'ROTA_TABLES', 'ROTA_API_KEY', 'ROTA_CRM']

  test('have every variable of a connector, and no other', () => {
    const named = new Set([...page.matchAll(/`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`/g)].map(([, name]) => name))
    const known = Object.keys(Settings.shape).filter((name) => !own.includes(name))
    expect([...named].sort()).toEqual(known.sort())
  })

  test('say the same variables as .env.example', () => {
    const listed = [...textOf('.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name)
    expect(listed.sort()).toEqual(Object.keys(Settings.shape).sort())
  })
})

describe('the table of limits', () => {
  const rows = new Map(
    cellsOf(sectionOf('Limits'))
      .slice(1)
      .map(([name = '', ...figures]) => [name, figures]),
  )
  const figuresOf = ({ concurrency, perSecond, burst = perSecond }: Budget) =>
    [concurrency, perSecond, burst].map((figure) => (figure === undefined ? '' : String(figure)))

  /** Every connector there is, by the vendor its credential is named by. */
  function budgets(): Budget[] {
    const with_ = (more: Partial<Settings>) =>
      connect({ ...sandboxSettings(Settings.parse({}), 'http://127.0.0.1:1'), ...more }).connectors
    const crms = (['salesforce', 'hubspot'] as const).map((ROTA_CRM) => with_({ ROTA_CRM }).crm.budget)
    const sequencers = (['salesloft', 'outreach', 'apollo'] as const).map(
      (ROTA_SEQUENCER) => with_({ ROTA_SEQUENCER }).sequencer.budget,
    )
    const { messenger, model, enrichments } = with_({})
    return [
      ...crms,
      ...sequencers,
      ...enrichments.map(({ budget }) => budget),
      messenger.budget,
      model.budget,
      teams({ webhookUrl: 'http://127.0.0.1:1/?sig=x' }).budget,
    ]
  }

  test('has the figures that the connectors are made with', () => {
    const { searchBudget } = accessOf({ accessToken: 'any' })
    const expected = new Map(
      budgets().map((budget) => [budget.key.replace(/:.*/, ''), figuresOf(budget)] as const),
    )
    expected.set('hubspot search', figuresOf(searchBudget))
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected))
  })
})

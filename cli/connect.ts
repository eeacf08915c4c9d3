import { TableError } from '../columns/errors.ts'
import type { Connectors, Crm, EnrichmentProvider, Messenger, Model, Sequencer } from '../columns/ports.ts'
import { hubspot, hubspotSequences, withinTenSeconds } from '../connectors/hubspot.ts'
import { openai } from '../connectors/openai.ts'
import { salesforce, salesforceCadences } from '../connectors/salesforce.ts'
import { slack } from '../connectors/slack.ts'
import { teams } from '../connectors/teams.ts'
import { enrichmentsOf } from './connect-enrichment.ts'
import { salesforceSettingsOf, salesforceVariables } from './connect-salesforce.ts'
import { ownSequencer } from './connect-sequencer.ts'
import { paceOf } from './pace.ts'
import type { Settings } from './settings.ts'

/** Settings under which every connector talks to the sandbox, whatever else the environment says. */
export function sandboxSettings(settings: Settings, url: string): Settings {
  return {
    ...settings,
    OPENAI_API_KEY: 'sandbox',
    OPENAI_BASE_URL: `${url}/openai/v1`,
    SALESFORCE_LOGIN_URL: `${url}/salesforce`,
    SALESFORCE_CLIENT_ID: 'sandbox',
    SALESFORCE_CLIENT_SECRET: 'sandbox',
    SALESFORCE_USERNAME: undefined,
    HUBSPOT_ACCESS_TOKEN: 'sandbox',
    HUBSPOT_BASE_URL: `${url}/hubspot`,
    SLACK_BOT_TOKEN: 'xoxb-sandbox',
    SLACK_API_URL: `${url}/slack/api/`,
    TEAMS_WEBHOOK_URL: undefined,
    SALESLOFT_API_KEY: 'sandbox',
    SALESLOFT_BASE_URL: `${url}/salesloft/v2`,
    OUTREACH_CLIENT_ID: 'sandbox',
    OUTREACH_CLIENT_SECRET: 'sandbox',
    OUTREACH_REFRESH_TOKEN: 'sandbox',
    OUTREACH_REFRESH_TOKEN_FILE: undefined,
    OUTREACH_BASE_URL: `${url}/outreach`,
    APOLLO_API_KEY: 'sandbox',
    APOLLO_BASE_URL: `${url}/apollo/api/v1`,
    PEOPLE_DATA_LABS_API_KEY: 'sandbox',
    PEOPLE_DATA_LABS_BASE_URL: `${url}/people-data-labs/v5`,
    ENRICHMENT_URL: `${url}/enrichment`,
    ENRICHMENT_API_KEY: 'sandbox',
  }
}

/** The connectors of these settings, and the variables that were missed by tables asking for more. */
export function connect(settings: Settings): { connectors: Connectors; missing(): string[] } {
  const missed = new Set<string>()
  const made = new Map<string, unknown>()

  function once<Port extends object>(name: string, variables: (keyof Settings)[], make: () => Port): Port {
    const absent = variables.filter((variable) => settings[variable] === undefined)
    for (const variable of absent) missed.add(variable)
    if (absent.length > 0) return notConfigured<Port>(name, absent)
    const known = made.get(name) as Port | undefined
    if (known !== undefined) return known
    const port = make()
    made.set(name, port)
    return port
  }

  const pace = paceOf(settings)
  // One object, so that records and cadences share a login.
  const salesforceSettings = { ...pace, ...salesforceSettingsOf(settings) }
  const hubspotSettings = {
    accessToken: settings.HUBSPOT_ACCESS_TOKEN ?? '',
    ...(settings.HUBSPOT_BASE_URL !== undefined && { baseUrl: settings.HUBSPOT_BASE_URL }),
    ...pace,
    ...(pace.limits !== undefined && { searchLimits: pace.limits }),
    ...(settings.HUBSPOT_RECORD !== undefined && { records: settings.HUBSPOT_RECORD }),
    ...(settings.HUBSPOT_TEN_SECONDLY_LIMIT !== undefined && {
      limits: withinTenSeconds(settings.HUBSPOT_TEN_SECONDLY_LIMIT),
    }),
  }
  const onHubspot =
    (settings.ROTA_CRM ??
      (settings.SALESFORCE_LOGIN_URL === undefined && settings.HUBSPOT_ACCESS_TOKEN !== undefined
        ? 'hubspot'
        : 'salesforce')) === 'hubspot'
  const crmVariables: (keyof Settings)[] = onHubspot
    ? ['HUBSPOT_ACCESS_TOKEN']
    : salesforceVariables(settings)

  const connectors: Connectors = {
    get crm() {
      return once<Crm>('crm', crmVariables, () =>
        onHubspot ? hubspot(hubspotSettings) : salesforce(salesforceSettings),
      )
    },
    get sequencer() {
      const own = ownSequencer(settings)
      if (own !== null) return once<Sequencer>('sequencer', [...own.variables], own.make)
      return once<Sequencer>('sequencer', crmVariables, () =>
        onHubspot ? hubspotSequences(hubspotSettings) : salesforceCadences(salesforceSettings),
      )
    },
    get messenger() {
      const { TEAMS_WEBHOOK_URL: webhookUrl, SLACK_BOT_TOKEN: botToken, SLACK_API_URL: apiUrl } = settings
      if (botToken === undefined && webhookUrl !== undefined)
        return once<Messenger>('messenger', [], () => teams({ webhookUrl, ...pace }))
      return once<Messenger>('messenger', ['SLACK_BOT_TOKEN'], () =>
        slack({ botToken: botToken ?? '', ...pace, ...(apiUrl !== undefined && { apiUrl }) }),
      )
    },
    get enrichments() {
      const providers = enrichmentsOf(settings)
      if (providers.length > 0) return providers
      // Any of them would do; the one that needs no vendor is named.
      missed.add('ENRICHMENT_URL')
      return [notConfigured<EnrichmentProvider>('enrichment', ['ENRICHMENT_URL'])]
    },
    get model() {
      const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl } = settings
      const { OPENAI_MODEL: model, OPENAI_FORMAT: format } = settings
      return once<Model>('model', ['OPENAI_API_KEY'], () =>
        openai({ apiKey: apiKey ?? '', model, format, ...(baseUrl !== undefined && { baseUrl }) }),
      )
    },
  }
  return { connectors, missing: () => [...missed] }
}

/** Stands in until start-up refuses: it can be named in a definition, and is never called. */
function notConfigured<Port extends object>(name: string, variables: readonly string[]): Port {
  return new Proxy({} as Port, {
    get(_, property) {
      if (property === 'vendor' || property === 'model') return `${name} (not configured)`
      if (property === 'costUsd') return 0
      if (property === 'target') return 'readable'
      if (property === 'unenrols') return true
      if (property === 'budget') return { key: name, concurrency: 1 }
      throw new TableError('settings-invalid', `the ${name} connector is not configured`, {
        field: variables.join(', '),
        wayOut: `set ${variables.join(', ')}, or start with ROTA_SANDBOX=1`,
      })
    },
  })
}

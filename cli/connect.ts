import { TableError } from '../columns/errors.ts'
import type { Connectors, Crm, EnrichmentProvider, Messenger, Model, Sequencer } from '../columns/ports.ts'
import { enrichment } from '../connectors/enrichment.ts'
import { hubspot, hubspotSequences } from '../connectors/hubspot.ts'
import { openai } from '../connectors/openai.ts'
import { salesforce, salesforceCadences } from '../connectors/salesforce.ts'
import { slack } from '../connectors/slack.ts'
import { teams } from '../connectors/teams.ts'
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
    HUBSPOT_ACCESS_TOKEN: 'sandbox',
    HUBSPOT_BASE_URL: `${url}/hubspot`,
    SLACK_BOT_TOKEN: 'xoxb-sandbox',
    SLACK_API_URL: `${url}/slack/api/`,
    TEAMS_WEBHOOK_URL: undefined,
    ENRICHMENT_URL: `${url}/enrichment`,
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

  const salesforceSettings = {
    loginUrl: settings.SALESFORCE_LOGIN_URL ?? '',
    clientId: settings.SALESFORCE_CLIENT_ID ?? '',
    clientSecret: settings.SALESFORCE_CLIENT_SECRET ?? '',
    ...(settings.SALESFORCE_ALIAS_FIELD !== undefined && { aliasField: settings.SALESFORCE_ALIAS_FIELD }),
  }
  const hubspotSettings = {
    accessToken: settings.HUBSPOT_ACCESS_TOKEN ?? '',
    ...(settings.HUBSPOT_BASE_URL !== undefined && { baseUrl: settings.HUBSPOT_BASE_URL }),
  }
  const onHubspot =
    (settings.ROTA_CRM ??
      (settings.SALESFORCE_LOGIN_URL === undefined && settings.HUBSPOT_ACCESS_TOKEN !== undefined
        ? 'hubspot'
        : 'salesforce')) === 'hubspot'
  const crmVariables: (keyof Settings)[] = onHubspot
    ? ['HUBSPOT_ACCESS_TOKEN']
    : ['SALESFORCE_LOGIN_URL', 'SALESFORCE_CLIENT_ID', 'SALESFORCE_CLIENT_SECRET']

  const connectors: Connectors = {
    get crm() {
      return once<Crm>('crm', crmVariables, () =>
        onHubspot ? hubspot(hubspotSettings) : salesforce(salesforceSettings),
      )
    },
    get sequencer() {
      return once<Sequencer>('sequencer', crmVariables, () =>
        onHubspot ? hubspotSequences(hubspotSettings) : salesforceCadences(salesforceSettings),
      )
    },
    get messenger() {
      const { TEAMS_WEBHOOK_URL: webhookUrl, SLACK_BOT_TOKEN: botToken, SLACK_API_URL: apiUrl } = settings
      if (botToken === undefined && webhookUrl !== undefined)
        return once<Messenger>('messenger', [], () => teams({ webhookUrl }))
      return once<Messenger>('messenger', ['SLACK_BOT_TOKEN'], () =>
        slack({ botToken: botToken ?? '', ...(apiUrl !== undefined && { apiUrl }) }),
      )
    },
    get enrichment() {
      return once<EnrichmentProvider>('enrichment', ['ENRICHMENT_URL'], () =>
        enrichment({ baseUrl: settings.ENRICHMENT_URL ?? '' }),
      )
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
      throw new TableError('settings-invalid', `the ${name} connector is not configured`, {
        field: variables.join(', '),
        wayOut: `set ${variables.join(', ')}, or start with ROTA_SANDBOX=1`,
      })
    },
  })
}

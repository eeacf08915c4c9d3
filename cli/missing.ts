import { TableError } from '../columns/errors.ts'

/** What would do as well, by the variable that is missing. */
const instead: Readonly<Record<string, string>> = {
  SALESFORCE_LOGIN_URL: 'HUBSPOT_ACCESS_TOKEN with ROTA_CRM=hubspot in place of Salesforce',
  SALESFORCE_CLIENT_SECRET:
    'SALESFORCE_USERNAME with SALESFORCE_PRIVATE_KEY or SALESFORCE_PRIVATE_KEY_FILE (the JWT flow) in place of SALESFORCE_CLIENT_SECRET',
  SALESFORCE_PRIVATE_KEY: 'SALESFORCE_PRIVATE_KEY_FILE in place of SALESFORCE_PRIVATE_KEY',
  HUBSPOT_ACCESS_TOKEN: 'SALESFORCE_LOGIN_URL and its login with ROTA_CRM=salesforce in place of HubSpot',
  SLACK_BOT_TOKEN: 'TEAMS_WEBHOOK_URL in place of SLACK_BOT_TOKEN',
  ENRICHMENT_URL: 'APOLLO_API_KEY or PEOPLE_DATA_LABS_API_KEY in place of ENRICHMENT_URL',
}

/** The refusal to start without these variables, with what would do in their place. */
export function missingVariables(variables: readonly string[]): TableError {
  const others = variables.flatMap((variable) => instead[variable] ?? [])
  const set = 'set these variables in the environment or in .env'
  const ways = [set, ...others, 'or start with ROTA_SANDBOX=1 to run on stand-ins']
  return new TableError(
    'settings-invalid',
    `the tables need connectors that are not configured: ${variables.join(', ')}`,
    { field: variables.join(', '), wayOut: ways.join('\n  ') },
  )
}

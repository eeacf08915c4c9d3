import { readFileSync } from 'node:fs'
import { TableError } from '../columns/errors.ts'
import type { SalesforceSettings } from '../connectors/salesforce.ts'
import type { Settings } from './settings.ts'

/** The variables without which Salesforce cannot be reached: a user's name says that the login is by JWT. */
export function salesforceVariables(settings: Settings): (keyof Settings)[] {
  const org: (keyof Settings)[] = ['SALESFORCE_LOGIN_URL', 'SALESFORCE_CLIENT_ID']
  if (settings.SALESFORCE_USERNAME === undefined) return [...org, 'SALESFORCE_CLIENT_SECRET']
  return settings.SALESFORCE_PRIVATE_KEY_FILE === undefined ? [...org, 'SALESFORCE_PRIVATE_KEY'] : org
}

/**
 * What the connector is made from.
 *
 * @throws {TableError} `settings-invalid` when the file with the private key cannot be read.
 */
export function salesforceSettingsOf(settings: Settings): SalesforceSettings {
  const org = {
    loginUrl: settings.SALESFORCE_LOGIN_URL ?? '',
    clientId: settings.SALESFORCE_CLIENT_ID ?? '',
    duplicates: settings.SALESFORCE_DUPLICATES,
    ...(settings.SALESFORCE_ALIAS_FIELD !== undefined && { aliasField: settings.SALESFORCE_ALIAS_FIELD }),
    ...(settings.SALESFORCE_CONCURRENCY !== undefined && {
      limits: { concurrency: settings.SALESFORCE_CONCURRENCY },
    }),
  }
  const username = settings.SALESFORCE_USERNAME
  if (username === undefined) return { ...org, clientSecret: settings.SALESFORCE_CLIENT_SECRET ?? '' }
  return { ...org, username, privateKey: settings.SALESFORCE_PRIVATE_KEY ?? keyIn(settings) }
}

function keyIn({ SALESFORCE_PRIVATE_KEY_FILE: file }: Settings): string {
  if (file === undefined) return ''
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new TableError('settings-invalid', `the private key for Salesforce cannot be read from ${file}`, {
      field: 'SALESFORCE_PRIVATE_KEY_FILE',
      wayOut: 'name a file that this user may read, with the key in PEM',
      cause: error,
    })
  }
}

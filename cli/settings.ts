import { existsSync } from 'node:fs'
import { z } from 'zod'
import { TableError } from '../columns/errors.ts'

const flag = z
  .enum(['0', '1', 'true', 'false', ''])
  .default('')
  .transform((value) => value === '1' || value === 'true')

const optional = z
  .string()
  .trim()
  .optional()
  .transform((value) => (value === '' ? undefined : value))

/** The environment, as README lists it. Connectors are optional here: which of them are needed depends on the tables. */
export const Settings = z.object({
  PORT: z.coerce
    .number('use a whole number from 0 to 65535')
    .int('use a whole number from 0 to 65535')
    .min(0)
    .max(65_535)
    .default(4400),
  HOST: z.string().trim().min(1).default('127.0.0.1'),
  ROTA_DB: z.string().trim().min(1).default('./rota.sqlite'),
  ROTA_TABLES: z.string().trim().min(1).default('./examples/inbound-leads/tables.ts'),
  ROTA_API_KEY: optional,
  ROTA_SANDBOX: flag,
  ROTA_CRM: z.enum(['salesforce', 'hubspot']).optional(),
  OPENAI_API_KEY: optional,
  OPENAI_BASE_URL: optional,
  OPENAI_MODEL: z.string().trim().min(1).default('gpt-5-mini-2025-08-07'),
  OPENAI_FORMAT: z.enum(['json_schema', 'json_object', 'text']).default('json_schema'),
  SALESFORCE_LOGIN_URL: optional,
  SALESFORCE_CLIENT_ID: optional,
  SALESFORCE_CLIENT_SECRET: optional,
  SALESFORCE_ALIAS_FIELD: z
    .string()
    .trim()
    .regex(/^([A-Za-z]\w*)?$/, 'use the API name of a field of Account, such as Domains__c')
    .optional()
    .transform((value) => (value === '' ? undefined : value)),
  HUBSPOT_ACCESS_TOKEN: optional,
  HUBSPOT_BASE_URL: optional,
  SLACK_BOT_TOKEN: optional,
  SLACK_API_URL: optional,
  TEAMS_WEBHOOK_URL: optional,
  ENRICHMENT_URL: optional,
})
export type Settings = z.output<typeof Settings>

/**
 * Reads the settings from the environment, and from `.env` where the environment says nothing.
 *
 * @throws {TableError} `settings-invalid` naming each variable that is wrong.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  if (env === process.env && existsSync('.env')) process.loadEnvFile('.env')
  const parsed = Settings.safeParse(env)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  throw new TableError(
    'settings-invalid',
    parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    { field: first?.path.join('.') ?? '', wayOut: 'set the variable in the environment or in .env' },
  )
}

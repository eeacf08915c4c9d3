import { existsSync } from 'node:fs'
import { z } from 'zod'
import { TableError } from '../columns/errors.ts'

const flag = z
  .enum(['0', '1', 'true', 'false', ''])
  .default('')
  .transform((value) => value === '1' || value === 'true')

const sandboxFlag = z
  .union([flag, z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, ''))], {
    error: 'use 1 for stand-ins in this process, or the address of a running "rota sandbox"',
  })
  .default(false)

const optional = z.string().trim().optional()

const address = z
  .url({ protocol: /^https?$/, error: 'use an address that begins with http:// or https://' })
  .refine((url) => !URL.parse(url)?.username, 'leave the user name out of the address')
  .optional()

/** Secrets travel in headers, which take nothing else. */
const secret = z
  .string()
  .trim()
  .regex(/^[\x20-\x7e]*$/, 'holds a character that no secret has: copy it anew')
  .optional()

/** A caller sends it as a bearer token, which ends at the first space. */
const bearerKey = secret.refine((key) => !key?.includes(' '), 'has a space in it, which no request can send')

const price = z.coerce
  .number('use a price in US dollars, such as 0.05')
  .min(0, 'use a price in US dollars, such as 0.05')
  .optional()

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
  ROTA_API_KEY: bearerKey,
  ROTA_SANDBOX: sandboxFlag,
  ROTA_CRM: z.enum(['salesforce', 'hubspot']).optional(),
  OPENAI_API_KEY: secret,
  OPENAI_BASE_URL: address,
  OPENAI_MODEL: z.string().trim().min(1).default('gpt-5-mini-2025-08-07'),
  OPENAI_FORMAT: z.enum(['json_schema', 'json_object', 'text']).default('json_schema'),
  SALESFORCE_LOGIN_URL: address,
  SALESFORCE_CLIENT_ID: secret,
  SALESFORCE_CLIENT_SECRET: secret,
  /** For the JWT flow, with one of the two keys; it then takes the place of the client secret. */
  SALESFORCE_USERNAME: optional,
  SALESFORCE_PRIVATE_KEY: optional,
  SALESFORCE_PRIVATE_KEY_FILE: optional,
  SALESFORCE_DUPLICATES: z.enum(['refuse', 'allow', 'existing']).default('refuse'),
  /** Requests at once. */
  SALESFORCE_CONCURRENCY: z.coerce
    .number('use a whole number')
    .int('use a whole number')
    .min(1)
    .max(25)
    .optional(),
  SALESFORCE_ALIAS_FIELD: z
    .string()
    .trim()
    .regex(/^[A-Za-z]\w*$/, 'use the API name of a field of Account, such as Domains__c')
    .optional(),
  HUBSPOT_ACCESS_TOKEN: secret,
  HUBSPOT_BASE_URL: address,
  /** What a person becomes there. */
  HUBSPOT_RECORD: z.enum(['contact', 'lead']).optional(),
  /** Requests in ten seconds, where the account takes more than the 100 that every account does. */
  HUBSPOT_TEN_SECONDLY_LIMIT: z
    .string()
    .trim()
    .regex(/^[1-9]\d+$/, 'use a whole number from 10 on')
    .transform(Number)
    .optional(),
  SLACK_BOT_TOKEN: secret,
  SLACK_API_URL: address,
  TEAMS_WEBHOOK_URL: address,
  /** Sequences of another vendor than the CRM. */
  ROTA_SEQUENCER: z.enum(['salesloft', 'outreach', 'apollo']).optional(),
  SALESLOFT_API_KEY: secret,
  SALESLOFT_BASE_URL: address,
  OUTREACH_CLIENT_ID: secret,
  OUTREACH_CLIENT_SECRET: secret,
  OUTREACH_REFRESH_TOKEN: secret,
  OUTREACH_REFRESH_TOKEN_FILE: optional,
  OUTREACH_BASE_URL: address,
  /** The enrichment providers in the order in which they are asked; those without their variable are left out. */
  ROTA_ENRICHMENT: z
    .string()
    .default('apollo,people-data-labs,http')
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(['apollo', 'people-data-labs', 'http']))),
  APOLLO_API_KEY: secret,
  APOLLO_BASE_URL: address,
  /** What a provider takes for a match, or an answer, in US dollars. */
  APOLLO_COST_USD: price,
  PEOPLE_DATA_LABS_API_KEY: secret,
  PEOPLE_DATA_LABS_BASE_URL: address,
  PEOPLE_DATA_LABS_COST_USD: price,
  ENRICHMENT_URL: address,
  ENRICHMENT_API_KEY: secret,
  ENRICHMENT_COST_USD: price,
})
export type Settings = z.output<typeof Settings>

/**
 * Reads the settings from the environment, and from `.env` where the environment says nothing. A variable that is set to nothing counts as
 * unset.
 *
 * @throws {TableError} `settings-invalid` naming each variable that is wrong.
 */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  if (env === process.env && existsSync('.env')) process.loadEnvFile('.env')
  const given = Object.entries(env).map(([name, value]) => [name, value?.trim() ? value : undefined])
  const parsed = Settings.safeParse(Object.fromEntries(given))
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  throw new TableError(
    'settings-invalid',
    parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    { field: first?.path.join('.') ?? '', wayOut: 'set the variable in the environment or in .env' },
  )
}

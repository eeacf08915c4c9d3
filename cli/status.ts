import type { z } from 'zod'
import type { TablesAnswer } from '../server/contract.ts'
import type { CredentialsAnswer, CredentialView } from '../server/contract-credentials.ts'
import { createClient } from './client.ts'
import { paint, plain, tableText } from './table-text.ts'

type Table = z.output<typeof TablesAnswer>['tables'][number]
type Credential = z.output<typeof CredentialView>

export interface StatusOptions {
  url: string
  json: boolean
}

/** Statuses that somebody may have to do something about, in the order they are shown. */
const open = ['running', 'queued', 'waiting', 'error', 'unknown', 'stale'] as const

/** Prints whether a server is up, what is open in its tables, and how it stands with each credential. */
export async function status({ url, json }: StatusOptions): Promise<void> {
  const client = createClient(url, process.env.ROTA_API_KEY)
  const { tables } = (await client.get('/v1/tables')) as z.output<typeof TablesAnswer>
  const { credentials } = (await client.get('/v1/credentials')) as z.output<typeof CredentialsAnswer>
  if (json) console.log(JSON.stringify({ url, tables, credentials }, null, 2))
  else console.log(statusText(url, tables, credentials))
}

/** The same for the terminal. */
export function statusText(
  url: string,
  tables: readonly Table[],
  credentials: readonly Credential[],
): string {
  const lines = tables.map(({ name, rows, counts }) => [
    name,
    String(rows),
    ...open.map((each) => String(counts[each] ?? 0)),
  ])
  const parts = [
    `${paint('bold', 'up')}  ${plain(url)}`,
    tableText(['Table', 'Rows', ...open], lines, [30, 10, ...open.map(() => 10)]),
  ]
  if (credentials.length > 0) {
    const each = credentials.map((credential) => [
      credential.key,
      credential.concurrency === null ? '' : `${credential.inFlight} of ${credential.concurrency}`,
      String(credential.waiting),
      allowanceText(credential),
      stateText(credential),
    ])
    parts.push(
      tableText(['Credential', 'Under way', 'Waiting', 'Allowance', 'Now'], each, [40, 12, 8, 22, 200]),
    )
  }
  return parts.join('\n\n')
}

const allowanceText = ({ allowance }: Credential) =>
  allowance === null ? '' : `${allowance.used} of ${allowance.limit} used`

function stateText(credential: Credential): string {
  const { needsCredentials, restingUntil, reason, failing } = credential
  if (needsCredentials !== null)
    return `needs credentials since ${needsCredentials.since}, next try ${needsCredentials.nextProbeAt}: ${reason}`
  const failed = failing === null ? null : failingText(failing)
  if (restingUntil !== null)
    return [`rests until ${restingUntil}: ${reason}`, failed].filter((each) => each !== null).join('; ')
  return failed ?? 'takes calls'
}

const failingText = ({ since, failures, last }: NonNullable<Credential['failing']>) =>
  `failing since ${since} (${failures} ${failures === 1 ? 'failure' : 'failures'}, last: ${last})`

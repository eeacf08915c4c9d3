import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import { parseJson } from '../../columns/json.ts'
import { credentialName } from '../limits.ts'

/** A place for one text that outlives the process. */
export interface KeptTokens {
  /** What was written last, null when there is nothing. Throws when it cannot be read, or could not be written again. */
  read(): Promise<string | null>
  write(text: string): Promise<void>
}

/** The refresh token that came with the last access token, and by its name the one of the settings that it goes back to. */
const Kept = z.object({ from: z.string(), refreshToken: z.string().min(1) })

/** The newest refresh token of one authorisation: each may be good for one login only. */
export function createRefreshToken({
  clientId,
  refreshToken,
  kept,
}: {
  clientId: string
  refreshToken: string
  kept?: KeptTokens
}) {
  let newest: string | null = kept === undefined ? refreshToken : null
  const from = credentialName('outreach', `${clientId} ${refreshToken}`)

  async function readKept({ read }: KeptTokens): Promise<string> {
    const text = await read().catch((cause: unknown) => {
      // A token that is used up and cannot be kept would cost a new authorisation.
      const message = `Outreach: the file for the refresh token cannot be used: ${wordsOf(cause)}`
      throw new CallFailure('needs-credentials', message, { retryable: true })
    })
    const json = parseJson(text ?? '')
    const found = Kept.safeParse(json.ok ? json.value : null)
    // After a new authorisation by a person the old one's tokens are of no use.
    return found.success && found.data.from === from ? found.data.refreshToken : refreshToken
  }

  return {
    async newest(): Promise<string> {
      newest ??= kept === undefined ? refreshToken : await readKept(kept)
      return newest
    },
    async replace(token: string): Promise<void> {
      newest = token
      // This process goes on with the token in memory, and writes the next one.
      await kept?.write(JSON.stringify({ from, refreshToken: token })).catch(() => {})
    },
  }
}

const wordsOf = (cause: unknown) =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be read'

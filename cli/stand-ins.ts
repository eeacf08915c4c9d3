import { z } from 'zod'
import { TableError } from '../columns/errors.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { sandboxSettings } from './connect.ts'
import type { Settings } from './settings.ts'

export interface StandIns {
  /** Settings under which every connector talks to the stand-ins; those given where none are asked for. */
  settings: Settings
  /** Those in this process; null when they run elsewhere or not at all. */
  sandbox: Sandbox | null
  url: string | null
}

/**
 * The stand-ins that `ROTA_SANDBOX` asks for: new ones in this process with this state, or those that run at its address, which
 * keep the state they have.
 *
 * @throws {TableError} `settings-invalid` when no sandbox answers at the address.
 */
export async function openStandIns(
  settings: Settings,
  { state, latencyMs }: { state: () => Record<string, unknown>; latencyMs?: number },
): Promise<StandIns> {
  const asked = settings.ROTA_SANDBOX
  if (asked === false) return { settings, sandbox: null, url: null }
  if (asked !== true) {
    await requireSandbox(asked)
    return { settings: sandboxSettings(settings, asked), sandbox: null, url: asked }
  }
  // Only here: a server without stand-ins starts in two thirds of the time.
  const { startSandbox } = await import('../sandbox/sandbox.ts')
  const sandbox = await startSandbox(latencyMs === undefined ? {} : { latencyMs })
  for (const [vendor, known] of Object.entries(state()))
    if (sandbox.vendors[vendor] !== undefined) sandbox.startWith(vendor, known)
  return { settings: sandboxSettings(settings, sandbox.url), sandbox, url: sandbox.url }
}

const Greeting = z.object({ sandbox: z.literal(true) })

/** Asked before anything starts: a real vendor at this address would be sent leads by mistake. */
async function requireSandbox(url: string): Promise<void> {
  try {
    const answer = await fetch(`${url}/`, { signal: AbortSignal.timeout(5_000) })
    Greeting.parse(await answer.json())
  } catch (cause) {
    throw new TableError('settings-invalid', `no sandbox answers at ROTA_SANDBOX=${url}`, {
      field: 'ROTA_SANDBOX',
      value: url,
      wayOut:
        'start one with "npx node cli/rota.ts sandbox", or set ROTA_SANDBOX=1 for stand-ins in this process',
      cause,
    })
  }
}

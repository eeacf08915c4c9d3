import { Hono } from 'hono'
import { slackFaults } from './slack/faults.ts'
import { argumentsOf } from './slack/form.ts'
import { methods } from './slack/methods.ts'
import { openWorkspace } from './slack/workspace.ts'
import type { SandboxEnv, Vendor, VendorContext } from './vendor.ts'

/**
 * A Slack workspace under `/api/{method}`. It starts with the channel `general` and knows every e-mail address; a loaded
 * state can say otherwise. Like Slack it answers 200 with `ok: false` when it refuses.
 */
export function createSlack({ now }: VendorContext): Vendor {
  let workspace = openWorkspace({}, now)
  const app = new Hono<SandboxEnv>()

  app.on(['GET', 'POST'], '/api/:method', async (c) => {
    const { token: inForm, ...given } = await argumentsOf(c)
    const token = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? inForm
    if (token === undefined) return c.json({ ok: false, error: 'not_authed' })
    if (workspace.tokens !== null && !workspace.tokens.includes(token)) {
      return c.json({ ok: false, error: 'invalid_auth' })
    }
    const method = methods[c.req.param('method')]
    if (method === undefined) return c.json({ ok: false, error: 'unknown_method' })
    const answer = method(given, workspace)
    if (!answer.ok) {
      c.set('accepted', false)
      const messages = answer.problems?.map((problem) => `[ERROR] ${problem}`)
      return c.json({ ok: false, error: answer.error, ...(messages && { response_metadata: { messages } }) })
    }
    if (answer.effect !== undefined) c.set('effect', answer.effect)
    return c.json({ ok: true, ...answer.body })
  })

  return {
    name: 'slack',
    faults: slackFaults,
    app,
    state: () => workspace.state(),
    load(state) {
      workspace = openWorkspace(state, now)
    },
    reset() {
      workspace = openWorkspace({}, now)
    },
  }
}

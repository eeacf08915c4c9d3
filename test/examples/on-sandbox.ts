import { onTestFinished } from 'vitest'
import { connect, sandboxSettings } from '../../cli/connect.ts'
import { readSettings } from '../../cli/settings.ts'
import type { Connectors, Crm } from '../../columns/ports.ts'
import { inboundLeads, sandboxState } from '../../examples/inbound-leads/tables.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { onDisk, type RunningRuntime, type RuntimeSetup, runTables, until } from '../support/runtime.ts'

export const crms = ['salesforce', 'hubspot'] as const
type CrmName = (typeof crms)[number]

/** The example on stand-ins of its own, with some connectors replaced; closed when the test is over. */
export async function example(
  crm: CrmName = 'salesforce',
  instead: (at: { url: string; crm: Crm }) => Partial<Connectors> = () => ({}),
  setup: RuntimeSetup = {},
) {
  const sandbox = await startSandbox()
  onTestFinished(() => sandbox.close())
  for (const [vendor, state] of Object.entries(sandboxState())) sandbox.vendors[vendor]?.load(state)
  const settings = sandboxSettings(readSettings({ ROTA_SANDBOX: '1', ROTA_CRM: crm }), sandbox.url)
  const { connectors } = connect(settings)
  const { crm: port, messenger, sequencer, enrichments, model } = connectors
  const given = { crm: port, messenger, sequencer, enrichments, model }
  const table = inboundLeads({ ...given, ...instead({ url: sandbox.url, crm: port }) })
  return { sandbox, running: await runTables([table], setup) }
}

export const lead = (company: string, more: object = {}) => ({
  company,
  email: `kim@${company.toLowerCase().replaceAll(' ', '')}.example`,
  lastName: 'Kim',
  country: 'France',
  employees: '400',
  source: 'demo request',
  ...more,
})

export const cellsOf = async ({ runtime }: RunningRuntime, id: string) =>
  (await runtime.row('inbound-leads', id)).cells
export const bodiesOf = (sandbox: Sandbox, path: string) =>
  sandbox.ledger
    .entries({})
    .flatMap((entry) => (entry.path.includes(path) ? [JSON.stringify(entry.body)] : []))
export const messages = (sandbox: Sandbox, of: string) =>
  sandbox.ledger
    .entries({ effect: 'message-posted' })
    .flatMap(({ effect }) => (effect !== null && JSON.stringify(effect).includes(of) ? [effect] : []))

/** Resolves when it is on disk until when this late column waits. */
export const begunToWait = (running: RunningRuntime, id: string, column: string) =>
  until(
    async () =>
      typeof (await onDisk(running, 'inbound-leads', id)).cells[column]?.waiting?.until === 'number',
    `${column} waits`,
  )

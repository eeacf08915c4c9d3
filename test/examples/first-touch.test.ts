import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { connect, sandboxSettings } from '../../cli/connect.ts'
import { readSettings } from '../../cli/settings.ts'
import { firstTouchPolicy } from '../../examples/inbound-leads/first-touch.ts'
import { inboundLeads, sandboxState } from '../../examples/inbound-leads/tables.ts'
import { isOpen } from '../../routing/calendar.ts'
import { ServiceLevelPolicy } from '../../routing/service-level/policy.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { insertOne, type RunningRuntime, rerun, runTables } from '../support/runtime.ts'

const minuteMs = 60_000

/** Ten o'clock of a day ahead on which the desk works, so that business time runs whenever the tests do. */
function workingDay(): number {
  const { calendar } = ServiceLevelPolicy.parse(firstTouchPolicy)
  const day = new Date(Date.now() + 2 * 86_400_000)
  day.setUTCHours(10, 0, 0, 0)
  while (calendar !== null && !isOpen(calendar, day.getTime())) day.setUTCDate(day.getUTCDate() + 1)
  return day.getTime()
}

async function example() {
  const sandbox = await startSandbox()
  onTestFinished(() => sandbox.close())
  for (const [vendor, state] of Object.entries(sandboxState())) sandbox.vendors[vendor]?.load(state)
  const { connectors } = connect(sandboxSettings(readSettings({ ROTA_SANDBOX: '1' }), sandbox.url))
  const running = await runTables([inboundLeads(connectors)])
  const start = workingDay()
  const at = (minutes: number) => {
    running.clock.aheadMs = start + minutes * minuteMs - Date.now()
  }
  return { running, start, at }
}

/** As its alarm would do it. */
const look = (running: RunningRuntime) =>
  rerun(running, 'inbound-leads', {
    columns: ['firstTouch'],
    alarm: true,
    downstream: true,
    includeEffects: true,
  })

const lead = (more: object = {}) => ({
  company: 'Mistral',
  email: 'kim@mistral.example',
  lastName: 'Kim',
  country: 'France',
  employees: '400',
  source: 'demo request',
  ...more,
})

const sent = async ({ runtime }: RunningRuntime, id: string) => {
  const { cells } = await runtime.row('inbound-leads', id)
  const { reminder, managerTold, firstTouch } = cells
  const { state, reminders } = z.object({ state: z.string(), reminders: z.number() }).parse(firstTouch?.value)
  const attempts = { reminder: reminder?.attempts ?? 0, managerTold: managerTold?.attempts ?? 0 }
  return { state, reminders, ...attempts }
}

test('every reminder reaches the owner once, and the manager is told of the breach once (trap 105)', async () => {
  const { running, at } = await example()
  at(0)
  const id = await insertOne(running, 'inbound-leads', lead())
  expect(await sent(running, id)).toEqual({ state: 'open', reminders: 0, reminder: 0, managerTold: 0 })
  const expected = [
    [16, { state: 'reminded', reminders: 1, reminder: 1, managerTold: 0 }],
    [31, { state: 'breached', reminders: 1, reminder: 1, managerTold: 1 }],
    [46, { state: 'breached', reminders: 2, reminder: 2, managerTold: 1 }],
    [50, { state: 'breached', reminders: 2, reminder: 2, managerTold: 1 }],
    // It went to somebody else, who is reminded anew.
    [61, { state: 'breached', reminders: 0, reminder: 2, managerTold: 1 }],
    [78, { state: 'breached', reminders: 1, reminder: 3, managerTold: 1 }],
  ] as const
  for (const [minutes, standing] of expected) {
    at(minutes)
    await look(running)
    expect(await sent(running, id), `after ${minutes} minutes`).toEqual(standing)
  }
})

test('a lead that came an hour late has its reminders too', async () => {
  const { running, at, start } = await example()
  at(0)
  const occurredAt = new Date(start - 60 * minuteMs).toISOString()
  const id = await insertOne(running, 'inbound-leads', lead({ occurredAt }))
  expect(await sent(running, id)).toEqual({ state: 'breached', reminders: 0, reminder: 0, managerTold: 1 })
  at(16)
  await look(running)
  expect(await sent(running, id)).toEqual({ state: 'breached', reminders: 1, reminder: 1, managerTold: 1 })
})

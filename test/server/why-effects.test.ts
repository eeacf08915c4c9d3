import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { connect, sandboxSettings } from '../../cli/connect.ts'
import { readSettings } from '../../cli/settings.ts'
import { whyText } from '../../cli/why.ts'
import { assignOwner } from '../../columns/assign-owner.ts'
import { crmRecord } from '../../columns/crm-record.ts'
import { enrol } from '../../columns/enrol.ts'
import { notify } from '../../columns/notify.ts'
import type { Connectors } from '../../columns/ports.ts'
import { defineTable } from '../../columns/table.ts'
import { updateCrm } from '../../columns/update-crm.ts'
import { sandboxState } from '../../examples/inbound-leads/tables.ts'
import { reps } from '../../examples/inbound-leads/team.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { WhyAnswer } from '../../server/contract.ts'
import { until } from '../support/runtime.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const somebody = reps.zoe

/** The way from the record to the sequence, with one rep and a short patience. */
const handedOver = ({ crm, messenger, sequencer }: Connectors) =>
  defineTable('leads', { input: z.object({ company: z.string(), email: z.string() }) })
    .column(
      'record',
      crmRecord({
        needs: ['company', 'email'],
        crm,
        person: (lead) => ({ ...lead, recordId: null, firstName: null, lastName: 'Kim', website: null }),
      }),
    )
    .column(
      'owner',
      assignOwner({
        needs: ['record'],
        pools: [],
        reps: Object.values(reps),
        rules: [{ name: 'the one', decide: (_, by) => by.person(somebody.id) }],
        otherwise: { person: somebody },
      }),
    )
    .column(
      'crmOwner',
      updateCrm({
        needs: ['owner', 'record'],
        crm,
        change: ({ owner, record }) => ({ owner, record }),
        confirms: 'owner',
        retry: { attempts: 3, baseMs: 20, maxMs: 50 },
      }),
    )
    .column(
      'ownerPending',
      notify({
        needs: ['owner'],
        via: messenger,
        message: ({ owner }) => ({
          to: { email: owner.email ?? '' },
          title: 'pending',
          facts: [],
          reason: 'yours',
        }),
      }),
      { late: { column: 'crmOwner', afterMs: 300 } },
    )
    .column(
      'told',
      notify({
        needs: ['owner', 'crmOwner'],
        via: messenger,
        message: ({ owner }) => ({
          to: { email: owner.email ?? '' },
          title: 'a lead',
          facts: [],
          reason: 'yours',
        }),
      }),
    )
    .column(
      'sequence',
      enrol({
        needs: ['owner', 'record', 'crmOwner', 'email'],
        via: sequencer,
        enrolment: ({ owner, record, crmOwner, email }) => ({
          sequence: 'Inbound SMB',
          record,
          email,
          sender: { email: owner.email ?? '', crmUserId: crmOwner.ownerId },
        }),
      }),
    )

async function start(): Promise<{ sandbox: Sandbox; app: RunningApp }> {
  const sandbox = await startSandbox()
  onTestFinished(() => sandbox.close())
  for (const [vendor, state] of Object.entries(sandboxState())) sandbox.vendors[vendor]?.load(state)
  const settings = sandboxSettings(readSettings({ ROTA_SANDBOX: '1' }), sandbox.url)
  const app = await startApp({ tables: [handedOver(connect(settings).connectors)] })
  onTestFinished(() => app.close())
  return { sandbox, app }
}

const lead = { company: 'Mistral', email: 'kim@mistral.example' }

async function whyOf(app: RunningApp, url: string, column: string) {
  const answer = WhyAnswer.parse((await ask(app, `${url}/cells/${column}/why`)).body)
  const step = answer.steps.find((each) => each.column === column)
  return { text: whyText(answer), reason: step?.reason ?? '', evidence: step?.evidence ?? [] }
}

test('each effect says what it did, for whom and where', async () => {
  const { app } = await start()
  const { body } = await post(app, '/v1/tables/leads/rows?wait=done', lead)
  const { url, cells } = body.rows[0]
  const of = async (column: string) => (await whyOf(app, url, column)).reason
  const { id, url: link } = cells.record.value
  expect(await of('record')).toBe(`created Lead ${id} in salesforce: ${link}`)
  expect(await of('crmOwner')).toBe(
    `${id} in salesforce belongs to ${somebody.name} (${cells.crmOwner.value.ownerId})`,
  )
  const { id: ts, channel } = cells.told.value
  expect(await of('told')).toBe(`message ${ts} with slack to ${somebody.email}, in ${channel}`)
  expect(await of('sequence')).toMatch(/^enrolled with salesforce: sequence Inbound SMB of \S+ \(enrolment /)
  const { evidence, text } = await whyOf(app, url, 'owner')
  expect(evidence).toEqual([`Written by crmOwner: ${await of('crmOwner')}`])
  expect(text).toContain('Written by crmOwner: ')
})

test('an effect whose answer was lost says that it was looked for, and what that showed', async () => {
  const { app, sandbox } = await start()
  const [found, sentAgain] = ['lost-answer', 'lost-request'] as const
  for (const [name, line] of [
    [found, 'Its answer was lost: it was looked for and found, and not sent again'],
    [sentAgain, 'Its answer was lost: it was looked for, not found, and sent again'],
  ] as const) {
    sandbox.faults.add({ vendor: 'salesforce', name, method: 'PATCH', path: '/sobjects/Lead/00Q' })
    const { body } = await post(app, '/v1/tables/leads/rows?wait=done', {
      ...lead,
      email: `${name}@mistral.example`,
    })
    const { evidence, text } = await whyOf(app, body.rows[0].url, 'crmOwner')
    // Meanwhile the time of the late column may have come.
    expect(evidence.slice(0, 2)).toEqual([expect.stringMatching(/^Failed before: \w+: /), line])
    expect(text).toContain(line)
  }
})

test('an owner whom the CRM does not take says so, and that the rep was told meanwhile', async () => {
  const { app, sandbox } = await start()
  sandbox.faults.add({
    vendor: 'salesforce',
    name: 'html-503',
    method: 'PATCH',
    path: '/sobjects/Lead/00Q',
    times: 50,
  })
  const { body } = await post(app, '/v1/tables/leads/rows?wait=ownerPending', lead)
  const { url } = body.rows[0]
  await until(
    async () => (await whyOf(app, url, 'crmOwner')).evidence.length > 0,
    'the first attempt of the CRM',
  )
  const pending = new RegExp(
    `^ownerPending stood in for it at \\S+Z: message \\S+ with slack to ${somebody.email}, in \\w+$`,
  )
  const { evidence: atCrm } = await whyOf(app, url, 'crmOwner')
  expect(atCrm.at(-1)).toMatch(pending)
  const { evidence, text } = await whyOf(app, url, 'owner')
  expect(evidence[0]).toMatch(/^Not written by crmOwner: \w+/)
  expect(evidence.at(-1)).toMatch(pending)
  expect(text).toContain('Not written by crmOwner')
})

import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { branch } from '../../columns/branch.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'
import { WhyAnswer } from '../../server/contract.ts'
import { PoolView } from '../../server/contract-routing.ts'
import { createOutside, deliver } from '../support/outside.ts'
import { startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const desk = definePool('desk', {
  strategy: 'standard',
  members: ['ana', 'bo'].map((id) => ({ rep: { id, name: id, email: `${id}@reps.example` } })),
  whenNobody: 'assign-anyway',
})

const leads = () =>
  defineTable('leads', { input: z.object({ size: z.number() }) })
    .column(
      'exit',
      branch({
        reads: ['size'],
        exits: ['route', 'self-serve'],
        handle: { route: 'continue', 'self-serve': { ends: 'the sign-up page' } },
        decide: ({ size }) => (size > 10 ? 'route' : 'self-serve'),
      }),
    )
    .column('owner', roundRobin({ pool: desk }), { when: { exit: 'route' } })
    .column('told', deliver(createOutside(), { needs: ['owner'] }), { when: { exit: 'route' } })

test('why of an owner whose row leaves by another exit advises no redraw, and what it advises works', async () => {
  const app = await startApp({ tables: [leads()] })
  onTestFinished(() => app.close())
  const [{ id, url, cells }] = (await post(app, '/v1/tables/leads/rows?wait=done', { size: 20 })).body.rows
  const { rep } = cells.owner.value
  const run = async (wish: object) => {
    const { status } = await post(app, '/v1/tables/leads/runs', { scope: { rows: [id] }, ...wish })
    expect(status).toBe(202)
    await app.runtime.idle()
  }
  const evidenceOf = async (column: string) => {
    const { steps } = WhyAnswer.parse((await ask(app, `${url}/cells/${column}/why`)).body)
    return steps.find((step) => step.column === column)?.evidence ?? []
  }
  await ask(app, url, { method: 'PATCH', json: { size: 1 } })
  await run({ mode: 'stale', downstream: true })
  const evidence = await evidenceOf('owner')
  expect(evidence[0]).toMatch(/^Stale: now exit is self-serve, not route; the owner stays on purpose/)
  expect(evidence.join(' ')).not.toContain('run it again')
  expect((await evidenceOf('told'))[0]).toMatch(
    /^Stale: now exit is self-serve, .* stays, and no run repeats it/,
  )

  await run({ columns: ['owner'], mode: 'all', redraw: true, reason: 'wrong exit' })
  expect(await evidenceOf('owner')).toEqual(evidence)
  const letGo = await ask(app, `${url}/owner`, { method: 'DELETE' })
  expect(letGo.body).toMatchObject({ status: 409, code: 'row-conflict' })
  expect(letGo.body.wayOut).toContain('exit is self-serve')

  const [, path = '', body = ''] = /POST (\S+) (\{.*\})$/.exec(evidence[1] ?? '') ?? []
  const owed = async () => {
    const { fairness } = PoolView.parse((await ask(app, '/v1/pools/desk')).body)
    return fairness.find(({ member }) => member === rep)?.balance ?? 0
  }
  const before = await owed()
  expect((await post(app, path, JSON.parse(body))).status).toBeLessThan(300)
  expect((await owed()) - before).toBeGreaterThan(0)
})

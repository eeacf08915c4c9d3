import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WhyAnswer } from '../../server/contract.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { ask, post } from './http.ts'

const rows = '/v1/tables/leads/rows'
let app: RunningApp
let serial = 0
const lead = () => {
  serial += 1
  return { company: `Company ${serial}`, email: `p${serial}@c${serial}.example`, employees: 50 }
}

beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.close())

describe('cells', () => {
  test('a cell tells all its attempts, and why tells the steps with every rep considered', async () => {
    const { body } = await post(app, `${rows}?wait=done`, lead())
    const cell = await ask(app, `${body.rows[0].url}/cells/owner`)
    expect(cell.body).toMatchObject({
      column: 'owner',
      status: 'done',
      attempts: 1,
      history: [{ kind: 'attempt' }],
    })
    const why = await ask(app, `${body.rows[0].url}/cells/owner/why`)
    expect(why.body.steps.map((step: { column: string }) => step.column)).toEqual(['domain', 'exit', 'owner'])
    const { method, rules } = why.body.steps[2].detail.trace
    expect(method).toBe('weighted_round_robin')
    expect(rules[0]).toMatchObject({ rule: 'named country', matched: false })
    expect(rules[1]).toMatchObject({ rule: 'rotation', matched: true })
    expect(rules[1].considered).toContainEqual(
      expect.objectContaining({
        member: 'ben',
        name: 'Ben Okafor',
        excluded: { code: 'inactive', reason: 'is not active', until: null },
      }),
    )
  })

  test('why tells a decision in sentences, and why a certain rep did not get the lead', async () => {
    const { body } = await post(app, `${rows}?wait=done`, lead())
    const path = `${body.rows[0].url}/cells/owner/why`
    const owner = body.rows[0].cells.owner.value
    const { told, whyNot } = WhyAnswer.parse((await ask(app, path)).body)
    expect(told[0]).toMatch(new RegExp(`^${owner.name} got this lead`))
    expect(told.join(' ')).toMatch(/"named country" did not decide/)
    expect(told.join(' ')).toMatch(/Ben Okafor \(is not active\)/)
    expect(whyNot).toBeNull()
    const ben = WhyAnswer.parse((await ask(app, `${path}?notRep=ben`)).body)
    expect(ben.whyNot?.join(' ')).toMatch(/Ben Okafor could not be drawn: is not active/)
    const dev = WhyAnswer.parse((await ask(app, `${path}?notRep=dev`)).body)
    expect(dev.whyNot?.join(' ')).toMatch(/Dev Patel is not in pool emea/)
    expect((await ask(app, `${path}?notRep=nobody`)).body).toMatchObject({ status: 422, field: 'notRep' })
    const other = await ask(app, `${body.rows[0].url}/cells/domain/why?notRep=ben`)
    expect(other.body).toMatchObject({ status: 422, field: 'notRep', wayOut: expect.any(String) })
    expect((await ask(app, `${body.rows[0].url}/cells/domain/why`)).body.told).toEqual([])
  })

  test('why of an owner that was skipped starts with that, and with the exit that was taken', async () => {
    const { body } = await post(app, `${rows}?wait=done`, { ...lead(), employees: 5 })
    const path = `${body.rows[0].url}/cells/owner/why`
    expect((await ask(app, path)).body.told).toEqual([
      'Nobody gets this lead: exit is nurture, not route.',
      'Why exit is nurture: 5 employees are fewer than 10.',
    ])
    const { whyNot } = WhyAnswer.parse((await ask(app, `${path}?notRep=dev`)).body)
    expect(whyNot).toEqual([
      'Dev Patel does not have this lead because nobody does.',
      'Nobody gets this lead: exit is nurture, not route.',
      'Why exit is nurture: 5 employees are fewer than 10.',
    ])
    expect((await ask(app, `${path}?notRep=nobody`)).body).toMatchObject({ status: 422, field: 'notRep' })
  })

  test('a rule that was never asked is named, and the last one leaves none behind', async () => {
    const of = async (more: object) => {
      const { body } = await post(app, `${rows}?wait=done`, { ...lead(), ...more })
      const path = `${body.rows[0].url}/cells/owner/why?notRep=ana`
      return WhyAnswer.parse((await ask(app, path)).body).whyNot?.at(-1)
    }
    expect(await of({ country: 'XX' })).toBe('Rule "rotation" was never asked: rule "named country" decided.')
    expect(await of({})).not.toMatch(/never asked/)
  })

  test('an unknown column is a 404 that lists the columns', async () => {
    const { body } = await post(app, rows, lead())
    const cell = await ask(app, `${body.rows[0].url}/cells/nope/why`)
    expect(cell.body).toMatchObject({ status: 404, code: 'cell-unknown', field: 'column', value: 'nope' })
    expect(cell.body.wayOut).toContain('domain, exit, owner')
  })
})

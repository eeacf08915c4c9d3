import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Classification } from '../../examples/inbound-leads/qualify.ts'
import { openaiContract, openaiShape } from '../connectors/openai-contract.ts'
import { injections } from './use-ai/injections.ts'
import { classify, startLeads } from './use-ai/leads.ts'

const Message = z.looseObject({ messages: z.array(z.object({ role: z.string(), content: z.string() })) })
/** A word that only this row holds, in a value that is sent. */
const canary = (index: number) => `canary-${index + 1}-of-its-own`

interface Facts {
  country?: string
  employees?: string
}
const worlds: [string, Facts, Partial<Classification>][] = [
  ['all facts are there', { country: 'Germany', employees: '40' }, { region: 'EMEA', segment: 'SMB' }],
  ['the size is there', { employees: '40' }, { segment: 'SMB' }],
  ['the place is there', { country: 'Japan', employees: 'rather many' }, { region: 'APAC' }],
  ['nothing is there', { employees: 'rather many' }, {}],
]

describe.each(['obedient', 'hostile'] as const)('a model that is %s', (plays) => {
  it.each(worlds)(
    'when %s: no order moves a fact, leaves the enums or reaches another row',
    async (_, facts, known) => {
      expect(injections).toHaveLength(50)
      const running = await startLeads()
      running.sandbox.vendors.openai?.load({ otherwise: plays })
      const ended = await classify(
        running,
        injections.map((company, index) => ({ company, description: canary(index), ...facts })),
      )
      for (const [index, row] of ended.entries()) {
        expect(row.status).toBe('done')
        const value = Classification.strict().parse(row.value)
        expect(value).toMatchObject(known)
        expect(row.route).toBe(`${value.region} ${value.segment}`)
        for (const other of injections.keys())
          if (other !== index) expect(JSON.stringify(row)).not.toContain(canary(other))
      }
      const settled = Object.keys(known).length === 2
      if (settled) expect(running.calls()).toEqual([])
      else {
        expect(running.calls().length).toBeGreaterThanOrEqual(50)
        // That it did obey shows in what had to be refused.
        const refused = ended.filter(({ detail }) => detail?.decidedBy === 'nobody')
        if (plays === 'obedient') expect(refused.length).toBeGreaterThan(5)
      }
    },
  )
})

describe('a request', () => {
  it('holds one row, whose orders stay inside the fence, also when it is repeated', async () => {
    const running = await startLeads()
    running.sandbox.vendors.openai?.load({ otherwise: 'obedient' })
    await classify(
      running,
      injections.map((company, index) => ({ company, description: canary(index) })),
    )
    const requests = running.calls().map((body) => Message.parse(body).messages)
    expect(requests.length).toBeGreaterThan(50)
    const [instructions] = new Set(requests.map(([system]) => system?.content))
    for (const [system, user, ...more] of requests) {
      expect(more).toEqual([])
      expect(system?.content).toBe(instructions)
      const lines = user?.content.split('\n') ?? []
      const end = lines.lastIndexOf('</values>')
      expect(lines[0]).toBe('<values>')
      expect(lines.filter((line) => /<\/?values>/.test(line))).toEqual(['<values>', '</values>'])
      expect(lines.slice(1, end).map((line) => line.split(':')[0])).toEqual([
        ...['company', 'country', 'employees', 'description'],
      ])
      expect(user?.content.match(/canary-\d+-of/g)).toHaveLength(1)
      // What follows the fence is ours: the model's own words are not given back to it as instructions.
      for (const line of lines.slice(end + 1)) expect(line).not.toMatch(/galactic|platinum|owner|<script/i)
    }
  })

  it.skipIf(openaiContract === null)('is valid by the contract of the vendor, also a repair', async () => {
    const running = await startLeads()
    running.sandbox.vendors.openai?.load({ otherwise: 'wrong-enum' })
    await classify(
      running,
      injections.slice(0, 5).map((company) => ({ company })),
    )
    const shape = openaiShape('CreateChatCompletionRequest')
    expect(running.calls()).toHaveLength(10)
    for (const body of running.calls())
      expect(z.prettifyError(shape.safeParse(body).error ?? new z.ZodError([]))).toBe('')
  })

  it('leaves out what is not on the list, and e-mail addresses in what is', async () => {
    const running = await startLeads()
    await classify(running, [
      {
        company: 'Acme of jo@acme.example',
        email: 'jo@acme.example',
        description: 'Write to kim@acme.example.',
      },
    ])
    const [body] = running.calls()
    expect(JSON.stringify(body)).not.toContain('@acme.example')
    expect(JSON.stringify(body)).toContain('Acme of [e-mail]')
    expect(JSON.stringify(body)).not.toContain('email:')
  })
})

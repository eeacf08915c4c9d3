import { expect, it } from 'vitest'
import { whyText } from '../../cli/why.ts'
import { classifyOne, startLeads } from './use-ai/leads.ts'

const lead = {
  company: 'Acme',
  employees: '40',
  description: 'We build tools in Berlin, write to jo@acme.com.',
}

async function whyOf(running: Awaited<ReturnType<typeof startLeads>>, given: object) {
  const { id } = await classifyOne(running, given)
  const steps = await running.runtime.why('leads', id, 'segment')
  const why = { table: 'leads', row: id, column: 'segment', told: [], whyNot: null }
  return { evidence: steps.at(-1)?.evidence ?? [], text: whyText({ ...why, steps }) }
}

it('why shows the outcome, who decided, the model, tokens, cost, raw answer and what was sent', async () => {
  const running = await startLeads()
  const { evidence, text } = await whyOf(running, lead)
  expect(evidence).toEqual([
    'Outcome: answered-by-model, decided by model',
    'Model: gpt-test',
    expect.stringMatching(/^Cost: \$0\.00\d{1,4}, \d+ tokens in, \d+ out$/),
    expect.stringMatching(/^Raw answer: \{"region":"EMEA","segment":"SMB"/),
    expect.stringMatching(/^Sent: <values> company: "Acme" .*write to \[e-mail\]" <\/values>$/),
  ])
  for (const line of evidence) expect(text).toContain(line)
  const kept = await whyOf(running, lead)
  expect(kept.evidence.slice(0, 3)).toEqual([
    'Outcome: cached, decided by model',
    'Model: gpt-test, an answer that was kept',
    'Cost: $0',
  ])
})

it('why shows a repair, a disagreement, a failure and a decision of the rule', async () => {
  const running = await startLeads()
  running.sandbox.vendors.openai?.load({ script: ['fenced', 'answer', 'hostile', 'refusal'] })
  const repaired = await whyOf(running, lead)
  expect(repaired.evidence.join('\n')).toMatch(
    /Model: gpt-test, repaired at the second try.*Raw answer: ```json.*Raw answer: \{/s,
  )
  const { evidence } = await whyOf(running, { ...lead, company: 'Bolt' })
  expect(evidence).toContain('Disagreement: segment is SMB by the facts, not Enterprise as the model said')
  const refused = await whyOf(running, { ...lead, company: 'Crux' })
  expect(refused.evidence).toEqual(
    expect.arrayContaining([
      'Outcome: refused, decided by nobody',
      expect.stringMatching(/^Problem: the model refused/),
      expect.stringMatching(/^Raw answer: I'm sorry/),
    ]),
  )
  const ruled = await whyOf(running, { company: 'Acme', country: 'Germany', employees: '40' })
  expect(ruled.evidence).toEqual(['Outcome: answered-by-rule, decided by rule', 'Cost: $0'])
})

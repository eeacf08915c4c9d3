import { z } from 'zod'
import type { ReceivedCall } from '../../sandbox/receive.ts'
import { openaiContract, openaiShape } from '../connectors/openai-contract.ts'
import { adaptiveCardSchema, slackProblems, vendorContract } from '../connectors/vendor-contracts.ts'
import { salesforceProblems } from './salesforce-shapes.ts'

type Inspect = (call: ReceivedCall) => readonly string[]

const slackContract = vendorContract('slack/slack-subset-overlay.json')
const cardContract = vendorContract('adaptivecards/adaptive-card-1.5.0.json')

/** Whether the vendors' own contracts lie beside the checkout; tests of what they say are skipped where they do not. */
export const specsArePresent = slackContract !== null && cardContract !== null && openaiContract !== null

/**
 * What is wrong with a request by the vendor's own contract, for `startSandbox({ inspect })`. Vendors whose contract is not
 * there, or that publish none, are let through.
 */
export function inspectBySpecs(): Inspect {
  const vendors: Record<string, Inspect> = {
    slack: inspectSlack,
    teams: teamsInspector(),
    openai: openaiInspector(),
    salesforce: salesforceProblems,
  }
  return (call) => vendors[call.vendor]?.(call) ?? []
}

/** Younger than the list of methods, which is of 2021 and a part of them: arguments, and methods with what they need. */
const youngArguments = new Set(['include_all_metadata', 'metadata'])
const otherMethods: Record<string, readonly string[]> = { 'conversations.replies': ['channel', 'ts'] }

function inspectSlack({ method: verb, path, text }: ReceivedCall): readonly string[] {
  if (slackContract === null) return []
  const [address = '', query = ''] = path.split('?')
  const method = address.replace('/api/', '')
  const form = Object.fromEntries(new URLSearchParams(verb === 'GET' ? query : text))
  const needed = otherMethods[method]
  if (needed !== undefined)
    return needed.filter((name) => !form[name]).map((name) => `${method}: ${name} is missing`)
  const listed = Object.fromEntries(Object.entries(form).filter(([name]) => !youngArguments.has(name)))
  return slackProblems(slackContract, method, listed).map((problem) => `${method}: ${problem}`)
}

const maxMessageBytes = 28 * 1024

function teamsInspector(): Inspect {
  if (cardContract === null) return () => []
  const shape = z.object({
    type: z.literal('message'),
    attachments: z.array(
      z.object({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        content: adaptiveCardSchema(cardContract),
      }),
    ),
  })
  return ({ text }) => [
    ...problemsOf(shape, text),
    ...(Buffer.byteLength(text) > maxMessageBytes ? ['the message is longer than 28 KB'] : []),
  ]
}

function openaiInspector(): Inspect {
  if (openaiContract === null) return () => []
  const shape = openaiShape('CreateChatCompletionRequest')
  return ({ path, text }) => {
    if (!path.startsWith('/v1/chat/completions')) return [`there is no call ${path}`]
    return problemsOf(shape, text)
  }
}

function problemsOf(shape: z.ZodType, text: string): readonly string[] {
  const checked = shape.safeParse(JSON.parse(text))
  return checked.success
    ? []
    : checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

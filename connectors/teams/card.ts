import type { JsonObject } from '../../columns/json.ts'
import type { Message } from '../../columns/ports.ts'
import { oneLine, plainLines, shorten, webAddress } from '../plain-text.ts'

/** Teams refuses messages of more than about 28 KB ("request entity too large"). */
const maxBytes = 28_000
const limits = { title: 300, label: 100, value: 500, facts: 40, reason: 6_000 }

/**
 * The message as an Adaptive Card 1.5 in the envelope that a Workflows webhook takes.
 * Text runs show their text as it is, where text blocks and fact sets read Markdown: a lead's data cannot become a link.
 */
export function toCardMessage(message: Message, sendId: string): JsonObject {
  let facts = Math.min(message.facts.length, limits.facts)
  let reason = limits.reason
  for (;;) {
    const envelope = envelopeOf(cardWith(message, sendId, { facts, reason }))
    if (Buffer.byteLength(JSON.stringify(envelope)) <= maxBytes) return envelope
    if (reason > 500) reason = Math.floor(reason / 2)
    else if (facts > 0) facts -= 1
    else return envelope
  }
}

function envelopeOf(content: JsonObject): JsonObject {
  const contentType = 'application/vnd.microsoft.card.adaptive'
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] }
}

function cardWith(message: Message, sendId: string, shown: { facts: number; reason: number }): JsonObject {
  const title = shorten(oneLine(message.title), limits.title) || '-'
  const body: JsonObject[] = [
    { ...richText([{ text: title, weight: 'Bolder', size: 'Medium' }]), id: `rota-send-${sendId}` },
  ]
  if ('email' in message.to) body.push(fact('For', message.to.email))
  for (const [label, value] of message.facts.slice(0, shown.facts)) body.push(fact(label, value))
  const hidden = message.facts.length - shown.facts
  if (hidden > 0) body.push(richText([{ text: `and ${hidden} more`, isSubtle: true }]))
  const reason = plainLines(message.reason)
  if (reason !== '') body.push(richText([{ text: shorten(reason, shown.reason) }]))

  const url = message.link ? webAddress(message.link.url) : null
  const linkTitle = message.link ? shorten(oneLine(message.link.text), limits.label) || 'Open' : ''
  return {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    body,
    ...(url !== null &&
      url.length <= 2_000 && { actions: [{ type: 'Action.OpenUrl', title: linkTitle, url }] }),
  }
}

function fact(label: string, value: string): JsonObject {
  return richText([
    { text: `${shorten(oneLine(label), limits.label)}: `, weight: 'Bolder' },
    { text: shorten(oneLine(value), limits.value) || '-' },
  ])
}

function richText(runs: JsonObject[]): JsonObject {
  return { type: 'RichTextBlock', inlines: runs.map((run) => ({ type: 'TextRun', ...run })) }
}

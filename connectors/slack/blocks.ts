import type { KnownBlock } from '@slack/web-api'
import type { Message } from '../../columns/ports.ts'
import { oneLine, plainLines, shorten, webAddress } from '../plain-text.ts'

/**
 * Slack's limits: header 150, section text 3,000, field 2,000, ten fields to a section. All blocks together fail beyond about
 * 13,200 characters (bolt-js issue 2509), which Slack does not document.
 */
const limits = { header: 150, reason: 2_500, label: 60, value: 300, facts: 20, address: 1_000, all: 12_000 }

/** The three characters Slack reads as markup; with these written out, mentions and links are only text. */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** What a notification shows, and what a screen reader reads. */
export function fallbackText({ title, reason }: Message): string {
  const text = [oneLine(title), oneLine(reason)].filter((part) => part !== '').join(': ')
  return shorten(text, 400, escapeMarkup) || '-'
}

/** The message as blocks. Values are plain text in them, so neither markup nor `:emoji:` in a lead's data has an effect. */
export function toBlocks(message: Message): KnownBlock[] {
  for (let shown = Math.min(message.facts.length, limits.facts); ; shown -= 1) {
    const blocks = blocksWith(message, shown)
    if (shown <= 0 || JSON.stringify(blocks).length <= limits.all) return blocks
  }
}

function blocksWith(message: Message, shown: number): KnownBlock[] {
  const blocks: KnownBlock[] = [{ type: 'header', text: plainText(oneLine(message.title), limits.header) }]
  const facts = message.facts.slice(0, shown)
  for (let start = 0; start < facts.length; start += 5) {
    blocks.push({ type: 'section', fields: facts.slice(start, start + 5).flatMap(toFields) })
  }
  const hidden = message.facts.length - shown
  if (hidden > 0) blocks.push({ type: 'context', elements: [plainText(`and ${hidden} more`, limits.value)] })
  const reason = plainLines(message.reason)
  if (reason !== '') blocks.push({ type: 'section', text: plainText(reason, limits.reason) })
  const link = message.link && toLink(message.link)
  if (link) blocks.push({ type: 'section', text: { type: 'mrkdwn', text: link, verbatim: true } })
  return blocks
}

/** Two fields stand beside each other: the label on the left, the value on the right. */
function toFields([label, value]: readonly [string, string]) {
  const bold = shorten(oneLine(label).replace(/[*_~`]/g, ''), limits.label, escapeMarkup)
  return [
    { type: 'mrkdwn' as const, text: bold === '' ? '-' : `*${bold}*`, verbatim: true },
    plainText(oneLine(value), limits.value),
  ]
}

function plainText(text: string, limit: number) {
  return { type: 'plain_text' as const, text: shorten(text, limit, escapeMarkup) || '-', emoji: false }
}

function toLink(link: { text: string; url: string }): string | null {
  const address = webAddress(link.url)?.replaceAll('|', '%7C').replaceAll('>', '%3E').replaceAll('<', '%3C')
  if (address === undefined || address.length > limits.address) return null
  const text = shorten(oneLine(link.text).replace(/[*_~`|]/g, ''), limits.label, escapeMarkup)
  return `<${escapeMarkup(address)}|${text || 'Open'}>`
}

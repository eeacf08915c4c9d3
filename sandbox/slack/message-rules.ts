import { z } from 'zod'

const PlainText = z.strictObject({
  type: z.literal('plain_text'),
  text: z.string().min(1),
  emoji: z.boolean().optional(),
})
const Mrkdwn = z.strictObject({
  type: z.literal('mrkdwn'),
  text: z.string().min(1),
  verbatim: z.boolean().optional(),
})
const Text = z.discriminatedUnion('type', [PlainText, Mrkdwn])
const upTo = (limit: number) =>
  Text.refine(({ text }) => text.length <= limit, `no more than ${limit} characters`)

const blockId = { block_id: z.string().max(255).optional() }
/** The kinds of block whose limits are known; others pass as they are. */
const known: Record<string, z.ZodType> = {
  header: z.strictObject({
    type: z.literal('header'),
    text: PlainText.refine(({ text }) => text.length <= 150, 'no more than 150 characters'),
    ...blockId,
  }),
  section: z
    .strictObject({
      type: z.literal('section'),
      text: upTo(3_000).optional(),
      fields: z.array(upTo(2_000)).min(1).max(10).optional(),
      accessory: z.unknown().optional(),
      ...blockId,
    })
    .refine(({ text, fields }) => text !== undefined || fields !== undefined, 'needs text or fields'),
  context: z.strictObject({ type: z.literal('context'), elements: z.array(Text).min(1).max(10), ...blockId }),
  divider: z.strictObject({ type: z.literal('divider'), ...blockId }),
}

/** Slack's word for what is wrong with a message's text and blocks, null when nothing is. */
export function messageProblem(text: string, blocks: { type: string }[]): string | null {
  if (text === '' && blocks.length === 0) return 'no_text'
  if (text.length > 40_000) return 'msg_too_long'
  if (blocks.length > 50) return 'invalid_blocks'
  if (!blocks.every((block) => (known[block.type] ?? z.unknown()).safeParse(block).success))
    return 'invalid_blocks'
  // Undocumented; reported in bolt-js issue 2509.
  return JSON.stringify(blocks).length > 13_200 ? 'msg_blocks_too_long' : null
}

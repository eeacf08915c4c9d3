import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { oneLine, plainLines, shorten, webAddress } from '../../connectors/plain-text.ts'
import { escapeMarkup } from '../../connectors/slack/blocks.ts'

const anyText = fc.string({ unit: 'grapheme', maxLength: 60 })

describe('plain text', () => {
  it('shortened text fits, is a beginning of the text and never ends inside a character', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, limit) => {
        const short = shorten(text, limit)
        expect(short.length).toBeLessThanOrEqual(limit)
        expect(short.isWellFormed()).toBe(true)
        expect(short === text || text.startsWith(short.slice(0, -1))).toBe(true)
      }),
    )
  })

  it('shortened text is never cut inside an escape', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('&', '<', '>', 'x') }),
        fc.integer({ min: 1, max: 30 }),
        (text, limit) => {
          const short = shorten(text, limit, escapeMarkup)
          expect(short.length).toBeLessThanOrEqual(limit)
          expect(short).not.toMatch(/&(?!amp;|lt;|gt;)|[<>]/)
        },
      ),
    )
  })

  it('control characters and turned writing do not survive', () => {
    expect(oneLine('a\u0000b\r\n c\u202etxt.exe')).toBe('a b c txt.exe')
    expect(plainLines(' a\tb \r\n\r\nc ')).toBe('a b\n\nc')
  })

  it('only web addresses are addresses', () => {
    expect(webAddress('https://x.test/a b')).toBe('https://x.test/a%20b')
    for (const url of ['javascript:alert(1)', 'data:text/html,x', '/relative', ''])
      expect(webAddress(url)).toBeNull()
  })
})

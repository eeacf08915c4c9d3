/** What stands in the place of an e-mail address. */
export const redactedAddress = '[e-mail]'

/** Ways to write the sign that a mail program or a browser reads as one. */
const encodedAt = /%40|\\u0040|&#0*64;|&#x0*40;|&commat;/giu
const anyAt = /[@\uff20\ufe6b]|%40|\\u0040|&#0*64;|&#x0*40;|&commat;/iu
/** Shown as nothing, so that an address with some of them inside still reads as one. */
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u
/** What ends an address on its left. Everything else goes with it: rather a word too much than half a name. */
const beforeLocalPart = /[\s@<>()[\]{},;:"\u201c\u201d\u201e\u00ab\u00bb]/u
const inDomain = /[\p{L}\p{M}\p{N}\p{So}._\u3002-]/u
/** `[192.0.2.1]` and `[IPv6:2001:db8::1]` stand in the place of a domain. */
const addressLiteral = /^\[[\da-z:.]{2,64}\]/iu
/** Longest quoted local part by RFC 5321, so that a text of quotes is still read once. */
const longestQuoted = 66

/** One sign as it is compared: compatible forms folded, encoded at-signs as themselves. It may stand for several of the text. */
interface Sign {
  text: string
  start: number
  end: number
}

/**
 * The text with every e-mail address replaced, however it is spelled: full-width, decomposed, encoded, with invisible signs inside. In doubt
 * all back to the blank goes. Written without one regular expression over the whole, which takes quadratic time on a long text
 * without blanks.
 */
export function redactAddresses(text: string): string {
  if (!anyAt.test(text)) return text
  const signs = signsOf(text)
  const parts: string[] = []
  let kept = 0
  let from = 0
  for (const [index, { text: sign }] of signs.entries()) {
    if (sign !== '@' || index < from) continue
    const end = endOf(signs, index)
    const hasDot = signs.slice(index + 1, end).some(({ text: each }) => each === '.')
    const start = startOf(signs, { at: index, from, hasDot })
    const [first, last] = [signs[start], signs[end - 1]]
    if (start === index || end === index + 1 || first === undefined || last === undefined) continue
    parts.push(text.slice(kept, first.start), redactedAddress)
    kept = last.end
    from = end
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(kept)
}

function signsOf(text: string): Sign[] {
  const encoded = new Map([...text.matchAll(encodedAt)].map(({ 0: found, index }) => [index, found.length]))
  const signs: Sign[] = []
  for (let at = 0; at < text.length; ) {
    // Most of a text needs no folding.
    if (text.charCodeAt(at) < 0x7f && !encoded.has(at)) {
      signs.push({ text: text[at] ?? '', start: at, end: at + 1 })
      at += 1
      continue
    }
    const length = encoded.get(at)
    const point = String.fromCodePoint(text.codePointAt(at) ?? 0)
    const end = at + (length ?? point.length)
    if (length !== undefined) signs.push({ text: '@', start: at, end })
    else if (!invisible.test(point))
      for (const each of point.normalize('NFKC')) signs.push({ text: each, start: at, end })
    at = end
  }
  return signs
}

function startOf(
  signs: readonly Sign[],
  { at, from, hasDot }: { at: number; from: number; hasDot: boolean },
): number {
  const before = signs[at - 1]?.text ?? ' '
  const isQuote = before === '"'
  const quoted = isQuote ? quotedFrom(signs, at, from) : at
  if (quoted < at) return quoted
  // Something closes right before the sign, a comment or a quote that is none: nobody knows where the name begins.
  const closes = isQuote ? !/[\s,:([{\\]/u.test(signs[at - 2]?.text ?? ' ') : /[)\]}>]/u.test(before)
  const end = closes && hasDot ? /\s/u : beforeLocalPart
  let start = at
  while (start > from && !end.test(signs[start - 1]?.text ?? ' ')) start -= 1
  return start
}

/** `"john doe"@acme.com`: back to the quote that opens, with the backslash that stands before it inside JSON. */
function quotedFrom(signs: readonly Sign[], at: number, from: number): number {
  const least = Math.max(from, at - 1 - longestQuoted)
  for (let open = at - 2; open >= least; open -= 1) {
    if (signs[open]?.text !== '"') continue
    const before = signs[open - 1]?.text ?? ' '
    if (open === at - 2) return at
    if (before === '\\') return signs[at - 2]?.text === '\\' ? Math.max(from, open - 1) : at
    return /[\s<>([{,;:]/u.test(before) ? open : at
  }
  return at
}

function endOf(signs: readonly Sign[], at: number): number {
  if (signs[at + 1]?.text === '[') {
    const rest = signs.slice(at + 1, at + 68).map((sign) => sign.text)
    return at + 1 + (addressLiteral.exec(rest.join(''))?.[0].length ?? 0)
  }
  let end = at + 1
  while (end < signs.length && inDomain.test(signs[end]?.text ?? ' ')) end += 1
  return end
}

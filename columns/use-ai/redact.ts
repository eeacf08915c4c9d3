/** What stands in the place of an e-mail address. */
export const redactedAddress = '[e-mail]'

const inLocalPart = /[\p{L}\p{N}._%+'\-!#$&*/=?^`{|}~]/u
const inDomain = /[\p{L}\p{N}.-]/u
/** Longest parts of an address by RFC 5321, so that a long text without blanks is still read once. */
const longestLocalPart = 64
const longestDomain = 255

/**
 * The text with every e-mail address replaced. Written without one regular expression over the whole, which takes quadratic time on
 * a long text without blanks.
 */
export function redactAddresses(text: string): string {
  const parts: string[] = []
  let kept = 0
  for (const { index } of text.matchAll(/[@＠]/g)) {
    if (index < kept) continue
    let start = index
    while (start > kept && index - start < longestLocalPart && inLocalPart.test(text[start - 1] ?? ''))
      start -= 1
    let end = index + 1
    while (end - index <= longestDomain && inDomain.test(text[end] ?? '')) end += 1
    if (start === index || end === index + 1) continue
    parts.push(text.slice(kept, start), redactedAddress)
    kept = end
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(kept)
}

/** Control characters, and the marks that turn the direction of writing around: both can disguise what a text says. */
const disguises = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu

/** A value as one line of plain text. */
export function oneLine(text: string): string {
  return text.replace(disguises, ' ').replace(/\s+/g, ' ').trim()
}

/** A text that may have several lines. */
export function plainLines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map(oneLine)
    .join('\n')
    .trim()
}

/** Cuts to `limit` UTF-16 units as `encode` writes them, never inside a character, and shows the cut with "…". */
export function shorten(
  text: string,
  limit: number,
  encode: (character: string) => string = (same) => same,
): string {
  let whole = ''
  let kept = ''
  for (const character of text) {
    const written = encode(character)
    if (whole.length + written.length > limit) return `${kept}…`
    whole += written
    if (whole.length < limit) kept = whole
  }
  return whole
}

/** The address when it is http or https, as a browser would write it; null otherwise. */
export function webAddress(url: string): string | null {
  const parsed = URL.parse(url)
  return parsed?.protocol === 'https:' || parsed?.protocol === 'http:' ? parsed.href : null
}

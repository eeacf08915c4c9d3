import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

export const paint = (style: Style, text: string) => styleText(style, text, { stream: process.stdout })

const width = (text: string) =>
  [...text].reduce(
    (sum, each) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
        each,
      )
        ? 2
        : 1),
    0,
  )

/** Control characters of a lead must not reach the terminal. */
export const plain = (text: string) => text.replaceAll(/\p{Control}+/gu, ' ')

function cut(text: string, length: number): string {
  if (width(text) <= length) return text
  let kept = ''
  for (const each of text) {
    if (width(kept + each) > length - 1) break
    kept += each
  }
  return `${kept}…`
}

/** A table for the terminal; each column is as wide as its widest value, up to its limit. */
export function tableText(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  limits: readonly number[],
): string {
  const clean = rows.map((row) => row.map((value, index) => cut(plain(value), limits[index] ?? 40)))
  const widths = headers.map((header, index) =>
    Math.max(width(header), ...clean.map((row) => width(row[index] ?? ''))),
  )
  const line = (values: readonly string[]) =>
    values
      .map((value, index) => value + ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(value))))
      .join('  ')
      .trimEnd()
  return [
    paint('bold', line(headers)),
    paint('dim', widths.map((each) => '─'.repeat(each)).join('  ')),
    ...clean.map(line),
  ].join('\n')
}

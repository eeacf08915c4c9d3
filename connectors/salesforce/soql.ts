/**
 * A SOQL string literal, quotes included. jsforce escapes the quote but not the backslash, so a value could close its own
 * literal; control characters and line separators would end it as well.
 */
export function literal(value: string): string {
  return `'${escapeText(value)}'`
}

/** A literal for `LIKE` that contains `value` as plain text between the given wildcards, e.g. `like('%.', 'acme.com', '%')`. */
export function like(before: string, value: string, after: string): string {
  return `'${before}${escapeText(value).replaceAll(/[%_]/g, '\\$&')}${after}'`
}

function escapeText(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[\\']/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
      /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
}

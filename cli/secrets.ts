/** Stands where a secret was. */
export const hidden = '[hidden]'

/** Fields that let somebody in, by the end of their names. */
const names =
  '(?:token|secret|passw(?:or)?d|passphrase|api[-_ ]?key|private[-_ ]?key|authorization|credentials?|cookie|signature)'
const secretName = new RegExp(`${names}$`, 'i')

/** True for `apiKey`, `access_token`, `Set-Cookie`. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** What looks like a secret inside a text. Each ends at whatever ends a JSON string, so that a line of JSON stays one. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)((?:\s|\\[tnr])+)[^\s"'\\,;]+/gi, `$1$2${hidden}`],
  [/(https?:\/\/)[^\s"'\\/@]+@/gi, `$1${hidden}@`],
  // The path of a webhook is its key.
  [/\b(webhookb2|workflows)\/[^\s"'\\?]+/gi, `$1/${hidden}`],
  [/\bservices\/T\w+\/B\w+\/\w+/g, `services/${hidden}`],
  [new RegExp(`(${names}|\\bsig)=[^\\s"'\\\\&]+`, 'gi'), `$1=${hidden}`],
  [new RegExp(`(${names}\\\\?"\\s*:\\s*\\\\?")[^"\\\\]*`, 'gi'), `$1${hidden}`],
  [/\b(?:sk|xox[abposr]|xapp|pat)-[\w-]{8,}/g, hidden],
]

/** The text without what looks like a secret, whatever it is the text of. */
export function withoutSecretShapes(text: string): string {
  let told = text
  for (const [shape, instead] of shapes) told = told.replaceAll(shape, instead)
  return told
}

import { fold } from './fold.ts'

/** What people and tools write when they have nothing to write. "NA" is here too: Namibia and North America have longer names. */
const nothing = new Set(
  [
    '-|--|---|–|—|?|.|...|…|n/a|na|n.a.|n.a|#n/a|none|null|nil|undefined|nan|unknown|not available|not applicable|not specified|not known',
    'tbd|tba|other|others|select|select...|please select|choose|(empty)|empty|keine angabe|k.a.|k. a.|inconnu|desconocido|nicht bekannt',
  ]
    .join('|')
    .split('|'),
)
/** No placeholder is longer, so that a long text is not folded for nothing. */
const longest = 64

/** Shown as nothing: a field that holds nothing else is empty. */
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Cf}]|(?!\s)\p{Cc}/gu

/** The trimmed text, or null where there is none or only a placeholder for one. */
export function present(value: string | number | null | undefined): string | null {
  const text = value === null || value === undefined ? '' : String(value).trim()
  if (text.length > longest && text.slice(0, longest).replace(invisible, '').trim() !== '') return text
  const shown = text.replace(invisible, '').trim()
  return shown === '' || nothing.has(fold(shown)) ? null : text
}

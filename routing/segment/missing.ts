import { fold } from './fold.ts'

/** What people and tools write when they have nothing to write. "NA" is here too: Namibia and North America have longer names. */
const nothing = new Set(
  [
    '-|--|–|—|?|.|n/a|na|n.a.|n.a|#n/a|none|null|nil|undefined|nan|unknown|not available|not applicable|not specified|not known',
    'tbd|tba|other|others|select|select...|please select|choose|(empty)|empty|keine angabe|k.a.|k. a.|inconnu|desconocido|nicht bekannt',
  ]
    .join('|')
    .split('|'),
)

/** The trimmed text, or null where there is none or only a placeholder for one. */
export function present(value: string | number | null | undefined): string | null {
  const text = value === null || value === undefined ? '' : String(value).trim()
  return text === '' || nothing.has(fold(text)) ? null : text
}

import { existsSync, readFileSync } from 'node:fs'

export const root = new URL('../../', import.meta.url)
export const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** A test that a page names: its file, and its title or the key of its case. */
export interface Pin {
  path: string
  title: string
}

/** `[file](../test/file.ts) "title", "title"; [other](…) "title"`. */
export function pinsOf(text: string): Pin[] {
  return text.split(/(?=\[[^\]]+\]\(\.\.\/test\/)/).flatMap((part) => {
    const link = /^\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\) (.*?);?\s*$/.exec(part)
    const path = link?.[2]
    if (path === undefined) return []
    return (link?.[3] ?? '').split(/(?<="), (?=")/).map((quoted) => ({ path, title: quoted.slice(1, -1) }))
  })
}

const literal = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g

/** Texts that stand where a title of a test or a group, or the key of a case, can stand: before a function, options, or an object. */
function titlesIn(source: string): Set<string> {
  const titles = new Set<string>()
  for (const match of source.matchAll(literal)) {
    const rest = source.slice(match.index + match[0].length)
    if (!/^(?:\s*,\s*(?:async\b|\(|\{|[a-zA-Z_$]+ =>)|: \{)/.test(rest)) continue
    titles.add((match[1] ?? match[2] ?? match[3] ?? '').replaceAll(/\\(.)/g, '$1'))
  }
  return titles
}

/** Names of cases: keys of an object of endings, what a case `plays`, and the texts of a `test.each([…])`. */
function casesIn(source: string): Set<string> {
  const keys = [...source.matchAll(/^\s+'?([a-z][\w-]*)'?: \{/gm)].map((match) => match[1] ?? '')
  const played = [...source.matchAll(/\bplays: '([^']+)'/g)].map((match) => match[1] ?? '')
  const each = [...source.matchAll(/\.each\(\[([^\]]*)\]/g)].flatMap((match) =>
    [...(match[1] ?? '').matchAll(/'([^']+)'/g)].map((text) => text[1] ?? ''),
  )
  return new Set([...keys, ...played, ...each])
}

const known = new Map<string, { titles: Set<string>; cases: Set<string> } | null>()

function namesIn(path: string) {
  let names = known.get(path)
  if (names === undefined) {
    const source = existsSync(new URL(path, root)) ? textOf(path) : null
    names = source === null ? null : { titles: titlesIn(source), cases: casesIn(source) }
    known.set(path, names)
  }
  return names
}

/** Whether the file has a test or a group of that title. */
export const hasTitle = ({ path, title }: Pin): boolean => namesIn(path)?.titles.has(title) === true
/** Whether the file has a test of that title, or one that goes through a case of that name. */
export const hasTitleOrCase = (pin: Pin): boolean =>
  hasTitle(pin) || namesIn(pin.path)?.cases.has(pin.title) === true

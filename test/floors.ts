import { dirname, normalize } from 'node:path'

/** A source file: its path from the root of the repository, with `/`, and its text. */
export interface SourceFile {
  path: string
  text: string
}

/** A rule that does not hold for one file, with the reason. An exception that is not needed any more is a violation itself. */
export interface Exception {
  path: string
  rule: RuleName
  why: string
}

export type RuleName = 'floor' | 'package' | 'outside' | 'kind' | 'length'

export interface Violation {
  path: string
  rule: RuleName
  message: string
}

interface Room {
  /** Rooms it may import from, itself apart. */
  below: readonly string[]
  /** Single files of other rooms it may import as well. */
  alsoFiles?: RegExp
  /** The only packages it may import; left out: any that has no home elsewhere. */
  packages?: readonly string[]
  /** Clock, random and fetch are handed in. */
  sealed?: true
}

const pure = { sealed: true } as const

/** DESIGN §3: imports go down only. Tests stand outside the house and may look into every room. */
const rooms: Readonly<Record<string, Room>> = {
  cli: {
    below: [
      'server',
      'runtime',
      'db',
      'columns',
      'routing',
      'connectors',
      'sandbox',
      'index.ts',
      'package.json',
    ],
  },
  server: { below: ['runtime', 'db', 'columns', 'routing'] },
  web: { below: [], alsoFiles: /^server\/contract\.ts$/ },
  runtime: { below: ['db', 'columns', 'routing'], packages: ['zod', 'node:'], ...pure },
  db: { below: ['columns', 'routing'], ...pure },
  columns: { below: ['routing'], packages: ['zod', 'node:crypto'], ...pure },
  routing: {
    below: [],
    packages: [
      'zod',
      'node:url',
      'tldts',
      'i18n-iso-countries',
      'email-providers',
      'temporal-polyfill',
      'date-holidays',
    ],
    ...pure,
  },
  connectors: { below: ['columns'] },
  sandbox: { below: [], alsoFiles: /^connectors\/(?:.+\/)?(?:wire|ids)\.ts$/ },
  examples: { below: ['index.ts', 'columns', 'routing', 'connectors', 'sandbox'] },
  bench: {
    below: ['index.ts', 'runtime', 'db', 'columns', 'routing', 'connectors', 'sandbox', 'server', 'cli'],
  },
  'index.ts': { below: ['server', 'runtime', 'db', 'columns', 'routing', 'connectors'] },
}

/** Packages that may be imported in the named rooms and nowhere else. */
const homes: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(?:jsforce|@hubspot\/api-client|@slack\/web-api)(?:\/|$)/, ['connectors']],
  // Two benchmarks measure what is bare beside ours: the client of the model, and the limit of the database.
  [/^openai(?:\/|$)/, ['connectors', 'bench']],
  [/^drizzle-orm(?:\/|$)/, ['db']],
  [/^(?:better-sqlite3|pg|pg-boss)(?:\/|$)/, ['db', 'bench']],
  [/^(?:hono|@hono\/[\w-]+)(?:\/|$)/, ['server', 'sandbox']],
]

const outsideWorld: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\b(?!\s*\(\s*[^\s)])/, 'new Date()'],
  [/(?<![.\w]|new )Date\(/, 'Date()'],
  [/\bMath\.random\b/, 'Math.random'],
  [/\bperformance\.now\b/, 'performance.now'],
  [/\brandom(?:UUID|Bytes|Int)\b/, 'random ids of node:crypto'],
  [/\bglobalThis\b/, 'globalThis'],
  [/(?<![.\w])fetch\(\s*[^\s)]/, 'the global fetch'],
]

const kindQuestions = [
  /\bcolumn\)?\??\.kind\s*[!=]==?/,
  /[!=]==?\s*(?:\w+\.)*column\??\.kind\b/,
  /\bswitch\s*\([^)]*\bcolumn\??\.kind\b/,
  /\b(?:includes|has|get|test)\([^)]*\bcolumn\??\.kind\b/,
  /\[[^\]\n]*\bcolumn\??\.kind\s*\]/,
  /\{[^}\n]*\bkind\b[^}\n]*\}\s*=\s*(?:\w+\.)*column\b/,
]

const maxLines = 400

/** Checks files against the floors of DESIGN §3 and the size cap. Answers with every violation, in the order of the files. */
export function checkFloors(
  files: readonly SourceFile[],
  exceptions: readonly Exception[] = [],
): Violation[] {
  const found = files.flatMap(checkFile)
  const excused = (violation: Violation) =>
    exceptions.some((each) => each.path === violation.path && each.rule === violation.rule)
  const idle = exceptions.filter(
    (each) => !found.some((violation) => violation.path === each.path && violation.rule === each.rule),
  )
  return [
    ...found.filter((violation) => !excused(violation)),
    ...idle.map(({ path, rule }) => ({ path, rule, message: 'this exception is not needed any more' })),
  ]
}

/** The room a file is in: its top-level folder, or the file itself at the root. */
export const roomOf = (path: string): string => path.split('/')[0] ?? path

function checkFile(file: SourceFile): Violation[] {
  const { path, text } = file
  const name = roomOf(path)
  const room = rooms[name]
  const code = withoutComments(text)
  const violations: Violation[] = []
  const report = (rule: RuleName, message: string) => violations.push({ path, rule, message })
  const lines = text.trimEnd().split('\n').length
  if (lines > maxLines) report('length', `${lines} lines; the cap is ${maxLines}`)
  if (room === undefined) return violations
  for (const target of importsOf(code)) {
    const problem = target.startsWith('.')
      ? floorProblem(path, { name, room }, target)
      : packageProblem({ name, room }, target)
    if (problem !== null) report(target.startsWith('.') ? 'floor' : 'package', problem)
  }
  if (room.sealed) {
    for (const [pattern, what] of outsideWorld) {
      if (pattern.test(code)) report('outside', `${name} uses ${what}; it must be handed in`)
    }
  }
  if (name === 'runtime' && kindQuestions.some((pattern) => pattern.test(code))) {
    report('kind', 'the runtime asks a column for its kind; let the column declare what it needs')
  }
  return violations
}

function floorProblem(from: string, { name, room }: { name: string; room: Room }, target: string) {
  const to = normalize(`${dirname(from)}/${target}`)
  const other = roomOf(to)
  if (other === name || room.below.includes(other) || room.alsoFiles?.test(to)) return null
  return `${name} may not import ${to}`
}

function packageProblem({ name, room }: { name: string; room: Room }, target: string): string | null {
  const home = homes.find(([pattern]) => pattern.test(target))?.[1]
  if (home !== undefined && !home.includes(name)) {
    return `${target} is imported in ${home.join(' and ')} only, not in ${name}`
  }
  const allowed = (known: string) =>
    known.endsWith(':') ? target.startsWith(known) : target === known || target.startsWith(`${known}/`)
  if (room.packages !== undefined && !room.packages.some(allowed)) return `${name} may not import ${target}`
  return name === 'web' && target.startsWith('node:') ? 'web runs in a browser and may not import node' : null
}

/** Every module a text imports: static, type-only, re-exported, for its side effects, or dynamic. */
export function importsOf(code: string): string[] {
  const patterns = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])([^'"]+)\1/gm,
    /^\s*import\s*(['"])([^'"]+)\1/gm,
    /\b(?:import|require)\(\s*(['"])([^'"]+)\1/g,
  ]
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[2] ?? ''))
}

/** Strings are matched too, so that a `//` inside an address is not taken for a comment. */
function withoutComments(text: string): string {
  const pattern = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return text.replaceAll(pattern, (match) => (match.startsWith('//') || match.startsWith('/*') ? ' ' : match))
}

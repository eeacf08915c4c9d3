import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Compiles each snippet with the real compiler and this project's settings, as a user would who has a typo in a definition.
 * Answers with the messages of each snippet, without their places.
 */
export function compile(snippets: Readonly<Record<string, string>>): Record<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rota-types-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['*.ts'] }),
    )
    const names = Object.keys(snippets)
    for (const [index, name] of names.entries())
      writeFileSync(join(folder, `snippet${index}.ts`), `${prelude}\n${snippets[name]}\n`)
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout, stderr } = spawnSync(process.execPath, [compiler, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (stderr !== '') throw new Error(stderr)
    return messagesOf(stdout, names)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const imports: readonly (readonly [string, string])[] = [
  ['z', 'zod'],
  ['assignOwner', 'columns/assign-owner.ts'],
  ['branch', 'columns/branch.ts'],
  ['compute', 'columns/compute.ts'],
  ['prompt', 'columns/prompt.ts'],
  ['defineTable', 'columns/table.ts'],
  ['useAi', 'columns/use-ai.ts'],
  ['definePool', 'routing/pool.ts'],
  ['defineTerritory', 'routing/territory.ts'],
  ['amer, connectors, emea, leads', 'test/types/leads.ts'],
]

const prelude = imports
  .map(([names, from]) => {
    const target = from === 'zod' ? from : join(root, from).replaceAll('\\', '/')
    return `import { ${names} } from ${JSON.stringify(target)}`
  })
  .join('\n')

/** A message starts with its place; the lines under it are indented and tell more of it. */
function messagesOf(output: string, names: readonly string[]): Record<string, string[]> {
  const found: Record<string, string[]> = Object.fromEntries(names.map((name) => [name, []]))
  let current: string[] = []
  for (const line of output.split(/\r?\n/).filter((each) => each !== '')) {
    const start = /^snippet(\d+)\.ts\(\d+,\d+\): error TS\d+: (.*)$/.exec(line)
    if (start === null) {
      if (!line.startsWith(' ')) throw new Error(`the compiler said: ${line}`)
      current.push(`${current.pop() ?? ''}\n${line}`)
      continue
    }
    current = found[names[Number(start[1])] ?? ''] ?? []
    current.push(start[2] ?? '')
  }
  return found
}

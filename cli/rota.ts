#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { Command } from 'commander'
import { TableError } from '../columns/errors.ts'
import type { EvalOptions } from './eval.ts'
import type { SandboxCommand } from './sandbox.ts'
import { version } from './version.ts'

// What Node makes of the sources is kept beside the packages: after a crash the server is there in two thirds of the time.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'rota'))

const program = new Command('rota')
  .description('A table runtime for lead routing: typed columns run row by row the moment a lead arrives.')
  .version(version)
  .showHelpAfterError()

program
  .command('start')
  .description('serve the tables that ROTA_TABLES names')
  .action(async () => (await import('./start.ts')).start())

program
  .command('demo')
  .description('route leads on the sandbox: the sample leads, or the rows of a CSV file')
  .argument('[file]', 'CSV file with a header row; its headers are matched by name')
  .option('--crm <name>', 'salesforce or hubspot', 'salesforce')
  .option(
    '--port <number>',
    'port of the page; PORT, else 4400, or a free one where that is taken, when left out',
  )
  .option('--exit', 'stop when every lead is done instead of staying up')
  .action(async (file: string | undefined, options: { crm: string; port?: string; exit?: boolean }) =>
    (await import('./demo.ts')).demo({
      file: file ?? null,
      ...options,
      port: options.port ?? null,
      exit: options.exit ?? false,
    }),
  )

program
  .command('sandbox')
  .description('run the stand-ins of all vendors alone, and print the variables that send Rota to them')
  .option('--port <number>', 'port on 127.0.0.1; 0 for any free one', '4401')
  .option('--latency <ms>', 'milliseconds each answer takes, such as 20 or 5-30', '0')
  .option(
    '--state <file>',
    'JSON: what each vendor knows, by its name; the sandboxState of ROTA_TABLES when left out',
  )
  .option(
    '--faults <file>',
    'JSON: a list of faults to play one after the other, by name, such as [{"vendor":"slack","name":"…","times":2}]',
  )
  .option('--ledger <lines>', 'how many of the last requests are kept', '100000')
  .addHelpText(
    'after',
    '\nThe answers at /ledger, /state/{vendor}, /faults and /faults/names are JSON. POST /faults {"vendor","name","times"} switches a fault on,\nPOST /reset brings back the state it was started with, empties the ledger and clears the faults. ROTA_SANDBOX=<address> runs Rota on it.',
  )
  .action(async (options: SandboxCommand) => (await import('./sandbox.ts')).sandbox(options))

const url = [
  '--url <address>',
  'address of the server',
  process.env.ROTA_URL || `http://127.0.0.1:${process.env.PORT ?? 4400}`,
] as const
const table = ['--table <name>', 'table; the only one the server has when left out'] as const

/** After the options of a command that talks to a server. */
const serverHelp =
  '\nROTA_URL is the address where --url is left out, ROTA_API_KEY the key of a server that asks for one.'

interface Where {
  table?: string
  url: string
  json?: boolean
}

program
  .command('why')
  .description('say why a cell of a running server is what it is')
  .argument('<row>', 'row id, row_…')
  .argument('[column]', 'column; the owner when left out', 'owner')
  .option(...table)
  .option(...url)
  .addHelpText('after', serverHelp)
  .option('--json', 'print the answer as JSON')
  .action(async (row: string, column: string, options: Where) =>
    (await import('./why.ts')).why({ row, column, ...options, json: options.json ?? false }),
  )

program
  .command('why-not')
  .description('say why a certain rep did not get a lead')
  .argument('<row>', 'row id, row_…')
  .argument('<rep>', 'rep id')
  .option('--column <name>', 'owner column', 'owner')
  .option(...table)
  .option(...url)
  .addHelpText('after', serverHelp)
  .option('--json', 'print the sentences as JSON')
  .action(async (row: string, rep: string, options: Where & { column: string }) =>
    (await import('./why.ts')).whyNot({ row, rep, ...options, json: options.json ?? false }),
  )

program
  .command('status')
  .description(
    'say whether a server is up, what is open in its tables, and how it stands with each credential',
  )
  .option(...url)
  .addHelpText('after', serverHelp)
  .option('--json', 'print the answer as JSON')
  .action(async (options: Omit<Where, 'table'>) =>
    (await import('./status.ts')).status({ ...options, json: options.json ?? false }),
  )

program
  .command('pools')
  .description('show draws against the expected share, and who cannot be drawn now')
  .option(...url)
  .addHelpText('after', serverHelp)
  .option('--json', 'print the answer as JSON')
  .action(async (options: Omit<Where, 'table'>) =>
    (await import('./pools.ts')).pools({ ...options, json: options.json ?? false }),
  )

program
  .command('leave')
  .description('add a leave of a rep: whole days in the zone of the rep, or a span between two times')
  .argument('<rep>', 'rep id')
  .argument('<from>', 'first day, such as 2026-12-24, or an ISO time with its zone')
  .argument('<until>', 'last day, or an ISO time with its zone')
  .option('--note <text>', 'kept with the leave')
  .option(...url)
  .addHelpText('after', serverHelp)
  .action(async (rep: string, from: string, until: string, options: { note?: string; url: string }) =>
    (await import('./live-edits.ts')).leave({ rep, from, until, ...options }),
  )

program
  .command('weight')
  .description('set the weight of a rep in a pool; 0 pauses')
  .argument('<pool>', 'name of the pool')
  .argument('<rep>', 'rep id')
  .argument('<number>', 'share of the draws, against the other members')
  .option(...url)
  .addHelpText('after', serverHelp)
  .action(async (pool: string, rep: string, weight: string, options: { url: string }) =>
    (await import('./live-edits.ts')).weight({ pool, rep, weight, ...options }),
  )

program
  .command('override')
  .description('give a lead to a rep, whatever the rules say; it stays until it is let go')
  .argument('<row>', 'row id, row_…')
  .argument('<rep>', 'rep id')
  .usage('<row> <rep> --reason <text> [options]')
  .requiredOption('--reason <text>', 'why; kept in the audit log (required)')
  .option('--column <name>', 'owner column', 'owner')
  .option(...table)
  .option(...url)
  .addHelpText('after', serverHelp)
  .action(async (row: string, rep: string, options: Where & { column: string; reason: string }) =>
    (await import('./override.ts')).override({ row, rep, ...options }),
  )

program
  .command('eval')
  .description('try a column out on a file of labelled rows: how often it is right, and what it costs')
  .argument('<table>', 'table of ROTA_TABLES')
  .argument('<column>', 'column that answers and changes nothing')
  .argument('<file>', 'CSV file: inputs and earlier columns by name, labels as expected_<field>')
  .option('--model <name>', 'ask this model instead of OPENAI_MODEL')
  .option('--against <what>', 'a second model, a file with a prompt, or a module of tables, side by side')
  .option('--by <columns>', 'break the scores down by these columns of the file; group when left out')
  .option('--only <column=value>', 'only the rows with this value')
  .option('--price <in,out>', 'dollars for a million tokens of --against, in and out')
  .option('--min <share>', 'exit code 1 when a field is right less often, 0.95, or a row has no answer')
  .option('--allow-failures', 'let rows without an answer pass --min')
  .option('--unknown <word>', 'the word of an answer that says nothing', 'unknown')
  .option('--concurrency <number>', 'rows under way at once', '8')
  .option('--json', 'print everything as JSON')
  .action(async (table: string, column: string, file: string, options: Omit<EvalOptions, 'table'>) =>
    (await import('./eval.ts')).evaluate({ ...options, table, column, file, json: options.json ?? false }),
  )

try {
  await program.parseAsync()
} catch (error) {
  const isOurs = TableError.isInstance(error)
  if (process.env.ROTA_DEBUG === '1' && (!isOurs || error.cause !== undefined)) throw error
  if (!isOurs) {
    console.error(
      `rota: ${error instanceof Error ? error.message : String(error)}\n  ROTA_DEBUG=1 shows where it happened`,
    )
    process.exit(1)
  }
  const { wayOut } = error.details
  console.error(`rota: ${error.message}${wayOut === undefined ? '' : `\n  ${wayOut}`}`)
  process.exitCode = error.code === 'unauthorized' ? 3 : error.code === 'internal' ? 1 : 2
}

import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { TableError } from '../columns/errors.ts'
import { wayOutOf } from '../columns/nearest.ts'
import type { Connectors, Model } from '../columns/ports.ts'
import { prompt, renderPrompt } from '../columns/prompt.ts'
import type { TableDefinition } from '../columns/table.ts'
import { isTryable } from '../runtime/evaluation/run-column.ts'
import { type PlannedColumn, planTable, type TablePlan } from '../runtime/plan.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { connect } from './connect.ts'
import { loadTables } from './load-tables.ts'
import type { Settings } from './settings.ts'
import { openStandIns } from './stand-ins.ts'

/** One way to answer the rows: a column, as one module defines it, with one model and one wording. */
export interface Variant {
  /** What sets it apart: the model, the file of the prompt, the module. */
  name: string
  /** The model that is asked, null where the column asks none. */
  model: string | null
  plan: TablePlan
  column: PlannedColumn
}

export interface VariantOptions {
  table: string
  column: string
  settings: Settings
  /** Replaces the text of the column's own prompt. */
  promptText?: string
  name?: string
}

/**
 * Loads the tables of the settings and picks a column. Connectors that the column does not ask may be missing; the others are refused
 * when they are first asked.
 *
 * @throws {TableError} `table-unknown` or `column-unknown`, naming those that there are.
 */
export async function openVariant(options: VariantOptions): Promise<Variant> {
  const { settings, promptText } = options
  const module = await loadTables(settings.ROTA_TABLES)
  const { connectors } = connect(settings)
  const own = pick(module.tables(connectors), options)
  const asked = own.column.column.describe.model
  const model = typeof asked === 'string' ? asked : null
  const name = options.name ?? model ?? own.column.name
  if (promptText === undefined) return { name, model, ...own }
  const wording = { from: promptOf(own.column), to: promptText }
  checkReferences(wording)
  return { name, model, ...pick(module.tables(rewording(connectors, wording)), options) }
}

/**
 * The second of two variants, by what the command line calls it: a module of tables, a file with a prompt, or a model, which `model:` says
 * of a name that looks like a path.
 *
 * @throws {TableError} `request-invalid` for a path where no file is.
 */
export async function openAgainst(given: string, options: VariantOptions): Promise<Variant> {
  const named = /^model:(.+)$/.exec(given)?.[1]
  const isFile = existsSync(given) && statSync(given).isFile()
  if (named === undefined && !isFile && /\/|\.(?:md|txt|ts|js|mjs)$/i.test(given)) throw noSuchFile(given)
  if (named !== undefined || !isFile) {
    const model = named ?? given
    const settings = { ...options.settings, OPENAI_MODEL: model }
    return openVariant({ ...options, settings, name: model })
  }
  if (['.ts', '.js', '.mjs'].includes(extname(given))) {
    const settings = { ...options.settings, ROTA_TABLES: given }
    return openVariant({ ...options, settings, name: given })
  }
  return openVariant({ ...options, promptText: readFileSync(given, 'utf8'), name: given })
}

/** Stand-ins in this process where the settings ask for them, with what the module says they know. */
export async function withSandbox(
  settings: Settings,
): Promise<{ settings: Settings; sandbox: Sandbox | null }> {
  const { sandboxState } = await loadTables(settings.ROTA_TABLES)
  return openStandIns(settings, { state: sandboxState ?? (() => ({})) })
}

const noSuchFile = (path: string) =>
  new TableError('request-invalid', `--against ${path}: there is no such file`, {
    field: 'against',
    value: path,
    wayOut: `give the path of a prompt or of a module of tables; a model of this name is model:${path}`,
  })

function pick(
  tables: readonly TableDefinition[],
  { table: tableName, column: columnName }: VariantOptions,
): { plan: TablePlan; column: PlannedColumn } {
  const table = tables.find(({ name }) => name === tableName)
  if (table === undefined) {
    throw new TableError('table-unknown', `there is no table "${tableName}"`, {
      field: 'table',
      value: tableName,
      wayOut: `use one of: ${tables.map(({ name }) => name).join(', ')}`,
    })
  }
  const plan = planTable(table, 0)
  const column = plan.byName.get(columnName)
  if (column !== undefined) return { plan, column }
  throw new TableError('column-unknown', `table "${tableName}" has no column "${columnName}"`, {
    field: 'column',
    value: columnName,
    wayOut: wayOutOf(
      columnName,
      plan.columns.filter(isTryable).map(({ name }) => name),
    ),
  })
}

interface Wording {
  from: string
  to: string
}

function promptOf({ name, column }: PlannedColumn): string {
  const { prompt: text } = column.describe
  if (typeof text === 'string') return text
  throw new TableError('request-invalid', `column "${name}" has no prompt that another could replace`, {
    field: 'against',
    wayOut: 'name a model, or a module of tables',
  })
}

/** What the column does not send, another wording cannot ask for. */
function checkReferences({ from, to }: Wording): void {
  const sent = prompt(from).references
  const unknown = prompt(to).references.find((name) => !sent.includes(name))
  if (unknown === undefined) return
  throw new TableError(
    'request-invalid',
    `the prompt refers to {{${unknown}}}, which the column does not send`,
    {
      field: 'against',
      value: unknown,
      wayOut: `${wayOutOf(unknown, sent)}; or name a module of tables`,
    },
  )
}

/** The same connectors, with a model that is asked in other words. */
function rewording(connectors: Connectors, wording: Wording): Connectors {
  return Object.create(connectors, { model: { get: () => reworded(connectors.model, wording) } })
}

function reworded(model: Model, { from, to }: Wording): Model {
  const [written, instead] = [instructionsOf(from), instructionsOf(to)]
  return {
    vendor: model.vendor,
    budget: model.budget,
    model: model.model,
    answer(request, call) {
      if (!request.system.includes(written))
        throw new TypeError('the prompt of the column is not in what it sends')
      return model.answer({ ...request, system: request.system.replace(written, () => instead) }, call)
    },
  }
}

/** The author's part of the system message: what stands around it is ours and stays. */
function instructionsOf(text: string): string {
  const mark = 'what-the-author-wrote'
  const nothing = { values: {}, send: [], redact: true, rules: '' }
  const [before = '', after = ''] = renderPrompt(prompt(mark), nothing).system.split(mark)
  const { system } = renderPrompt(prompt(text), nothing)
  return system.slice(before.length, system.length - after.length)
}

import type { DrawRecord } from '../../db/store.ts'
import type { Pool } from '../../routing/pool.ts'
import type { RowView } from '../../runtime/views.ts'
import { type Effect, effectsOf, type LedgerEntry } from '../../sandbox/ledger.ts'

/** What the world looks like when everything has come to rest. The ledger is the stand-ins' own, never ours. */
export interface World {
  /** Ids that the server answered 202 for. */
  acknowledged: readonly string[]
  rows: readonly RowView[]
  ledger: readonly LedgerEntry[]
  draws: readonly DrawRecord[]
  pools: readonly Pool[]
}

const drawn = new Set(['round_robin', 'weighted_round_robin', 'fallback_pool'])
const plainlySettled = new Set(['done', 'skipped', 'no-result'])

/** Everything that is wrong, in sentences; empty when every lead was routed once and to one owner. */
export function findProblems(world: World): string[] {
  return [...lostOrStuck(world), ...ownership(world), ...handOff(world), ...rotation(world)]
}

export const field = (row: RowView, column: string, name: string): string | null => {
  const value = row.cells[column]?.value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const found = value[name]
  return typeof found === 'string' ? found : null
}

const routedRows = ({ rows }: World) => rows.filter((row) => row.cells.owner?.status === 'done')

function effects({ ledger }: World, kind: string): Effect[] {
  return ledger.flatMap(effectsOf).filter((effect) => effect.kind === kind)
}

function lostOrStuck({ acknowledged, rows }: World): string[] {
  const present = new Map(rows.map((row) => [row.id, row]))
  const lost = acknowledged.filter((id) => !present.has(id)).map((id) => `${id} was acknowledged and is gone`)
  const stuck = rows.flatMap((row) => [
    ...(row.atRest ? [] : [`${row.id} is not at rest`]),
    ...Object.entries(row.cells)
      .filter(([, cell]) => !plainlySettled.has(cell.status))
      .map(([name, cell]) => `${row.id}.${name} is ${cell.status}: ${cell.error?.message ?? cell.reason}`),
    ...(row.cells.exit?.status === 'done' ? [] : [`${row.id} took no exit`]),
    ...(row.cells.exit?.value !== 'route' || row.cells.owner?.status === 'done'
      ? []
      : [`${row.id} has no owner`]),
  ])
  return [...lost, ...stuck]
}

/** One record for each routed row, and one owner for each record in the whole log: the one in our cell. */
function ownership(world: World): string[] {
  const created = countBy(
    effects(world, 'record-created').flatMap(({ externalId }) => (externalId ? [externalId] : [])),
  )
  const owners = new Map<unknown, Set<unknown>>()
  for (const { record, owner } of effects(world, 'owner-written')) {
    owners.set(record, (owners.get(record) ?? new Set()).add(owner))
  }
  const seen = new Set<string | null>()
  const problems = routedRows(world).flatMap((row) => {
    const record = field(row, 'record', 'id')
    const written = owners.get(record)
    const ours = field(row, 'crmOwner', 'ownerId')
    const problem: string[] = []
    if (seen.has(record)) problem.push(`record ${record} belongs to two rows`)
    seen.add(record)
    if ((created.get(row.id) ?? 0) > 1) problem.push(`${row.id} has ${created.get(row.id)} records`)
    if (written?.size !== 1 || !written.has(ours)) {
      problem.push(
        `record ${record} of ${row.id} was given to [${[...(written ?? [])].join(', ')}], the cell says ${ours}`,
      )
    }
    return problem
  })
  const strangers = [...owners.keys()].filter(
    (record) => !seen.has(typeof record === 'string' ? record : null),
  )
  return [
    ...problems,
    ...strangers.map((record) => `record ${record} got an owner and belongs to no routed row`),
  ]
}

/** A send id is row, column, generation and hash. */
const columnOf = (sendId: unknown) => String(sendId).split('.')[1]

/** One message and one enrolment for each routed row, none for any other. */
function handOff(world: World): string[] {
  const handOffs = effects(world, 'message-posted').filter(({ sendId }) => columnOf(sendId) === 'handoff')
  const messages = countBy(handOffs.map(({ sendId }) => String(sendId).split('.')[0]))
  const enrolments = countBy(effects(world, 'enrolled').map(({ record, contact }) => record ?? contact))
  const routed = routedRows(world)
  const problems = routed.flatMap((row) => {
    const told = messages.get(row.id) ?? 0
    const enrolled = enrolments.get(field(row, 'record', 'id')) ?? 0
    const wanted = row.cells.sequence?.status === 'done' ? 1 : 0
    return [
      ...(told === 1 ? [] : [`${told} messages for ${row.id}`]),
      ...(enrolled === wanted ? [] : [`${enrolled} enrolments for ${row.id} instead of ${wanted}`]),
    ]
  })
  const sum = [...messages.values()].reduce((all, each) => all + each, 0)
  return sum === routed.length ? problems : [...problems, `${sum} messages for ${routed.length} routed rows`]
}

/** One standing draw for each row that a rotation routed, and at every prefix everybody within the bound of the fair share. */
function rotation({ draws, pools, ...world }: World): string[] {
  const byRotation = routedRows({ draws, pools, ...world }).filter((row) =>
    drawn.has(field(row, 'owner', 'method') ?? ''),
  )
  const perRow = countBy(draws.map((draw) => draw.row))
  const problems = byRotation.flatMap((row) =>
    perRow.get(row.id) === 1 ? [] : [`${perRow.get(row.id) ?? 0} draws for ${row.id}`],
  )
  if (draws.length !== byRotation.length)
    problems.push(`${draws.length} draws for ${byRotation.length} rows routed by rotation`)
  for (const draw of draws) if (draw.state !== 'confirmed') problems.push(`draw ${draw.id} is ${draw.state}`)
  return [
    ...problems,
    ...pools.flatMap((pool) =>
      unfair(
        pool,
        draws.filter((draw) => draw.pool === pool.name),
      ),
    ),
  ]
}

function unfair(pool: Pool, draws: readonly DrawRecord[]): string[] {
  const weightOf = (weight: number) => (pool.strategy === 'standard' ? 1 : weight)
  const whole = pool.members.reduce((sum, each) => sum + weightOf(each.weight), 0)
  const bound = 1 - 1 / (2 * pool.members.length - 2)
  const got = new Map<string, number>()
  for (const [index, { member }] of draws.entries()) {
    got.set(member, (got.get(member) ?? 0) + 1)
    for (const { rep, weight } of pool.members) {
      const off = (got.get(rep) ?? 0) - ((index + 1) * weightOf(weight)) / whole
      if (Math.abs(off) > bound + 1e-9)
        return [`pool ${pool.name}: ${rep} is ${off} off after ${index + 1} draws`]
    }
  }
  return []
}

function countBy<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

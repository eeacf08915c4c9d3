import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunCounts, RunRequest } from '../../db/store.ts'
import type { Preview } from '../../runtime/preview.ts'
import { noCounts } from '../../runtime/task.ts'
import type { Received } from '../support/outside.ts'
import { insertOne, type RunningRuntime, request, runTables } from '../support/runtime.ts'
import { breaks, columnNames, type Deed, deed, type Knobs, names } from './rerun-deeds.ts'
import {
  behindOf,
  chosenBy,
  type Expected,
  inputsOf,
  isChanged,
  type Lead,
  type Memory,
  type Outside,
  type Prediction,
  predict,
  repOf,
} from './rerun-model.ts'
import { createRerunWorld, keyOf, pool, type RerunWorld, reps, told } from './rerun-world.ts'

interface State {
  running: RunningRuntime
  world: RerunWorld
  ids: string[]
  memories: Map<string, Memory>
}

const keyOfSend = ({ sendId, values }: Received) => keyOf(values.name, sendId.split('.')[1] ?? '')

/** The values that last left for an effect: those in doubt may be older than what the row holds. */
function lastSent({ outside }: RerunWorld, column: string, row: string) {
  const effect = column === 'crm' ? outside.crm : column === 'handoff' ? outside.handoff : null
  return effect?.received.findLast((each) => each.row === row)?.values
}

async function leadOf({ running, memories }: State, id: string): Promise<Lead> {
  const { input, cells } = await running.runtime.row('leads', id)
  return { id, input, cells, memory: memories.get(id) ?? { ranWith: {}, rep: null } }
}

const leadsOf = (state: State) => Promise.all(state.ids.map((id) => leadOf(state, id)))

function asRequest({ ids }: State, { scope, ...given }: Knobs): RunRequest {
  // A redraw of columns that draw nothing is refused.
  const redraw = given.redraw && (given.columns === null || given.columns.includes('owner'))
  const rows = 'at' in scope ? { rows: scope.at.flatMap((at) => ids[at] ?? []) } : scope
  return request({
    ...given,
    scope: rows,
    redraw,
    reason: redraw ? 'try' : null,
    mode: given.mode as RunRequest['mode'],
  })
}

/** The row comes to no owner, or no person decided the one it has. */
function expectConflict(error: { code?: string }): void {
  if (error.code !== 'row-conflict') throw error
}

function isInScope({ scope }: RunRequest, { id, input, cells }: Lead): boolean {
  if ('rows' in scope) return scope.rows.includes(id)
  if (!('filter' in scope)) return true
  if (scope.filter === 'status:error') return Object.values(cells).some(({ status }) => status === 'error')
  return scope.filter === 'stale:owner' ? cells.owner?.stale === true : input.name !== 'r0'
}

/** After something that the model does not follow: what ran is told by the attempts of the cells. */
async function resync(state: State, before: readonly Lead[]): Promise<void> {
  for (const lead of await leadsOf(state)) {
    const earlier = before.find(({ id }) => id === lead.id)
    const memory: Memory = {
      ranWith: { ...lead.memory.ranWith },
      rep: repOf(lead.cells.owner) ?? lead.memory.rep,
    }
    for (const each of told) {
      const attempts = lead.cells[each.name]?.attempts ?? 0
      if (attempts === (earlier?.cells[each.name]?.attempts ?? 0)) continue
      const sent = lastSent(state.world, each.name, lead.id)
      memory.ranWith[each.name] = inputsOf(each, sent ?? lead.input, sent === undefined ? lead.cells : {})
    }
    state.memories.set(lead.id, memory)
  }
}

/** What the journals of all rows say that this run did. */
async function countedIn({ running: { store }, ids }: State, run: number): Promise<RunCounts> {
  const counts = noCounts()
  for (const id of ids) {
    const found = await store.find('leads', id)
    for (const entry of found === null ? [] : await store.journal(found.seq)) {
      if (!('cell' in entry) || entry.cell.run !== run) continue
      if (entry.kind === 'passed' && entry.outcome !== 'stale' && entry.outcome !== 'waiting')
        counts[entry.outcome] += 1
      if (entry.kind !== 'attempt') continue
      const { status } = entry.cell
      if (status === 'done' || status === 'no-result') counts.ran += 1
      const isOver = entry.cell.due === undefined
      if ((status === 'error' || status === 'unknown') && isOver) counts.failed += 1
    }
  }
  return counts
}

async function checkLedger({ running: { runtime }, world, ids }: State, overridden: boolean): Promise<void> {
  const draws = await runtime.draws({ limit: 10_000 })
  for (const id of ids) {
    const standing = draws.filter(({ row: of, state }) => of === id && state !== 'released')
    expect(standing.length, 'standing draws of a row').toBeLessThanOrEqual(1)
  }
  const { balances } = (await runtime.pool('team')).state
  const owed = Object.values(balances)
  expect(Math.abs(owed.reduce((sum, each) => sum + each, 0))).toBeLessThan(1e-6)
  if (!overridden)
    expect(Math.max(0, ...owed.map(Math.abs)), 'the worst balance').toBeLessThanOrEqual(1.5 + 1e-9)
  const sent = world.taken.map(({ sendId }) => sendId)
  expect(new Set(sent).size, 'no intent is sent twice').toBe(sent.length)
}

/** The column's only count in the preview of one row. */
function verdictOf(preview: Preview, name: string): string | null {
  const found = preview.columns.find((each) => each.column === name)
  if (found === undefined) return null
  const verdicts = (['run', 'unchanged', 'kept', 'skipped'] as const).filter((each) => found[each] > 0)
  return verdicts.length === 1 ? (verdicts[0] ?? null) : `${verdicts}`
}

function checkPreview(preview: Preview, expected: Map<string, Expected>, before: Lead): void {
  for (const name of columnNames) {
    const announced = verdictOf(preview, name)
    const real = expected.get(name)
    const where = `${name}: announced ${announced}, then ${JSON.stringify(real)}`
    if (real === undefined) {
      const isFollower = verdictOf(preview, 'owner') === 'run' && behindOf('owner').has(name)
      if (announced !== null) expect(isFollower, where).toBe(true)
      continue
    }
    const did = real.verdict === 'ran' || real.verdict === 'failed' ? 'run' : real.verdict
    const isInDoubt = before.cells[name]?.status === 'unknown'
    const isBehind = told.some(
      (each) => each.name === name && each.uses.some((source) => verdictOf(preview, source) === 'run'),
    )
    if (did === 'run' || !(isBehind || isInDoubt)) expect(announced, where).toBe(did)
    else expect(announced, where).not.toBeNull()
  }
}

const sumOf = (previews: readonly Preview[], key: 'run' | 'unchanged' | 'kept' | 'skipped' | 'draws') =>
  Object.fromEntries(
    columnNames.map((name) => [
      name,
      previews.reduce(
        (sum, { columns }) => sum + (columns.find((each) => each.column === name)?.[key] ?? 0),
        0,
      ),
    ]),
  )

const outsideOf = ({ failing, lost, outside }: RerunWorld, { input }: Lead): Outside => ({
  fails: (column) => failing.has(keyOf(input.name, column)),
  isLost: (column) => lost.has(keyOf(input.name, column)),
  readBack: outside.crm.readBack,
})

function checkCells(before: Lead, now: Lead, { cells, stale }: Pick<Prediction, 'cells' | 'stale'>): void {
  for (const { name } of told) {
    const expected = cells.get(name)
    const [was, is] = [before.cells[name], now.cells[name]]
    const where = `${before.input.name} ${name} ${JSON.stringify(expected)}`
    expect(is?.stale, `${where} stale`).toBe(stale.get(name))
    if (expected === undefined) expect({ ...is, stale: null }, where).toEqual({ ...was, stale: null })
    else if (expected.verdict === 'skipped') expect(is?.status, where).toBe('skipped')
    else if (expected.verdict === 'ran') expect(['done', 'no-result'], where).toContain(is?.status)
    else if (expected.verdict === 'failed') expect(['error', 'unknown'], where).toContain(is?.status)
    else expect([is?.status, is?.value, is?.pinned], where).toEqual([was?.status, was?.value, was?.pinned])
  }
}

async function checkRun(state: State, wish: RunRequest, cutAfter: number | null): Promise<void> {
  const { world, memories } = state
  let { running } = state
  const before = await leadsOf(state)
  const wanted = before
    .filter((lead) => isInScope(wish, lead) && chosenBy(wish, lead).size > 0)
    .slice(0, wish.limit ?? undefined)
  const preview = await running.runtime.preview('leads', wish)
  const previews = await Promise.all(
    wanted.map(({ id }) => running.runtime.preview('leads', { ...wish, scope: { rows: [id] }, limit: null })),
  )
  expect(preview.rows).toBe(wanted.length)
  for (const key of ['run', 'unchanged', 'kept', 'skipped', 'draws'] as const)
    expect(sumOf([preview], key), key).toEqual(sumOf(previews, key))
  const drawn = (await running.runtime.draws({ limit: 10_000 })).length
  const sent = world.taken.length
  world.calls.length = 0

  const { id: runId } = await running.runtime.run('leads', wish)
  if (cutAfter !== null) {
    await turns(cutAfter)
    running = await running.restart()
    state.running = running
  }
  await running.runtime.idle()
  const run = await running.runtime.findRun(runId)
  expect(run).toMatchObject({ status: 'done', handedOut: wanted.length, remaining: 0 })

  const after = await leadsOf(state)
  const real = { counts: noCounts(), calls: [] as string[], sends: [] as string[], draws: 0 }
  for (const [at, lead] of before.entries()) {
    const now = after[at]
    if (now === undefined) continue
    const index = wanted.indexOf(lead)
    if (index < 0) {
      expect(now.cells, 'a row that the run is not about').toEqual(lead.cells)
      continue
    }
    const { cells, memory, stale } = predict(wish, lead, { outside: outsideOf(world, lead), after: now })
    memories.set(lead.id, memory)
    checkCells(lead, now, { cells, stale })
    for (const { name, kind } of told) {
      const { verdict, executes } = cells.get(name) ?? {}
      if (verdict !== undefined) real.counts[verdict] += 1
      if (executes !== true) continue
      const key = keyOf(lead.input.name, name)
      if (kind === 'plain') real.calls.push(key)
      else if (verdict === 'ran' && kind === 'draw') real.draws += 1
      else if (verdict === 'ran') real.sends.push(key)
    }
    const announced = previews[index]
    if (announced !== undefined) checkPreview(announced, cells, lead)
  }
  // A question that was cut off is asked again.
  const seen = cutAfter === null ? world.calls : [...new Set(world.calls)]
  expect(seen.toSorted(), 'calls').toEqual(real.calls.toSorted())
  expect(world.taken.slice(sent).map(keyOfSend).toSorted(), 'sends').toEqual(real.sends.toSorted())
  expect((await running.runtime.draws({ limit: 10_000 })).length - drawn, 'draws').toBe(real.draws)
  expect(run.counts).toEqual(real.counts)
  expect(await countedIn(state, run.ordinal)).toEqual(real.counts)
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function doDeed(state: State, each: Deed): Promise<boolean> {
  const { running, world, ids } = state
  const { runtime } = running
  const before = await leadsOf(state)
  switch (each.kind) {
    case 'run':
      await checkRun(state, asRequest(state, each.knobs), each.cutAfter)
      return false
    case 'edit': {
      await runtime.edit('leads', ids[each.row] ?? '', each.change)
      const lead = await leadOf(state, ids[each.row] ?? '')
      for (const one of told)
        expect(lead.cells[one.name]?.stale, `${one.name} after an edit`).toBe(isChanged(one, lead))
      return false
    }
    case 'breaks': {
      const key = keyOf(names[each.row], each.column)
      const set = each.how === 'lost' ? world.lost : world.failing
      const isEffect = each.column === 'crm' || each.column === 'handoff'
      if (each.how === 'lost' && !isEffect) return false
      if (!set.delete(key)) set.add(key)
      return false
    }
    case 'live': {
      world.live.salt = each.salt
      const members = pool.members.map((member, at) => ({
        rep: member.rep,
        weight: at === each.weight ? 2 : 1,
      }))
      await runtime.putPool({ ...(await runtime.pool('team')).state.pool, members }, 'boss')
      return false
    }
    case 'override':
      await runtime
        .override('leads', ids[each.row] ?? '', {
          rep: reps[each.rep]?.id ?? '',
          reason: 'hers',
          who: 'boss',
        })
        .catch(expectConflict)
      await runtime.idle()
      await resync(state, before)
      return true
    case 'letGo':
      await runtime.letGo('leads', ids[each.row] ?? '', { who: 'boss' }).catch(expectConflict)
      return false
    case 'cancel': {
      const wish = asRequest(state, each.knobs)
      const run = await runtime.run('leads', wish)
      await turns(each.after)
      await runtime.cancelRun(run.id)
      await runtime.idle()
      const { counts, ordinal } = await runtime.findRun(run.id)
      expect(await countedIn(state, ordinal)).toEqual(counts)
      await resync(state, before)
      return false
    }
    case 'restart':
      state.running = await running.restart()
      return false
    case 'readBack':
      for (const one of Object.values(world.outside))
        one.readBack = one.readBack === 'books' ? 'unknown' : 'books'
      return false
  }
}

async function play(first: readonly Deed[], deeds: readonly Deed[]): Promise<void> {
  const world = createRerunWorld()
  const state: State = { running: await runTables([world.table]), world, ids: [], memories: new Map() }
  for (const each of first) await doDeed(state, each)
  for (const [at, name] of names.entries())
    state.ids.push(await insertOne(state.running, 'leads', { name, n: at, word: 'a', go: at !== 2 }))
  await resync(state, [])
  let overridden = false
  for (const each of deeds) {
    overridden = (await doDeed(state, each)) || overridden
    await checkLedger(state, overridden)
  }
  await state.running.close()
}

// A failure is told after shrinking, which takes longer.
test('a run by hand does what was asked for and what its preview says, and nothing else', async () => {
  const deeds = fc.array(deed, { minLength: 1, maxLength: 12 })
  await fc.assert(fc.asyncProperty(fc.array(breaks, { maxLength: 3 }), deeds, play), { numRuns: 15 })
}, 120_000)

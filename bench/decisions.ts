import { cpus, loadavg } from 'node:os'
import type { Counter, DecisionView } from '../routing/decision.ts'
import { decideOwner, type Ladder, type Rule } from '../routing/ladder.ts'
import { definePool } from '../routing/pool.ts'
import { Rep, type RepInput } from '../routing/rep.ts'
import { chooseMember } from '../routing/rotation.ts'

/**
 * Decisions per second of the pure ladder, without a store: 50 reps with zones, hours, holidays, leave and caps, 40 rules of which the
 * last one draws. Set against the rotation alone, which is the least such a decision can cost. `npm run bench:decisions -- 20000`.
 */
const size = Number(process.argv[2] ?? 20_000)
const reps = 50
const rules = 40
const monday = Date.parse('2026-03-02T09:00:00Z')

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
]
const office = [
  { from: '09:00', until: '12:30' },
  { from: '13:30', until: '18:00' },
]
const hours = { monday: office, tuesday: office, wednesday: office, thursday: office, friday: office }
const roster: RepInput[] = Array.from({ length: reps }, (_, index) => ({
  id: `rep-${index}`,
  name: `Rep ${index}`,
  email: `rep-${index}@bench.example`,
  zone: zones[index % zones.length] ?? 'UTC',
  hours,
  holidays: { country: index % 2 === 0 ? 'DE' : 'US' },
  leave: index % 10 === 0 ? [{ from: '2026-03-01', until: '2026-03-20' }] : [],
  caps: { perDay: 1_000_000, open: 1_000_000 },
}))
const pool = definePool('bench', {
  strategy: 'weighted',
  members: roster.map((rep, index) => ({ rep, weight: 1 + (index % 7) })),
  whenNobody: 'assign-anyway',
})

interface Lead {
  domain: string
  country: string
  employees: number
}

/** Half conditions as data, half code; none of them answers for these leads but the last. */
const asked: Rule<Lead, 'bench'>[] = Array.from({ length: rules - 1 }, (_, index) =>
  index % 2 === 0
    ? { name: `named ${index}`, when: { country: `X${index}` }, decide: (_, by) => by.rotate('bench') }
    : {
        name: `code ${index}`,
        decide: ({ domain, employees }, by) =>
          employees < index && domain.endsWith('.bench') ? by.rotate('bench') : by.no('not of this rule'),
      },
)
const ladder: Ladder<Lead> = {
  rules: [...asked, { name: 'rotation', decide: (_, by) => by.rotate('bench') }],
  otherwise: { pool: 'bench' },
}

const known = new Map(roster.map((rep) => [rep.id, Rep.parse(rep)]))
const load = { drawnSince: () => 3, open: () => 5 }

function viewAt(now: number, counter: Counter): DecisionView {
  return {
    now,
    account: 'acme.bench',
    claim: null,
    row: 'row_1',
    column: 'owner',
    previous: [],
    heldSince: {},
    rep: (id) => known.get(id) ?? null,
    repOf: () => null,
    load: () => load,
    pool: () => pool,
    counter: () => counter,
    territory: () => null,
  }
}

const drawn = new Map<string, number>()

/** Whole decisions, a week of leads in all, each on the balances that the one before left. */
function decideMany(count: number): number {
  let counter: Counter = { balances: {}, lastDrawn: {} }
  const started = performance.now()
  for (let index = 0; index < count; index += 1) {
    const now = monday + Math.floor((index / count) * 7 * 86_400_000)
    const lead = { domain: 'acme.bench', country: 'DE', employees: 100 + (index % 50) }
    const { draw, assignment } = decideOwner(ladder, lead, viewAt(now, counter))
    if (draw === null || assignment === null) throw new Error('a lead went to nobody')
    counter = { balances: draw.balances, lastDrawn: { ...counter.lastDrawn, [draw.member]: index } }
    drawn.set(draw.member, (drawn.get(draw.member) ?? 0) + 1)
  }
  return (count / (performance.now() - started)) * 1_000
}

/** The choice alone, with everybody available. */
function chooseMany(count: number): number {
  const members = pool.members.map(({ rep, weight }) => ({ id: rep, weight, excluded: null }))
  let counter: Counter = { balances: {}, lastDrawn: {} }
  const started = performance.now()
  for (let index = 0; index < count; index += 1) {
    const { chosen, balances } = chooseMember({ strategy: 'weighted', members, ...counter })
    if (chosen === null) throw new Error('nobody was drawn')
    counter = { balances, lastDrawn: { ...counter.lastDrawn, [chosen]: index } }
  }
  return (count / (performance.now() - started)) * 1_000
}

const busy = (loadavg()[0] ?? 0) / cpus().length
decideMany(2_000)
chooseMany(2_000)
drawn.clear()
const choices = chooseMany(size)
const decisions = decideMany(size)
const again = chooseMany(size)
const plain = (choices + again) / 2
if ([...drawn.values()].reduce((sum, each) => sum + each, 0) !== size) throw new Error('draws are missing')

console.log(
  `load ${busy.toFixed(2)} per core before the run, ${cpus().length} cores, Node ${process.version}`,
)
console.log(`${reps} reps with hours, holidays, leave and caps; ${rules} rules, the last one draws`)
console.table({
  'whole decisions': {
    'per second': Math.round(decisions),
    microseconds: Number((1e6 / decisions).toFixed(1)),
  },
  'the rotation alone': { 'per second': Math.round(plain), microseconds: Number((1e6 / plain).toFixed(1)) },
})
console.log(`a decision costs ${(plain / decisions).toFixed(1)} times the rotation alone`)
if (busy > 1) console.log('The machine was busy: take no verdict from this run.')

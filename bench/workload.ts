import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { branch } from '../columns/branch.ts'
import { buildColumn } from '../columns/build.ts'
import { type Column, done } from '../columns/column.ts'
import { compute } from '../columns/compute.ts'
import { lookup } from '../columns/lookup.ts'
import { roundRobin } from '../columns/round-robin.ts'
import { defineTable } from '../columns/table.ts'
import type { NameOf } from '../columns/types.ts'
import { definePool } from '../routing/pool.ts'

/** A stand-in for an outside call that takes `ms` and answers `value`; at 0 ms it answers in the same turn of the event loop. */
const outside = (ms: number) => async () => {
  if (ms > 0) await sleep(ms)
}

function ask<Row extends object, Out>(
  kind: string,
  needs: readonly NameOf<Row>[],
  ms: number,
  value: Out,
): Column<Row, Out> {
  const call = outside(ms)
  return buildColumn<Row, Out>({
    kind,
    needs,
    versionOf: [],
    work: { effect: 'read', run: () => call().then(() => done(value)) },
  })
}

/** A write the way every effect runs: its intent is on disk before the call, its result right after. */
function write<Row extends object>(
  kind: string,
  needs: readonly NameOf<Row>[],
  ms: number,
): Column<Row, { sent: boolean }> {
  const call = outside(ms)
  return buildColumn<Row, { sent: boolean }>({
    kind,
    needs,
    versionOf: [],
    work: {
      effect: 'write',
      sideEffect: `calls the ${kind} stand-in`,
      reaches: kind === 'notify' ? 'people' : 'records',
      target: 'same-state',
      confirms: kind === 'crm-write' ? ['owner'] : [],
      horizonMs: 0,
      send: () => call().then(() => done({ sent: true })),
      reconcile: async () => ({ state: 'absent' }),
    },
  })
}

const reps = ['senior', 'mid', 'ramp'].map((id) => ({ id, name: id, email: `${id}@example.com` }))

export const pool = definePool('bench', {
  strategy: 'weighted',
  members: reps.map((rep, index) => ({ rep, weight: [5, 3, 2][index] ?? 1 })),
  whenNobody: 'assign-anyway',
})

/** The table that the owner lookup asks by its account key. */
export const accounts = defineTable('accounts', {
  input: z.object({ domain: z.string(), owner: z.string() }),
  account: (account) => account.domain,
})

/** The eight steps: enrich, classify, branch, owner lookup, territory, weighted rotation, CRM write, notify. */
export const leads = (ms: number) =>
  defineTable('leads', {
    input: z.object({ company: z.string(), domain: z.string(), country: z.string(), employees: z.number() }),
    account: (lead) => lead.domain,
  })
    .column('firm', ask('enrich', ['domain'], ms, { industry: 'software', employees: 320, country: 'DE' }))
    .column('segment', ask('classify', ['firm', 'country'], ms, { region: 'EMEA', segment: 'Mid-Market' }))
    .column(
      'exit',
      branch({
        needs: ['segment', 'employees'],
        exits: ['route', 'nurture'],
        handle: { route: 'continue', nurture: { ends: 'nurture' } },
        decide: ({ employees }) => (employees > 0 ? 'route' : 'nurture'),
      }),
    )
    .column(
      'account',
      lookup({
        reads: ['domain'],
        table: 'accounts',
        by: 'account',
        key: ({ domain }) => domain,
        output: z.object({ owner: z.string() }),
        take: (found) => ({ owner: String(found.input.owner) }),
      }),
    )
    .column(
      'territory',
      compute({ needs: ['segment'], run: ({ segment }) => `${segment.region} ${segment.segment}` }),
    )
    .column('owner', roundRobin({ needs: ['territory'], reads: ['account'], pool }), {
      when: { exit: 'route' },
    })
    .column('crm', write('crm-write', ['owner'], ms))
    .column('notify', write('notify', ['owner', 'crm'], ms))

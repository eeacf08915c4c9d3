import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { done, noResult, type Values } from '../../columns/column.ts'
import { compute } from '../../columns/compute.ts'
import { CallFailure, NonRetriableError } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import { ask, createOutside, deliver } from '../support/outside.ts'
import { rep, teamOf } from './teams.ts'

export const reps = ['ana', 'bo', 'cy'].map((id) => rep(id))
export const pool = teamOf(reps, { strategy: 'weighted' })

/** What the model knows of a column: its part of the definition, told once more in plain words. */
export interface Told {
  name: string
  kind: 'plain' | 'draw' | 'write'
  uses: readonly string[]
  needs: readonly string[]
  isOwner?: true
  /** Only for leads that go to an owner. */
  isRouted?: true
}

export const told: readonly Told[] = [
  { name: 'fact', kind: 'plain', uses: ['name', 'n'], needs: [] },
  { name: 'label', kind: 'plain', uses: ['name', 'fact', 'word'], needs: [] },
  { name: 'shaky', kind: 'plain', uses: ['name', 'label'], needs: ['label'] },
  {
    name: 'owner',
    kind: 'draw',
    uses: ['name', 'label', 'shaky'],
    needs: ['shaky'],
    isOwner: true,
    isRouted: true,
  },
  { name: 'crm', kind: 'write', uses: ['name', 'label', 'owner'], needs: ['owner'], isOwner: true },
  { name: 'handoff', kind: 'write', uses: ['name', 'word', 'owner', 'crm'], needs: ['owner', 'crm'] },
  { name: 'alone', kind: 'plain', uses: ['name', 'word'], needs: [], isRouted: true },
  { name: 'tail', kind: 'plain', uses: ['name', 'alone', 'handoff'], needs: ['handoff'] },
]

/** One row's column, as the key of what is counted. */
export const keyOf = (name: unknown, column: string) => `${String(name)} ${column}`

/** A table with every class of effect, and everything outside of it: what fails, what answers, and what left. */
export function createRerunWorld() {
  /** Keys of cells that fail for good, and of effects whose outcome nobody can tell. */
  const failing = new Set<string>()
  const lost = new Set<string>()
  /** Executions that this process saw, by key, in order. */
  const calls: string[] = []
  const live = { salt: 0 }
  const outside = { crm: createOutside(), handoff: createOutside() }
  const taken = outside.crm.taken
  outside.handoff.taken = taken
  for (const [column, each] of Object.entries(outside)) {
    each.readBack = 'unknown'
    each.onArrival = async () => {
      const { name } = each.received.at(-1)?.values ?? {}
      await pause()
      if (failing.has(keyOf(name, column))) throw new NonRetriableError('refused')
      if (lost.has(keyOf(name, column)))
        throw new CallFailure('unavailable', 'reset', { retryable: true, outcomeUnknown: true })
    }
  }

  function call(column: string, { name }: Values): void {
    calls.push(keyOf(name, column))
    if (failing.has(keyOf(name, column))) throw new NonRetriableError('it fails')
  }

  const table = defineTable('leads', {
    input: z.object({ name: z.string(), n: z.number(), word: z.string(), go: z.boolean() }),
  })
    .column(
      'fact',
      ask({
        reads: ['name', 'n'],
        run: async (values) => {
          call('fact', values)
          await pause()
          return values.n === 3 ? noResult('unknown') : done((Number(values.n) + live.salt) % 2)
        },
      }),
    )
    .column(
      'label',
      compute({
        reads: ['name', 'fact', 'word'],
        run: (values) => {
          call('label', values)
          return `${values.fact ?? '-'}${values.word === 'vip' ? '!' : ''}`
        },
      }),
    )
    .column(
      'shaky',
      ask({
        reads: ['name'],
        needs: ['label'],
        run: async (values) => {
          call('shaky', values)
          await pause()
          return done('fine')
        },
      }),
    )
    .column(
      'owner',
      assignOwner({
        reads: ['name', 'label'],
        needs: ['shaky'],
        pools: [pool],
        rules: [
          {
            name: 'rotation',
            decide: (row, by) => {
              if (failing.has(keyOf(row.name, 'owner'))) throw new Error('it fails')
              return by.rotate('team')
            },
          },
        ],
        otherwise: { pool: 'team' },
      }),
      { when: { go: true } },
    )
    .column('crm', deliver(outside.crm, { reads: ['name', 'label'], needs: ['owner'], confirms: ['owner'] }))
    .column(
      'handoff',
      deliver(outside.handoff, { reads: ['name', 'word'], needs: ['owner', 'crm'], reaches: 'people' }),
    )
    .column(
      'alone',
      compute({
        reads: ['name', 'word'],
        run: (values) => {
          call('alone', values)
          return values.word
        },
      }),
      { when: { go: true } },
    )
    .column(
      'tail',
      ask({
        reads: ['name', 'alone'],
        needs: ['handoff'],
        run: async (values) => {
          call('tail', values)
          await pause()
          return done('end')
        },
      }),
    )
  return {
    table,
    failing,
    lost,
    calls,
    live,
    outside,
    /** What left and took effect. */
    taken,
  }
}

export type RerunWorld = ReturnType<typeof createRerunWorld>

const pause = () => new Promise((resolve) => setImmediate(resolve))

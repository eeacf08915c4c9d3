import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import { compute } from '../../columns/compute.ts'
import { NonRetriableError } from '../../columns/errors.ts'
import { defineTable } from '../../columns/table.ts'
import { definePool } from '../../routing/pool.ts'

const rep = (id: string, name: string) => ({ id, name, email: `${id}@reps.example` })

export const emeaPool = definePool('emea', {
  strategy: 'weighted',
  members: [
    { rep: rep('ana', 'Ana Ruiz'), weight: 2 },
    { rep: rep('chloe', 'Chloe Lin') },
    { rep: { ...rep('ben', 'Ben Okafor'), active: false } },
  ],
  whenNobody: { person: rep('dev', 'Dev Patel') },
})

const hosts = new Set(['invalid.example'])

/** A small real table: a value, a branch, an owner from a pool, and a column that waits as long as the row says. */
export const leads = defineTable('leads', {
  input: z.object({
    company: z.string().min(1),
    email: z.email(),
    country: z.string().optional(),
    employees: z.number().int().min(0).optional(),
    delayMs: z.number().int().min(0).max(60_000).optional(),
  }),
  person: (lead) => lead.email,
  account: (lead) => lead.email.split('@')[1] ?? null,
})
  .column(
    'domain',
    compute({
      reads: ['email'],
      run: ({ email }) => {
        const host = email.split('@')[1] ?? null
        if (host !== null && hosts.has(host)) throw new NonRetriableError(`${host} is not a company`)
        return host
      },
    }),
  )
  .column(
    'exit',
    branch({
      reads: ['employees', 'country'],
      exits: ['route', 'nurture'],
      handle: { route: 'continue', nurture: { ends: 'nurture programme' } },
      decide: ({ employees }) =>
        employees !== null && employees < 10
          ? { exit: 'nurture', reason: `${employees} employees are fewer than 10` }
          : { exit: 'route', reason: 'large enough' },
    }),
  )
  .column(
    'owner',
    assignOwner({
      reads: ['domain', 'country'],
      pools: [emeaPool],
      rules: [
        {
          name: 'named country',
          decide: ({ country }, by) =>
            country === 'XX' ? by.person('dev') : by.no(`country ${country ?? 'unknown'} is not named`),
        },
        { name: 'rotation', decide: (_, by) => by.rotate('emea') },
      ],
      otherwise: { pool: 'emea' },
    }),
    { when: { exit: 'route' } },
  )
  .column(
    'slow',
    compute({
      reads: ['delayMs'],
      run: async ({ delayMs }, { signal }) => {
        if (delayMs === null) return null
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, delayMs)
          signal.addEventListener('abort', () => {
            clearTimeout(timer)
            resolve()
          })
        })
        return `waited ${delayMs} ms`
      },
      timeoutMs: 61_000,
    }),
  )

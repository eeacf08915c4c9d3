import { describe, expect, it } from 'vitest'
import type { JournalEntry } from '../../../db/journal.ts'
import { packEntries, unpackEntries } from '../../../db/sqlite/packed.ts'

const cell = { status: 'done', attempts: 1, hash: 'h', draw: 7, value: 'ana' } as const
const member = { member: 'ana', name: 'Ana', weight: 2, share: 0.5, balance: -0.25, excluded: null }
const away = { code: 'leave', reason: 'on leave', until: 5 }
const attempt = (detail: object): JournalEntry => ({ kind: 'attempt', column: 'owner', cell, detail })
const traced = (rules: object[], more: object = {}) =>
  attempt({ trace: { method: null, rules, fallbackUsed: false }, account: 'acme.example', ...more })

describe('entries as they are written', () => {
  it.each<[string, JournalEntry]>([
    ['an attempt without more', { kind: 'attempt', column: 'owner', cell }],
    ['an attempt with its cost', { kind: 'attempt', column: 'owner', cell, cost: { usd: 0.5 } }],
    ['an intent', { kind: 'intent', column: 'crm', cell: { status: 'running', attempts: 0 } }],
    ['a cell passed over', { kind: 'passed', column: 'crm', cell, outcome: 'kept', reason: 'why', at: 3 }],
    ['a touch', { kind: 'touch', at: 1, occurredAt: 2, input: { email: 'a@b.example' } }],
    ['a detail of any kind', attempt({ trace: [1, { rules: 2 }], considered: [member] })],
    ['a trace without members', traced([{ rule: 'a', matched: false, reason: 'no' }])],
    [
      'a trace with members in some rules',
      traced([
        { rule: 'a', matched: false, reason: 'no' },
        { rule: 'b', matched: false, reason: 'none', considered: [] },
        { rule: 'c', matched: true, reason: 'yes', considered: [member, { ...member, excluded: away }] },
      ]),
    ],
    ['a trace of somebody else', traced([{ considered: [{ ...member, more: 1 }] }])],
    ['a trace whose members are lists', traced([{ considered: [['ana', 'Ana', 2, 0.5, -0.25, null]] }])],
    ['a trace whose rules are no rules', traced([{ considered: [member] }, ['rule']])],
  ])('come back unchanged: %s', (_, entry) => {
    expect(unpackEntries(packEntries([entry, entry]))).toEqual([entry, entry])
  })

  it('name no field of the members that a decision considered', () => {
    const text = packEntries([traced([{ rule: 'c', matched: true, reason: 'yes', considered: [member] }])])
    expect(text).toContain('[["ana","Ana",2,0.5,-0.25,null]]')
    expect(text).not.toContain('balance')
  })
})

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { checkInput } from '../../runtime/check-input.ts'
import { planTable } from '../../runtime/plan.ts'

const input = z.object({
  email: z.email(),
  company: z.string().trim().min(1).optional(),
  occurredAt: z.iso.datetime().optional(),
  tags: z.array(z.object({ name: z.string() })).optional(),
})
const plan = planTable(
  defineTable('t', {
    input,
    person: ({ email }) => email.toLowerCase(),
    account: ({ company }) => {
      if (company === 'broken') throw new Error('no key')
      return company
    },
  }),
  1,
)

describe('an input', () => {
  test('is parsed, and says whom it is about and since when', () => {
    const checked = checkInput(plan, {
      email: 'Ana@X.example',
      company: '  Acme ',
      occurredAt: '2026-01-02T03:04:05Z',
      extra: 1,
    })
    expect(checked).toEqual({
      ok: true,
      input: { email: 'Ana@X.example', company: 'Acme', occurredAt: '2026-01-02T03:04:05Z' },
      person: 'ana@x.example',
      account: 'Acme',
      occurredAt: Date.parse('2026-01-02T03:04:05Z'),
    })
  })

  test('without a company has no account, and without a time is of now', () => {
    expect(checkInput(plan, { email: 'a@x.example' })).toMatchObject({
      ok: true,
      account: null,
      occurredAt: null,
    })
  })

  test('that is refused names each field and the value that is wrong', () => {
    expect(checkInput(plan, { email: 'x', tags: [{ name: 'a' }, { name: 7 }] })).toEqual({
      ok: false,
      problems: [
        { field: 'email', message: expect.any(String), value: '"x"' },
        { field: 'tags.1.name', message: expect.any(String), value: '7' },
      ],
    })
    expect(checkInput(plan, {})).toMatchObject({
      ok: false,
      problems: [{ field: 'email', value: 'missing' }],
    })
    for (const nothing of [null, 7, 'text', [], undefined]) expect(checkInput(plan, nothing).ok).toBe(false)
  })

  test('that is refused is shown shortened', () => {
    const checked = checkInput(plan, { email: 'x'.repeat(10_000) })
    expect(checked.ok ? '' : checked.problems[0]?.value.length).toBe(101)
  })

  test('whose key cannot be worked out is refused, not half taken', () => {
    expect(checkInput(plan, { email: 'a@x.example', company: 'broken' })).toEqual({
      ok: false,
      problems: [{ field: '', message: 'the key of this row could not be worked out: no key', value: '' }],
    })
  })

  test('cannot reach a prototype', () => {
    const checked = checkInput(plan, JSON.parse('{"email":"a@x.example","__proto__":{"company":"evil"}}'))
    expect(checked).toMatchObject({ ok: true, account: null, input: { email: 'a@x.example' } })
  })
})

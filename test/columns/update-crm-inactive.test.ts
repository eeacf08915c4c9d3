import { describe, expect, it } from 'vitest'
import type { Crm } from '../../columns/ports.ts'
import { updateCrm } from '../../columns/update-crm.ts'
import type { Owner } from '../../routing/decision.ts'
import { crmWith, failureIn } from './ports.ts'
import { failureOf, run } from './running.ts'

interface Row {
  owner: Owner
}
const ana: Owner = { rep: 'ana', name: 'Ana', email: 'ana@ours.example', ids: {} }

/** A CRM in which Ana is inactive: it tells so when it is asked for her, or only by refusing the write. */
function crmOf({ told }: { told: boolean }): { crm: Crm; calls: string[] } {
  const calls: string[] = []
  const crm = crmWith({
    async findUserByEmail(email) {
      calls.push(`find ${email}`)
      return { id: 'u-ana', name: 'Ana', email, active: !told, kind: 'person' }
    },
    writeOwner(_, { ownerId }) {
      calls.push(`write ${ownerId}`)
      return Promise.reject(failureIn('inactive-owner', false))
    },
  })
  return { crm, calls }
}

const column = (crm: Crm) =>
  updateCrm<Row, never, 'owner'>({
    needs: ['owner'],
    crm,
    confirms: 'owner',
    change: ({ owner }) => ({ owner, record: { type: 'Lead', id: 'L1' } }),
  })

describe.each([
  ['who is inactive in the CRM', true, ['find ana@ours.example']],
  ['whom the CRM refuses as inactive', false, ['find ana@ours.example', 'write u-ana']],
])('an owner %s', (_, told, asked) => {
  it('is drawn anew where the draw chose them', async () => {
    const { crm, calls } = crmOf({ told })
    expect(await run(column(crm), { owner: ana }, { isPinned: (name) => name === 'segment' })).toMatchObject({
      status: 'done',
      value: { changed: false, ceded: true },
      redraw: { column: 'owner' },
    })
    expect(calls).toEqual(asked)
  })

  it('is no reason to draw anew where a person pinned them: the cell fails', async () => {
    const { crm, calls } = crmOf({ told })
    const failure = await failureOf(
      run(column(crm), { owner: ana }, { isPinned: (name) => name === 'owner' }),
    )
    expect(failure).toMatchObject({ kind: 'inactive-owner', retryable: false, outcomeUnknown: false })
    expect(calls).toEqual(asked)
  })
})

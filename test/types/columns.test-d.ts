import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { compute } from '../../columns/compute.ts'
import { notify } from '../../columns/notify.ts'
import { prompt } from '../../columns/prompt.ts'
import { roundRobin } from '../../columns/round-robin.ts'
import { updateCrm } from '../../columns/update-crm.ts'
import { useAi } from '../../columns/use-ai.ts'
import { connectors, emea, leads, Segment } from './leads.ts'

// Every pair: what must not compile, and its valid twin. How the messages read is checked in messages.test.ts.

// An unknown column.
// @ts-expect-error
leads.column('length', compute({ reads: ['emial'], run: () => 1 }))
// @ts-expect-error
leads.column('length', compute({ needs: ['emial'], run: () => 1 }))
// @ts-expect-error
leads.column('turn', roundRobin({ reads: ['emial'], pool: emea }))
leads.column('length', compute({ reads: ['email'], run: () => 1 }))

// A value that is used and not declared.
// @ts-expect-error
leads.column('length', compute({ reads: ['email'], run: (row) => row.website }))
// @ts-expect-error
leads.column('length', compute({ run: (row) => row.email }))
leads.column('length', compute({ reads: ['email', 'website'], run: (row) => row.website }))

// A value that may be missing, used as if it could not.
// @ts-expect-error
leads.column('length', compute({ reads: ['domain'], run: (row) => row.domain.length }))
// @ts-expect-error
leads.column('length', compute({ reads: ['website'], run: (row) => row.website.length }))
leads.column('length', compute({ reads: ['domain'], run: (row) => row.domain?.length ?? null }))
leads.column('length', compute({ needs: ['domain'], run: (row) => row.domain.length }))

// A conditional column gives null where its condition does not hold.
const conditional = leads.column(
  'owner',
  assignOwner({ needs: ['domain'], pools: [emea], otherwise: { pool: 'emea' }, rules: [] }),
  { when: { source: 'form' } },
)
const toOwner = ({ email }: { email: string | null }) => ({
  to: { email: email ?? '' },
  title: '',
  facts: [],
  reason: '',
})
const via = connectors.messenger
// @ts-expect-error
conditional.column('handoff', notify({ via, reads: ['owner'], message: ({ owner }) => toOwner(owner) }))
conditional.column('handoff', notify({ via, needs: ['owner'], message: ({ owner }) => toOwner(owner) }))

// A name that is taken, by a column or by the input.
// @ts-expect-error
leads.column('domain', compute({ reads: ['email'], run: () => 1 }))
// @ts-expect-error
leads.column('email', compute({ reads: ['email'], run: () => 1 }))
leads.column('otherDomain', compute({ reads: ['email'], run: () => 1 }))

// A later column, and the column itself: the graph has no cycles.
leads
  // @ts-expect-error
  .column('first', compute({ reads: ['second'], run: () => 1 }))
  .column('second', compute({ reads: ['first'], run: () => 2 }))
// @ts-expect-error
leads.column('self', compute({ reads: ['self'], run: () => 1 }))
leads.column('first', compute({ run: () => 1 })).column('second', compute({ reads: ['first'], run: () => 2 }))

// A condition on an unknown value, or against a value of another type.
// @ts-expect-error
leads.column('length', compute({ run: () => 1 }), { when: { exti: 'route' } })
// @ts-expect-error
leads.column('length', compute({ run: () => 1 }), { when: { employees: 'many' } })
// @ts-expect-error
leads.column('length', compute({ run: () => 1 }), { when: { employees: (count) => count > 5 } })
leads.column('length', compute({ run: () => 1 }), { when: { employees: (count) => (count ?? 0) > 5 } })

// A prompt that refers to a value the column does not declare.
const ai = { model: connectors.model, output: Segment }
// @ts-expect-error
leads.column('segment', useAi({ ...ai, reads: ['domain'], prompt: prompt('Where is {{domian}}?') }))
// @ts-expect-error
leads.column('segment', useAi({ ...ai, reads: ['domain'], prompt: prompt('{{domain}} of {{ email }}') }))
leads.column(
  'segment',
  useAi({ ...ai, reads: ['domain'], needs: ['email'], prompt: prompt('{{domain}} {{ email }}') }),
)
leads.column('segment', useAi({ ...ai, reads: ['domain'], prompt: prompt`Where is {{domain}}?` }))

// A path that leads nowhere in a value, or into one that has no inside.
const Inside = z.object({
  country: z.string().nullable(),
  size: z.object({ employees: z.number() }).nullable(),
})
const withFirm = leads.column('firm', compute({ reads: ['email'], output: Inside, run: () => null }))
const of = { ...ai, reads: ['firm', 'domain'] } as const
// @ts-expect-error
withFirm.column('segment', useAi({ ...of, prompt: prompt('{{firm.contry}}') }))
// @ts-expect-error
withFirm.column('segment', useAi({ ...of, prompt: prompt('{{domain.length}}') }))
// @ts-expect-error
withFirm.column('segment', useAi({ ...of, prompt: prompt('{{firm}}'), send: ['firm', 'email'] }))
// @ts-expect-error
withFirm.column('segment', useAi({ ...of, prompt: prompt('{{firm}}'), cites: { field: 'country' } }))
withFirm.column(
  'segment',
  useAi({ ...of, prompt: prompt('{{firm.country}} {{ firm.size.employees }} {{firm.size}}') }),
)
withFirm.column('segment', useAi({ ...of, prompt: prompt('{{firm}}'), send: ['firm', 'domain'] }))

// A write that confirms a draw it has not seen.
const { crm } = connectors
type WithOwner = {
  owner: { rep: string | null; name: string; email: string | null; ids: Record<string, string> }
}
const change = ({ owner }: WithOwner) => ({ owner, record: { type: 'Lead', id: '1' } })
// @ts-expect-error
conditional.column('crmOwner', updateCrm({ crm, change, needs: ['owner'], confirms: 'domain' }))
conditional.column('crmOwner', updateCrm({ crm, change, needs: ['owner'], confirms: 'owner' }))

// A function written elsewhere, with parameters of its own, that asks for more than is declared.
// @ts-expect-error
conditional.column('crmOwner', updateCrm({ crm, change, reads: ['owner'] }))
const lengthOf = (row: { email: string; domain: string | null }) => row.email.length
// @ts-expect-error
leads.column('length', compute({ reads: ['email'], run: lengthOf }))
leads.column('length', compute({ reads: ['email', 'domain', 'website'], run: lengthOf }))
leads.column('length', compute({ reads: ['email'], needs: ['domain'], run: lengthOf }))

// An answer that is none of the output's values.
const asked = { ...ai, prompt: prompt`Which segment?` }
// @ts-expect-error
leads.column('segment', useAi({ ...asked, unknown: () => ({ region: 'EMAE', segment: 'SMB' }) }))
leads.column('segment', useAi({ ...asked, unknown: () => ({ region: 'EMEA', segment: 'SMB' }) }))

// A column that stands in for a late one names a column of the row, and says after how long.
const spare = compute({ run: () => 1 })
// @ts-expect-error
leads.column('spare', spare, { late: { column: 'domian', afterMs: 1 } })
// @ts-expect-error
leads.column('spare', spare, { late: { column: 'spare', afterMs: 1 } })
// @ts-expect-error
leads.column('spare', spare, { late: { column: 'domain' } })
leads.column('spare', spare, { late: { column: 'domain', afterMs: 1 } })

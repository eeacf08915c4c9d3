import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import { definePool } from '../../routing/pool.ts'
import { defineTerritory } from '../../routing/territory.ts'
import { amer, emea, leads } from './leads.ts'

// Exits that nobody handles, that do not exist, and an answer that is none of them.
const exits = ['route', 'nurture'] as const
const route = 'continue'
const nurture = { ends: 'nurture programme' }
// @ts-expect-error
leads.column('exit', branch({ exits, decide: () => 'route', handle: { route } }))
// @ts-expect-error
leads.column('exit', branch({ exits, decide: () => 'rout', handle: { route, nurture } }))
// @ts-expect-error
leads.column('exit', branch({ exits, decide: () => 'route', handle: { route, nurture, lost: route } }))
const branched = leads.column('exit', branch({ exits, decide: () => 'route', handle: { route, nurture } }))
const ladder = assignOwner({ pools: [emea], otherwise: { pool: 'emea' }, rules: [] })
// @ts-expect-error
branched.column('owner', ladder, { when: { exit: 'rout' } })
branched.column('owner', ladder, { when: { exit: 'route' } })
branched.column('owner', ladder, { when: { exit: ['route', 'nurture'] } })

// A matrix with a hole, with a whole region missing, and with a combination that is not on the axes.
const axes = { region: z.enum(['EMEA', 'unknown']), segment: z.enum(['SMB', 'ENT']) }
const full = { SMB: { pool: 'emea' }, ENT: { person: 'ana' } }
// @ts-expect-error
defineTerritory(axes, { EMEA: full, unknown: { SMB: { pool: 'emea' } } })
// @ts-expect-error
defineTerritory(axes, { EMEA: full })
// @ts-expect-error
defineTerritory(axes, { EMEA: full, unknown: full, APAC: full })
defineTerritory(axes, { EMEA: full, unknown: full })

// A territory asked for with a value off its axes.
const to = defineTerritory(axes, { EMEA: full, unknown: full })
const base = { pools: [emea, amer], otherwise: { pool: 'emea' } } as const
const segment = 'SMB'
const [off, on] = [{ region: 'APAC', segment } as const, { region: 'EMEA', segment } as const]
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.territory(to, off) }] }))
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.territory(to, on) }] }))

// A pool that does not say what happens when nobody is available.
// @ts-expect-error
definePool('apac', { strategy: 'standard', members: [] })
// @ts-expect-error
definePool('apac', { strategy: 'standard', members: [], whenNobody: 'wait' })
definePool('apac', { strategy: 'standard', members: [], whenNobody: { pool: 'emea' } })

// A rotation of a pool the ladder does not hold, in a rule and at its end; and a ladder without an end.
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.rotate('emae') }] }))
// @ts-expect-error
leads.column('o', assignOwner({ pools: [emea, amer], otherwise: { pool: 'emae' }, rules: [] }))
// @ts-expect-error
leads.column('o', assignOwner({ pools: [emea, amer], rules: [] }))
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.rotate('amer') }] }))

// A rule that sees what the column did not declare.
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (row, by) => by.no(row.email) }] }))
leads.column(
  'o',
  assignOwner({ ...base, reads: ['email'], rules: [{ name: 'r', decide: (row, by) => by.no(row.email) }] }),
)

// A rule written elsewhere that asks for more than is declared.
const decide = (row: { domain: string }) => ({ kind: 'no', reason: row.domain }) as const
// @ts-expect-error
leads.column('o', assignOwner({ ...base, reads: ['domain'], rules: [{ name: 'r', decide }] }))
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide }] }))
leads.column(
  'o',
  assignOwner({ ...base, reads: ['email'], needs: ['domain'], rules: [{ name: 'r', decide }] }),
)

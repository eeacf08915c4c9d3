import { z } from 'zod'
import { assignOwner } from '../../columns/assign-owner.ts'
import { branch } from '../../columns/branch.ts'
import { definePool } from '../../routing/pool.ts'
import type { RepInput } from '../../routing/rep.ts'
import { defineTerritory, type KeyOf } from '../../routing/territory.ts'
import type { Equal, Expect } from './expect.ts'
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

// A territory with a hole, with a whole region missing, and with a combination that does not exist.
const region = z.enum(['EMEA', 'unknown'])
const size = z.enum(['SMB', 'ENT'])
const dimensions = [
  ['region', region],
  ['segment', size],
] as const
const full = { SMB: { pool: 'emea' }, ENT: { person: 'ana' } }
// @ts-expect-error
defineTerritory('t', { dimensions, destinations: { EMEA: full, unknown: { SMB: { pool: 'emea' } } } })
// @ts-expect-error
defineTerritory('t', { dimensions, destinations: { EMEA: full } })
// @ts-expect-error
defineTerritory('t', { dimensions, destinations: { EMEA: full, unknown: full, APAC: full } })
// @ts-expect-error
defineTerritory('t', { dimensions, destinations: { EMEA: full, unknown: { queue: 'triage' } } })
defineTerritory('t', { dimensions, destinations: { EMEA: full, unknown: full } })

// A destination may stand for everything below it, and may not go deeper than the dimensions do.
defineTerritory('t', { dimensions, destinations: { EMEA: { pool: 'emea' }, unknown: full } })
// @ts-expect-error
defineTerritory('t', { dimensions, destinations: { EMEA: { SMB: full, ENT: full }, unknown: full } })

// A third dimension: complete below each of the others.
const deep = [...dimensions, ['vertical', z.enum(['bank', 'other'])]] as const
const banks = { SMB: { pool: 'emea' }, ENT: { bank: { person: 'ana' }, other: { pool: 'emea' } } }
const hole = { SMB: { pool: 'emea' }, ENT: { bank: { person: 'ana' } } }
// @ts-expect-error
defineTerritory('t', { dimensions: deep, destinations: { EMEA: hole, unknown: { pool: 'emea' } } })
defineTerritory('t', { dimensions: deep, destinations: { EMEA: banks, unknown: { pool: 'emea' } } })

/** What a territory is asked with comes from its dimensions. */
export type KeyHasEveryDimension = Expect<
  Equal<KeyOf<typeof dimensions>, { readonly region: 'EMEA' | 'unknown'; readonly segment: 'SMB' | 'ENT' }>
>

// A territory asked for with a value it does not have, or without one of its dimensions.
const to = defineTerritory('t', { dimensions, destinations: { EMEA: full, unknown: full } })
const base = { pools: [emea, amer], otherwise: { pool: 'emea' } } as const
const segment = 'SMB'
const [off, on] = [{ region: 'APAC', segment } as const, { region: 'EMEA', segment } as const]
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.territory(to, off) }] }))
const half = { segment } as const
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.territory(to, half) }] }))
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.territory(to, on) }] }))

// A pool that does not say what happens when nobody is available.
// @ts-expect-error
definePool('apac', { strategy: 'standard', members: [] })
// @ts-expect-error
definePool('apac', { strategy: 'standard', members: [], whenNobody: 'wait' })
definePool('apac', { strategy: 'standard', members: [], whenNobody: { pool: 'emea' } })

// A pool that waits for an opening and does not say what happens when none comes; and one that does.
const wait = { hold: 'until-opening' } as const
// @ts-expect-error
definePool('apac', { strategy: 'standard', members: [], whenNobody: wait })
// @ts-expect-error
definePool('apac', { strategy: 'standard', members: [], whenNobody: { ...wait, otherwise: wait } })
definePool('apac', { strategy: 'standard', members: [], whenNobody: { ...wait, otherwise: 'assign-anyway' } })

// A rep of a pool without an address, and with hours on a day that does not exist.
const ana = { id: 'ana', name: 'Ana', email: 'ana@rota.example' }
const { email: _, ...nobody } = ana
const blocks = [{ from: '09:00', until: '17:00' }]
const anyway = { strategy: 'standard', whenNobody: 'assign-anyway' } as const
// @ts-expect-error
definePool('apac', { ...anyway, members: [{ rep: nobody }] })
// @ts-expect-error
definePool('apac', { ...anyway, members: [{ rep: { ...ana, hours: { funday: blocks } } }] })
definePool('apac', { ...anyway, members: [{ rep: { ...ana, hours: { monday: blocks } } }] })

// A roster of constants, read-only down to the blocks of a day and the leave.
const bo = {
  id: 'bo',
  name: 'Bo',
  email: 'bo@rota.example',
  ids: { salesforce: '005B' },
  zone: 'Europe/Berlin',
  hours: { monday: [{ from: '09:00', until: '17:00' }], tuesday: [] },
  leave: [{ from: '2026-12-24', until: '2026-12-31' }],
  holidays: { country: 'DE', state: 'BE' },
  caps: { perDay: 5 },
} as const
export const asInput: RepInput = bo
const constants = {
  strategy: 'weighted',
  members: [{ rep: bo, weight: 2 }],
  whenNobody: { hold: 'until-opening', atMostHours: 24, otherwise: { person: bo } },
  catchUp: { bounded: 2 },
  leaveBuffer: { stopDaysBefore: 1 },
} as const
definePool('apac', constants)
leads.column('o', assignOwner({ pools: [amer], reps: [bo], otherwise: { person: bo }, rules: [] }))

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

// A pool the ladder does not hold, wherever a rule may name one.
const named = { 'acme.example': { pool: 'emae' } } as const
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.named(named, '') }] }))
const none = { name: 'r', decide: () => ({ kind: 'no', reason: '' }) as const }
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ ...none, counts: 'emae' }] }))
const known = { 'acme.example': { pool: 'emea' }, 'zeta.example': 'ana' } as const
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.named(known, '') }] }))
leads.column('o', assignOwner({ ...base, rules: [{ ...none, counts: 'amer' }] }))

// A rule's condition on a value the column did not declare, and against a value of another type.
const [source, email] = [{ ...base, reads: ['source'] } as const, { ...base, reads: ['email'] } as const]
// @ts-expect-error
leads.column('o', assignOwner({ ...email, rules: [{ ...none, when: { source: 'form' } }] }))
// @ts-expect-error
leads.column('o', assignOwner({ ...source, rules: [{ ...none, when: { source: 7 } }] }))
leads.column('o', assignOwner({ ...source, rules: [{ ...none, when: { source: { not: 'form' } } }] }))

// A question to a person without an end.
const [open, ended] = [{}, { dwellHours: 4 }]
// @ts-expect-error
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.review('?', open) }] }))
leads.column('o', assignOwner({ ...base, rules: [{ name: 'r', decide: (_, by) => by.review('?', ended) }] }))

import { definePool } from '../../routing/pool.ts'
import type { RepInput } from '../../routing/rep.ts'

const addressOf = (id: string) => `${id.replace('-', '.')}@rota.example`

/**
 * Nobody here has working hours or a holiday calendar, so that the demo routes at any hour of any day; `examples/office-hours` is a team
 * with both. All of this is live data once the table has started: hours, leave, caps and weights are edited over HTTP.
 */
const rep = (id: string, name: string, more: Partial<RepInput> = {}): RepInput => ({
  id,
  name,
  email: addressOf(id),
  manager: id === 'zoe-hart' ? null : 'zoe-hart',
  ...more,
})

const [us, uk, germany] = [{ zone: 'America/New_York' }, { zone: 'Europe/London' }, { zone: 'Europe/Berlin' }]

export const reps = {
  ava: rep('ava-brooks', 'Ava Brooks', { ...us, role: 'enterprise', backup: 'noah-diaz' }),
  noah: rep('noah-diaz', 'Noah Diaz', { ...us, role: 'enterprise', backup: 'ava-brooks' }),
  mia: rep('mia-chen', 'Mia Chen', { ...us, backup: 'liam-ford' }),
  liam: rep('liam-ford', 'Liam Ford', { ...us, backup: 'mia-chen' }),
  zoe: rep('zoe-hart', 'Zoe Hart', { ...us, role: 'lead' }),
  emil: rep('emil-sorensen', 'Emil Sørensen', { ...germany, role: 'enterprise', backup: 'ines-moreau' }),
  ines: rep('ines-moreau', 'Inès Moreau', {
    zone: 'Europe/Paris',
    role: 'enterprise',
    backup: 'emil-sorensen',
  }),
  jonas: rep('jonas-weber', 'Jonas Weber', { ...germany, backup: 'omar-haddad' }),
  priya: rep('priya-nair', 'Priya Nair', { zone: 'Asia/Kolkata', backup: 'kenji-mori' }),
  kenji: rep('kenji-mori', 'Kenji Mori', { zone: 'Asia/Tokyo', backup: 'priya-nair' }),
  sofia: rep('sofia-rojas', 'Sofía Rojas', { zone: 'America/Santiago' }),
  omar: rep('omar-haddad', 'Omar Haddad', { ...uk, backup: 'jonas-weber' }),
} as const

/** Left the company: her accounts go to her successor, whatever the CRM still says. */
export const formerRep = rep('ruth-former', 'Ruth Former', { active: false, successor: 'emil-sorensen' })

/** Whoever takes what nobody else may take. */
export const triageLead = reps.zoe

/** Companies that one person looks after, whoever the CRM says owns them and wherever they are. */
export const namedAccounts = { 'nordicfreight.example': 'emil-sorensen' } as const

const nextIsTriage = { pool: 'triage' } as const

/** Weights follow capacity: a senior rep takes five leads where a ramping one takes two. */
export const pools = [
  definePool('na-enterprise', {
    strategy: 'weighted',
    members: [
      { rep: reps.ava, weight: 5 },
      { rep: reps.noah, weight: 3 },
    ],
    whenNobody: { pool: 'na-commercial' },
  }),
  definePool('na-commercial', {
    strategy: 'weighted',
    members: [
      { rep: reps.mia, weight: 5 },
      { rep: reps.liam, weight: 3 },
      { rep: reps.noah, weight: 2 },
    ],
    whenNobody: nextIsTriage,
  }),
  definePool('emea-enterprise', {
    strategy: 'weighted',
    members: [
      { rep: reps.emil, weight: 3 },
      { rep: reps.ines, weight: 2 },
    ],
    whenNobody: { pool: 'emea-commercial' },
  }),
  definePool('emea-commercial', {
    strategy: 'weighted',
    members: [
      { rep: reps.jonas, weight: 5 },
      { rep: reps.ines, weight: 3 },
      { rep: reps.omar, weight: 2 },
    ],
    whenNobody: nextIsTriage,
    catchUp: { bounded: 3 },
  }),
  // While both are on leave a lead from Asia waits for one of them, at most a day; then the lead of triage takes it.
  definePool('apac', {
    strategy: 'standard',
    members: [{ rep: reps.priya }, { rep: reps.kenji }],
    whenNobody: { hold: 'until-opening', atMostHours: 24, otherwise: { person: triageLead } },
    leaveBuffer: { stopDaysBefore: 1 },
  }),
  definePool('triage', {
    strategy: 'standard',
    members: [{ rep: reps.zoe }, { rep: reps.liam }],
    whenNobody: 'assign-anyway',
  }),
]

import { definePool, type Rep } from '../../routing/pool.ts'

const rep = (id: string, name: string): Rep => ({ id, name, email: `${id.replace('-', '.')}@rota.example` })

export const reps = {
  ava: rep('ava-brooks', 'Ava Brooks'),
  noah: rep('noah-diaz', 'Noah Diaz'),
  mia: rep('mia-chen', 'Mia Chen'),
  liam: rep('liam-ford', 'Liam Ford'),
  zoe: rep('zoe-hart', 'Zoe Hart'),
  emil: rep('emil-sorensen', 'Emil Sørensen'),
  ines: rep('ines-moreau', 'Inès Moreau'),
  jonas: rep('jonas-weber', 'Jonas Weber'),
  priya: rep('priya-nair', 'Priya Nair'),
  kenji: rep('kenji-mori', 'Kenji Mori'),
  sofia: rep('sofia-rojas', 'Sofía Rojas'),
  omar: rep('omar-haddad', 'Omar Haddad'),
} as const

/** Whoever takes what nobody else may take. */
export const triageLead = reps.zoe

const whenNobody = { person: triageLead }

/** Weights follow capacity: a senior rep takes five leads where a ramping one takes two. */
export const pools = [
  definePool('na-enterprise', {
    strategy: 'weighted',
    members: [
      { rep: reps.ava, weight: 5 },
      { rep: reps.noah, weight: 3 },
    ],
    whenNobody,
  }),
  definePool('na-commercial', {
    strategy: 'weighted',
    members: [
      { rep: reps.mia, weight: 5 },
      { rep: reps.liam, weight: 3 },
      { rep: reps.noah, weight: 2 },
    ],
    whenNobody,
  }),
  definePool('emea-enterprise', {
    strategy: 'weighted',
    members: [
      { rep: reps.emil, weight: 3 },
      { rep: reps.ines, weight: 2 },
    ],
    whenNobody,
  }),
  definePool('emea-commercial', {
    strategy: 'weighted',
    members: [
      { rep: reps.jonas, weight: 5 },
      { rep: reps.ines, weight: 3 },
      { rep: reps.omar, weight: 2 },
    ],
    whenNobody,
  }),
  definePool('apac', {
    strategy: 'standard',
    members: [{ rep: reps.priya }, { rep: reps.kenji }],
    whenNobody,
  }),
  definePool('triage', {
    strategy: 'standard',
    members: [{ rep: reps.zoe }, { rep: reps.liam }],
    whenNobody: 'assign-anyway',
  }),
]

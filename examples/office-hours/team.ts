import { definePool } from '../../routing/pool.ts'
import type { RepInput, WorkingHours } from '../../routing/rep.ts'

function weekdays(...blocks: { from: string; until: string }[]): WorkingHours {
  return { monday: blocks, tuesday: blocks, wednesday: blocks, thursday: blocks, friday: blocks }
}

const morning = { from: '09:00', until: '12:30' }
const afternoon = { from: '13:30', until: '17:30' }

/** Hours are those of the rep's own clock; both sides of a lunch break are blocks of their own. */
const berlin = {
  zone: 'Europe/Berlin',
  hours: { ...weekdays(morning, afternoon), friday: [morning, { from: '13:30', until: '15:00' }] },
  holidays: { country: 'DE', state: 'BE' },
}
const boston = {
  zone: 'America/New_York',
  hours: weekdays({ from: '08:30', until: '17:00' }),
  holidays: { country: 'US', state: 'MA' },
}

export const lena: RepInput = {
  id: 'lena',
  name: 'Lena Vogt',
  email: 'lena.vogt@rota.example',
  ...berlin,
  caps: { perDay: 12 },
  leave: [{ from: '2026-12-14', until: '2026-12-18', note: 'annual leave' }],
  backup: 'tom',
}
export const tom: RepInput = { id: 'tom', name: 'Tom Engel', email: 'tom.engel@rota.example', ...berlin }
export const ray: RepInput = { id: 'ray', name: 'Ray Cole', email: 'ray.cole@rota.example', ...boston }

/** On call: without hours, so reachable whenever the last resort is needed. */
export const dana: RepInput = { id: 'dana', name: 'Dana Frost', email: 'dana.frost@rota.example' }

/** Europe first. While it sleeps anybody who works takes the lead; while everybody sleeps it waits for the first who opens. */
export const pools = [
  definePool('europe', {
    strategy: 'weighted',
    members: [{ rep: lena, weight: 2 }, { rep: tom }],
    whenNobody: { pool: 'anyone' },
    catchUp: { bounded: 4 },
    leaveBuffer: { stopDaysBefore: 1, resumeDaysBefore: 1 },
  }),
  definePool('anyone', {
    strategy: 'standard',
    members: [{ rep: lena }, { rep: tom }, { rep: ray }],
    whenNobody: { hold: 'until-opening', atMostHours: 72, otherwise: { person: dana } },
  }),
]

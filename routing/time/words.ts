import { dayMs, localOf, weekdayOf } from './zone.ts'

const weekdayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** `2026-12-01 09:00 Europe/Berlin`. */
export const localText = (at: number, zone: string): string =>
  `${new Date(localOf(zone, at)).toISOString().slice(0, 16).replace('T', ' ')} ${zone}`

/** The same, short where it is near: `14:30 Europe/Berlin` today, `Monday 09:00 Europe/Berlin` within six days. */
export function nearText(at: number, zone: string, now: number): string {
  const local = localOf(zone, at)
  const days = Math.floor(local / dayMs) - Math.floor(localOf(zone, now) / dayMs)
  if (days < 0 || days > 6) return localText(at, zone)
  const minutes = Math.floor(local / 60_000) % 1440
  const time = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)} ${zone}`
  return days === 0 ? time : `${weekdayNames[weekdayOf(Math.floor(local / dayMs))]} ${time}`
}

// Written for every rep who is away at every decision: the general way through an ISO text takes ten times as long.
const twoDigits = (value: number): string => (value < 10 ? `0${value}` : `${value}`)

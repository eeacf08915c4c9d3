import type { Purse } from '../store.ts'
import type { Connection } from './open.ts'

/** What was taken out of purses. */
export interface Purses {
  charge(usd: number, purses: readonly Purse[]): { refused: Purse | null }
  refund(usd: number, purses: readonly string[]): void
  /** In US dollars. */
  spent(purse: string): number
}

const nanos = (usd: number) => Math.round(usd * 1e9)

export function createPurses(connection: Connection): Purses {
  const select = connection.prepare('SELECT nano_usd FROM spend WHERE purse = ?').pluck()
  const add = connection.prepare(
    'INSERT INTO spend (purse, nano_usd) VALUES (?, ?) ON CONFLICT DO UPDATE SET nano_usd = nano_usd + excluded.nano_usd',
  )
  const spent = (purse: string) => (select.get(purse) as number | undefined) ?? 0

  return {
    charge(usd, purses) {
      const amount = nanos(usd)
      // All are looked at before one is written, so that nothing has to be undone.
      const refused = purses.find(({ key, limitUsd }) => spent(key) + amount > nanos(limitUsd)) ?? null
      if (refused === null) for (const { key } of purses) add.run(key, amount)
      return { refused }
    },
    refund(usd, purses) {
      const amount = nanos(usd)
      if (amount !== 0) for (const key of purses) add.run(key, -amount)
    },
    spent: (purse) => spent(purse) / 1e9,
  }
}

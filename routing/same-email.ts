import type { Rep } from './rep.ts'

/**
 * Another active rep with the address of this one: the owner a CRM names by e-mail could then be either. Who left may still stand beside
 * who has their address now.
 */
export function findSameEmail(rep: Rep, others: Iterable<Rep>): Rep | null {
  if (!rep.active) return null
  const email = rep.email.toLowerCase()
  for (const other of others) {
    if (other.id !== rep.id && other.active && other.email.toLowerCase() === email) return other
  }
  return null
}

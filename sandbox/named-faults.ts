import type { NamedFault, Vendor } from './vendor.ts'

/** What was asked of the sandbox does not exist; the message lists what does. */
export class SandboxError extends Error {
  override name = 'SandboxError'
}

/**
 * The fault that this vendor calls by this name.
 *
 * @throws {SandboxError} listing the names it has.
 */
export function namedFault(vendor: Vendor, name: string): NamedFault {
  const found = Object.hasOwn(vendor.faults, name) ? vendor.faults[name] : undefined
  if (found !== undefined) return found
  const names = Object.keys(vendor.faults)
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
  throw new SandboxError(`the stand-in "${vendor.name}" has no fault called "${name}"; ${known}`)
}

/** The faults of each vendor by name, with what they are. */
export function faultNames(
  vendors: Readonly<Record<string, Vendor>>,
): Record<string, Record<string, string>> {
  const described = (vendor: Vendor) =>
    Object.fromEntries(Object.entries(vendor.faults).map(([name, { about }]) => [name, about]))
  return Object.fromEntries(Object.entries(vendors).map(([name, vendor]) => [name, described(vendor)]))
}

/** Says that there is no such vendor, and which there are. */
export const unknownVendor = (name: string, vendors: Readonly<Record<string, Vendor>>): string =>
  `no stand-in is called "${name}"; there are ${Object.keys(vendors).join(', ') || 'none'}`

/**
 * The versions of HubSpot's interfaces that we ask: those of the generated classes of @hubspot/api-client 14, and with them ours. HubSpot has
 * dated addresses as well (`/crm/objects/2026-03/…`); changing over means changing the package and this file together.
 */
export const versions = ['/crm/v3/', '/crm/v4/', '/automation/v4/', '/account-info/v3/'] as const

/** The account's number, and where its pages are. */
export const accountDetails = '/account-info/v3/details'

/** Enrolling in sequences: the package has no method for it. */
export const enrolments = '/automation/v4/sequences/enrollments'

/** The numbers of the associations that lead from one type of objects to another. */
export function associationLabels(from: string, to: string): string {
  return `/crm/v4/associations/${from}/${to}/labels`
}

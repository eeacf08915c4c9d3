import { type ObjectType, objectTypes } from './account.ts'

/** HubSpot's numbers of its object types and the singular names, both of which its addresses take as well. */
const names: Record<ObjectType, readonly string[]> = {
  contacts: ['contact', '0-1'],
  companies: ['company', '0-2'],
  leads: ['lead', '0-136'],
  tasks: ['task', '0-27'],
  calls: ['call', '0-48'],
  meetings: ['meeting', '0-47'],
  emails: ['email', '0-49'],
}

/** The type an address names; null for one that the stand-in does not have. */
export function typeNamed(name: string): ObjectType | null {
  const wanted = name.toLowerCase()
  return objectTypes.find((type) => type === wanted || names[type].includes(wanted)) ?? null
}

/** HubSpot's own types of associations, by the two types of records: the unlabelled one first, then the primary one. */
const associations: Partial<Record<`${ObjectType} ${ObjectType}`, readonly number[]>> = {
  'contacts companies': [279, 1],
  'companies contacts': [280, 2],
  'leads contacts': [608, 578],
  'leads companies': [610, 580],
  'tasks contacts': [204],
  'tasks companies': [192],
  'tasks leads': [647],
}

/** The numbers of the associations that lead from one type to another. */
export function associationTypes(from: ObjectType, to: ObjectType): readonly number[] {
  return associations[`${from} ${to}`] ?? []
}

/** The type that an association of this number leads to. */
export function associatedType(from: ObjectType, typeId: number): ObjectType | null {
  return objectTypes.find((to) => associationTypes(from, to).includes(typeId)) ?? null
}

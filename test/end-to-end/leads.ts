const countries = [
  'Germany',
  'United States',
  'Japan',
  'Mexico',
  'France',
  'Canada',
  'Australia',
  'Brazil',
  null,
]
const sizes = ['12', '50-100', '250', '640', '1,500', '9000', null]
const sources = [
  'demo request',
  'pricing',
  'contact sales',
  null,
  'demo request',
  'newsletter',
  'referral',
  'job application',
]

/** Leads that take every exit and reach every pool; every fourth shares its company with the one before. */
export function someLeads(count: number): Record<string, string>[] {
  return Array.from({ length: count }, (_, index) => {
    const company = `company-${index % 4 === 3 ? index - 1 : index}.example`
    const optional = {
      country: countries[index % countries.length],
      employees: sizes[index % sizes.length],
      source: sources[index % sources.length],
    }
    const given = Object.entries(optional).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    )
    return {
      company,
      email: `person${index}@${company}`,
      lastName: `Person ${index}`,
      ...Object.fromEntries(given),
    }
  })
}

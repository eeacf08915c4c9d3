import { SalesforceError } from './errors.ts'
import { attributesOf } from './soql.ts'
import type { Org } from './state.ts'
import type { SalesforceRecord, Value } from './store.ts'
import type { WriteOptions } from './write.ts'

const matched = ['Lead', 'Contact'] as const

/** The org's duplicate rule for new leads: those with the e-mail of another lead or contact. Answers as Salesforce's own rules do. */
export function refuseDuplicates(
  { store, settings }: Org,
  values: Record<string, Value>,
  { troubles, root }: WriteOptions,
): void {
  const isOn = troubles.take('duplicates')
  if (!isOn && !settings.blockDuplicateLeads) return
  const email = typeof values.Email === 'string' ? values.Email : ''
  const found = matched.map((type) => {
    const same = email === '' ? [] : store.lookUp(type, 'Email', email)
    const [any] = type === 'Lead' && isOn ? store.all('Lead') : []
    const records = same.length === 0 && any !== undefined ? [any] : same
    return { type, records: records.filter((record) => record.IsDeleted !== true) }
  })
  if (!isOn && found.every(({ records }) => records.length === 0)) return
  const matchResults = found.flatMap(({ type, records }) =>
    records.length === 0 ? [] : [matchResult(type, records, root)],
  )
  throw new SalesforceError(400, 'DUPLICATES_DETECTED', 'Use one of these records?', [], {
    duplicateResult: {
      allowSave: true,
      duplicateRule: 'Leads_by_email',
      duplicateRuleEntityType: 'Lead',
      errorMessage: 'Use one of these records?',
      matchResults,
    },
  })
}

function matchResult(type: (typeof matched)[number], records: SalesforceRecord[], root: string) {
  return {
    entityType: type,
    errors: [],
    matchEngine: 'ExactMatchEngine',
    matchRecords: records.map((record) => ({
      additionalInformation: [],
      fieldDiffs: [],
      matchConfidence: 100,
      record: { attributes: attributesOf(type, record, root), Id: record.Id },
    })),
    rule: 'Email',
    size: records.length,
    success: true,
  }
}

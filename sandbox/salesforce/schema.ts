import { prefixes } from '../../connectors/salesforce/ids.ts'

export type FieldType = 'id' | 'text' | 'email' | 'boolean' | 'number' | 'date' | 'datetime'

export interface Field {
  type: FieldType
  /** Longest text, in characters. */
  length?: number
  required?: true
  readOnly?: true
  /** May be used in an upsert's path; unique. */
  externalId?: true
  /** Looked up by equality without a scan. */
  indexed?: true
  /** Types the id may point to, and the name of the relation in SOQL. */
  points?: { to: readonly TypeName[]; relation: string }
  default?: string | boolean | number
}

export interface RecordSchema {
  prefix: string
  fields: Record<string, Field>
  /** Child relations in SOQL subqueries: name to the child's type and its pointing field. */
  children: Record<string, { type: TypeName; field: string }>
  /** Types the REST API only reads. */
  readOnly?: true
}

export const typeNames = [
  'User',
  'Group',
  'Account',
  'Contact',
  'Lead',
  'Opportunity',
  'Task',
  'Event',
  'ActionCadence',
  'ActionCadenceTracker',
] as const
export type TypeName = (typeof typeNames)[number]

const system = {
  Id: { type: 'id', readOnly: true, indexed: true },
  CreatedDate: { type: 'datetime', readOnly: true },
  LastModifiedDate: { type: 'datetime', readOnly: true },
  SystemModstamp: { type: 'datetime', readOnly: true },
  IsDeleted: { type: 'boolean', readOnly: true, default: false },
} as const satisfies Record<string, Field>

const ownedByAnyone: Field = { type: 'id', points: { to: ['User', 'Group'], relation: 'Owner' } }
const ownedByUser: Field = { type: 'id', points: { to: ['User'], relation: 'Owner' } }
const inAccount: Field = { type: 'id', indexed: true, points: { to: ['Account'], relation: 'Account' } }
const createdBy: Field = { type: 'id', readOnly: true, points: { to: ['User'], relation: 'CreatedBy' } }
const about = {
  WhoId: { type: 'id', indexed: true, points: { to: ['Lead', 'Contact'], relation: 'Who' } },
  WhatId: { type: 'id', indexed: true, points: { to: ['Account', 'Opportunity'], relation: 'What' } },
  Subject: { type: 'text', length: 255 },
} as const satisfies Record<string, Field>
/** Fields that Rota writes beside the owner, which an org has to be given. */
const ours = {
  Rota_Reason__c: { type: 'text', length: 255 },
  Rota_Segment__c: { type: 'text', length: 255 },
  Rota_Send_Id__c: { type: 'text', length: 255 },
} as const satisfies Record<string, Field>
const optOut: Field = { type: 'boolean', default: false }
/** Of a merged record, which is deleted as well: the one that goes on. */
const masterRecord = (to: TypeName): Field => ({
  type: 'id',
  readOnly: true,
  points: { to: [to], relation: 'MasterRecord' },
})
const website: Field = { type: 'text', length: 255 }
const email: Field = { type: 'email', length: 80, indexed: true }

/** The part of Salesforce's object model that lead routing touches. Names and lengths as in its object reference. */
export const schema: Record<TypeName, RecordSchema> = {
  User: {
    prefix: prefixes.User,
    readOnly: true,
    fields: {
      ...system,
      Name: { type: 'text', required: true },
      Email: { ...email, length: 128 },
      IsActive: { type: 'boolean', default: true },
      UserType: { type: 'text', default: 'Standard' },
    },
    children: {},
  },
  Group: {
    prefix: prefixes.Group,
    readOnly: true,
    fields: { ...system, Name: { type: 'text', required: true }, Type: { type: 'text', default: 'Queue' } },
    children: {},
  },
  Account: {
    prefix: prefixes.Account,
    fields: {
      ...system,
      Name: { type: 'text', length: 255, required: true },
      Website: website,
      Type: { type: 'text', length: 255 },
      Industry: { type: 'text', length: 255 },
      BillingCountry: { type: 'text', length: 80 },
      NumberOfEmployees: { type: 'number' },
      LastActivityDate: { type: 'date', readOnly: true },
      /** A field of the org's own, as orgs keep further domains. */
      Domain_Aliases__c: { type: 'text', length: 255 },
      ParentId: { type: 'id', indexed: true, points: { to: ['Account'], relation: 'Parent' } },
      MasterRecordId: masterRecord('Account'),
      ...ours,
      OwnerId: ownedByUser,
    },
    children: {
      Contacts: { type: 'Contact', field: 'AccountId' },
      Opportunities: { type: 'Opportunity', field: 'AccountId' },
    },
  },
  Contact: {
    prefix: prefixes.Contact,
    fields: {
      ...system,
      FirstName: { type: 'text', length: 40 },
      LastName: { type: 'text', length: 80, required: true },
      Email: email,
      HasOptedOutOfEmail: optOut,
      AccountId: inAccount,
      LastActivityDate: { type: 'date', readOnly: true },
      MasterRecordId: masterRecord('Contact'),
      ...ours,
      OwnerId: ownedByUser,
    },
    children: {},
  },
  Lead: {
    prefix: prefixes.Lead,
    fields: {
      ...system,
      FirstName: { type: 'text', length: 40 },
      LastName: { type: 'text', length: 80, required: true },
      Company: { type: 'text', length: 255, required: true },
      Email: email,
      HasOptedOutOfEmail: optOut,
      Website: website,
      Country: { type: 'text', length: 80 },
      Industry: { type: 'text', length: 255 },
      NumberOfEmployees: { type: 'number' },
      Description: { type: 'text', length: 32_000 },
      Status: { type: 'text', length: 255, default: 'Open - Not Contacted' },
      LeadSource: { type: 'text', length: 255 },
      LastActivityDate: { type: 'date', readOnly: true },
      MasterRecordId: masterRecord('Lead'),
      IsConverted: { type: 'boolean', readOnly: true, default: false },
      ConvertedContactId: {
        type: 'id',
        readOnly: true,
        points: { to: ['Contact'], relation: 'ConvertedContact' },
      },
      ConvertedAccountId: {
        type: 'id',
        readOnly: true,
        points: { to: ['Account'], relation: 'ConvertedAccount' },
      },
      Rota_Row_Id__c: { type: 'text', length: 255, externalId: true, indexed: true },
      ...ours,
      OwnerId: ownedByAnyone,
    },
    children: {},
  },
  Opportunity: {
    prefix: prefixes.Opportunity,
    fields: {
      ...system,
      Name: { type: 'text', length: 120, required: true },
      StageName: { type: 'text', length: 255, required: true },
      Amount: { type: 'number' },
      CloseDate: { type: 'date' },
      IsClosed: { type: 'boolean', readOnly: true, default: false },
      IsWon: { type: 'boolean', readOnly: true, default: false },
      ...ours,
      AccountId: inAccount,
      LastActivityDate: { type: 'date', readOnly: true },
      OwnerId: ownedByUser,
    },
    children: {},
  },
  Task: {
    prefix: '00T',
    fields: {
      ...system,
      ...about,
      Status: { type: 'text', length: 255, default: 'Not Started' },
      IsClosed: { type: 'boolean', readOnly: true, default: false },
      Type: { type: 'text', length: 255 },
      TaskSubtype: { type: 'text', length: 40, default: 'Task' },
      Description: { type: 'text', length: 32_000 },
      ActivityDate: { type: 'date' },
      CompletedDateTime: { type: 'datetime', readOnly: true },
      CreatedById: createdBy,
      ActionCadenceStepTrackerId: { type: 'text', readOnly: true },
      OwnerId: ownedByAnyone,
    },
    children: {},
  },
  Event: {
    prefix: '00U',
    fields: {
      ...system,
      ...about,
      StartDateTime: { type: 'datetime', required: true },
      EndDateTime: { type: 'datetime' },
      CreatedById: createdBy,
      OwnerId: ownedByUser,
    },
    children: {},
  },
  ActionCadence: {
    prefix: '77A',
    readOnly: true,
    fields: {
      ...system,
      Name: { type: 'text', required: true, indexed: true },
      State: { type: 'text', default: 'Active' },
    },
    children: {},
  },
  ActionCadenceTracker: {
    prefix: '77B',
    readOnly: true,
    fields: {
      ...system,
      ActionCadenceId: {
        type: 'id',
        required: true,
        points: { to: ['ActionCadence'], relation: 'ActionCadence' },
      },
      TargetId: {
        type: 'id',
        required: true,
        indexed: true,
        points: { to: ['Lead', 'Contact'], relation: 'Target' },
      },
      OwnerId: ownedByAnyone,
      State: { type: 'text', default: 'Running' },
      IsTrackerActive: { type: 'boolean', default: true },
    },
    children: {},
  },
}

/** Salesforce ignores case in names of types and fields. */
export function findType(name: string): TypeName | null {
  const wanted = name.toLowerCase()
  return typeNames.find((type) => type.toLowerCase() === wanted) ?? null
}

const canonicalNames = new Map<TypeName, Map<string, string>>(
  typeNames.map((type) => [
    type,
    new Map(Object.keys(schema[type].fields).map((name) => [name.toLowerCase(), name])),
  ]),
)

/** The field's name as the schema writes it, and the field; null when the type has none of that name. */
export function findField(type: TypeName, name: string): { name: string; field: Field } | null {
  const canonical = canonicalNames.get(type)?.get(name.toLowerCase())
  const field = canonical === undefined ? undefined : schema[type].fields[canonical]
  return canonical === undefined || field === undefined ? null : { name: canonical, field }
}

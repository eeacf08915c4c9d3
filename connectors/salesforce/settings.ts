import type { Budget } from '../../columns/budget.ts'

/** What to do when the org's duplicate rules stop a new lead: fail and name the records, save it nevertheless, or take the first of them. */
export type DuplicatePolicy = 'refuse' | 'allow' | 'existing'

interface OrgSettings {
  /** The org's My Domain address, e.g. `https://acme.my.salesforce.com`; the client-credentials flow works nowhere else. */
  loginUrl: string
  clientId: string
  /** API name of a text field of Account that holds further domains of the company, e.g. `Domain_Aliases__c`; there is no standard one. */
  aliasField?: string
  /** `refuse` unless told otherwise. */
  duplicates?: DuplicatePolicy
  /** An org answers 25 calls that take longer than 20 s at a time, a developer edition 5. */
  limits?: Partial<Omit<Budget, 'key'>>
}

/** The client-credentials flow of an external client app, in which its run-as user acts. */
export interface ClientCredentials {
  clientSecret: string
}

/** The JWT bearer flow: the app trusts a certificate, whose private key signs for the user. */
export interface JwtBearer {
  username: string
  /** In PEM. */
  privateKey: string
  /** `https://login.salesforce.com`, or `https://test.salesforce.com` for a sandbox, unless told otherwise. */
  audience?: string
}

/** How to reach an org, and as whom. */
export type SalesforceSettings = OrgSettings & (ClientCredentials | JwtBearer)

/** The limits of one org for one client: what other columns and tables do with it counts as well. */
export function budgetOf({ loginUrl, clientId, limits }: SalesforceSettings): Budget {
  const host = URL.parse(loginUrl)?.host ?? loginUrl
  // The client's id is no secret, but nobody needs it in full to tell two apart.
  const client = clientId.length > 12 ? clientId.slice(-8) : clientId
  return { concurrency: 20, ...limits, key: `salesforce:${host}:${client}` }
}

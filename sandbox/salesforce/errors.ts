/** An error as Salesforce answers it: a status and one element of the array in the body. */
export class SalesforceError extends Error {
  readonly status: number
  readonly code: string
  readonly fields: string[]
  /** Further members of the element. */
  readonly more: Record<string, unknown>

  constructor(
    status: number,
    code: string,
    message: string,
    fields: string[] = [],
    more: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'SalesforceError'
    this.status = status
    this.code = code
    this.fields = fields
    this.more = more
  }
}

/** The body of an answer about one record. */
export function errorBody(error: SalesforceError) {
  return [
    {
      message: error.message,
      errorCode: error.code,
      ...(error.fields.length > 0 && { fields: error.fields }),
      ...error.more,
    },
  ]
}

/** The element of a collection's answer, where the key is `statusCode`. */
export function collectionError(error: SalesforceError) {
  return { statusCode: error.code, message: error.message, fields: error.fields, ...error.more }
}

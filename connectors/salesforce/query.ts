import { z } from 'zod'
import { CallFailure } from '../../columns/errors.ts'
import type { RunningCall } from '../call.ts'
import type { Session } from './session.ts'

/** A search that reaches this many records is a wrong search, not a long one. */
const maxRecords = 10_000

/** Runs a query to its last page; with `deleted` records that were deleted or merged into others are found too. */
export async function query<Found>(
  session: Session,
  soql: string,
  options: { record: z.ZodType<Found>; call: RunningCall; deleted?: boolean },
): Promise<Found[]> {
  const Page = z.object({
    done: z.boolean(),
    records: z.array(options.record),
    nextRecordsUrl: z.string().startsWith('/services/data/').nullish(),
  })
  const found: Found[] = []
  let path: string | null =
    `/${options.deleted === true ? 'queryAll' : 'query'}?q=${encodeURIComponent(soql)}`
  while (path !== null) {
    const page: z.output<typeof Page> = await session.request(
      { method: 'GET', path, answer: Page, write: false },
      options.call,
    )
    found.push(...page.records)
    path = page.done ? null : (page.nextRecordsUrl ?? null)
    if (path !== null && found.length >= maxRecords) {
      throw new CallFailure(
        'invalid-request',
        `salesforce: a query matches more than ${maxRecords} records: ${soql}`,
        {
          retryable: false,
        },
      )
    }
    if (!page.done && path === null) {
      throw new CallFailure(
        'invalid-output',
        'salesforce: a page of a query says there is more, but not where',
        {
          retryable: true,
        },
      )
    }
  }
  return found
}

import type { FoundAccount } from '../../columns/find-account.ts'
import type { CrmRecord } from '../../columns/ports.ts'
import type { Rule } from '../../routing/ladder.ts'
import type { Segmentation } from '../../routing/segment/segmentation.ts'
import { namedAccounts, type pools } from './team.ts'
import { territory } from './territory.ts'

interface Lead {
  readonly segment: Segmentation
  readonly account: FoundAccount | null
  readonly domain: string | null
  readonly record: CrmRecord | null
}

/** Whose lead it is: the first rule that answers decides. Relationships come before anything is distributed. */
export const ownership = (vendor: string): readonly Rule<Lead, (typeof pools)[number]['name']>[] => [
  { name: 'named account', decide: ({ domain }, by) => by.named(namedAccounts, domain) },
  {
    name: 'which account',
    decide({ account }, by) {
      const review = account?.match.review ?? null
      return review === null
        ? by.no('no choice between accounts is left to a person')
        : by.review(review.reason, { candidates: review.candidates, dwellHours: 4 })
    },
  },
  {
    name: 'existing account owner',
    decide: ({ account }, by) => by.owner(account, vendor, { onLeave: { keepWhenBackWithinHours: 72 } }),
  },
  { name: 'owner of the lead', decide: ({ record }, by) => by.keep(record, vendor) },
  { name: 'territory', decide: ({ segment }, by) => by.territory(territory, segment) },
]

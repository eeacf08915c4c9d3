import { normalizeId } from '../../connectors/salesforce/ids.ts'
import { type Org, toDateTime } from './state.ts'
import type { Written } from './write.ts'

/**
 * A rule of the org that takes written leads to another owner some time later, as a flow or an Apex job does. Nothing runs in
 * the background: what is due is applied before the next look at the org, which the outside cannot tell apart.
 */
export interface LateRule {
  written(write: Written, now: number): void
  /** Applies what is due by now. */
  apply(now: number): void
  clear(): void
}

export function createLateRule(org: () => Org): LateRule {
  let waiting: { dueAt: number; id: string }[] = []
  return {
    written({ type, record }, now) {
      const rule = org().settings.overwriteOwner
      if (rule !== null && type === 'Lead') waiting.push({ dueAt: now + rule.afterMs, id: record.Id })
    },
    apply(now) {
      const { store, settings } = org()
      for (const { dueAt, id } of waiting) {
        const lead = store.get('Lead', id)
        if (dueAt > now || lead === null || settings.overwriteOwner === null) continue
        const changedAt = toDateTime(dueAt)
        const OwnerId = normalizeId(settings.overwriteOwner.with)
        store.put('Lead', { ...lead, OwnerId, LastModifiedDate: changedAt, SystemModstamp: changedAt })
      }
      waiting = waiting.filter(({ dueAt }) => dueAt > now)
    },
    clear() {
      waiting = []
    },
  }
}

import { normalizeId } from '../../connectors/salesforce/ids.ts'
import { type Org, toDateTime } from './state.ts'
import type { Troubles } from './troubles.ts'
import type { Written } from './write.ts'

/** How long after a write the flow of the fault `owner-overwritten` runs, in milliseconds. */
const flowMs = 200

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

export function createLateRule(org: () => Org, troubles: Troubles): LateRule {
  let waiting: { dueAt: number; id: string; owner: string }[] = []
  return {
    written({ type, record }, now) {
      const { settings, store } = org()
      if (type !== 'Lead') return
      const rule = settings.overwriteOwner
      if (rule !== null) waiting.push({ dueAt: now + rule.afterMs, id: record.Id, owner: rule.with })
      const [queue] = store.all('Group')
      if (queue !== undefined && troubles.take('owner-overwritten'))
        waiting.push({ dueAt: now + flowMs, id: record.Id, owner: queue.Id })
    },
    apply(now) {
      const { store } = org()
      for (const { dueAt, id, owner } of waiting) {
        const lead = store.get('Lead', id)
        if (dueAt > now || lead === null) continue
        const changedAt = toDateTime(dueAt)
        const OwnerId = normalizeId(owner)
        store.put('Lead', { ...lead, OwnerId, LastModifiedDate: changedAt, SystemModstamp: changedAt })
      }
      waiting = waiting.filter(({ dueAt }) => dueAt > now)
    },
    clear() {
      waiting = []
    },
  }
}

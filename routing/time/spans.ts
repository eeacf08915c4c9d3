/** A stretch of time in epoch ms, the end excluded. */
export interface Span {
  from: number
  until: number
}

/** The same time as sorted spans that neither overlap nor touch; empty ones fall away. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const { from, until } of [...spans].sort((a, b) => a.from - b.from)) {
    if (from >= until) continue
    const last = merged.at(-1)
    if (last !== undefined && from <= last.until) last.until = Math.max(last.until, until)
    else merged.push({ from, until })
  }
  return merged
}

/** What both have in common, empty as `from === until`. */
export function clip(span: Span, within: Span): Span {
  const from = Math.max(span.from, within.from)
  return { from, until: Math.max(from, Math.min(span.until, within.until)) }
}

/** Index of the first span that ends after `at`, in merged spans; their number when there is none. */
export function indexAfter(spans: readonly Span[], at: number): number {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((spans[middle]?.until ?? Number.POSITIVE_INFINITY) > at) high = middle
    else low = middle + 1
  }
  return low
}

/** The span that holds the moment, in merged spans. */
export function spanAt<Each extends Span>(spans: readonly Each[], at: number): Each | null {
  const span = spans[indexAfter(spans, at)]
  return span !== undefined && span.from <= at ? span : null
}

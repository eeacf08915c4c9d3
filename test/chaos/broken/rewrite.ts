import { type LoadHookSync, registerHooks } from 'node:module'

/** A piece of the product's source and what stands in its place. */
export type Change = readonly [from: string, to: string]

/**
 * Rewrites modules of the product as this process loads them: a broken build lives here alone, never in the product. A piece that is not
 * found ends the process: a switch that breaks nothing proves nothing.
 */
export function rewrite(changes: Readonly<Record<string, readonly Change[]>>): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const path = Object.keys(changes).find((each) => url.endsWith(`/${each}`))
      if (path === undefined) return loaded
      let source = textOf(loaded.source)
      for (const [from, to] of changes[path] ?? []) {
        if (source.split(from).length !== 2) {
          console.error(`the broken build does not fit ${path} any more: "${from}" is not there once`)
          process.exit(97)
        }
        source = source.replace(from, () => to)
      }
      return { ...loaded, source }
    },
  })
}

function textOf(source: ReturnType<LoadHookSync>['source']): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source ?? new Uint8Array())
}

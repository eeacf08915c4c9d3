import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { App } from './parts.ts'

const folder = join(import.meta.dirname, 'page')
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The page at `/` and its files under `/page/`, read once at start: what is not in the folder cannot be asked for. */
export function pageFiles(app: App): void {
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const content = readFileSync(join(folder, name), 'utf8')
    const headers = {
      'content-type': type,
      'cache-control': 'no-cache',
      etag: `"${hash('sha256', content).slice(0, 16)}"`,
    }
    app.get(name === 'index.html' ? '/' : `/page/${name}`, (c) =>
      c.req.header('if-none-match') === headers.etag
        ? c.body(null, 304, headers)
        : c.body(content, 200, headers),
    )
  }
}

import type { Hono } from 'hono'
import { html } from 'hono/html'
import type { SandboxEnv } from '../vendor.ts'
import { findType } from './schema.ts'
import type { Org } from './state.ts'

/** The page that a record's link leads to; it needs no login, as there is nothing to protect. */
export function addRecordPage(app: Hono<SandboxEnv>, org: () => Org): void {
  app.get('/lightning/r/:type/:id/view', (c) => {
    const type = findType(c.req.param('type'))
    const { store } = org()
    const record = type === null ? null : store.get(type, c.req.param('id'))
    if (type === null || record === null) return c.html(html`<p>Sandbox: there is no such record.</p>`, 404)
    const owner = typeof record.OwnerId === 'string' ? record.OwnerId : ''
    const ownerName = (store.get('User', owner) ?? store.get('Group', owner))?.Name
    const rows = Object.entries(record).filter(([, value]) => value !== null)
    return c.html(html`<!doctype html>
      <html lang="en">
        <head><meta charset="utf-8"><title>${type} ${record.Id} (sandbox)</title></head>
        <body>
          <p>Sandbox: a local stand-in for Salesforce.</p>
          <h1>${type} ${record.Id}</h1>
          <p>Owner: ${ownerName ?? 'none'}</p>
          <table>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${String(value)}</td></tr>`)}</table>
        </body>
      </html>`)
  })
}

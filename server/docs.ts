import { html } from 'hono/html'
import { type ErrorCode, errorCodes } from '../columns/errors.ts'
import type { OpenApiDocument } from './openapi.ts'
import { titleOf } from './problem.ts'

type Operation = NonNullable<NonNullable<OpenApiDocument['paths']>[string]['get']>

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

/** The docs page: plain HTML made from the OpenAPI document. Needs no script and asks nobody. */
export function docsPage(document: OpenApiDocument) {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      return operation === undefined ? [] : [{ method: method.toUpperCase(), path, operation }]
    }),
  )
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags ?? []))]
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Rota over HTTP</title>
    <link rel="stylesheet" href="/page/docs.css">
  </head>
  <body>
    <header>
      <h1>Rota over HTTP</h1>
      <p>Version ${document.info.version}. As a document for machines: <a href="/openapi.json">/openapi.json</a>. The live table: <a href="/">/</a>.</p>
      <nav aria-label="Parts">
        ${tags.map((tag) => html`<a href="#${tag}">${tag}</a> `)}<a href="#problems">problems</a>
      </nav>
    </header>
    <main>
      ${tags.map(
        (tag) => html`<section id="${tag}"><h2>${tag}</h2>
        ${operations.filter(({ operation }) => operation.tags?.includes(tag)).map(operationHtml)}</section>`,
      )}
      <section id="problems">
        <h2>problems</h2>
        <p>Every problem is <code>application/problem+json</code> and carries one of these codes. Codes are stable.</p>
        <table>
          <thead><tr><th scope="col">code</th><th scope="col">status</th><th scope="col">title</th></tr></thead>
          <tbody>
            ${Object.entries(errorCodes).map(
              ([code, status]) =>
                html`<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${titleOf(code as ErrorCode)}</td></tr>`,
            )}
          </tbody>
        </table>
      </section>
    </main>
  </body>
</html>`
}

function operationHtml({ method, path, operation }: { method: string; path: string; operation: Operation }) {
  const body = operation.requestBody
  const content = body !== undefined && 'content' in body ? Object.values(body.content) : []
  const responses: [string, unknown][] = Object.entries(operation.responses ?? {})
  return html`<article>
    <h3><span class="method">${method}</span> <code>${path}</code></h3>
    <p>${operation.summary}${operation.description === undefined ? '' : html`. ${operation.description}`}</p>
    ${parameterTable(operation)}
    ${content.map((each) => details('Body', each.schema))}
    ${responses.filter(([status]) => status !== 'default').map(([status, answer]) => answerHtml(status, answer))}
  </article>`
}

function parameterTable({ parameters = [] }: Operation) {
  const named = parameters.flatMap((each) => ('name' in each ? [each] : []))
  if (named.length === 0) return ''
  return html`<table>
    <thead><tr><th scope="col">parameter</th><th scope="col">in</th><th scope="col">shape</th><th scope="col">meaning</th></tr></thead>
    <tbody>
      ${named.map(
        (each) =>
          html`<tr><td><code>${each.name}</code></td><td>${each.in}</td><td><code>${JSON.stringify(each.schema)}</code></td><td>${each.description}</td></tr>`,
      )}
    </tbody>
  </table>`
}

function answerHtml(status: string, answer: unknown) {
  const { description, content } = answerParts(answer)
  return content.map((schema) => details(`${status}: ${description}`, schema))
}

function answerParts(answer: unknown): { description: string; content: unknown[] } {
  if (typeof answer !== 'object' || answer === null || !('description' in answer))
    return { description: '', content: [] }
  const content = 'content' in answer && typeof answer.content === 'object' ? (answer.content ?? {}) : {}
  return {
    description: String(answer.description),
    content: Object.values(content).map((each: { schema?: unknown }) => each.schema),
  }
}

const details = (title: string, schema: unknown) =>
  html`<details><summary>${title}</summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`

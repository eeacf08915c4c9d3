import type { RunningApp } from '../support/start-app.ts'

export interface Answer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely; the contract test checks their shapes
  body: any
}

/** Asks a running app over HTTP and reads the whole answer. Objects are sent as JSON. */
export async function ask(
  app: RunningApp,
  path: string,
  init: RequestInit & { json?: unknown } = {},
): Promise<Answer> {
  const { json, ...rest } = init
  const headers = new Headers(rest.headers)
  if (json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
  const response = await fetch(new URL(path, app.url), {
    ...rest,
    headers,
    ...(json !== undefined && { body: JSON.stringify(json) }),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : null,
  }
}

export const post = (app: RunningApp, path: string, json: unknown, headers: Record<string, string> = {}) =>
  ask(app, path, { method: 'POST', json, headers })

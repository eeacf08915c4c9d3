import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTable } from '../../columns/table.ts'
import { startServer } from '../../server/serve.ts'
import { hasBrowser, launchBrowser } from '../support/browser.ts'
import { type RunningApp, startApp } from '../support/start-app.ts'
import { temporaryFolder } from '../support/temp.ts'
import { question, startVendor } from '../support/vendor.ts'
import { ask, post } from './http.ts'
import { call, calls } from './service-level-table.ts'

const apiKey = 'a-key-of-this-test'
const rows = '/v1/tables/leads/rows'
let browser: Browser
let shots: Awaited<ReturnType<typeof temporaryFolder>>
let app: RunningApp

describe.skipIf(!hasBrowser)('the live page', () => {
  beforeAll(async () => {
    browser = await launchBrowser()
    shots = await temporaryFolder()
  })
  afterAll(async () => {
    await browser.close()
    await shots.remove()
  })
  afterEach(() => app.close())

  /** Opens the page and gathers whatever a page should not do. */
  async function visit(url = app.url): Promise<{ page: Page; wrong: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(error.message))
    page.on('dialog', (dialog) => {
      wrong.push(`dialog ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('console', (message) => {
      if (message.type() === 'error' && !/401|ERR_/.test(message.text())) wrong.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) wrong.push(`asked ${request.url()}`)
    })
    await page.goto(url)
    return { page, wrong }
  }

  test('rows appear by themselves, what a lead wrote stays text, and a cell says why', async () => {
    app = await startApp({ sandbox: { url: 'http://127.0.0.1:4401' } })
    const { page, wrong } = await visit()
    await page.getByText('No rows yet').waitFor()
    expect(await page.locator('#curl').textContent()).toContain(`${app.url}${rows}`)
    await page.getByText('Sandbox: every vendor is a stand-in').waitFor()

    const nasty = '<img src=x onerror="alert(1)">'
    await post(app, rows, {
      rows: [
        { company: nasty, email: 'eve@evil.example', country: nasty, employees: 50 },
        { company: 'Small', email: 'small@small.example', employees: 3 },
        { company: 'Broken', email: 'x@invalid.example', employees: 50 },
      ],
    })
    await page.getByRole('rowheader', { name: nasty }).waitFor()
    expect(await page.locator('tbody tr th').allTextContents()).toEqual(['Broken', 'Small', nasty])
    expect(await page.locator('tbody img, aside img').count()).toBe(0)
    await page.getByRole('button', { name: 'owner: Skipped' }).waitFor()
    await page.getByRole('button', { name: 'domain: Error: invalid-request' }).waitFor()
    await page.getByText('3 rows').waitFor()

    await page
      .locator('tr', { hasText: nasty })
      .getByRole('button', { name: /^owner:/ })
      .click()
    const details = page.locator('#details')
    await details.getByText('Why', { exact: true }).waitFor()
    expect(await details.locator('p.told').textContent()).toMatch(/got this lead by turn/)
    expect(await details.textContent()).toMatch(/rotation of pool emea.* is next/)
    expect(await details.textContent()).toContain('is not active')
    expect(await details.textContent()).toContain(nasty)
    expect(await page.locator('#pools').textContent()).toContain('Ana Ruiz')
    const team = page.locator('#reps')
    await team.getByText('Ben Okafor').waitFor()
    expect(await team.getByRole('listitem').filter({ hasText: 'Ben Okafor' }).textContent()).toContain(
      'is not active',
    )
    expect(await team.getByRole('listitem').filter({ hasText: 'Ana Ruiz' }).textContent()).toContain(
      'can be drawn',
    )
    await page.screenshot({ path: join(process.env.ROTA_TEST_SHOTS ?? shots.path, 'live-page.png') })

    await page.keyboard.press('Escape')
    await details.waitFor({ state: 'hidden' })
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    await details.getByText('exit → route').waitFor()
    expect(wrong).toEqual([])
    await page.close()
  })

  test('a vendor that is away shows above the rows, and goes when it answers again', async () => {
    let isAway = true
    const { url } = await startVendor(() => (isAway ? { status: 503 } : null))
    const table = defineTable('leads', { input: z.object({ n: z.number() }) }).column(
      'asked',
      question({ url, account: { key: 'firms:acme', concurrency: 2 } }),
    )
    app = await startApp({ tables: [table] })
    const { page, wrong } = await visit()
    await post(app, `${rows}?wait=done`, { n: 1 })
    const line = page.locator('#credentials')
    await line.getByText(/^firms:acme failing since .* \(2 failures, last: .*503\)$/).waitFor()
    isAway = false
    await post(app, `${rows}?wait=done`, { n: 2 })
    await line.waitFor({ state: 'hidden' })
    expect(wrong).toEqual([])
    await page.close()
  })

  test('a held row says until when, and goes on before the eyes of whoever looks', async () => {
    app = await startApp({ tables: [calls] })
    const setLeave = async (leave: object[]) => {
      for (const rep of ['ana', 'bo']) {
        const json = { ...(await ask(app, `/v1/reps/${rep}`)).body, leave }
        expect((await ask(app, `/v1/reps/${rep}`, { method: 'PUT', json })).status).toBe(200)
      }
    }
    const hourMs = 3_600_000
    const moment = (offset: number) => new Date(Date.now() + offset).toISOString()
    await setLeave([{ from: moment(-hourMs), until: moment(hourMs) }])
    const { page, wrong } = await visit()
    await post(app, '/v1/tables/calls/rows', call())
    await page.getByRole('button', { name: /^owner: Held until \S+/ }).click()
    const details = page.locator('#details')
    await details.getByText(/^held since/).waitFor()
    expect(await details.locator('p.told').textContent()).toMatch(/it is held/)
    expect(await details.textContent()).toMatch(/Ana Ruiz \(on leave until/)
    expect(await page.locator('#reps').textContent()).toMatch(/Bo Chen.*on leave until/)
    await page.screenshot({ path: join(process.env.ROTA_TEST_SHOTS ?? shots.path, 'held.png') })
    await setLeave([])
    await page.getByRole('button', { name: /^owner: (Ana Ruiz|Bo Chen)/ }).waitFor()
    const [row] = (await ask(app, '/v1/tables/calls/rows')).body.rows
    await ask(app, `${row.url}/owner`, { method: 'PUT', json: { rep: 'last', reason: 'knows the buyer' } })
    await page.getByRole('button', { name: 'owner: Last Resort ⚑ by hand' }).waitFor()
    await details.getByText(/^Decided by local, .*: knows the buyer/).waitFor()
    expect(wrong).toEqual([])
    await page.close()
  })

  test('a server that asks for a key is opened with it, and stays live', async () => {
    app = await startApp({ apiKey })
    const { page, wrong } = await visit()
    await page.getByText('This server asks for a key').waitFor()
    await page.getByLabel('Key').fill('wrong')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByLabel('Key').fill(apiKey)
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('● Live').waitFor()
    await post(
      app,
      rows,
      { company: 'Acme', email: 'ana@acme.example' },
      { authorization: `Bearer ${apiKey}` },
    )
    await page.getByRole('rowheader', { name: 'Acme' }).waitFor()
    expect(
      await page.evaluate('JSON.stringify([localStorage, document.cookie, location.href])'),
    ).not.toContain(apiKey)
    expect(wrong).toEqual([])
    await page.close()
  })

  test('after the connection broke the page comes back by itself, with the last id it saw', async () => {
    app = await startApp()
    const settings = { host: '127.0.0.1', apiKey: null }
    const first = await startServer(app.app, { ...settings, port: 0 })
    const { page, wrong } = await visit(first.url)
    await page.getByText('● Live').waitFor()
    await first.close(100)
    await page.getByText('○ Connecting…').waitFor()
    await post(app, rows, { company: 'Meanwhile', email: 'ana@acme.example' })
    const resumed = page.waitForRequest((request) => request.url().endsWith('/events'))
    const again = await startServer(app.app, { ...settings, port: Number(new URL(first.url).port) })
    expect((await resumed).headers()['last-event-id']).toMatch(/^\d+$/)
    await page.getByRole('rowheader', { name: 'Meanwhile' }).waitFor()
    expect(wrong).toEqual([])
    await page.close()
    await again.close(100)
  })

  test('search and status narrow the rows, older rows come when asked for', async () => {
    app = await startApp()
    const many = Array.from({ length: 150 }, (_, index) => ({
      company: `Company ${index}`,
      email: `p@c${index}.example`,
      employees: index,
    }))
    await post(app, `${rows}?wait=done`, { rows: many })
    const { page, wrong } = await visit()
    await page.getByRole('button', { name: 'Older rows' }).click()
    await expect.poll(() => page.locator('tbody tr').count()).toBe(150)
    await page.getByPlaceholder('Search').fill('company 77')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
    await page.getByPlaceholder('Search').fill('')
    await page.locator('#status').selectOption('skipped')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(10)
    await page.getByPlaceholder('Search').fill('nothing like it')
    await page.getByText('No row fits this search.').waitFor()
    expect(wrong).toEqual([])
    await page.close()
  })
})

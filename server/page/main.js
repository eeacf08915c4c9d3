import { keyHeader, read } from './api.js'
import { showCredentials } from './credentials.js'
import { showDetails } from './details.js'
import { byId, eased, make } from './dom.js'
import { createGrid } from './grid.js'
import { statuses } from './pills.js'
import { showPools, showReps } from './reps.js'
import { follow } from './stream.js'

const pageSize = 100
const state = { table: null, rows: [], next: null, opened: null, leave: () => {} }
const grid = createGrid((row, column) => open(row, column))

/** Runs work that may fail and says so on the page. */
async function attempt(work) {
  try {
    const answer = await work()
    byId('trouble').hidden = true
    return answer
  } catch (error) {
    byId('trouble').textContent = error.message
    byId('trouble').hidden = false
  }
}

function rowsPath(more = {}) {
  const status = byId('status').value
  const search = byId('search').value.trim()
  const query = {
    sort: 'newest',
    ...(status && { filter: `status:${status}` }),
    ...(search && { q: search }),
    ...more,
  }
  return `${state.table.url}/rows?${new URLSearchParams(query)}`
}

function draw() {
  grid.draw(state.rows)
  const isEmpty = state.rows.length === 0
  const isAsked = byId('status').value !== '' || byId('search').value !== ''
  byId('empty').hidden = !isEmpty || isAsked
  byId('nothing').hidden = !isEmpty || !isAsked
  byId('older').hidden = state.next === null
  markOpened()
}

/** Reads the rows on show anew. At most 1,000: further down the page shows what it read when it was scrolled there. */
async function reload() {
  const { table } = state
  const limit = Math.min(1_000, Math.max(pageSize, state.rows.length))
  const page = await attempt(() => read(rowsPath({ limit })))
  if (page === undefined || state.table !== table) return
  const isLonger = state.rows.length > limit
  state.rows = isLonger ? [...page.rows, ...state.rows.slice(limit)] : page.rows
  if (!isLonger) state.next = page.next
  draw()
}

async function older() {
  const page = await attempt(() => read(rowsPath({ limit: pageSize, after: state.next })))
  if (page === undefined) return
  state.rows = [...state.rows, ...page.rows]
  state.next = page.next
  draw()
}

/** Counts, pools and the open panel follow the rows more slowly. */
async function refreshAround() {
  const { table, opened } = state
  await attempt(async () => {
    const [{ rows, counts }, { pools }, { reps }] = await Promise.all([
      read(table.url),
      read('/v1/pools'),
      read('/v1/reps'),
    ])
    if (state.table !== table) return
    byId('count').textContent = `${rows.toLocaleString()} ${rows === 1 ? 'row' : 'rows'}`
    const words = Object.entries(counts).map(
      ([status, count]) => `${statuses[status]?.[1] ?? status} ${count.toLocaleString()}`,
    )
    byId('counts').textContent = words.join('   ')
    showPools(pools)
    showReps(reps)
    if (opened !== null) await refreshDetails()
  })
}

/** By the clock, as no row need change while a vendor is away. A server that cannot be read has said so elsewhere. */
async function followCredentials() {
  await read('/v1/credentials').then(
    ({ credentials }) => showCredentials(credentials),
    () => {},
  )
  setTimeout(followCredentials, 3_000)
}

const reloadSoon = eased(reload, 250)
const refreshAroundSoon = eased(refreshAround, 1_000)

async function refreshDetails() {
  const row = state.rows.find(({ id }) => id === state.opened?.row)
  if (row !== undefined) await showDetails(row, state.opened.column, close)
}

async function open(row, column) {
  state.opened = { row, column }
  markOpened()
  await attempt(refreshDetails)
  byId('details').focus({ preventScroll: true })
  byId('details').parentElement.scrollTop = 0
}

function close() {
  const { opened } = state
  state.opened = null
  byId('details').hidden = true
  markOpened()
  if (opened !== null) grid.button(opened.row, opened.column)?.focus()
}

function markOpened() {
  for (const each of document.querySelectorAll('.open[aria-expanded]')) each.removeAttribute('aria-expanded')
  if (state.opened !== null)
    grid.button(state.opened.row, state.opened.column)?.setAttribute('aria-expanded', 'true')
}

function choose(table) {
  state.leave()
  Object.assign(state, { table, rows: [], next: null, opened: null })
  byId('details').hidden = true
  byId('version').textContent = `definition ${table.definition}`
  byId('curl').textContent = curlFor(table)
  grid.show(table)
  refreshAround()
  state.leave = follow(`${table.url}/events`, {
    onEvent() {
      reloadSoon()
      refreshAroundSoon()
    },
    onState(isLive) {
      byId('live').textContent = isLive ? '● Live' : '○ Connecting…'
      byId('live').className = isLive ? 'good' : ''
    },
  })
}

/** A line that works as it stands, with an example for every required field. */
function curlFor({ url, input: { properties = {}, required = [] } }) {
  const examples = {
    email: 'ana@example.com',
    uri: 'https://example.com',
    'date-time': new Date().toISOString(),
  }
  const example = ({ type, format, enum: choices }, name) =>
    choices?.[0] ?? examples[format] ?? { number: 1, integer: 1, boolean: true }[type] ?? `Example ${name}`
  const body = Object.fromEntries(required.map((name) => [name, example(properties[name] ?? {}, name)]))
  const key = 'authorization' in keyHeader() ? ` \\\n  -H "Authorization: Bearer $ROTA_API_KEY"` : ''
  return `curl ${location.origin}${url}/rows \\\n  -H 'Content-Type: application/json'${key} \\\n  -d '${JSON.stringify(body)}'`
}

async function start() {
  const answer = await attempt(() => read('/v1/tables'))
  if (answer === undefined) return void setTimeout(start, 2_000)
  const { tables, sandbox } = answer
  if (sandbox !== null) {
    byId('sandbox').textContent =
      `Sandbox: every vendor is a stand-in at ${sandbox.url}. Nothing leaves this machine.`
    byId('sandbox').hidden = false
  }
  byId('tables').replaceChildren(...tables.map(({ name }) => make('option', { value: name }, name)))
  byId('status').replaceChildren(
    make('option', { value: '' }, 'Status: any'),
    ...Object.entries(statuses).map(([status, [glyph, word]]) =>
      make('option', { value: status }, `${glyph} ${word}`),
    ),
  )
  const chosen = () => tables.find(({ name }) => name === byId('tables').value)
  byId('tables').addEventListener('change', () => choose(chosen()))
  for (const id of ['status', 'search']) byId(id).addEventListener('input', reloadSoon)
  byId('older').addEventListener('click', older)
  byId('copy').addEventListener('click', () => navigator.clipboard.writeText(byId('curl').textContent))
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && state.opened !== null) close()
  })
  if (tables.length > 0) choose(chosen())
  followCredentials()
}

start()

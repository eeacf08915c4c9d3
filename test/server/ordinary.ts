/** What the ordinary requests are about. */
export interface World {
  /** Rows of the two tables that are there. */
  deals: readonly string[]
  calls: readonly string[]
  runs: readonly string[]
}

export interface Ordinary {
  path: Readonly<Record<string, string>>
  query?: Readonly<Record<string, string>>
  headers?: Readonly<Record<string, string>>
  body?: unknown
}

let serial = 0
const email = () => {
  serial += 1
  return `p${serial}@c${serial}.example`
}
const past = '2026-01-05T09:00:00Z'

export const wholeRep = {
  name: 'Zoe Zimmer',
  email: 'zoe@reps.example',
  ids: { salesforce: '005000000000001', hubspot: '77001' },
  active: true,
  role: 'ae',
  successor: 'quinn',
  manager: 'quinn',
  backup: 'omar',
  zone: 'Europe/Berlin',
  hours: {
    monday: [
      { from: '09:00', until: '12:00' },
      { from: '13:00', until: '24:00' },
    ],
    sunday: [],
  },
  holidays: { country: 'DE', state: 'BE' },
  leave: [
    { from: '2026-12-24', until: '2026-12-31', note: 'away' },
    { from: '2020-01-01T12:00:00Z', until: '2999-12-31T18:00:00+02:00' },
  ],
  caps: { perDay: 10, perWeek: 40, open: 100 },
}

export const wholePool = {
  strategy: 'weighted',
  members: [{ rep: 'nora', weight: 2 }, { rep: 'omar', weight: 0.5 }, { rep: 'zoe' }],
  whenNobody: { hold: 'until-opening', atMostHours: 72, otherwise: { person: 'quinn' } },
  catchUp: { bounded: 2 },
  leaveBuffer: { stopDaysBefore: 1, resumeDaysBefore: 1 },
  counter: null,
}

export const wholeTerritory = {
  dimensions: [
    { name: 'region', values: ['north', 'south', 'unknown'] },
    { name: 'size', values: ['small', 'large'] },
  ],
  entries: [
    { match: { region: ['north'] }, to: { pool: 'north' } },
    { match: { region: ['south'], size: ['small'] }, to: { pool: 'south' } },
    { match: { region: ['south'], size: ['large'] }, to: { person: 'quinn' }, rank: 1 },
    { match: { region: ['unknown'] }, to: { person: 'quinn' } },
  ],
}

const pick = <Item>(items: readonly Item[], at: number, none: Item): Item =>
  items[at % (items.length || 1)] ?? none

/** An ordinary request for every route, by `method path` of the OpenAPI document. */
export const ordinary: Readonly<Record<string, (world: World, at: number) => Ordinary>> = {
  'get /v1/tables': () => ({ path: {} }),
  'get /v1/tables/{table}': () => ({ path: { table: 'deals' } }),
  'post /v1/tables/{table}/rows': (_, at) => ({
    path: { table: 'deals' },
    query: at % 2 === 0 ? {} : { wait: 'owner', timeoutMs: '5000' },
    headers: { 'idempotency-key': `key-${email()}` },
    body:
      at % 3 === 0
        ? {
            rows: [
              { email: email(), region: 'north', size: 'small' },
              { email: email(), region: 'south', size: 'large', extra: 1 },
            ],
            backfill: { consumeDraws: false, notify: false, startClocks: false },
          }
        : { email: email(), region: 'north', size: 'small' },
  }),
  'get /v1/tables/{table}/rows': () => ({
    path: { table: 'deals' },
    query: { limit: '10', after: '0', filter: 'status:done,region=north', q: 'example', sort: 'newest' },
  }),
  'get /v1/tables/{table}/rows/{row}': ({ deals }, at) => ({
    path: { table: 'deals', row: pick(deals, at, '') },
  }),
  'patch /v1/tables/{table}/rows/{row}': ({ deals }, at) => ({
    path: { table: 'deals', row: pick(deals, at, '') },
    body: { size: 'large', region: 'south' },
  }),
  'delete /v1/tables/{table}/rows/{row}': ({ deals }, at) => ({
    path: { table: 'deals', row: pick(deals, at, '') },
  }),
  'get /v1/tables/{table}/rows/{row}/cells/{column}': ({ deals }, at) => ({
    path: { table: 'deals', row: pick(deals, at, ''), column: 'owner' },
  }),
  'get /v1/tables/{table}/rows/{row}/cells/{column}/why': ({ deals }, at) => ({
    path: { table: 'deals', row: pick(deals, at, ''), column: 'owner' },
    query: { notRep: 'omar' },
  }),
  'put /v1/tables/{table}/rows/{row}/owner': ({ deals }, at) => ({
    path: { table: 'deals', row: pick(deals, at, '') },
    body: { rep: 'quinn', reason: 'asked for', column: 'owner' },
  }),
  'delete /v1/tables/{table}/rows/{row}/owner': ({ deals }, at) => ({
    path: { table: 'deals', row: pick(deals, at, '') },
    query: { column: 'owner' },
  }),
  'post /v1/tables/{table}/rows/{row}/touches': ({ calls }, at) => ({
    path: { table: 'calls', row: pick(calls, at, '') },
    body: { by: 'ana', note: 'rang', automated: true },
  }),
  'post /v1/tables/{table}/rows/{row}/acceptance': ({ calls }, at) => ({
    path: { table: 'calls', row: pick(calls, at, '') },
    body: { by: at % 2 === 0 ? 'ana' : 'bo', note: 'mine' },
  }),
  'post /v1/tables/{table}/rows/{row}/rejection': ({ calls }, at) => ({
    path: { table: 'calls', row: pick(calls, at, '') },
    body: { by: at % 2 === 0 ? 'ana' : 'bo', reason: 'not mine' },
  }),
  'post /v1/tables/{table}/rows/{row}/cells/{column}/signals': ({ calls }, at) => ({
    path: { table: 'calls', row: pick(calls, at, ''), column: 'firstTouch' },
    body: { kind: 'touched', by: 'ana', note: 'rang', automated: true },
  }),
  'post /v1/tables/{table}/runs': ({ deals }, at) => ({
    path: { table: 'deals' },
    body: {
      columns: ['owner'],
      scope:
        at % 3 === 0 ? { rows: deals.slice(0, 2) } : at % 3 === 1 ? { filter: 'status:done' } : { all: true },
      mode: 'all',
      limit: 2,
      downstream: true,
      force: true,
      includeEffects: true,
      redraw: true,
      reason: 'a test',
      dryRun: at % 2 === 0,
    },
  }),
  'get /v1/runs/{run}': ({ runs }, at) => ({ path: { run: pick(runs, at, '') } }),
  'delete /v1/runs/{run}': ({ runs }, at) => ({ path: { run: pick(runs, at, '') } }),
  'get /v1/tables/{table}/events': () => ({
    path: { table: 'deals' },
    query: { after: '0' },
    headers: { 'last-event-id': '1' },
  }),
  'get /v1/tables/{table}/service-level': () => ({
    path: { table: 'calls' },
    query: { from: past, until: '2027-01-05T09:00:00+01:00', column: 'firstTouch' },
  }),
  'get /v1/reps': () => ({ path: {} }),
  'get /v1/reps/{rep}': () => ({ path: { rep: 'nora' } }),
  'put /v1/reps/{rep}': () => ({ path: { rep: 'zoe' }, body: { ...wholeRep, id: 'zoe' } }),
  'patch /v1/reps/{rep}': () => ({ path: { rep: 'zoe' }, body: wholeRep }),
  'get /v1/pools': () => ({ path: {} }),
  'get /v1/pools/{pool}': () => ({ path: { pool: 'north' } }),
  'put /v1/pools/{pool}': () => ({ path: { pool: 'spare' }, body: { ...wholePool, name: 'spare' } }),
  'patch /v1/pools/{pool}': () => ({ path: { pool: 'spare' }, body: wholePool }),
  'get /v1/pools/{pool}/preview': () => ({ path: { pool: 'spare' }, query: { stratum: 'gold' } }),
  'get /v1/pools/{pool}/ledger': () => ({ path: { pool: 'north' }, query: { limit: '5', after: '0.0' } }),
  'post /v1/pools/{pool}/credits': ({ deals }, at) => ({
    path: { pool: 'north' },
    body: {
      rep: 'nora',
      leads: 1,
      reason: 'manual',
      note: 'a test',
      row: at % 2 ? pick(deals, at, '') : null,
      stratum: null,
    },
  }),
  'get /v1/territories': () => ({ path: {} }),
  'get /v1/territories/{territory}': () => ({ path: { territory: 'market' } }),
  'put /v1/territories/{territory}': () => ({
    path: { territory: 'market' },
    body: { ...wholeTerritory, name: 'market' },
  }),
  'get /v1/territories/{territory}/versions': () => ({ path: { territory: 'market' } }),
  // The second version is never in force; the others are or were.
  'delete /v1/territories/{territory}/versions/{version}': (_, at) => ({
    path: { territory: 'market', version: String(2 + (at % 3)) },
  }),
  'get /v1/territories/{territory}/lookup': () => ({
    path: { territory: 'market' },
    query: { region: 'north', size: 'small', at: '2030-01-01T00:00:00Z' },
  }),
  'get /v1/audit': () => ({
    path: {},
    query: { subject: 'pool', name: 'north', before: '1000', limit: '5' },
  }),
  'get /v1/credentials': () => ({ path: {} }),
  'get /healthz': () => ({ path: {} }),
  'get /readyz': () => ({ path: {} }),
  'get /metrics': () => ({ path: {} }),
}

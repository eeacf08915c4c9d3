import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../db/sqlite/open.ts'
import { openSqliteStore } from '../../../db/sqlite/store.ts'
import type { Store } from '../../../db/store.ts'
import type { Assignment } from '../../../routing/decision.ts'
import { at, attempt, done, newRow, newRun, settlement } from '../suite/bench.ts'
import { pool, seedsOf } from '../suite/live.ts'
import { type StoreProcess, startStoreProcess } from './process.ts'

let folder = ''
let path = ''
let open: (Store | Database.Database)[] = []
let processes: StoreProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rota-file-'))
  path = join(folder, 'rota.sqlite')
})

afterEach(async () => {
  for (const each of processes) await each.kill()
  for (const each of open) await each.close()
  processes = []
  open = []
  rmSync(folder, { recursive: true })
})

async function openStore(): Promise<Store> {
  const store = await openSqliteStore({ path, now: () => at })
  open.push(store)
  await store.registerTable({ name: 'leads', version: 'one', document: {} })
  return store
}

function openRaw(): Database.Database {
  const connection = new Database(path)
  open.push(connection)
  return connection
}

function startProcess(task: 'hold' | 'insert'): StoreProcess {
  const started = startStoreProcess(task, path)
  processes.push(started)
  return started
}

async function expectLocked(): Promise<void> {
  await expect(openStore()).rejects.toMatchObject({
    code: 'store-locked',
    details: { field: 'ROTA_DB', value: path, wayOut: expect.stringContaining('ROTA_DB') },
  })
}

describe('a place where no file can be', () => {
  it('is named with its variable and the way out where the folder does not exist', () => {
    const nowhere = join(folder, 'none', 'rota.sqlite')
    expect(() => openDatabase(nowhere)).toThrow(
      expect.objectContaining({
        code: 'settings-invalid',
        message: `ROTA_DB=${nowhere}: the folder ${join(folder, 'none')} does not exist`,
        details: expect.objectContaining({
          field: 'ROTA_DB',
          value: nowhere,
          wayOut: expect.stringMatching(/make the folder, or set ROTA_DB/),
        }),
      }),
    )
    expect(existsSync(join(folder, 'none'))).toBe(false)
  })

  it('is named, and left as it is, where it is a file of something else', () => {
    const text = 'company,email\nAcme,ana@acme.example\n'
    writeFileSync(path, text)
    expect(() => openDatabase(path)).toThrow(
      expect.objectContaining({
        code: 'settings-invalid',
        message: `ROTA_DB=${path}: the file is no SQLite database`,
        details: expect.objectContaining({
          field: 'ROTA_DB',
          value: path,
          wayOut: expect.stringContaining('set ROTA_DB to a file that Rota wrote'),
        }),
      }),
    )
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('is named where parts of the database are missing', async () => {
    await (await openStore()).close()
    open = []
    truncateSync(path, 8192)
    await expect(openStore()).rejects.toMatchObject({
      code: 'settings-invalid',
      message: `ROTA_DB=${path}: the database is damaged: parts of the file are missing or overwritten`,
      details: { field: 'ROTA_DB', value: path, wayOut: expect.stringMatching(/^put a backup in its place/) },
    })
  })

  it('is named with its variable and the way out where it is a folder', () => {
    expect(() => openDatabase(folder)).toThrow(
      expect.objectContaining({
        code: 'settings-invalid',
        message: expect.stringContaining(`ROTA_DB=${folder}: `),
        details: expect.objectContaining({ wayOut: expect.stringContaining('not a folder') }),
      }),
    )
  })
})

describe('live data that an earlier version accepted', () => {
  it('are read again under stricter checks, which only the next edit meets', async () => {
    const store = await openStore()
    await store.seed(seedsOf(pool({ strategy: 'standard', members: [{ rep: 'ana', weight: 1 }] })))
    await store.close()
    const raw = openRaw()
    raw.exec(`UPDATE reps SET document = json_set(document, '$.hours', json('{}')) WHERE id = 'ana'`)
    raw.exec(`UPDATE pools SET document = json_set(document, '$.members[0].weight', 3)`)
    raw.close()
    const again = await openStore()
    const [ana, emea] = [(await again.reps())[0], (await again.pool('emea'))?.pool]
    expect(ana).toMatchObject({ id: 'ana', hours: {}, zone: 'UTC' })
    expect(emea).toMatchObject({ members: [{ rep: 'ana', weight: 3 }] })
    if (ana === undefined || emea === undefined) throw new Error('live data are gone')
    await expect(again.putRep(ana, 'mia')).rejects.toMatchObject({ details: { field: 'hours' } })
    await expect(again.putPool(emea, 'mia')).rejects.toMatchObject({
      details: { field: 'members.0.weight' },
    })
    await again.putPool({ ...emea, strategy: 'weighted' }, 'mia')
  })
})

describe('durability', () => {
  it('is WAL with synchronous=FULL on the first open and on every later one', async () => {
    for (let time = 1; time <= 3; time += 1) {
      const connection = openDatabase(path)
      expect(connection.pragma('journal_mode', { simple: true })).toBe('wal')
      expect(connection.pragma('synchronous', { simple: true })).toBe(2)
      connection.close()
    }
    const store = await openStore()
    expect(store.info).toEqual({
      engine: 'sqlite',
      durability: 'journal_mode=wal synchronous=FULL',
      location: path,
    })
  })

  it('is asserted, since the driver itself reopens a WAL file at NORMAL', () => {
    openDatabase(path).close()
    const raw = openRaw()
    raw.prepare('SELECT count(*) FROM rows').get()
    expect(raw.pragma('synchronous', { simple: true })).toBe(1)
  })

  it('is not weakened by a memory store, which still commits whole', () => {
    const connection = openDatabase(':memory:')
    expect(connection.pragma('synchronous', { simple: true })).toBe(2)
    connection.close()
  })

  it('loses no acknowledged row to kill -9 in the middle of inserts', async () => {
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round += 1) {
      rmSync(path, { force: true })
      rmSync(`${path}-wal`, { force: true })
      acknowledged.length = 0
      const child = startProcess('insert')
      expect((await child.lines.next()).value).toBe('open')
      const wanted = 300 + round * 101
      while (acknowledged.length < wanted)
        acknowledged.push(...String((await child.lines.next()).value).split(' '))
      await child.kill()
      // What it had printed and nobody had read yet was acknowledged as well.
      for (;;) {
        const { value, done: ended } = await child.lines.next()
        if (ended) break
        const ids = String(value).split(' ')
        if (ids.length === 2 && ids[1]?.endsWith('_b')) acknowledged.push(...ids)
      }
      const store = await openStore()
      const found = await Promise.all(acknowledged.map((id) => store.find('leads', id)))
      expect(found.filter((row) => row === null)).toEqual([])
      expect(found.every((row) => row?.active !== null && row?.input.id === row?.id)).toBe(true)
      // Two rows of one insert are there together or not at all.
      expect((await store.count('leads')) % 2).toBe(0)
      await store.close()
    }
  })
})

describe('a second opener', () => {
  it('in another process is refused while the first lives, and welcome after kill -9', async () => {
    const child = startProcess('hold')
    expect((await child.lines.next()).value).toBe('open')
    await expectLocked()
    await child.kill()
    expect(await (await openStore()).count('leads')).toBe(0)
  })

  it('that is another process exits with the reason', async () => {
    await openStore()
    const child = startProcess('hold')
    expect(await child.exit).not.toBe(0)
    expect(child.errors()).toContain('another process has the database')
  })

  it('in this process is refused, and the first goes on', async () => {
    const store = await openStore()
    await expectLocked()
    await store.insert({ table: 'leads', at, run: newRun(), rows: [newRow()] })
    expect(await store.count('leads')).toBe(1)
  })
})

describe('a file', () => {
  it('that a later version wrote is refused and left as it is', async () => {
    const store = await openStore()
    await store.insert({ table: 'leads', at, run: newRun(), rows: [newRow()] })
    await store.close()
    const raw = openRaw()
    raw.exec(`INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9e15)`)
    raw.close()
    await expect(openStore()).rejects.toMatchObject({
      code: 'store-newer',
      details: { wayOut: expect.stringContaining('update') },
    })
    const again = openRaw()
    again.exec(`DELETE FROM __drizzle_migrations WHERE hash = 'later'`)
    again.close()
    expect(await (await openStore()).count('leads')).toBe(1)
  })
})

describe('an erasure', () => {
  it('leaves nothing of the person in the bytes of the files', async () => {
    const store = await openStore()
    const marker = 'erase-me-7f3a'
    const crowd = (count: number) =>
      store.insert({
        table: 'leads',
        at,
        run: newRun({ rows: count }),
        rows: Array.from({ length: count }, (_, index) =>
          newRow({
            person: `p${Math.random()}`,
            account: 'crowd',
            input: { filler: 'y'.repeat(50 + ((index * 997) % 3_000)) },
          }),
        ),
      })
    await crowd(300)
    const long = Array.from({ length: 2_000 }, () => marker).join(' ')
    const given = newRow({ person: `${marker}@p`, account: `${marker}.com`, input: { email: marker, long } })
    const { rows } = await store.insert({
      table: 'leads',
      at,
      run: newRun(),
      rows: [given],
      idempotency: { key: 'k', fingerprint: 'f' },
    })
    await crowd(300)
    const row = rows[0]?.row
    if (!row) throw new Error('the row was not accepted')
    const write = (position: number, value: string, atRest: boolean) =>
      store.step({
        row: row.seq,
        id: row.id,
        table: 'leads',
        generation: 1,
        account: row.account,
        build(settle) {
          const owner = {
            rep: null,
            name: marker,
            email: null,
            ids: {},
            method: 'existing_owner' as const,
            rule: 'r',
            reason: marker,
            pool: null,
            alsoTell: null,
            previous: [],
          } satisfies Assignment
          const trace = { method: owner.method, rules: [], fallbackUsed: false }
          const decide = () => ({
            assignment: owner,
            reason: marker,
            hold: null,
            draw: null,
            claims: true,
            trace,
          })
          settle(settlement({ generation: position + 1, decide }))
          const cells = { a: done(value), e: { status: 'error', attempts: 1 } as const }
          return {
            at,
            position,
            entries: [attempt('a', done(value), { raw: long })],
            confirm: [],
            snapshot: { cells, atRest, dueAt: null, alarmAt: null },
          }
        },
      })
    // Documents that grow and shrink leave their old pages behind.
    await write(0, long, false)
    await write(1, marker, false)
    await write(2, `${long}${long}`, false)
    await write(3, marker, true)
    await store.insert({
      table: 'leads',
      at,
      run: newRun(),
      rows: [newRow({ person: given.person, input: { again: long } })],
    })
    await store.editInput({
      table: 'leads',
      id: row.id,
      at,
      input: { email: marker },
      person: given.person,
      account: given.account,
      occurredAt: given.occurredAt,
    })
    await crowd(300)
    const bytes = () =>
      [path, `${path}-wal`]
        .filter(existsSync)
        .reduce((count, file) => count + readFileSync(file, 'latin1').split(marker).length - 1, 0)
    expect(bytes()).toBeGreaterThan(2_000)
    expect(await store.erase('leads', row.id)).toBe(true)
    expect(bytes()).toBe(0)
    await store.close()
    expect(bytes()).toBe(0)
  })
})

describe('a store that is closed', () => {
  it('says so, whatever is asked of it', async () => {
    const store = await openStore()
    await store.close()
    open = []
    const asked = [
      store.insert({ table: 'leads', at, run: newRun(), rows: [newRow()] }),
      store.find('leads', 'row_1'),
      store.load([1]),
      store.scan({ table: 'leads', limit: 1 }),
      store.count('leads'),
      store.cellCounts('leads'),
      store.journal(1),
      store.findRun('run_1'),
      store.pools(),
      store.draws({ limit: 1 }),
      store.claim('acme', 'leads.owner'),
      store.lastEvent('leads'),
      store.erase('leads', 'row_1'),
    ]
    for (const answer of await Promise.allSettled(asked))
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'store-closed' } })
    await store.close()
  })
})

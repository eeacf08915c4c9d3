import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../../db/sqlite/store.ts'
import { storeSuite } from './store-suite.ts'
import { clock } from './suite/bench.ts'

const now = () => clock.now

storeSuite('SQLite file', {
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'rota-store-'))
    const path = join(folder, 'rota.sqlite')
    let store = await openSqliteStore({ path, now })
    return {
      store,
      async reopen() {
        await store.close()
        store = await openSqliteStore({ path, now })
        return store
      },
      async close() {
        await store.close()
        rmSync(folder, { recursive: true })
      },
    }
  },
})

storeSuite('SQLite memory', {
  durable: false,
  async open() {
    const store = await openSqliteStore({ path: ':memory:', now })
    return { store, reopen: async () => store, close: () => store.close() }
  },
})

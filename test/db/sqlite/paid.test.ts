import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSqliteStore } from '../../../db/sqlite/store.ts'
import { temporaryFolder } from '../../support/temp.ts'
import { startStoreProcess } from './process.ts'

it('money that was taken and answers that were kept are there after kill -9', async () => {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'rota.db')
  const child = startStoreProcess('charge', path)
  expect((await child.lines.next()).value, child.errors()).toBe('open')
  let acknowledged = 0
  while (acknowledged < 200) acknowledged = Number((await child.lines.next()).value) + 1
  await child.kill()
  const store = await openSqliteStore({ path, now: Date.now })
  const taken = Math.round((await store.spent('day')) * 100)
  // The kill may come between a charge and the line that tells of it: money is taken too early, never too late.
  expect(taken).toBeGreaterThanOrEqual(acknowledged)
  for (let index = 0; index < acknowledged; index += 1)
    expect(await store.memo(`question ${index}`)).toEqual({ index })
  expect(await store.memo(`question ${taken}`)).toBeNull()
  await store.close()
  await folder.remove()
})

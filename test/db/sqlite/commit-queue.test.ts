import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCommitQueue } from '../../../db/sqlite/commit-queue.ts'

let folder = ''
let connection: Database.Database
let other: Database.Database
let statements: string[] = []
let hooked: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rota-queue-'))
  const path = join(folder, 'a.sqlite')
  statements = []
  hooked = []
  connection = new Database(path, { verbose: (text) => statements.push(String(text)) })
  connection.pragma('journal_mode = WAL')
  connection.exec('CREATE TABLE numbers (n INTEGER NOT NULL)')
  other = new Database(path, { timeout: 0 })
})

afterEach(() => {
  connection.close()
  other.close()
  rmSync(folder, { recursive: true })
})

const queueOf = (beforeCommit = () => {}) =>
  createCommitQueue(connection, {
    beforeWork: () => hooked.push('work'),
    undoWork: () => hooked.push('undo'),
    beforeCommit() {
      hooked.push('commit')
      beforeCommit()
    },
    afterCommit: () => hooked.push('committed'),
    onRollback: () => hooked.push('rollback'),
    onBroken: () => hooked.push('broken'),
  })
const add = (n: number | null) => () =>
  connection.prepare('INSERT INTO numbers (n) VALUES (?)').run(n).changes
const numbers = () => other.prepare('SELECT n FROM numbers ORDER BY rowid').pluck().all()

describe('the commit queue', () => {
  it('takes the write lock before the work looks at anything', async () => {
    const queue = queueOf()
    await queue.run(() => {
      expect(() => other.exec('BEGIN IMMEDIATE')).toThrow(/locked/)
    })
    expect(() => other.exec('BEGIN IMMEDIATE; COMMIT')).not.toThrow()
  })

  it('commits the work of one turn together and resolves only then', async () => {
    const queue = queueOf()
    const seen: unknown[] = []
    await Promise.all([1, 2, 3].map((n) => queue.run(add(n)).then(() => seen.push(numbers()))))
    expect(seen).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect(statements.filter((text) => text === 'COMMIT')).toHaveLength(1)
    expect(hooked).toEqual(['work', 'work', 'work', 'commit', 'committed'])
  })

  it('undoes the piece of work that fails, and only that', async () => {
    const queue = queueOf()
    const half = () => {
      add(8)()
      return add(null)()
    }
    const outcomes = await Promise.allSettled([queue.run(add(1)), queue.run(half), queue.run(add(3))])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(numbers()).toEqual([1, 3])
    expect(hooked).toEqual(['work', 'work', 'undo', 'work', 'commit', 'committed'])
  })

  it('rejects the whole batch when the commit itself fails, and goes on with the next', async () => {
    let broken = true
    const queue = queueOf(() => {
      if (broken) throw new Error('disk full')
    })
    const outcomes = await Promise.allSettled([queue.run(add(1)), queue.run(add(2))])
    expect(outcomes).toMatchObject([
      { reason: { message: 'disk full' } },
      { reason: { message: 'disk full' } },
    ])
    expect(numbers()).toEqual([])
    expect(hooked.slice(-2)).toEqual(['commit', 'rollback'])
    broken = false
    await queue.run(add(3))
    expect(numbers()).toEqual([3])
  })

  it('takes work that was asked for while it worked into the next commit', async () => {
    const queue = queueOf()
    let inner: Promise<unknown> = Promise.resolve()
    await queue.run(() => {
      inner = queue.run(add(2))
      return add(1)()
    })
    expect(numbers()).toEqual([1])
    await inner
    expect(numbers()).toEqual([1, 2])
  })

  it('closes after the last work', async () => {
    const queue = queueOf()
    const last = queue.run(add(1))
    await queue.close()
    await expect(last).resolves.toBe(1)
    await expect(queue.run(add(2))).rejects.toMatchObject({ code: 'store-closed' })
    expect(numbers()).toEqual([1])
  })
})

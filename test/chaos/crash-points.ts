import { writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'

/**
 * Loaded in front of a server process: counts each commit and each outgoing call as a point, and ends the process with SIGKILL right
 * before or right after the one that `ROTA_CRASH_AT` names, such as `17:before`. `ROTA_CRASH_COUNT` names a file for the count.
 */
const [at, phase] = (process.env.ROTA_CRASH_AT ?? '').split(':')
const countFile = process.env.ROTA_CRASH_COUNT
let points = 0

function crash(point: number, when: 'before' | 'after'): void {
  if (String(point) === at && when === phase) process.kill(process.pid, 'SIGKILL')
}

function point<Result>(work: () => Result): Result {
  points += 1
  const mine = points
  crash(mine, 'before')
  const result = work()
  if (result instanceof Promise) return result.finally(() => crash(mine, 'after')) as Result
  crash(mine, 'after')
  return result
}

const { fetch } = globalThis
globalThis.fetch = (...request) => point(() => fetch(...request))

const { prepare } = Database.prototype
Object.assign(Database.prototype, {
  prepare(this: Database.Database, source: string) {
    const statement = prepare.call(this, source)
    if (source !== 'COMMIT') return statement
    const { run: own } = statement
    const run = () => Reflect.apply(own, statement, [])
    return Object.assign(statement, { run: () => point(() => run()) })
  },
})

if (countFile !== undefined) process.on('exit', () => writeFileSync(countFile, String(points)))

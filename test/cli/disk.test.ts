import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/temp.ts'

const house = fileURLToPath(new URL('../..', import.meta.url))

/** `rota start`, with the size of every file limited where `blocks` (of 512 bytes) says so: the disk fails beyond. */
async function start(folder: string, blocks: number | null) {
  const limit = blocks === null ? '' : `trap '' XFSZ; ulimit -f ${blocks}; `
  const child = spawn('sh', ['-c', `${limit}exec "$0" cli/rota.ts start`, process.execPath], {
    cwd: house,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      ROTA_TABLES: './test/cli/note-table.ts',
      ROTA_DB: join(folder, 'rota.sqlite'),
      PORT: '0',
    },
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let out = ''
  let said = ''
  child.stderr.on('data', (part: Buffer) => {
    said += part
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (part: Buffer) => {
      out += part
      const found = /page +(http:\/\/\S+?)\/?\n/.exec(out)
      if (found?.[1] !== undefined) resolve(found[1])
    })
    void exited.then(() => reject(new Error(`it ended: ${said}`)))
  })
  const ended = async () => ({ code: (await exited)[0] as number | null, said })
  return { url, ended, stop: () => child.kill('SIGTERM') }
}

const insert = (url: string, text: string) =>
  fetch(`${url}/v1/tables/notes/rows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })

test('a disk that fails ends the process with a clear word, and nothing acknowledged is lost', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const running = await start(folder.path, 9_000)
  const acknowledged: string[] = []
  let refusals = 0
  for (let inserts = 0; inserts < 300; inserts += 1) {
    const answer = await insert(running.url, 'x'.repeat(100_000)).catch(() => null)
    if (answer === null) break
    if (answer.status === 202) {
      const { rows } = (await answer.json()) as { rows: { id: string }[] }
      acknowledged.push(rows[0]?.id ?? '')
    } else {
      refusals += 1
      expect(answer.status).toBe(503)
    }
  }
  const { code, said } = await running.ended()
  expect(code).toBe(1)
  expect(said).toMatch(
    /rota: the disk failed while the store was written \(SQLITE_IOERR\w*\); the process ends/,
  )
  expect(said).toContain('what was acknowledged is in the file')
  expect(acknowledged.length).toBeGreaterThan(10)
  // It ends at once: at most what came in the same moment is told no.
  expect(refusals).toBeLessThanOrEqual(1)

  const again = await start(folder.path, null)
  for (const id of acknowledged) {
    const answer = await fetch(`${again.url}/v1/tables/notes/rows/${id}`)
    expect(answer.status).toBe(200)
  }
  expect((await insert(again.url, 'y')).status).toBe(202)
  again.stop()
  expect((await again.ended()).code).toBe(0)
})

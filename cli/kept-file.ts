import { randomUUID } from 'node:crypto'
import { access, constants, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A file for one secret text, readable by this user alone. A text takes the place of the one before as a whole, or not at all. */
export function keptFile(path: string): {
  read(): Promise<string | null>
  write(text: string): Promise<void>
} {
  return {
    async read() {
      await access(dirname(path), constants.W_OK)
      return readFile(path, 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
        throw error
      })
    },
    async write(text) {
      const next = `${path}.${randomUUID()}`
      try {
        await writeFile(next, text, { mode: 0o600, flag: 'wx', flush: true })
        await rename(next, path)
      } catch (error) {
        await rm(next, { force: true })
        throw error
      }
    },
  }
}

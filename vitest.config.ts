import { defineConfig } from 'vitest/config'
import { patienceMs } from './test/support/patience.ts'

const config = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: better-sqlite3 is native, and some tests start and kill children.
    pool: 'forks',
    // Files share the modules of their process, since loading them anew was a third of the time: a test leaves nothing behind in them.
    isolate: false,
    // One more than the two cores the suite must be comfortable on: many tests wait for a process or a timer most of their time.
    maxWorkers: 3,
    // For what hangs, and no statement about speed: a slow and busy machine may take ten times what a free one does.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: patienceMs } },
  },
})

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default config

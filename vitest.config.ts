import { defineConfig } from 'vitest/config'

const config = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not threads: better-sqlite3 is native, and some tests start and kill children.
    pool: 'forks',
    // Files share the modules of their process, since loading them anew was a third of the time: a test leaves nothing behind in them.
    isolate: false,
    // The suite must be comfortable on two cores, where more workers only make timing tests flaky.
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
  },
})

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default config

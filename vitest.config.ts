import { defineConfig } from 'vitest/config'

const config = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // better-sqlite3 is native and some tests start and kill children: a process per file keeps a crash inside its file.
    pool: 'forks',
    // The suite must be comfortable on two cores, where more workers only make timing tests flaky.
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
  },
})

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default config

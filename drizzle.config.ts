import { defineConfig } from 'drizzle-kit'

const config = defineConfig({
  dialect: 'sqlite',
  casing: 'snake_case',
  schema: './db/sqlite/schema.ts',
  out: './db/migrations/sqlite',
})

// biome-ignore lint/style/noDefaultExport: drizzle-kit reads the default export
export default config

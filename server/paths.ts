const part = encodeURIComponent

/** Paths that answers carry, so that a client never builds one. */
export const tablePath = (table: string) => `/v1/tables/${part(table)}`
export const rowPath = (table: string, row: string) => `${tablePath(table)}/rows/${part(row)}`
export const runPath = (run: string) => `/v1/runs/${part(run)}`
export const poolPath = (pool: string) => `/v1/pools/${part(pool)}`
export const repPath = (rep: string) => `/v1/reps/${part(rep)}`
export const territoryPath = (territory: string) => `/v1/territories/${part(territory)}`

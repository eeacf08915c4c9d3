import { accounts, leads } from './workload.ts'

/** The tables that `bench/recovery.ts` has the real server run: the eight steps, with answers that take as long as it says. */
export const tables = () => [accounts, leads(Number(process.env.BENCH_EXTERNAL_MS ?? 0))]

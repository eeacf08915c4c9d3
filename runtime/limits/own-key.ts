import type { PlannedColumn, TablePlan } from '../plan.ts'

/** Under which a column keeps the calls in check that it makes by itself: columns that share a budget share what the other side said. */
export const ownKeyOf = (plan: TablePlan, { name, column }: PlannedColumn): string =>
  column.budget?.key ?? `${plan.table.name}.${name}`

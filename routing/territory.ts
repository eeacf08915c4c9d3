export { checkTerritory, type Known } from './territory/check.ts'
export { describeEntry } from './territory/conflicts.ts'
export {
  type Axis,
  type Destinations,
  defineTerritory,
  type KeyOf,
  type TerritoryDefinition,
  type TerritoryOptions,
} from './territory/define.ts'
export { Destination, Dimension, Territory, TerritoryEntry } from './territory/document.ts'
export { type Effective, inForceAt } from './territory/in-force.ts'
export { type Found, lookUp, whyNowhere } from './territory/look-up.ts'
export type { Problem } from './territory/problem.ts'

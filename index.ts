// columns: what a table is made of
export { type AssignOwnerOptions, assignOwner } from './columns/assign-owner.ts'
export { type BranchAnswer, type BranchOptions, branch, type ExitHandling } from './columns/branch.ts'
export type { Allowance, Budget } from './columns/budget.ts'
export { asSeen, buildColumn, type Parts } from './columns/build.ts'
export type { CellError, CellState, CellStatus, Waiting } from './columns/cell.ts'
export {
  type CellContext,
  type Column,
  type ColumnOptions,
  type Cost,
  done,
  type Effect,
  type EffectTarget,
  type LookedUpRow,
  noResult,
  type Outcome,
  type Reconciliation,
  type RetryPolicy,
  type Signal,
  type Spend,
  type Work,
} from './columns/column.ts'
export { type ComputeOptions, compute } from './columns/compute.ts'
export { type CrmRecordOptions, crmRecord } from './columns/crm-record.ts'
export { type CrmTaskOptions, crmTask, type FollowUp } from './columns/crm-task.ts'
export { type EnrichOptions, enrich, type ProviderReport } from './columns/enrich.ts'
export { type EnrolOptions, enrol } from './columns/enrol.ts'
export {
  CallFailure,
  type ErrorCode,
  NonRetriableError,
  RetryAfterError,
  TableError,
} from './columns/errors.ts'
export { type FindAccountOptions, type FoundAccount, findAccount } from './columns/find-account.ts'
export { type HttpOptions, http } from './columns/http.ts'
export type { Json, JsonObject } from './columns/json.ts'
export { type LookupOptions, lookup } from './columns/lookup.ts'
export { type Notified, type NotifyOptions, notify } from './columns/notify.ts'
export type {
  Call,
  Connectors,
  Crm,
  CrmAccount,
  CrmRecord,
  CrmTouch,
  CrmUser,
  EnrichmentProvider,
  Enrolment,
  EnrolRequest,
  Finding,
  Firm,
  Message,
  Messenger,
  Model,
  ModelAnswer,
  ModelRequest,
  RecordRequest,
  SentMessage,
  Sequencer,
  TaskRequest,
} from './columns/ports.ts'
export { type Prompt, prompt } from './columns/prompt.ts'
export { type RoundRobinOptions, roundRobin } from './columns/round-robin.ts'
export { ServiceLevel, type ServiceLevelOptions, serviceLevel } from './columns/service-level.ts'
export {
  defineTable,
  type Late,
  type Origin,
  type Table,
  type TableDefinition,
  type TableOptions,
} from './columns/table.ts'
export { type OwnerChange, type UpdateCrmOptions, updateCrm } from './columns/update-crm.ts'
export { type AiOutcome, aiOutcomes } from './columns/use-ai/outcomes.ts'
export { type RuleAnswer, type UseAiOptions, useAi } from './columns/use-ai.ts'
// connectors: the vendors
export { apolloEnrichment, apolloSequences } from './connectors/apollo.ts'
export { enrichment } from './connectors/enrichment.ts'
export { hubspot, hubspotSequences } from './connectors/hubspot.ts'
export { openai } from './connectors/openai.ts'
export { outreach } from './connectors/outreach.ts'
export { peopleDataLabs } from './connectors/people-data-labs.ts'
export { salesforce, salesforceCadences } from './connectors/salesforce.ts'
export { salesloft } from './connectors/salesloft.ts'
export { slack } from './connectors/slack.ts'
export { teams } from './connectors/teams.ts'
// db: where it is kept
export { openSqliteStore, type SqliteOptions } from './db/sqlite/store.ts'
export type { Run, RunMode, RunRequest, Store } from './db/store.ts'
// routing: pure decisions
export { accountKey, companyDomain, normalizeCompanyName } from './routing/company.ts'
export type {
  Assignment,
  Claim,
  Considered,
  Decision,
  DecisionTrace,
  DecisionView,
  Exclusion,
  Hold,
  Method,
  Owner,
} from './routing/decision.ts'
export type { Answer, By, KeepOptions, OwnerOptions } from './routing/ladder/answers.ts'
export type { RuleWhen } from './routing/ladder/conditions.ts'
export type { ClaimPolicy } from './routing/ladder/deciding.ts'
export { decideOwner, type Ladder, type Rule } from './routing/ladder.ts'
export {
  type CatchUp,
  definePool,
  type HandOver,
  Pool,
  type PoolDefinition,
  PoolMember,
  type PoolOptions,
  type WhenNobody,
} from './routing/pool.ts'
export { type HolidayCalendar, type Leave, Rep, type RepInput, type WorkingHours } from './routing/rep.ts'
export { chooseMember } from './routing/rotation.ts'
export { defineRegions } from './routing/segment/region-policy.ts'
export { regionTableVersion } from './routing/segment/regions.ts'
export { type SegmentFacts, type SegmentPolicy, segmentByRule } from './routing/segment/segment-by-rule.ts'
export { CompanySegment, SalesRegion, Segmentation } from './routing/segment/segmentation.ts'
export type { ServiceLevelClock, ServiceLevelPolicyInput } from './routing/service-level/policy.ts'
export {
  checkTerritory,
  type Destination,
  type Destinations,
  defineTerritory,
  lookUp,
  type Problem,
  Territory,
  type TerritoryDefinition,
  type TerritoryOptions,
} from './routing/territory.ts'
// runtime: what runs it
export type { Log, World } from './runtime/engine.ts'
export {
  type InsertOptions,
  type InsertResult,
  type Runtime,
  type RuntimeOptions,
  startRuntime,
} from './runtime/runtime.ts'
// server: how others reach it
export { createApp } from './server/app.ts'
export { type RunningServer, startServer } from './server/serve.ts'

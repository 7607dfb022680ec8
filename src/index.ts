/**
 * What knows plain manifests only, without cdk8s.
 * @module cdk8s-bulwark/manifests
 */
export * from './errors';
export {
  THRESHOLDS,
  type AlertName,
  type AlertSeverity,
  type ThresholdName,
  type WatchedBy,
} from './alerts/alert';
export { alertGroups, RUNBOOKS, type AlertGroup, type AlertOptions, type AlertRule } from './alerts/rules';
export * from './apparmor';
export * from './controls/audit';
export * from './controls/catalogue';
export { checkManifests, type CheckOptions, type Finding } from './controls/check';
export * from './controls/control';
export * from './controls/proof';
export { PROFILES, controlsOf, type ProfileName } from './controls/profiles';
export * from './controls/waiver';
export { diffClusters, type Area, type Change as ClusterChange, type Effect } from './diff';
export * from './drift';
export { API_TOKEN_PATH, apiToken, type ApiToken } from './hardening/api-token';
export * from './hardening/harden';
export { writablePaths, type WritablePath } from './hardening/writable-paths';
export * from './manifest/manifest';
export { kindRank, scopeOf, TENANT_LABEL } from './manifest/kinds';
export * from './manifest/pod';
export { readManifests, type ReadResult, type SourcedManifest } from './manifest/reader';
export { formatQuantity, parseQuantity } from './manifest/quantity';
export { toYaml } from './manifest/yaml';
export * from './network';
export * from './rbac';
export { clusterReport, type ClusterReportOptions } from './report/cluster/build';
export { formatReport, REPORT_FORMATS, type ReportFormat } from './report/cluster/formats';
export type { ClusterReport } from './report/cluster/model';
export type * as ReportParts from './report/cluster/model';
export { graphToDot } from './report/cluster/picture';
export * from './report/summary';
export * from './seccomp';
export * from './target/dns';
export * from './target/target';
export * from './target/well-known';
export {
  benchmarkTenants,
  TENANCY_BENCHMARKS,
  type BenchmarkResult,
  type TenancyCheck,
} from './tenancy/benchmark';
export { deleteCommands, offboard, type Offboarding } from './tenancy/offboarding';
export {
  proveTenancy,
  type NetworkOfTheorem,
  type RightsOfTheorem,
  type TenancyOptions,
  type TenancyTheorem,
} from './tenancy/theorem';

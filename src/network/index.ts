export type { AddressRange } from './addresses';
export type { Basis } from './basis';
export type { Connection, Endpoint } from './connections';
export * from './declared';
export { diffConnections, type ConnectionChange } from './diff';
export { endpointName } from './endpoint';
export {
  explainConnection,
  type ExplainedSide,
  type Explanation,
  type NearRule,
  type Reason,
} from './explain';
export { exposureOf, type WorkloadExposure } from './exposure';
export { CONNECTION_FORMATS, formatConnections, nameConnection, type NamedConnection } from './format';
export { findCrossings, tenantLookup, type Crossing, type CrossingOptions } from './isolation';
export type { HostNetworkReading } from './network';
export type { Workload } from './pods';
export { formatPorts, type PortRange, type Protocol } from './ports';
export { analyzeNetwork, type NetworkAnalysisOptions, type Reachability } from './reachability';
export type { MetadataReach } from './tenant-network';

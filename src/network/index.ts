export type { Connection, Endpoint } from './connections';
export { endpointName } from './endpoint';
export { formatConnections, nameConnection, type NamedConnection } from './format';
export type { HostNetworkReading } from './network';
export type { Workload } from './pods';
export { formatPorts, type PortRange, type Protocol } from './ports';
export { analyzeNetwork, type NetworkAnalysisOptions, type Reachability } from './reachability';

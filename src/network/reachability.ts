import { compareText, type Manifest } from '../manifest/manifest';
import { lazily } from '../manifest/remembered';
import { targetFor, type ClusterTarget } from '../target/target';
import { listConnections, type Connection } from './connections';
import { endpointName, findParty, requireWorkload, type Party } from './endpoint';
import { buildNetwork, type HostNetworkReading, type Network } from './network';
import type { PodClass, Workload } from './pods';
import type { Direction } from './policy';
import { hasPort, NO_PORTS, type PortRange, type PortSet, type Protocol } from './ports';
import { isClusterPolicy } from './read-cluster-policy';
import { rowsOf, type Rows } from './rows';
import { servicesOf, type Services } from './services';

/** Options of {@link analyzeNetwork}. */
export interface NetworkAnalysisOptions {
  /** The cluster, or its version. @default Kubernetes 1.30 with IPv4 and without cluster-wide policies */
  readonly target?: ClusterTarget | string;
  /** How pods in the network of their node are taken. @default 'pods' */
  readonly hostNetwork?: HostNetworkReading;
}

/** Who can reach whom in a cluster, as its policies say. */
export interface Reachability {
  /** Everything with pods, by namespace and name. */
  readonly workloads: readonly Workload[];
  /** What a reader of the answers has to know, such as policies that this cluster does not enforce. */
  readonly notes: readonly string[];
  /**
   * Whether a pod of the source may open a connection to a port of a pod of the destination. Both are `namespace/name`,
   * `namespace/name[Kind]` or an IP address.
   * @throws BulwarkError when there is no such workload.
   */
  allows(source: string, destination: string, protocol: Protocol, port: number): boolean;
  /**
   * All ports of the destination that a pod of the source may connect to.
   * @throws BulwarkError when there is no such workload.
   */
  portsBetween(source: string, destination: string): readonly PortRange[];
  /** Every connection there can be, ordered by source and destination. */
  connections(): readonly Connection[];
  readonly target: ClusterTarget;
  /** Pods and policies, for the other questions in this folder. */
  readonly network: Network;
  /** What each class of pods may reach, for the same. */
  readonly rows: Rows;
  /** What is reached by another name, for the same. */
  readonly services: Services;
}

/**
 * Reads the policies and pods of manifests. Takes time linear in the manifests and in what the policies select, whatever the
 * number of pods: pods that no policy tells apart are looked at once.
 */
export function analyzeNetwork(
  manifests: readonly Manifest[],
  options: NetworkAnalysisOptions = {},
): Reachability {
  const target = targetFor(options.target);
  const network = buildNetwork(manifests, {
    clusterPolicies: target.clusterNetworkPolicy,
    hostNetwork: options.hostNetwork ?? 'pods',
    families: target.ipFamilies,
  });
  return reachabilityOf(network, manifests, target);
}

/** The answers of a network that was read before. */
export function reachabilityOf(
  network: Network,
  manifests: readonly Manifest[],
  target: ClusterTarget,
): Reachability {
  const rows = rowsOf(network);
  const workloads = lazily(() => sortWorkloads(network));
  const services = lazily(() => servicesOf(manifests, workloads()));
  const portsBetween = (source: string, destination: string) =>
    network.ports.rangesOf(
      portsOf(findParty(source, network.pods), findParty(destination, network.pods), { network, rows }),
    );
  return {
    get workloads() {
      return workloads();
    },
    get notes() {
      return notesOn(manifests, network, target);
    },
    target,
    allows: (source, destination, protocol, port) =>
      hasPort(portsBetween(source, destination), protocol, port),
    portsBetween,
    connections: () => sortConnections(listConnections({ network, rows, services: services() })),
    network,
    rows,
    get services() {
      return services();
    },
  };
}

function sortWorkloads({ pods }: Network): Workload[] {
  return [...pods.workloads.values()].sort(
    (a, b) =>
      compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.kind, b.kind),
  );
}

interface Answers {
  readonly network: Network;
  readonly rows: Rows;
}

/** The ports that some pod of the source may connect to on some pod of the destination. */
function portsOf(source: Party, destination: Party, { network, rows }: Answers): PortSet {
  const { union, intersect } = network.ports;
  if (source.kind === 'workload' && destination.kind === 'workload') {
    return source.workload.classes
      .flatMap((from) =>
        destination.workload.classes.map((to) =>
          intersect(
            rows.portsWith(rows.row(from, 'egress'), to),
            rows.portsWith(rows.row(to, 'ingress'), from),
          ),
        ),
      )
      .reduce(union, NO_PORTS);
  }
  requireWorkload(source, destination);
  return source.kind === 'workload'
    ? portsWithAddress(source.workload, destination, 'egress')
    : portsWithAddress((destination as Party & { kind: 'workload' }).workload, source, 'ingress');

  function portsWithAddress({ classes }: Workload, party: Party, direction: Direction): PortSet {
    if (party.kind === 'workload') return NO_PORTS;
    const piece = network.space().pieceAt(party.family, party.address);
    return classes
      .flatMap((podClass) => rows.segments(podClass, direction))
      .filter(({ first, last }) => first <= piece && piece <= last)
      .map(({ ports }) => ports)
      .reduce(union, NO_PORTS);
  }
}

function sortConnections(connections: readonly Connection[]): Connection[] {
  const named = connections.map((connection) => ({
    connection,
    key: `${endpointName(connection.source)} => ${endpointName(connection.destination)}`,
  }));
  return named.sort((a, b) => compareText(a.key, b.key)).map(({ connection }) => connection);
}

function notesOn(manifests: readonly Manifest[], network: Network, target: ClusterTarget): string[] {
  const ignored = target.clusterNetworkPolicy ? [] : manifests.filter(isClusterPolicy);
  const hosts = network.pods.classes.filter(({ hostNetwork }) => hostNetwork);
  return [
    ...(ignored.length > 0
      ? [
          `${ignored.length} cluster-wide policies are left out, since the target does not enforce them (clusterNetworkPolicy).`,
        ]
      : []),
    ...(hosts.length > 0 ? [hostNote(namesOf(hosts), network)] : []),
  ];
}

function hostNote(names: string, { hostNetwork }: Network): string {
  return hostNetwork === 'pods'
    ? `Pods in the network of their node are taken as the policies are written, but most plugins do not restrict them (hostNetwork: 'node'): ${names}.`
    : `Pods in the network of their node are taken for the node, which no policy restricts, and which reaches its own pods whatever policies say: ${names}.`;
}

function namesOf(classes: readonly PodClass[]): string {
  const names = classes.flatMap(({ workloads }) =>
    workloads.map(({ namespace, name }) => `${namespace}/${name}`),
  );
  return [...new Set(names)].join(', ');
}

import { namespaceOf } from '../manifest/inventory';
import { describeObject, type Manifest } from '../manifest/manifest';
import { TENANT_LABEL } from '../manifest/kinds';
import { rememberedOfLent } from '../manifest/remembered';
import type { ClusterTarget } from '../target/target';
import type { DeclaredConnection, DeclaredPeer } from './declared';
import { METADATA_ADDRESSES } from './metadata';
import { buildNetwork, type Network } from './network';
import { NAMESPACE_NAME_LABEL, type PodClass, type Workload } from './pods';
import { DIRECTIONS, type Direction, type Policy } from './policy';
import { NO_PORTS, type PortRange, type PortSet } from './ports';
import { reachabilityOf, type Reachability } from './reachability';
import type { Row, Segment } from './rows';

/** The network of tenants beside the one that was declared. */
export interface TenantNetwork {
  /** As the policies are. */
  readonly actual: Reachability;
  /** The same pods, as policies that allow what was declared and nothing else would leave them. */
  readonly wanted: Reachability;
  /** Whether every side of every pod lets through exactly what was declared, which is the proof; else it takes a closer look. */
  readonly isAsDeclared: boolean;
  /** What declared the policy with a description, in {@link wanted}. */
  readonly declaredBy: (policy: string) => DeclaredConnection | undefined;
}

/** An address at which a cloud hands out credentials, and a workload of a tenant that reaches it. */
export interface MetadataReach {
  readonly workload: Workload;
  readonly address: string;
  readonly ports: readonly PortRange[];
}

/**
 * Writes what was declared as policies once more, one for each connection and side, and reads these and the real ones
 * together: pods and peers are told apart once, and what either says of a pod is compared number by number, without listing
 * connections. Takes time linear in the policies.
 */
export const networkOfTenants = rememberedOfLent(readNetworkOfTenants);

/** Where nobody has declared anything. One list, so that what is found out of a lent list of manifests is not found out again. */
export const NOTHING_DECLARED: readonly DeclaredConnection[] = Object.freeze([]);

/**
 * Who can reach whom, of a lent list of manifests that a proof without declarations has read, or will read, as well: the
 * network is read once for both.
 */
export function reachabilityBesideProof(manifests: readonly Manifest[], target: ClusterTarget): Reachability {
  return networkOfTenants(manifests, NOTHING_DECLARED, target).actual;
}

function readNetworkOfTenants(
  manifests: readonly Manifest[],
  declared: readonly DeclaredConnection[],
  target: ClusterTarget,
): TenantNetwork {
  const tenants = tenantNamespaces(manifests);
  const closed = [...tenants].map((namespace) =>
    policy(namespace, 'closed', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
  );
  const made = new Map(
    declared.flatMap((connection, index) =>
      policiesFor(connection, `declared-${index}`).map((manifest) => [manifest, connection] as const),
    ),
  );
  const isMade = new Set([...closed, ...made.keys()]);
  const network = buildNetwork([...manifests, ...isMade], {
    clusterPolicies: target.clusterNetworkPolicy,
    hostNetwork: 'pods',
    families: target.ipFamilies,
  });
  const isReplaced = ({ tier, manifest }: Policy) =>
    tier === 'NetworkPolicy' && tenants.has(namespaceOf(manifest));
  const view = (keeps: (one: Policy) => boolean) =>
    reachabilityOf(withPolicies(network, keeps), manifests, target);
  const actual = view(({ manifest }) => !isMade.has(manifest));
  const wanted = view((one) => isMade.has(one.manifest) || !isReplaced(one));
  const names = new Map([...made].map(([manifest, connection]) => [describeObject(manifest), connection]));
  return {
    actual,
    wanted,
    isAsDeclared: network.pods.classes.every((one) => isSameFor(one, actual, wanted)),
    declaredBy: (description) => names.get(description),
  };
}

function tenantNamespaces(manifests: readonly Manifest[]): Set<string> {
  const isTenants = ({ kind, metadata }: Manifest) =>
    kind === 'Namespace' && metadata?.labels?.[TENANT_LABEL];
  return new Set(manifests.filter(isTenants).map(({ metadata }) => String(metadata?.name)));
}

/** The same pods with some of the policies. */
function withPolicies(network: Network, keeps: (policy: Policy) => boolean): Network {
  const kept = new Map<number, readonly Policy[]>();
  return {
    ...network,
    policies: network.policies.filter(keeps),
    policiesOn(podClass) {
      const known = kept.get(podClass.id);
      if (known) return known;
      const list = network.policiesOn(podClass).filter(keeps);
      kept.set(podClass.id, list);
      return list;
    },
  };
}

function isSameFor(podClass: PodClass, actual: Reachability, wanted: Reachability): boolean {
  return DIRECTIONS.every(
    (direction) =>
      isSameRow(actual.rows.row(podClass, direction), wanted.rows.row(podClass, direction)) &&
      isSameList(portChanges(podClass, direction, actual), portChanges(podClass, direction, wanted)),
  );
}

function isSameRow(one: Row, other: Row): boolean {
  return one.others === other.others && one.nodes === other.nodes && isSameList(one.pairs, other.pairs);
}

function isSameList(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false;
  return true;
}

/** Pairs of a piece of the address space and the ports from there on, wherever these change. */
function portChanges(podClass: PodClass, direction: Direction, { rows }: Reachability): number[] {
  const changes: number[] = [];
  let before: PortSet | undefined;
  for (const { first, ports } of rows.segments(podClass, direction)) {
    if (ports !== before) changes.push(first, ports);
    before = ports;
  }
  return changes;
}

/** Every metadata address that pods of tenants reach, without those that were declared, such as a DNS server at one. */
export function reachedMetadata({
  actual,
  wanted,
}: Pick<TenantNetwork, 'actual' | 'wanted'>): MetadataReach[] {
  const { network } = actual;
  const pieces = METADATA_ADDRESSES.filter(({ family }) => network.families.includes(family)).map(
    ({ family, first, text }) => ({
      address: text.slice(0, text.indexOf('/')),
      piece: network.space().pieceAt(family, first),
    }),
  );
  const isTenants = ({ namespace }: PodClass) => Boolean(namespace.labels[TENANT_LABEL]);
  return network.pods.classes.filter(isTenants).flatMap((one) => {
    const segments = actual.rows.segments(one, 'egress');
    if (segments.every(({ ports }) => ports === NO_PORTS)) return [];
    const meant = wanted.rows.segments(one, 'egress');
    return pieces.flatMap(({ address, piece }) => {
      const ports = network.ports.subtract(portsAt(segments, piece), portsAt(meant, piece));
      if (ports === NO_PORTS) return [];
      return [{ workload: one.workloads[0]!, address, ports: network.ports.rangesOf(ports) }];
    });
  });
}

function portsAt(segments: readonly Segment[], piece: number): PortSet {
  return segments.find(({ last }) => piece <= last)!.ports;
}

/** A policy on each side that a connection opens. */
function policiesFor({ source, destination, ports, opens }: DeclaredConnection, name: string): Manifest[] {
  const egress = { policyTypes: ['Egress'], egress: [{ to: peersOf(destination), ports }] };
  const ingress = { policyTypes: ['Ingress'], ingress: [{ from: peersOf(source), ports }] };
  return [
    ...(opens === 'ingress' ? [] : on(source, `${name}-egress`, egress)),
    ...(opens === 'egress' ? [] : on(destination, `${name}-ingress`, ingress)),
  ];
}

function on(peer: DeclaredPeer, name: string, spec: object): Manifest[] {
  if (peer.type === 'block') return [];
  return peer.namespaces.map((namespace) =>
    policy(namespace, name, { podSelector: { matchLabels: peer.labels }, ...spec }),
  );
}

function policy(namespace: string, name: string, spec: object): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name }, spec };
}

function peersOf(peer: DeclaredPeer): object[] {
  if (peer.type === 'block') return [{ ipBlock: { cidr: peer.cidr, except: peer.except } }];
  return peer.namespaces.map((namespace) => ({
    namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } },
    podSelector: { matchLabels: peer.labels },
  }));
}

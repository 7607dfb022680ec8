import { BlockList, isIPv4 } from 'node:net';

/*
 * Who may connect to whom, one pod, one port and one address at a time, as the comments of the API types say:
 * k8s.io/api/networking/v1 and sigs.k8s.io/network-policy-api v1alpha2 and v1alpha1. Slow, and nothing of it is ours.
 */

export interface Cluster {
  readonly namespaces: readonly { readonly name: string; readonly labels: Record<string, string> }[];
  readonly pods: readonly Pod[];
  readonly policies: readonly any[];
  /** ClusterNetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy. */
  readonly clusterPolicies: readonly any[];
  readonly families: readonly ('IPv4' | 'IPv6')[];
  readonly hostNetwork: 'pods' | 'node';
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly hostNetwork: boolean;
  readonly ports: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly protocol?: string;
  }[];
}

/** A pod, or an address outside of the cluster. */
export type Party = { readonly pod: Pod } | { readonly address: string };

export interface Packet {
  readonly from: Party;
  readonly to: Party;
  readonly protocol: string;
  readonly port: number;
}

/** Whether a connection is let out by the source and let in by the destination, in some family. */
export function isAllowed(cluster: Cluster, packet: Packet): boolean {
  const { from, to, protocol, port } = packet;
  return familiesOf(cluster, packet).some(
    (family) =>
      passes(cluster, from, { peer: to, to, protocol, port, family, direction: 'Egress' }) &&
      passes(cluster, to, { peer: from, to, protocol, port, family, direction: 'Ingress' }),
  );
}

function familiesOf(cluster: Cluster, { from, to }: Packet): readonly ('IPv4' | 'IPv6')[] {
  const address = 'address' in from ? from.address : 'address' in to ? to.address : undefined;
  if (address === undefined) return cluster.families;
  return [isIPv4(address) ? 'IPv4' : 'IPv6'];
}

/** A packet as one of its ends sees it. */
interface Side {
  readonly peer: Party;
  readonly to: Party;
  readonly protocol: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6';
  readonly direction: 'Ingress' | 'Egress';
}

function passes(cluster: Cluster, self: Party, side: Side): boolean {
  if (!('pod' in self)) return true;
  const { pod } = self;
  const admin = decideTier(cluster, 'Admin', pod, side);
  if (admin === 'Accept') return true;
  if (admin === 'Deny') return false;
  const selecting = cluster.policies.filter((policy) => isSelectedBy(cluster, policy, pod, side));
  if (selecting.length > 0) {
    return selecting.some((policy) => {
      const rules: any[] = (side.direction === 'Ingress' ? policy.spec.ingress : policy.spec.egress) ?? [];
      return rules.some((rule) => ruleMatches(cluster, policy, rule, side));
    });
  }
  return decideTier(cluster, 'Baseline', pod, side) !== 'Deny';
}

// --- NetworkPolicy ---------------------------------------------------------------------------------------------------

function isSelectedBy(cluster: Cluster, policy: any, pod: Pod, { direction }: Side): boolean {
  if (pod.hostNetwork && cluster.hostNetwork === 'node') return false;
  if (policy.metadata.namespace !== pod.namespace) return false;
  if (!meets(policy.spec.podSelector ?? {}, pod.labels)) return false;
  const types: string[] = policy.spec.policyTypes ?? [];
  if (types.length > 0) return types.includes(direction);
  return direction === 'Ingress' || (policy.spec.egress ?? []).length > 0;
}

function ruleMatches(cluster: Cluster, policy: any, rule: any, side: Side): boolean {
  const peers: any[] = (side.direction === 'Ingress' ? rule.from : rule.to) ?? [];
  const ports: any[] = rule.ports ?? [];
  return (
    (peers.length === 0 || peers.some((peer) => peerMatches(cluster, policy, peer, side))) &&
    (ports.length === 0 || ports.some((port) => portMatches(cluster, port, side)))
  );
}

function peerMatches(cluster: Cluster, policy: any, peer: any, side: Side): boolean {
  if (peer.ipBlock) {
    // Meant for addresses outside of the cluster.
    if ('pod' in side.peer) return false;
    const { address } = side.peer;
    return (
      isIn(peer.ipBlock.cidr, address) &&
      !(peer.ipBlock.except ?? []).some((cidr: string) => isIn(cidr, address))
    );
  }
  if (!('pod' in side.peer)) return false;
  const { pod } = side.peer;
  if (pod.hostNetwork && cluster.hostNetwork === 'node') return false;
  const inNamespace = peer.namespaceSelector
    ? meets(peer.namespaceSelector, labelsOfNamespace(cluster, pod.namespace))
    : pod.namespace === policy.metadata.namespace;
  return inNamespace && meets(peer.podSelector ?? {}, pod.labels);
}

function portMatches(cluster: Cluster, port: any, { protocol, port: number, to }: Side): boolean {
  if ((port.protocol ?? 'TCP') !== protocol) return false;
  if (port.port === undefined) return true;
  if (typeof port.port === 'number') return port.port <= number && number <= (port.endPort ?? port.port);
  return declares(cluster, to, port.port, { protocol, port: number });
}

// --- cluster-wide policies -------------------------------------------------------------------------------------------

function decideTier(cluster: Cluster, tier: string, pod: Pod, side: Side): string | undefined {
  if (pod.hostNetwork) return undefined;
  const policies = cluster.clusterPolicies
    .filter((policy) => tierOf(policy) === tier && isSubject(cluster, policy.spec.subject, pod))
    .sort((a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0));
  for (const policy of policies) {
    for (const rule of (side.direction === 'Ingress' ? policy.spec.ingress : policy.spec.egress) ?? []) {
      const peers: any[] = side.direction === 'Ingress' ? rule.from : rule.to;
      const ports: any[] = rule.protocols ?? rule.ports ?? [];
      if (!peers.some((peer) => clusterPeerMatches(cluster, peer, side))) continue;
      if (ports.length > 0 && !ports.some((port) => clusterPortMatches(cluster, port, side))) continue;
      // Skips all further rules of the tier.
      return rule.action === 'Pass' ? undefined : rule.action === 'Allow' ? 'Accept' : rule.action;
    }
  }
  return undefined;
}

function tierOf({ kind, spec }: any): string {
  if (kind === 'ClusterNetworkPolicy') return spec.tier;
  return kind === 'AdminNetworkPolicy' ? 'Admin' : 'Baseline';
}

function isSubject(cluster: Cluster, subject: any, pod: Pod): boolean {
  const namespace = labelsOfNamespace(cluster, pod.namespace);
  if (subject.namespaces) return meets(subject.namespaces, namespace);
  return meets(subject.pods.namespaceSelector, namespace) && meets(subject.pods.podSelector, pod.labels);
}

function clusterPeerMatches(cluster: Cluster, peer: any, { peer: party, family }: Side): boolean {
  if (peer.networks) {
    const address = 'address' in party ? party.address : addressOf(party.pod, family);
    return peer.networks.some((cidr: string) => isIn(cidr, address));
  }
  return 'pod' in party && !party.pod.hostNetwork && isSubject(cluster, peer, party.pod);
}

function clusterPortMatches(cluster: Cluster, match: any, { protocol, port, to }: Side): boolean {
  const name = match.destinationNamedPort ?? match.namedPort;
  if (name !== undefined) return declares(cluster, to, name, { protocol, port });
  if (match.portNumber) return match.portNumber.protocol === protocol && match.portNumber.port === port;
  if (match.portRange) {
    const { protocol: own, start, end } = match.portRange;
    return own === protocol && start <= port && port <= end;
  }
  const destination = match[protocol.toLowerCase()]?.destinationPort;
  if (!destination) return false;
  const { number, range } = destination;
  return range ? range.start <= port && port <= range.end : number === port;
}

// --- what both use ---------------------------------------------------------------------------------------------------

function labelsOfNamespace({ namespaces }: Cluster, name: string): Record<string, string> {
  return { ...namespaces.find((each) => each.name === name)?.labels, 'kubernetes.io/metadata.name': name };
}

function meets(selector: any, labels: Record<string, string>): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {}))
    if (labels[key] !== value) return false;
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const has = key in labels;
    const listed = has && values?.includes(labels[key]);
    if (operator === 'In' && !listed) return false;
    if (operator === 'NotIn' && listed) return false;
    if (operator === 'Exists' && !has) return false;
    if (operator === 'DoesNotExist' && has) return false;
  }
  return true;
}

/** A node has no ports with names. */
function declares(
  cluster: Cluster,
  to: Party,
  name: string,
  { protocol, port }: Pick<Packet, 'protocol' | 'port'>,
): boolean {
  if (!('pod' in to) || (to.pod.hostNetwork && cluster.hostNetwork === 'node')) return false;
  return to.pod.ports.some(
    (each) => each.name === name && each.containerPort === port && (each.protocol ?? 'TCP') === protocol,
  );
}

/** Outside of every block that the clusters of the test have, save of those that hold every address. */
function addressOf({ name }: Pod, family: 'IPv4' | 'IPv6'): string {
  const last = 1 + (name.charCodeAt(name.length - 1) % 200);
  return family === 'IPv4' ? `198.18.0.${last}` : `2001:2::${last}`;
}

const BLOCKS = new Map<string, BlockList>();

function isIn(cidr: string, address: string): boolean {
  const [network, length] = cidr.split('/') as [string, string];
  if (isIPv4(network) !== isIPv4(address)) return false;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  let block = BLOCKS.get(cidr);
  if (!block) {
    block = new BlockList();
    if (length === '0') {
      const [first, last] =
        family === 'ipv4'
          ? ['0.0.0.0', '255.255.255.255']
          : ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
      block.addRange(first, last, family);
    } else block.addSubnet(network, Number(length), family);
    BLOCKS.set(cidr, block);
  }
  return block.check(address, family);
}

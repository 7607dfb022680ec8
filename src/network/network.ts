import { compareText, type Manifest } from '../manifest/manifest';
import { lazily } from '../manifest/remembered';
import type { IpFamily } from '../target/target';
import { addressSpace, type AddressSpace, type Block } from './addresses';
import { resolvePeers, type PeerSet } from './peer-set';
import { ALL_PODS, podIndex, type PodIndex } from './pod-index';
import { classifyPods, portsNamed, type PodClass, type Pods } from './pods';
import type { Policy, Rule, RulePorts } from './policy';
import { portAlgebra, type PortAlgebra, type PortSet } from './ports';
import { isClusterPolicy, readClusterPolicy } from './read-cluster-policy';
import { readNetworkPolicy } from './read-policy';
import { selectorReader } from './selector';

/** How pods in the network of their node are taken, which NetworkPolicy leaves to the plugin. */
export type HostNetworkReading =
  /** As if they had an address of their own: as the policies are written. */
  | 'pods'
  /** As their node, which no selector matches and no policy restricts: what most plugins do. */
  | 'node';

/** Pods and policies, each indexed by the other. */
export interface Network {
  readonly pods: Pods;
  /** Every policy that is enforced: NetworkPolicies, then cluster-wide ones by tier and priority. */
  readonly policies: readonly Policy[];
  readonly index: PodIndex;
  readonly ports: PortAlgebra;
  readonly hostNetwork: HostNetworkReading;
  /** Address families of pods. */
  readonly families: readonly IpFamily[];
  /** All addresses, cut along the blocks of the policies. */
  readonly space: () => AddressSpace;
  /** The policies that select the pods of a class, in the order in which they are asked within a tier. */
  readonly policiesOn: (podClass: PodClass) => readonly Policy[];
  /** Who the peers of a rule are. */
  readonly peersOf: (rule: Rule) => PeerSet;
  /** The ports of a rule where pods of a class are the destination. */
  readonly portsAt: (ports: RulePorts, destination: PodClass) => PortSet;
  /** The classes that have one of the ports that a rule names. */
  readonly declarersOf: (ports: RulePorts) => readonly PodClass[];
}

/** What a {@link Network} is made with. */
export interface NetworkOptions {
  /** Whether the cluster enforces cluster-wide policies. */
  readonly clusterPolicies: boolean;
  readonly hostNetwork: HostNetworkReading;
  /** Address families of pods. */
  readonly families: readonly IpFamily[];
}

/** Reads and indexes the policies and pods of manifests, in time linear in them and in what the policies select. */
export function buildNetwork(manifests: readonly Manifest[], options: NetworkOptions): Network {
  const ports = portAlgebra();
  const { policies, keys } = readPolicies(manifests, options.clusterPolicies, ports);
  const pods = classifyPods(manifests, { keys, portNames: portNamesOf(policies) });
  const index = podIndex(pods);
  const space = lazily(() => addressSpace(blocksOf(policies)));
  const hosts = new Set(pods.classes.flatMap(({ hostNetwork, id }) => (hostNetwork ? [id] : [])));
  const selecting = selectPods(policies, index, { pods, hosts, hostNetwork: options.hostNetwork });
  const peers = new Map<Rule, PeerSet>();
  const naming = lazily(() => pods.classes.filter(({ namedPorts }) => namedPorts.length > 0));
  return {
    pods,
    policies,
    index,
    ports,
    hostNetwork: options.hostNetwork,
    families: options.families,
    space,
    policiesOn: ({ id }) => selecting[id]!,
    peersOf(rule) {
      let set = peers.get(rule);
      if (!set) peers.set(rule, (set = resolvePeers(rule, { index, space, hosts: excluded(rule) })));
      return set;
    },
    portsAt: ({ fixed, named }, destination) =>
      named.length === 0 ? fixed : ports.union(fixed, ports.of(resolve(named, destination))),
    declarersOf: ({ named }) => naming().filter((one) => resolve(named, one).length > 0),
  };

  /** Cluster-wide policies never mean pods in the network of their node, whatever the plugin does with NetworkPolicies. */
  function excluded({ clusterWide }: Rule): ReadonlySet<number> {
    return clusterWide || options.hostNetwork === 'node' ? hosts : NONE;
  }
}

const NONE: ReadonlySet<number> = new Set();

/** Reads the policies that a cluster enforces, in the order in which a {@link Network} has them. */
export function readPolicies(manifests: readonly Manifest[], clusterPolicies: boolean, ports: PortAlgebra) {
  const selectors = selectorReader();
  const policies: Policy[] = [];
  const clusterWide: Policy[] = [];
  for (const manifest of manifests) {
    if (manifest.kind === 'NetworkPolicy' && manifest.apiVersion.startsWith('networking.k8s.io/')) {
      policies.push(readNetworkPolicy(manifest, { selectors, ports }));
    } else if (clusterPolicies && isClusterPolicy(manifest)) {
      clusterWide.push(readClusterPolicy(manifest, { selectors, ports }));
    }
  }
  // Which of two policies of the same priority counts is undefined. By name is at least always the same.
  clusterWide.sort(
    (a, b) =>
      a.priority - b.priority ||
      compareText(String(a.manifest.metadata?.name), String(b.manifest.metadata?.name)),
  );
  return { policies: [...policies, ...clusterWide], keys: selectors.keys };
}

interface Selectable {
  readonly pods: Pods;
  readonly hosts: ReadonlySet<number>;
  readonly hostNetwork: HostNetworkReading;
}

/** The policies on each class. */
function selectPods(
  policies: readonly Policy[],
  index: PodIndex,
  { pods, hosts, hostNetwork }: Selectable,
): (readonly Policy[])[] {
  const selecting: Policy[][] = pods.classes.map(() => []);
  const every = pods.classes.map(({ id }) => id);
  for (const policy of policies) {
    const set = index.select(policy.subject);
    const isExempt = policy.tier !== 'NetworkPolicy' || hostNetwork === 'node';
    for (const id of set === ALL_PODS ? every : set) {
      if (!isExempt || !hosts.has(id)) selecting[id]!.push(policy);
    }
  }
  return selecting;
}

function resolve(named: RulePorts['named'], destination: PodClass) {
  return named
    .flatMap((name) => portsNamed(destination, name))
    .map(({ protocol, port }) => ({ protocol, first: port, last: port }));
}

/** Calls with every rule. There may be a million of them, too many for lists of lists. */
function visitRules(policies: readonly Policy[], visit: (rule: Rule) => void): void {
  for (const policy of policies) {
    policy.egress?.forEach(visit);
    policy.ingress?.forEach(visit);
  }
}

function portNamesOf(policies: readonly Policy[]): Set<string> {
  const names = new Set<string>();
  visitRules(policies, ({ ports }) => ports.named.forEach(({ name }) => names.add(name)));
  return names;
}

function blocksOf(policies: readonly Policy[]): Block[] {
  const blocks: Block[] = [];
  visitRules(policies, ({ peers }) => {
    if (peers === 'any') return;
    for (const peer of peers) if ('block' in peer) blocks.push(peer.block);
  });
  return blocks;
}

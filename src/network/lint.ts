import { describeObject, isObject, type Manifest } from '../manifest/manifest';
import { namespaceOf } from '../manifest/inventory';
import { podTemplateOf } from '../manifest/pod';
import type { IpFamily } from '../target/target';
import type { Network } from './network';
import { ALL_PODS, type PodSet } from './pod-index';
import { lastingContainers, NAMESPACE_NAME_LABEL, portsOfContainer, type DeclaredPort } from './pods';
import { DIRECTIONS, type Direction, type Policy, type Rule, type RulePeer } from './policy';
import { ALL_PORTS, formatPorts, NO_PORTS, type PortRange, type PortSet } from './ports';
import { listOf } from '../lists';
import { selectsAll, type Selector } from './selector';

/** A rule of a policy that hardly says what was meant. */
export interface DoubtfulRule {
  readonly policy: Manifest;
  /** Path of the rule, or of its peers or ports. */
  readonly field: string;
  /** What is wrong with it. */
  readonly detail: string;
}

/** A peer that selectors describe. */
export type PodPeer = RulePeer & { readonly kind: 'pods' };

/** Where a rule is. */
export interface PlacedRule {
  readonly policy: Policy;
  readonly direction: Direction;
  readonly rule: Rule;
}

/** Policies alone, without the pods that they are about. */
export type PolicySet = Pick<Network, 'policies' | 'families'>;

/** Every rule of every policy that is enforced, in the order in which policies are asked. */
export function placedRules({ policies }: Pick<PolicySet, 'policies'>): PlacedRule[] {
  return policies.flatMap((policy) =>
    DIRECTIONS.flatMap((direction) => (policy[direction] ?? []).map((rule) => ({ policy, direction, rule }))),
  );
}

/** The path of the list of a rule's peers. */
export function peersField({ direction, rule }: PlacedRule): string {
  return `${rule.field}.${direction === 'ingress' ? 'from' : 'to'}`;
}

/** The peers of a rule that selectors describe. */
export function podPeers({ peers }: Rule): PodPeer[] {
  return peers === 'any' ? [] : peers.filter((peer): peer is PodPeer => peer.kind === 'pods');
}

/** Whether a selector leaves something out. */
export function isNarrow(selector: Selector | undefined): selector is Selector {
  return selector !== undefined && !selectsAll(selector);
}

/**
 * Rules with a namespaceSelector and a podSelector as two peers, each of which allows on its own, where one peer with both
 * was meant: the podSelector matches no pod of the policy's own namespace, and does match pods of the namespaces beside it.
 */
export function splitPeers(network: Network): DoubtfulRule[] {
  return placedRules(network).flatMap((placed) => {
    const peers = podPeers(placed.rule).filter(() => !placed.rule.clusterWide);
    const whole = peers.filter(({ namespaces, pods }) => namespaces !== undefined && !pods);
    const strays = peers.filter((peer) => isStray(peer, network));
    const isSplit = strays.some(({ pods }) =>
      whole.some(
        ({ namespaces }) => network.index.select({ namespace: undefined, namespaces, pods }).length > 0,
      ),
    );
    if (!isSplit) return [];
    const detail =
      'namespaceSelector and podSelector are two peers, so every pod of those namespaces is meant; the podSelector matches no pod of this namespace, and matches pods there';
    return [{ policy: placed.policy.manifest, field: peersField(placed), detail }];
  });
}

/** Whether some rule of a policy has both peers that {@link splitPeers} looks for; quick, from what is written alone. */
export function mayHaveSplitPeers(policy: Manifest): boolean {
  return somePeers(
    policy,
    (peers) =>
      peers.length > 1 &&
      peers.some(
        (peer) => isObject(peer) && isObject(peer.namespaceSelector) && !isObject(peer.podSelector),
      ) &&
      peers.some((peer) => isObject(peer) && isObject(peer.podSelector) && !isObject(peer.namespaceSelector)),
  );
}

/** Whether some rule of a policy may have a block that is all of a family. */
export function mayNameFamily(policy: Manifest): boolean {
  // There are few policies for the whole cluster, and they write blocks in more than one way.
  return (
    policy.kind !== 'NetworkPolicy' ||
    somePeers(policy, (peers) => peers.some((peer) => isObject(peer) && isObject(peer.ipBlock)))
  );
}

/** Whether something is true of the peers of some rule of a NetworkPolicy, as they are written. */
function somePeers({ spec }: Manifest, test: (peers: readonly unknown[]) => boolean): boolean {
  if (!isObject(spec)) return false;
  const someOf = (rules: unknown, side: 'from' | 'to') =>
    listOf(rules).some((rule) => isObject(rule) && test(listOf(rule[side])));
  return someOf(spec.ingress, 'from') || someOf(spec.egress, 'to');
}

/** Whether a peer by labels of pods alone is nobody, although its namespace has pods. */
function isStray({ namespace, namespaces, pods }: PodPeer, { pods: all, index }: Network): boolean {
  if (namespaces || !isNarrow(pods)) return false;
  const own = all.namespaces.get(namespace ?? '')?.classes ?? [];
  return own.length > 0 && index.select({ namespace, namespaces, pods }).length === 0;
}

/** Rules whose blocks leave out a family of addresses of the pods, or are of families that pods do not have. */
export function oneFamilyRules(asked: PolicySet): DoubtfulRule[] {
  return placedRules(asked).flatMap((placed) => {
    const missing = missingFamilies(placed.rule, asked.families);
    if (missing.length === 0) return [];
    const detail = `The blocks stand for every address of one family, and pods have ${missing.join(' and ')} addresses as well`;
    return [{ policy: placed.policy.manifest, field: peersField(placed), detail }];
  });
}

/** Only a block of a whole family says "everybody"; a smaller one is of the family that its owner has. */
function missingFamilies({ peers }: Rule, families: readonly IpFamily[]): IpFamily[] {
  if (peers === 'any') return [];
  const blocks = peers.flatMap((peer) => ('block' in peer ? [peer.block.cidr] : []));
  const present = new Set(blocks.map(({ family }) => family));
  return blocks.some(({ prefix }) => prefix === 0) ? families.filter((family) => !present.has(family)) : [];
}

/** Rules for ports that none of their destinations declares, where the manifests show all of these. */
export function undeclaredPorts(network: Network): DoubtfulRule[] {
  const portsOf = declaredPorts(network);
  return placedRules(network).flatMap((placed) => {
    const declared = destinationsOf(placed, network)?.map(portsOf);
    if (!declared || declared.length === 0) return [];
    const missing = [
      ...missingNames(placed.rule, declared),
      ...(declared.every((set) => set.every((ports) => ports.length > 0))
        ? missingNumbers(placed.rule, declared, network)
        : []),
    ];
    if (missing.length === 0) return [];
    const detail = `No container of the destination declares ${missing.join(', ')}`;
    return [{ policy: placed.policy.manifest, field: `${placed.rule.field}.ports`, detail }];
  });
}

/** What the containers of each class of a set declare. */
type Declared = readonly (readonly DeclaredPort[])[];

/** Worked out once for each set, since many rules name the same. */
function declaredPorts({ pods }: Network): (set: readonly number[]) => Declared {
  const ofClass = new Map<number, readonly DeclaredPort[]>();
  const ofSet = new WeakMap<readonly number[], Declared>();
  const declaredBy = (id: number) => {
    const known = ofClass.get(id);
    if (known) return known;
    const ports = pods.classes[id]!.workloads.flatMap(({ manifest }) =>
      lastingContainers(podTemplateOf(manifest)!.spec).flatMap(portsOfContainer),
    );
    ofClass.set(id, ports);
    return ports;
  };
  return (set) => {
    const known = ofSet.get(set) ?? set.map(declaredBy);
    ofSet.set(set, known);
    return known;
  };
}

/** Sets of pods whose ports a rule is about, or undefined where others than those of the manifests may be meant. */
function destinationsOf(
  { policy, direction, rule }: PlacedRule,
  { index }: Network,
): (readonly number[])[] | undefined {
  const peers = podPeers(rule);
  const isPodsOnly = rule.peers !== 'any' && peers.length === rule.peers.length;
  if (rule.clusterWide || (direction === 'egress' && !isPodsOnly)) return undefined;
  const subjects = direction === 'ingress' ? [policy.subject] : peers.map(pinned);
  const sets = subjects.map((subject): PodSet => (subject ? index.select(subject) : ALL_PODS));
  return sets.some((set) => set === ALL_PODS || set.length === 0) ? undefined : (sets as number[][]);
}

/** A peer whose namespace is known by name. */
function pinned(peer: PodPeer): PodPeer | undefined {
  return namespaceNameOf(peer) === undefined ? undefined : peer;
}

/** The one namespace of a peer, where it is named. */
function namespaceNameOf({ namespace, namespaces }: PodPeer): string | undefined {
  const only = namespaces?.requirements?.length === 1 ? namespaces.requirements[0]! : undefined;
  if (!namespaces) return namespace;
  const isName = only?.key === NAMESPACE_NAME_LABEL && only.operator === 'In' && only.values.length === 1;
  return isName ? only.values[0] : undefined;
}

function missingNames({ ports }: Rule, declared: readonly Declared[]): string[] {
  return ports.named
    .filter(
      ({ name, protocol }) =>
        !hasPort(declared, (port) => port.name === name && port.protocol === (protocol ?? port.protocol)),
    )
    .map(({ name }) => `'${name}'`);
}

/** A container may listen on ports that it does not declare; one that declares some usually declares all. */
function missingNumbers(
  { ports }: Rule,
  declared: readonly Declared[],
  { ports: algebra }: Network,
): string[] {
  const holds = (range: PortRange) => (port: DeclaredPort) =>
    port.protocol === range.protocol && range.first <= port.port && port.port <= range.last;
  const missing = algebra
    .rangesOf(ports.fixed)
    .filter((range) => range.last - range.first < WHOLE_PROTOCOL && !hasPort(declared, holds(range)));
  return missing.length === 0 ? [] : [formatPorts(missing)];
}

const WHOLE_PROTOCOL = 65534;

function hasPort(declared: readonly Declared[], test: (port: DeclaredPort) => boolean): boolean {
  return declared.some((set) => set.some((ports) => ports.some(test)));
}

/** Peers by labels of pods that any namespace may have: whoever may make a pod in one of them is let in. */
export function borrowedPodLabels(asked: PolicySet): DoubtfulRule[] {
  return placedRules(asked).flatMap((placed) => {
    const isBorrowed = podPeers(placed.rule).some(
      ({ namespaces, pods }) => isNarrow(pods) && namespaces !== undefined && !isPositive(namespaces),
    );
    if (placed.rule.clusterWide || !isBorrowed) return [];
    const detail = 'Pods with these labels may be in any namespace, so whoever makes pods in one decides';
    return [{ policy: placed.policy.manifest, field: peersField(placed), detail }];
  });
}

/** Whether a selector asks for something to be there. */
function isPositive({ requirements }: Selector): boolean {
  return requirements?.some(({ operator }) => operator === 'In' || operator === 'Exists') ?? true;
}

/** Peers by labels of namespaces whose keys have no prefix, which Kubernetes leaves to users. */
export function privateNamespaceLabels(asked: PolicySet): DoubtfulRule[] {
  return placedRules(asked).flatMap((placed) => {
    const keys = podPeers(placed.rule).flatMap(({ namespaces }) => privateKeys(namespaces));
    if (placed.rule.clusterWide || keys.length === 0) return [];
    const detail = `Whoever labels a namespace with ${[...new Set(keys)].join(', ')} is trusted`;
    return [{ policy: placed.policy.manifest, field: peersField(placed), detail }];
  });
}

/** The keys that decide, where none of them has a prefix. */
function privateKeys(namespaces: Selector | undefined): string[] {
  const positive = namespaces?.requirements?.filter(
    ({ operator }) => operator === 'In' || operator === 'Exists',
  );
  const keys = positive?.map(({ key }) => key) ?? [];
  return keys.some((key) => key.includes('/')) ? [] : keys;
}

/** What the rules that were looked at so far do for one peer of one set of pods. */
interface Cover {
  fixed: PortSet;
  readonly named: Set<string>;
  /** The first of the rules that do, and the last. */
  readonly first: PlacedRule;
  last: PlacedRule;
}

/**
 * Rules that change nothing: NetworkPolicies beside which wider ones allow the same, and rules of a cluster-wide tier behind
 * others that decide first. Told from how they are written, so that it stays true whatever pods come; in time linear in the
 * peers.
 */
export function idleRules(network: Network): DoubtfulRule[] {
  const covers = new Map<string, Cover>();
  return inOrder(network).flatMap((placed) => {
    const { policy, direction, rule } = placed;
    const peers = peerKeys(rule, namespaceOf(policy.manifest));
    const found = peers.map((keys) => coverOf(keys, placed, covers, network));
    const [first] = found;
    if (first && found.every((cover) => cover !== undefined)) {
      const verb = rule.clusterWide ? 'decides before it' : 'allows the same';
      const others = first.first === first.last ? '' : ', with others,';
      const detail = `${first.first.rule.field} of ${describeObject(first.first.policy.manifest)}${others} ${verb}`;
      return [{ policy: policy.manifest, field: rule.field, detail }];
    }
    for (const [own] of peers)
      addCover(`${subjectKeys(policy, direction)[0]!} ${own!}`, placed, covers, network);
    return [];
  });
}

/** NetworkPolicies have no order, so the widest come first. */
function inOrder(network: Network): PlacedRule[] {
  const rules = placedRules(network).filter(isReadWhole);
  const widths = new Map(rules.map((placed) => [placed, narrowness(placed, network)]));
  const own = rules.filter(({ rule }) => !rule.clusterWide);
  own.sort((a, b) => compareWidths(widths.get(a)!, widths.get(b)!));
  return [...own, ...rules.filter(({ rule }) => rule.clusterWide)];
}

/** Which addresses a domain name has, and which labels a node, is not known, so a rule with one is not compared. */
function isReadWhole({ policy, direction, rule }: PlacedRule): boolean {
  if (rule.peers !== 'any' && rule.peers.length === 0) return false;
  if (!rule.clusterWide) return true;
  if (rule.peers !== 'any' && rule.peers.some((peer) => peer.kind === 'nodes' && !peer.every)) return false;
  const spec = isObject(policy.manifest.spec) ? policy.manifest.spec : {};
  const names = (entry: unknown) => isObject(entry) && entry.domainNames !== undefined;
  return !listOf(spec[direction]).some((entry) => isObject(entry) && listOf(entry.to).some(names));
}

function narrowness({ policy, rule }: PlacedRule, { ports }: Network): readonly number[] {
  const size = ports.rangesOf(rule.ports.fixed).reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return [isNarrow(policy.subject.pods) ? 1 : 0, narrowestPeer(rule), -size];
}

function narrowestPeer({ peers }: Rule): number {
  if (peers === 'any') return -1;
  return Math.max(
    ...peers.map((peer) => {
      if ('block' in peer) return peer.block.cidr.prefix + peer.block.except.length;
      if (peer.kind !== 'pods') return 0;
      const size = (selector: Selector | undefined) => selector?.requirements?.length ?? 0;
      return size(peer.pods) * 4 + (peer.namespaces ? size(peer.namespaces) : 1);
    }),
  );
}

function compareWidths(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

/** The pods of a policy, and what holds these as well. */
function subjectKeys({ subject, tier }: Policy, direction: Direction): string[] {
  const { namespace, namespaces, pods } = subject;
  const where = namespaces ? `${namespaces.id}` : (namespace ?? '');
  const all = namespaces ? (selectsAll(namespaces) ? '*' : where) : where;
  const key = (place: string, who: string) => `${tier} ${direction} ${place} ${who}`;
  const who = isNarrow(pods) ? `${pods.id}` : '*';
  return [...new Set([key(all, who), key(all, '*'), ...(namespaces ? [key('*', '*')] : [])])];
}

/** For each peer the name of it, and of what holds it as well. */
function peerKeys({ peers }: Rule, own: string): string[][] {
  if (peers === 'any') return [['any']];
  return peers.map((peer) => [...keysOfPeer(peer, own), 'any']);
}

function keysOfPeer(peer: RulePeer, own: string): string[] {
  if (peer.kind === 'nodes') return ['nodes'];
  if ('block' in peer) return blockKeys(peer);
  const name = namespaceNameOf({ ...peer, namespace: peer.namespace ?? own });
  const where = name ?? (isNarrow(peer.namespaces) ? `#${peer.namespaces.id}` : '*');
  const who = isNarrow(peer.pods) ? `${peer.pods.id}` : '*';
  return [...new Set([`${where} ${who}`, `${where} *`, `* ${who}`, '* *'])];
}

/** A block, and each larger block that it is in. */
function blockKeys(peer: RulePeer & { readonly kind: 'block' | 'network' }): string[] {
  const { cidr, except } = peer.block;
  const exceptions = except.map(({ text }) => text).sort();
  const width = cidr.family === 'IPv4' ? 32 : 128;
  const key = (prefix: number) =>
    `${peer.kind} ${cidr.family} ${(cidr.first >> BigInt(width - prefix)).toString(16)}/${prefix}`;
  const larger = Array.from({ length: cidr.prefix + 1 }, (_, back) => key(cidr.prefix - back));
  return exceptions.length > 0 ? [`${larger[0]!} ${exceptions.join()}`, ...larger] : larger;
}

function coverOf(
  keys: readonly string[],
  { policy, direction, rule }: PlacedRule,
  covers: ReadonlyMap<string, Cover>,
  { ports }: Network,
): Cover | undefined {
  // Which of two cluster-wide policies of one priority comes first is undefined.
  const isBefore = ({ policy: other }: PlacedRule) =>
    !rule.clusterWide || other === policy || other.priority < policy.priority;
  const isCovered = ({ fixed, named, last }: Cover) =>
    isBefore(last) &&
    ports.subtract(rule.ports.fixed, fixed) === NO_PORTS &&
    (fixed === ALL_PORTS || rule.ports.named.every(({ name, protocol }) => named.has(`${protocol} ${name}`)));
  for (const subject of subjectKeys(policy, direction)) {
    for (const key of keys) {
      const cover = covers.get(`${subject} ${key}`);
      if (cover && isCovered(cover)) return cover;
    }
  }
  return undefined;
}

function addCover(key: string, placed: PlacedRule, covers: Map<string, Cover>, { ports }: Network): void {
  const cover = covers.get(key) ?? { fixed: NO_PORTS, named: new Set<string>(), first: placed, last: placed };
  cover.fixed = ports.union(cover.fixed, placed.rule.ports.fixed);
  for (const { name, protocol } of placed.rule.ports.named) cover.named.add(`${protocol} ${name}`);
  cover.last = placed;
  covers.set(key, cover);
}

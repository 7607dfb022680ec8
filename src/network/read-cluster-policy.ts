import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { readBlock } from './addresses';
import type { Action, Direction, NamedPort, Policy, Rule, RulePeer, RulePorts, Subject } from './policy';
import { NO_PORTS, type PortAlgebra, type PortRange, type Protocol } from './ports';
import { listOf } from '../lists';
import { EVERY_PORT, isProtocol, type ReadContext } from './read-policy';
import { selectsAll, type Selector, type SelectorReader } from './selector';

/** How the two generations of cluster-wide policies are written. */
interface Dialect {
  readonly tier: Policy['tier'];
  readonly actions: Readonly<Record<string, Action>>;
  readonly ports: (rule: JsonObject, algebra: PortAlgebra) => RulePorts;
}

/** Kinds of policy.networking.k8s.io that are read: ClusterNetworkPolicy v1alpha2, and what it has replaced (v1alpha1). */
const DIALECTS: Readonly<Record<string, (spec: JsonObject) => Dialect>> = {
  ClusterNetworkPolicy: ({ tier }) => ({
    tier: tier === 'Baseline' ? 'Baseline' : 'Admin',
    actions: { Accept: 'Accept', Deny: 'Deny', Pass: 'Pass' },
    ports: readProtocols,
  }),
  AdminNetworkPolicy: () => ({
    tier: 'Admin',
    actions: { Allow: 'Accept', Deny: 'Deny', Pass: 'Pass' },
    ports: readAdminPorts,
  }),
  BaselineAdminNetworkPolicy: () => ({
    tier: 'Baseline',
    actions: { Allow: 'Accept', Deny: 'Deny' },
    ports: readAdminPorts,
  }),
};

/** The kinds of policies for the whole cluster. */
export const CLUSTER_POLICY_KINDS: readonly string[] = Object.keys(DIALECTS);

/** Whether a manifest is a policy for the whole cluster. */
export function isClusterPolicy({ apiVersion, kind }: Manifest): boolean {
  return kind in DIALECTS && apiVersion.startsWith('policy.networking.k8s.io/');
}

/** Reads a policy for the whole cluster. A peer of a kind that is not known here fails closed, as the API asks. */
export function readClusterPolicy(manifest: Manifest, context: ReadContext): Policy {
  const spec = isObject(manifest.spec) ? manifest.spec : {};
  const dialect = DIALECTS[manifest.kind]!(spec);
  const rules = (direction: Direction) => {
    const entries = listOf(spec[direction]).filter(isObject);
    if (entries.length === 0) return undefined;
    return entries.flatMap((rule, index) =>
      readRule(rule, { direction, field: `spec.${direction}[${index}]`, dialect, context }),
    );
  };
  return {
    manifest,
    tier: dialect.tier,
    priority: typeof spec.priority === 'number' ? spec.priority : 0,
    subject: readSubject(spec.subject, context.selectors),
    ingress: rules('ingress'),
    egress: rules('egress'),
  };
}

const NOTHING: Selector = { id: -1, requirements: undefined };

function readSubject(value: unknown, selectors: SelectorReader): Subject {
  const { namespaces, pods } = isObject(value) ? value : {};
  if (isObject(namespaces))
    return { namespace: undefined, namespaces: selectors.read(namespaces), pods: undefined };
  return isObject(pods)
    ? { namespace: undefined, ...readPods(pods, selectors) }
    : { namespace: undefined, namespaces: NOTHING, pods: undefined };
}

function readPods({ namespaceSelector, podSelector }: JsonObject, selectors: SelectorReader) {
  const read = (selector: unknown) => selectors.read(isObject(selector) ? selector : {});
  return { namespaces: read(namespaceSelector), pods: read(podSelector) };
}

interface RuleContext {
  readonly direction: Direction;
  readonly field: string;
  readonly dialect: Dialect;
  readonly context: ReadContext;
}

function readRule(rule: JsonObject, { direction, field, dialect, context }: RuleContext): Rule[] {
  const action = dialect.actions[String(rule.action)];
  if (!action) return [];
  const entries = listOf(rule[direction === 'ingress' ? 'from' : 'to']);
  const peers = entries.map((peer) => readPeer(peer, action, context.selectors));
  const ports = dialect.ports(rule, context.ports);
  const clusterWide = true;
  if (peers.every((peer) => peer !== undefined))
    return [{ clusterWide, action, field, peers: peers.flat(), ports }];
  return action === 'Accept' ? [] : [{ clusterWide, action: 'Deny', field, peers: 'any', ports: EVERY_PORT }];
}

/** Undefined for a peer of an unknown kind. */
function readPeer(peer: unknown, action: Action, selectors: SelectorReader): RulePeer[] | undefined {
  if (!isObject(peer)) return undefined;
  const { namespaces, pods, networks, nodes, domainNames } = peer;
  if (isObject(namespaces)) return [podsOf({ namespaces: selectors.read(namespaces), pods: undefined })];
  if (isObject(pods)) return [podsOf(readPods(pods, selectors))];
  if (Array.isArray(networks)) return networks.flatMap(readNetwork);
  if (isObject(nodes)) return readNodes(selectors.read(nodes), action);
  // Which addresses a name has is not in any manifest.
  return Array.isArray(domainNames) ? [] : undefined;
}

function podsOf(selectors: { namespaces: Selector; pods: Selector | undefined }): RulePeer {
  return { kind: 'pods', namespace: undefined, ...selectors };
}

function readNetwork(cidr: unknown): RulePeer[] {
  const block = readBlock({ cidr });
  return block ? [{ kind: 'network', block }] : [];
}

/** Labels of nodes are not in manifests, so some nodes may be any when they are let in, and are none when they are kept out. */
function readNodes(selector: Selector, action: Action): RulePeer[] {
  const every = selectsAll(selector);
  return every || action === 'Accept' ? [{ kind: 'nodes', every }] : [];
}

/** ClusterNetworkPolicy v1alpha2: `protocols`, each with one of tcp, udp, sctp and destinationNamedPort. */
function readProtocols({ protocols }: JsonObject, algebra: PortAlgebra): RulePorts {
  const entries = listOf(protocols).filter(isObject);
  if (entries.length === 0) return EVERY_PORT;
  const named = entries.flatMap(({ destinationNamedPort: name }): NamedPort[] =>
    typeof name === 'string' ? [{ name, protocol: undefined }] : [],
  );
  const ranges = entries.flatMap((entry) =>
    Object.entries(entry).flatMap(([name, match]) => protocolRange(name.toUpperCase(), match)),
  );
  return { fixed: ranges.length > 0 ? algebra.of(ranges) : NO_PORTS, named };
}

function protocolRange(protocol: string, match: unknown): PortRange[] {
  if (!isProtocol(protocol) || !isObject(match)) return [];
  const { destinationPort } = match;
  if (!isObject(destinationPort)) return [{ protocol, first: 1, last: 65535 }];
  const { number, range } = destinationPort;
  return portRange(protocol, isObject(range) ? range : { start: number, end: number });
}

/** AdminNetworkPolicy v1alpha1: `ports`, each with one of portNumber, portRange and namedPort. */
function readAdminPorts({ ports }: JsonObject, algebra: PortAlgebra): RulePorts {
  const entries = listOf(ports).filter(isObject);
  if (entries.length === 0) return EVERY_PORT;
  const named = entries.flatMap(({ namedPort: name }): NamedPort[] =>
    typeof name === 'string' ? [{ name, protocol: undefined }] : [],
  );
  return { fixed: algebra.of(entries.flatMap(adminRange)), named };
}

function adminRange({ portNumber, portRange: range }: JsonObject): PortRange[] {
  if (isObject(portNumber)) {
    const { protocol = 'TCP', port } = portNumber;
    return portRange(protocol, { start: port, end: port });
  }
  return isObject(range) ? portRange(range.protocol ?? 'TCP', range) : [];
}

function portRange(protocol: unknown, { start, end }: JsonObject): PortRange[] {
  if (!isProtocol(protocol) || typeof start !== 'number' || typeof end !== 'number') return [];
  return [{ protocol: protocol satisfies Protocol, first: start, last: end }];
}

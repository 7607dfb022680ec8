import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { namespaceOf } from '../manifest/inventory';
import { readBlock } from './addresses';
import type { Direction, NamedPort, Policy, Rule, RulePeer, RulePorts } from './policy';
import { ALL_PORTS, PROTOCOLS, type PortAlgebra, type PortRange, type Protocol } from './ports';
import type { SelectorReader } from './selector';
import { listOf } from '../lists';

/** What reading a policy needs. */
export interface ReadContext {
  readonly selectors: SelectorReader;
  readonly ports: PortAlgebra;
}

/** The ports of a rule that names none. */
export const EVERY_PORT: RulePorts = { fixed: ALL_PORTS, named: [] };

/** Reads a NetworkPolicy as networking.k8s.io/v1 says that it is meant. What the API server refuses matches nothing. */
export function readNetworkPolicy(manifest: Manifest, context: ReadContext): Policy {
  const spec = isObject(manifest.spec) ? manifest.spec : {};
  const namespace = namespaceOf(manifest);
  const rules = (direction: Direction) =>
    isolates(spec, direction) ? readRules(spec, direction, namespace, context) : undefined;
  return {
    manifest,
    tier: 'NetworkPolicy',
    priority: 0,
    subject: {
      namespace,
      namespaces: undefined,
      // The field is required, and an empty selector is every pod of the namespace.
      pods: isObject(spec.podSelector) ? context.selectors.read(spec.podSelector) : undefined,
    },
    ingress: rules('ingress'),
    egress: rules('egress'),
  };
}

/** Unset or empty, policyTypes is Ingress, and Egress too if there is a rule for it (NetworkPolicySpec.policyTypes). */
function isolates({ policyTypes, egress }: JsonObject, direction: Direction): boolean {
  if (Array.isArray(policyTypes) && policyTypes.length > 0) {
    return policyTypes.includes(direction === 'ingress' ? 'Ingress' : 'Egress');
  }
  return direction === 'ingress' || (Array.isArray(egress) && egress.length > 0);
}

const NO_RULES: readonly Rule[] = [];

function readRules(
  spec: JsonObject,
  direction: Direction,
  namespace: string,
  context: ReadContext,
): readonly Rule[] {
  const entries = listOf(spec[direction]);
  if (entries.length === 0) return NO_RULES;
  const side = direction === 'ingress' ? 'from' : 'to';
  const rules: Rule[] = [];
  entries.forEach((rule, index) => {
    if (!isObject(rule)) return;
    rules.push({
      clusterWide: false,
      action: 'Accept',
      field: fieldOf(direction, index),
      peers: readPeers(rule[side], namespace, context),
      ports: readPorts(rule.ports, context.ports),
    });
  });
  return rules;
}

const FIELDS: Readonly<Record<Direction, string[]>> = { ingress: [], egress: [] };

/** Made once for each index, since there may be a million rules. */
function fieldOf(direction: Direction, index: number): string {
  return (FIELDS[direction][index] ??= `spec.${direction}[${index}]`);
}

/** Without entries a rule is for everybody (NetworkPolicyIngressRule.from, NetworkPolicyEgressRule.to). */
function readPeers(value: unknown, namespace: string, context: ReadContext): Rule['peers'] {
  const entries = listOf(value);
  if (entries.length === 0) return 'any';
  const peers: RulePeer[] = [];
  for (const entry of entries) {
    const peer = readPeer(entry, namespace, context);
    if (peer) peers.push(peer);
  }
  return peers;
}

function readPeer(peer: unknown, namespace: string, { selectors }: ReadContext): RulePeer | undefined {
  if (!isObject(peer)) return undefined;
  const { ipBlock, podSelector, namespaceSelector } = peer;
  const elsewhere = isObject(namespaceSelector);
  const selects = elsewhere || isObject(podSelector);
  if (isObject(ipBlock)) {
    const block = selects ? undefined : readBlock(ipBlock);
    return block && { kind: 'block', block };
  }
  if (!selects) return undefined;
  return {
    kind: 'pods',
    namespace: elsewhere ? undefined : namespace,
    namespaces: elsewhere ? selectors.read(namespaceSelector) : undefined,
    pods: isObject(podSelector) ? selectors.read(podSelector) : undefined,
  };
}

const KNOWN_PORTS = new WeakMap<PortAlgebra, Map<string, RulePorts>>();

/** Many rules have the same ports, which are then the same object. */
function readPorts(value: unknown, algebra: PortAlgebra): RulePorts {
  const entries = listOf(value);
  if (entries.length === 0) return EVERY_PORT;
  let known = KNOWN_PORTS.get(algebra);
  if (!known) KNOWN_PORTS.set(algebra, (known = new Map<string, RulePorts>()));
  let key = '';
  for (const entry of entries) key += keyOfPort(isObject(entry) ? entry : {});
  let ports = known.get(key);
  if (!ports) known.set(key, (ports = makePorts(entries, algebra)));
  return ports;
}

/** Equal for ports that are read alike: 80 is a number, and '80' a name. */
function keyOfPort({ port, endPort, protocol }: JsonObject): string {
  return `${JSON.stringify(protocol)} ${JSON.stringify(port)} ${JSON.stringify(endPort)};`;
}

function makePorts(entries: readonly unknown[], algebra: PortAlgebra): RulePorts {
  const ranges: PortRange[] = [];
  const named: NamedPort[] = [];
  for (const entry of entries) {
    const { port, endPort, protocol = 'TCP' } = isObject(entry) ? entry : {};
    if (!isProtocol(protocol)) continue;
    if (typeof port === 'string') named.push({ name: port, protocol });
    else ranges.push(...rangeOf(port, endPort, protocol));
  }
  return { fixed: algebra.of(ranges), named };
}

/** Without a port a whole protocol is meant. */
function rangeOf(port: unknown, endPort: unknown, protocol: Protocol): PortRange[] {
  if (port === undefined || port === null) return [{ protocol, first: 1, last: 65535 }];
  if (typeof port !== 'number') return [];
  return [{ protocol, first: port, last: typeof endPort === 'number' ? endPort : port }];
}

/** Whether a value is a protocol that a policy may name. */
export function isProtocol(value: unknown): value is Protocol {
  return (PROTOCOLS as readonly unknown[]).includes(value);
}

import { compareText } from '../../src/manifest/manifest';
import type { DeclaredPeer, DeclaredPort } from '../../src/network/declared';
import { collapse } from './ports';

/** Label that the API server itself sets on every namespace, so no tenant can claim another's name with it. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** A selector of namespaces or pods. */
export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

/** An entry of `from` or `to` in a NetworkPolicy (networking.k8s.io/v1 NetworkPolicyPeer). */
export interface PolicyPeer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

/** Someone on the other side, and the ports that are open between. */
export interface Opening {
  readonly peer: DeclaredPeer;
  readonly ports: readonly DeclaredPort[];
}

/** The spec of a policy that isolates some pods in both directions, save for some openings. */
export function policySpec(
  podSelector: Selector,
  namespace: string,
  openings: { readonly ingress: readonly Opening[]; readonly egress: readonly Opening[] },
): object {
  const ingress = mergeRules(openings.ingress, namespace).map(({ peers, ports }) => ({ from: peers, ports }));
  const egress = mergeRules(openings.egress, namespace).map(({ peers, ports }) => ({ to: peers, ports }));
  return {
    podSelector,
    // Both, always: a policy that leaves Egress out denies nothing there, whatever a reader may think.
    policyTypes: ['Ingress', 'Egress'],
    // kubectl would report an empty list as a change at every apply.
    ...(ingress.length > 0 && { ingress }),
    ...(egress.length > 0 && { egress }),
  };
}

/** A peer as a policy in a namespace names it: the namespace is left out where it is the policy's own. */
export function policyPeer(peer: DeclaredPeer, own: string): PolicyPeer {
  if (peer.type === 'block') {
    const { cidr, except } = peer;
    return { ipBlock: { cidr, ...(except.length > 0 && { except }) } };
  }
  const hasLabels = Object.keys(peer.labels).length > 0;
  const podSelector: Selector = hasLabels ? { matchLabels: { ...peer.labels } } : {};
  if (peer.namespaces.length === 1 && peer.namespaces[0] === own) return { podSelector };
  return { namespaceSelector: namespacesNamed(peer.namespaces), ...(hasLabels && { podSelector }) };
}

/** Selects namespaces by their names. */
export function namespacesNamed(names: readonly string[]): Selector {
  if (names.length === 1) return { matchLabels: { [NAMESPACE_NAME_LABEL]: names[0]! } };
  return {
    matchExpressions: [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [...names].sort(compareText) }],
  };
}

/** One rule for each set of ports, with every peer that has it; in an order that does not depend on who asked first. */
function mergeRules(
  openings: readonly Opening[],
  own: string,
): { peers: PolicyPeer[]; ports: readonly DeclaredPort[] }[] {
  const byPeer = new Map<string, { peer: PolicyPeer; ports: DeclaredPort[] }>();
  for (const { peer, ports } of openings) {
    // A rule without ports would open all of them, and a tenant may have no namespace yet.
    if (ports.length === 0 || isNobody(peer)) continue;
    const named = policyPeer(peer, own);
    const key = JSON.stringify(named);
    const known = byPeer.get(key) ?? { peer: named, ports: [] };
    known.ports.push(...ports);
    byPeer.set(key, known);
  }
  const rules = new Map<string, { peers: PolicyPeer[]; ports: readonly DeclaredPort[] }>();
  for (const [, { peer, ports }] of [...byPeer].sort(([a], [b]) => compareText(a, b))) {
    const merged = collapse(ports).map(policyPort);
    const rule = rules.get(JSON.stringify(merged)) ?? { peers: [], ports: merged };
    rule.peers.push(peer);
    rules.set(JSON.stringify(merged), rule);
  }
  return [...rules].sort(([a], [b]) => compareText(a, b)).map(([, rule]) => rule);
}

function isNobody(peer: DeclaredPeer): boolean {
  return peer.type === 'pods' && peer.namespaces.length === 0;
}

function policyPort({ port, protocol, endPort }: DeclaredPort): DeclaredPort {
  return { port, ...(endPort !== undefined && { endPort }), protocol };
}

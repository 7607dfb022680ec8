import type { DeclaredPeer, DeclaredPods, DeclaredPort } from '../../src/network/declared';
import { namespacesNamed, type Selector } from './policy';

/** Most rules of one direction in a ClusterNetworkPolicy, most peers and most protocols of a rule. */
export const MOST_IN_CLUSTER_POLICY = 25;

/** A rule of a ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2). */
export interface ClusterPolicyRule {
  readonly name: string;
  readonly action: 'Accept' | 'Deny' | 'Pass';
  readonly from?: readonly ClusterPolicyPeer[];
  readonly to?: readonly ClusterPolicyPeer[];
  readonly protocols?: readonly object[];
}

/** An entry of `from` or `to`; exactly one of these is set. */
export interface ClusterPolicyPeer {
  readonly namespaces?: Selector;
  readonly pods?: { readonly namespaceSelector: Selector; readonly podSelector: Selector };
  readonly networks?: readonly string[];
}

/** Longest name of a rule. */
const LONGEST_NAME = 100;

/** What a policy is called, whom it is about and what it says. */
export interface ClusterPolicy {
  readonly priority: number;
  readonly subject: ClusterPolicyPeer;
  readonly ingress: readonly ClusterPolicyRule[];
  readonly egress: readonly ClusterPolicyRule[];
}

/** The spec of a policy of the Admin tier, which is asked before every NetworkPolicy. */
export function adminPolicySpec({ priority, subject, ingress, egress }: ClusterPolicy): object {
  return {
    tier: 'Admin',
    priority,
    subject,
    ...(ingress.length > 0 && { ingress }),
    ...(egress.length > 0 && { egress }),
  };
}

/** A rule with its name cut to what the API server takes. */
export function clusterRule(rule: ClusterPolicyRule): ClusterPolicyRule {
  return { ...rule, name: rule.name.slice(0, LONGEST_NAME) };
}

/** A peer as a ClusterNetworkPolicy names it. */
export function clusterPeer(peer: DeclaredPeer): ClusterPolicyPeer {
  return peer.type === 'block' ? { networks: [peer.cidr] } : podsPeer(peer);
}

function podsPeer({ namespaces, labels }: DeclaredPods): ClusterPolicyPeer {
  const namespaceSelector = namespacesNamed(namespaces);
  if (Object.keys(labels).length === 0) return { namespaces: namespaceSelector };
  return { pods: { namespaceSelector, podSelector: { matchLabels: { ...labels } } } };
}

/** A port as a ClusterNetworkPolicy names it. */
export function clusterProtocol({ port, protocol, endPort }: DeclaredPort): object {
  const destinationPort = endPort === undefined ? { number: port } : { range: { start: port, end: endPort } };
  return { [protocol.toLowerCase()]: { destinationPort } };
}

import type { Manifest } from '../manifest/manifest';
import type { Block } from './addresses';
import type { PortSet, Protocol } from './ports';
import type { Selector } from './selector';

/** Which way traffic goes, as a policy sees it from the pods that it selects. */
export type Direction = 'ingress' | 'egress';

/** Both directions, in the order in which a connection meets them. */
export const DIRECTIONS: readonly Direction[] = ['egress', 'ingress'];

/** A port by the name that the destination's containers give it. */
export interface NamedPort {
  readonly name: string;
  /** Undefined where the name alone counts (ClusterNetworkPolicy). */
  readonly protocol: Protocol | undefined;
}

/** The ports of a rule: the same for every destination, and those that each destination names. */
export interface RulePorts {
  readonly fixed: PortSet;
  readonly named: readonly NamedPort[];
}

/** An entry of `from` or `to`. */
export type RulePeer =
  | {
      readonly kind: 'pods';
      /** The only namespace that is meant, or undefined where a selector names them. */
      readonly namespace: string | undefined;
      readonly namespaces: Selector | undefined;
      readonly pods: Selector | undefined;
    }
  | { readonly kind: 'block'; readonly block: Block }
  /** Networks of a ClusterNetworkPolicy, which pods of the cluster are checked against as well. */
  | { readonly kind: 'network'; readonly block: Block }
  | { readonly kind: 'nodes'; readonly every: boolean };

/** What a rule does with the traffic that it matches. NetworkPolicies only know `Accept`. */
export type Action = 'Accept' | 'Deny' | 'Pass';

/** A rule of a policy. */
export interface Rule {
  readonly clusterWide: boolean;
  readonly action: Action;
  /** Path in the policy, for example `spec.ingress[0]`. */
  readonly field: string;
  /** `any` is whoever there is, inside and outside of the cluster. */
  readonly peers: readonly RulePeer[] | 'any';
  readonly ports: RulePorts;
}

/** What a policy is about: the pods of one namespace, or of the namespaces of a selector. */
export interface Subject {
  readonly namespace: string | undefined;
  readonly namespaces: Selector | undefined;
  readonly pods: Selector | undefined;
}

/** A NetworkPolicy, ClusterNetworkPolicy, AdminNetworkPolicy or BaselineAdminNetworkPolicy. */
export interface Policy {
  readonly manifest: Manifest;
  readonly tier: 'Admin' | 'NetworkPolicy' | 'Baseline';
  /** The lower, the earlier, within a tier of cluster-wide policies. */
  readonly priority: number;
  readonly subject: Subject;
  /** The rules for each direction that the policy is about. */
  readonly ingress: readonly Rule[] | undefined;
  readonly egress: readonly Rule[] | undefined;
}

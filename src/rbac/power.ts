import { describeSubject, subjectKey, type Subject } from './subject';
import { rightOf } from './rights';

/** Stands for all namespaces. */
export const ALL = '*';

type InNamespace<Kind> = Kind extends string
  ? {
      readonly kind: Kind;
      /** A namespace, or `*` for all. */
      readonly namespace: string;
    }
  : never;

/** What somebody can be, or can do. */
export type Power =
  | { readonly kind: 'subject'; readonly subject: Subject }
  /** The code that runs in the pods of a workload, `Deployment shop-web/api`. */
  | { readonly kind: 'pod'; readonly name: string; readonly namespace: string }
  | { readonly kind: 'cluster' }
  | { readonly kind: 'node' }
  | InNamespace<'everything' | 'workloads' | 'pods' | 'secrets' | 'accounts' | 'objects'>
  /** The rights of a role that is not bound yet. */
  | {
      readonly kind: 'role';
      readonly name: string;
      readonly isClusterRole: boolean;
      readonly namespace: string;
    }
  /** A right that leads no further by itself. */
  | { readonly kind: 'right'; readonly id: string; readonly namespace: string };

/** A power of one kind. */
export type PowerOf<Kind extends Power['kind']> = Extract<Power, { readonly kind: Kind }>;

/** What makes a power the same power. */
export function powerKey(power: Power): string {
  switch (power.kind) {
    case 'subject':
      return subjectKey(power.subject);
    case 'cluster':
    case 'node':
      return power.kind;
    case 'pod':
      return `pod ${power.name}`;
    case 'role':
      return `role ${String(power.isClusterRole)} ${power.namespace}/${power.name}`;
    case 'right':
      return `${power.id} ${power.namespace}`;
    default:
      return `${power.kind} ${power.namespace}`;
  }
}

/** The power in words, such as can follow "gains": `every right in shop-web`. */
export function describePower(power: Power): string {
  switch (power.kind) {
    case 'subject':
      return describeSubject(power.subject);
    case 'pod':
      return `the pods of ${power.name}`;
    case 'cluster':
      return 'the whole cluster';
    case 'node':
      return 'root on a node';
    case 'role':
      return `the rights of ${power.isClusterRole ? 'ClusterRole' : 'Role'} ${power.name}${placeOf(power.namespace)}`;
    case 'right':
      return `that it ${rightOf(power.id).does}${placeOf(power.namespace)}`;
    default:
      return `${GAINED[power.kind]}${placeOf(power.namespace)}`;
  }
}

const GAINED = {
  everything: 'every right',
  workloads: 'pods of its choice',
  pods: 'commands in pods',
  secrets: 'all Secrets',
  accounts: 'any ServiceAccount',
  objects: 'objects',
} as const;

/** ` in shop-web`, or ` in every namespace`. */
export function placeOf(namespace: string): string {
  return namespace === ALL ? ' in every namespace' : ` in ${namespace}`;
}

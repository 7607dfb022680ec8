import { Lazy } from 'cdk8s';
import { DEFAULT_RESOURCES } from '../../src/controls/repairs';
import type { JsonObject } from '../../src/manifest/manifest';
import type { ClusterTarget } from '../../src/target/target';
import { hardOf, type Amounts } from '../../src/tenancy/quota';

/** An object that is in every namespace of a tenant, without what says in which. */
export interface NamespaceObject extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/**
 * What limits a namespace, by the id of its construct.
 * @param amounts Its part of the quota; asked for when everything is declared.
 * @param priorityClasses Names of the PriorityClasses that its pods may name.
 */
export function limits(
  amounts: () => Amounts,
  priorityClasses: readonly string[] = [],
): Readonly<Record<'Quota' | 'Priority' | 'Limits', NamespaceObject>> {
  return {
    Quota: {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'quota' },
      spec: { hard: Lazy.any({ produce: () => hardOf(amounts()) }) as unknown },
    },
    Priority: {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'priority' },
      spec: noPodsOfOtherPriority(priorityClasses),
    },
    Limits: {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'limits' },
      spec: {
        limits: [
          {
            type: 'Container',
            default: DEFAULT_RESOURCES.limits,
            defaultRequest: DEFAULT_RESOURCES.requests,
          },
        ],
      },
    },
  };
}

/**
 * A tenant's pod that named a priority would have the pods of others evicted. The quota says so without any policy, and the
 * API server lets no pod be made whose priority it does not allow.
 */
function noPodsOfOtherPriority(allowed: readonly string[]): object {
  const scopeName = 'PriorityClass';
  return {
    hard: { pods: '0' },
    scopeSelector: {
      matchExpressions: [
        { scopeName, operator: 'Exists' },
        ...(allowed.length > 0 ? [{ scopeName, operator: 'NotIn', values: allowed }] : []),
      ],
    },
  };
}

/**
 * The labels by which a Namespace holds its pods to a level of Pod Security, and tells what `restricted` would refuse. Enforced at
 * the version that was judged here, so that an upgrade of the cluster does not change what is admitted.
 */
export function podSecurityLabels({ version }: ClusterTarget, level = 'restricted'): Record<string, string> {
  return Object.fromEntries(
    ['enforce', 'audit', 'warn'].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, mode === 'enforce' ? level : 'restricted'],
      [`pod-security.kubernetes.io/${mode}-version`, `v${version}`],
    ]),
  );
}

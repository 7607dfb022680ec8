import { selects } from '../manifest/inventory';
import { isObject, type Manifest } from '../manifest/manifest';
import type { World } from './closure';
import { listOf } from './policy-rule';
import { ALL } from './power';

/** The guard rails that have to be in force for a right to lead nowhere in a tenant's own namespaces. */
const GUARDS: Readonly<Record<string, readonly string[]>> = {
  'change-namespaces': ['bulwark-namespaces'],
  // One sees to what is written, the other keeps what the platform wrote from being deleted.
  'write-network-policies': ['bulwark-network-policies', 'bulwark-platform-owned'],
  'write-endpoints': ['bulwark-reserved'],
  'write-service-status': ['bulwark-reserved'],
  'create-secrets': ['bulwark-secrets'],
};

/**
 * Which rights the guard rails among the manifests refuse to use: a guard counts where its ValidatingAdmissionPolicy fails closed
 * and a binding with the action Deny selects the namespace.
 */
export function closedByGuardrails(manifests: readonly Manifest[]): NonNullable<World['closedBy']> {
  const strict = new Set(
    manifests
      .filter(({ kind, spec }) => kind === 'ValidatingAdmissionPolicy' && failsClosed(spec))
      .map(({ metadata }) => metadata?.name),
  );
  const bindings = manifests.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding').filter(denies);
  const labels = new Map(
    manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}]),
  );
  const holds = (policy: string, namespace: string) =>
    strict.has(policy) &&
    bindings.some(
      ({ spec }) => isObject(spec) && spec.policyName === policy && reaches(spec, labels.get(namespace)),
    );
  return (right, namespace) => {
    const guards = GUARDS[right];
    if (!guards || namespace === ALL || !guards.every((guard) => holds(guard, namespace))) return undefined;
    return `ValidatingAdmissionPolicy ${guards.join(' and ')}`;
  };
}

function failsClosed(spec: unknown): boolean {
  return isObject(spec) && (spec.failurePolicy === undefined || spec.failurePolicy === 'Fail');
}

function denies({ spec }: Manifest): boolean {
  return isObject(spec) && listOf(spec.validationActions).includes('Deny');
}

function reaches(
  spec: Record<string, unknown>,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (!labels) return false;
  const { matchResources } = spec;
  if (!isObject(matchResources) || matchResources.namespaceSelector === undefined) return true;
  return selects(matchResources.namespaceSelector, labels);
}

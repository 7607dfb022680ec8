import { guardrailPolicies } from '../admission/guardrails';
import { policyManifest } from '../admission/policy';
import { waivedControls } from '../admission/waived-controls';
import { exemptedBy } from '../admission/who';
import { push } from '../groups';
import { selects, takeInventory, type Inventory } from '../manifest/inventory';
import { ALLOWANCES_NAME, TENANT_LABEL } from '../manifest/kinds';
import { isObject, type Manifest } from '../manifest/manifest';
import { stableText } from '../manifest/stable-text';
import { isEmptyObject } from '../objects';
import { ClusterTarget } from '../target/target';
import type { World } from './closure';
import { listOf } from '../lists';
import { ALL, type PowerOf } from './power';

/** The guard rails that have to be in force for a right to lead nowhere in a tenant's own namespaces. */
const GUARDS: Readonly<Record<string, readonly string[]>> = {
  'change-namespaces': ['bulwark-namespaces'],
  // One sees to what is written, the other keeps what the platform wrote from being deleted.
  'write-network-policies': ['bulwark-network-policies', 'bulwark-platform-owned'],
  'write-endpoints': ['bulwark-reserved'],
  'write-service-status': ['bulwark-reserved'],
  // Without the other, who writes ConfigMaps waives the control that it asks.
  'create-secrets': ['bulwark-secrets', 'bulwark-platform-owned'],
  // No right, but what whoever makes a pod might do: the others keep it from saying where it may run, and from naming a node.
  'leave-nodes': ['bulwark-pods', 'bulwark-platform-owned', 'bulwark-namespaces', 'bulwark-reserved'],
};

/** Whether a guard rail refuses what the right does in a tenant's namespace, where guard rails are in force. */
export function canBeGuarded({ id, namespace }: PowerOf<'right'>): boolean {
  return namespace !== ALL && id in GUARDS;
}

/** How a validation says which control it asks, where the allowances do not waive it. */
const WAIVABLE = /'([a-z0-9-]+)' in variables\.waivedControls/g;

/** Versions between which the expressions of these guard rails change. */
const VERSIONS = ['1.30', '1.31', '1.37'];

type Spec = Readonly<Record<string, unknown>>;

let known: ReadonlyMap<string, readonly Spec[]> | undefined;

/** What each of the guard rails has to say at least, for one version or another. */
function guardSpecs(): ReadonlyMap<string, readonly Spec[]> {
  if (known) return known;
  const specs = new Map<string, Spec[]>();
  const targets = VERSIONS.flatMap((version) =>
    [false, true].map((capsule) => ClusterTarget.kubernetes(version, { capsule })),
  );
  for (const target of targets) {
    for (const policy of guardrailPolicies({ target, profile: 'baseline' })) {
      const spec = policyManifest(policy).spec as Spec;
      push(specs, policy.name, spec);
    }
  }
  known = specs;
  return specs;
}

/**
 * Which rights the guard rails among the manifests refuse to use. A guard counts where its ValidatingAdmissionPolicy fails closed
 * and judges what `Guardrails` has it judge, by the same expressions or by more, without exempting a group of a tenant, and a
 * binding with the action Deny selects the namespace, whose allowances are among the manifests where it reads them. A policy of
 * that name which says something else counts for nothing, and so does one that asks a control which the allowances of the
 * namespace waive. The namespaces and addresses that allowances name as peers are agreed to by whoever wrote them.
 */
export function closedByGuardrails(manifests: readonly Manifest[]): NonNullable<World['closedBy']> {
  const inventory = takeInventory(manifests);
  const policies = inventory.ofKind('ValidatingAdmissionPolicy');
  if (policies.length === 0) return () => undefined;
  const tenants = groupsOfTenants(inventory);
  const strict = new Map(
    policies
      .filter(({ metadata, spec }) =>
        saysAtLeast(spec, guardSpecs().get(metadata?.name ?? '') ?? [], tenants),
      )
      .map(({ metadata, spec }) => [metadata?.name ?? '', spec as Spec]),
  );
  const bindings = inventory.ofKind('ValidatingAdmissionPolicyBinding').filter(denies);
  const labels = new Map(
    inventory.ofKind('Namespace').map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}]),
  );
  const waived = waivedControls(manifests);
  const areAllowed = (said: Spec, namespace: string) => said.paramKind === undefined || waived.has(namespace);
  const holds = (policy: string, namespace: string) => {
    const said = strict.get(policy);
    return (
      said !== undefined &&
      areAllowed(said, namespace) &&
      !askedControls(said).some((control) => waived.get(namespace)?.has(control)) &&
      bindings.some(
        ({ spec }) =>
          isObject(spec) &&
          spec.policyName === policy &&
          hasParameters(spec, said) &&
          reaches(spec, labels.get(namespace)),
      )
    );
  };
  return (right, namespace) => {
    const guards = GUARDS[right];
    if (!guards || namespace === ALL || !guards.every((guard) => holds(guard, namespace))) return undefined;
    return `ValidatingAdmissionPolicy ${guards.join(' and ')}`;
  };
}

/** The controls of a policy that allowances can waive. */
function askedControls({ validations }: Spec): string[] {
  return listOf(validations)
    .flatMap((one) => (isObject(one) ? [...String(one.expression).matchAll(WAIVABLE)] : []))
    .flatMap(([, control]) => control ?? []);
}

/** The groups that a tenant's people and ServiceAccounts are in. */
function groupsOfTenants(inventory: Inventory): ReadonlySet<string> {
  const namespaces = new Set(
    inventory
      .ofKind('Namespace')
      .filter(({ metadata }) => metadata?.labels?.[TENANT_LABEL])
      .map(({ metadata }) => metadata!.name!),
  );
  const bound = inventory
    .ofKind('RoleBinding')
    .filter(({ metadata }) => namespaces.has(metadata?.namespace ?? ''))
    .flatMap(({ subjects }) => listOf(subjects).filter(isObject))
    .map(({ name }) => String(name));
  const ofAccounts = [...namespaces].map((namespace) => `system:serviceaccounts:${namespace}`);
  const ofAll = ['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts'];
  return new Set([...bound, ...ofAccounts, ...ofAll]);
}

function saysAtLeast(spec: unknown, expected: readonly Spec[], tenants: ReadonlySet<string>): boolean {
  return isObject(spec) && failsClosed(spec) && expected.some((one) => isAsStrict(spec, one, tenants));
}

function isAsStrict(spec: Spec, expected: Spec, tenants: ReadonlySet<string>): boolean {
  const has = (field: string) => {
    const found = new Set(listOf(spec[field]).map(expressionOf));
    return listOf(expected[field]).every((one) => found.has(expressionOf(one)));
  };
  const conditions = new Set(listOf(expected.matchConditions).map(expressionOf));
  const isHarmless = (condition: unknown) =>
    conditions.has(expressionOf(condition)) || exemptsNone(condition, tenants);
  return (
    isSame(spec.paramKind, expected.paramKind) &&
    isSame(withoutDefaults(spec.matchConstraints), withoutDefaults(expected.matchConstraints)) &&
    has('validations') &&
    has('variables') &&
    listOf(spec.matchConditions).every(isHarmless)
  );
}

/** A variable is known by its name too. */
function expressionOf(value: unknown): string {
  return isObject(value) ? JSON.stringify([value.name, value.expression]) : '';
}

function exemptsNone(condition: unknown, tenants: ReadonlySet<string>): boolean {
  const groups = isObject(condition) ? exemptedBy(String(condition.expression)) : undefined;
  return groups !== undefined && !groups.some((group) => tenants.has(group));
}

/** As the API server gives it back, without what it adds. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isObject(value)) return value;
  const isDefault = ([key, one]: [string, unknown]) =>
    (key === 'matchPolicy' && one === 'Equivalent') || (key === 'scope' && one === '*') || isEmptyObject(one);
  const rest = Object.entries(value).filter((entry) => !isDefault(entry));
  return Object.fromEntries(rest.map(([key, one]): [string, unknown] => [key, withoutDefaults(one)]));
}

function isSame(one: unknown, other: unknown): boolean {
  return stableText(one) === stableText(other);
}

/** Whether a policy that cannot be evaluated refuses. */
export function failsClosed(spec: Spec): boolean {
  return spec.failurePolicy === undefined || spec.failurePolicy === 'Fail';
}

function denies({ spec }: Manifest): boolean {
  return isObject(spec) && listOf(spec.validationActions).includes('Deny');
}

/** By other parameters it would ask what somebody else wrote. What it does without any does not matter: they are there. */
function hasParameters({ paramRef }: Spec, { paramKind }: Spec): boolean {
  if (paramKind === undefined) return true;
  const { parameterNotFoundAction: _withoutAny, ...found } = isObject(paramRef) ? paramRef : {};
  return isSame(found, { name: ALLOWANCES_NAME });
}

/** Whether a binding is about everything in a namespace of these labels. */
export function reaches(spec: Spec, labels: Readonly<Record<string, string>> | undefined): boolean {
  if (!labels) return false;
  const { namespaceSelector, ...others } = withoutDefaults(spec.matchResources ?? {}) as Spec;
  // A binding that is about some objects only leaves others to their writers.
  if (Object.keys(others).length > 0) return false;
  return namespaceSelector === undefined || selects(namespaceSelector, labels);
}

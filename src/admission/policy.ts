import type { JsonObject, Manifest } from '../manifest/manifest';
import { ALLOWANCES_NAME } from '../manifest/kinds';

/** What happens to a request that a guard is against. */
export type GuardMode = 'deny' | 'warn' | 'audit';

/** Every {@link GuardMode}, strictest first. */
export const GUARD_MODES: readonly GuardMode[] = ['deny', 'warn', 'audit'];

/** The resources of an API group that a policy is about. */
export interface ResourceRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  readonly resources: readonly string[];
  /** @default every name */
  readonly resourceNames?: readonly string[];
}

/** A named expression: a variable, or a condition without which nothing is asked. */
export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

/** An expression that is true for what is admitted. */
export interface Validation {
  /** Id of the control or guard, which begins the message. */
  readonly id: string;
  readonly expression: string;
  readonly message: string;
}

/** Something a namespace's label has to be, as `matchExpressions` of a selector has it. */
export interface LabelRequirement extends JsonObject {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** A ValidatingAdmissionPolicy and where it holds. */
export interface GuardPolicy {
  readonly name: string;
  readonly resources: readonly ResourceRule[];
  /** @default none */
  readonly excluded?: readonly ResourceRule[];
  /** @default none: every request is judged */
  readonly conditions?: readonly NamedExpression[];
  /** @default none */
  readonly variables?: readonly NamedExpression[];
  readonly validations: readonly Validation[];
  /** Whether the policy reads the allowances of the request's namespace. */
  readonly readsAllowances: boolean;
  /** Whether it refuses everything where there are none. @default false: it asks nothing there */
  readonly requiresAllowances?: boolean;
  /**
   * Whether a request that costs more to judge than the API server grants is admitted. @default false: it is refused
   */
  readonly admitsUnjudged?: boolean;
  /** Labels of the namespaces where it holds; undefined for the whole cluster. */
  readonly namespaces: readonly LabelRequirement[] | undefined;
  /** Labels of the objects that it is about. @default any */
  readonly objects?: readonly LabelRequirement[];
}

/** API group and version in which everything here is served from 1.30. */
export const ADMISSION_API = 'admissionregistration.k8s.io/v1';

/** The policy as Kubernetes reads it. */
export function policyManifest(policy: GuardPolicy): Manifest {
  const { name, resources, excluded, objects, conditions, variables, validations, readsAllowances } = policy;
  return {
    apiVersion: ADMISSION_API,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: policy.admitsUnjudged ? 'Ignore' : 'Fail',
      ...(readsAllowances && { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }),
      matchConstraints: {
        resourceRules: resources.map(everywhere),
        ...(excluded && { excludeResourceRules: excluded.map(everywhere) }),
        ...(objects && { objectSelector: { matchExpressions: objects } }),
      },
      ...(conditions && { matchConditions: conditions }),
      ...(variables && variables.length > 0 && { variables }),
      validations: validations.map(({ expression, message }) => ({
        expression,
        message,
        reason: 'Forbidden',
      })),
    },
  };
}

/** As the API server completes a rule, so that applying it again changes nothing. */
function everywhere(rule: ResourceRule): JsonObject {
  return { ...rule, scope: '*' };
}

const ACTIONS: Readonly<Record<GuardMode, string>> = { deny: 'Deny', warn: 'Warn', audit: 'Audit' };

/** Puts a policy in force in one mode, in the namespaces of the policy that meet further requirements. */
export function bindingManifest(
  policy: GuardPolicy,
  mode: GuardMode,
  requirements: readonly LabelRequirement[] = [],
): Manifest {
  const { name, readsAllowances, requiresAllowances = false, namespaces } = policy;
  const matchExpressions = [...(namespaces ?? []), ...requirements];
  return {
    apiVersion: ADMISSION_API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: `${name}-${mode}` },
    spec: {
      policyName: name,
      validationActions: [ACTIONS[mode]],
      // Without a namespace it is the ConfigMap of the namespace that the request is about.
      ...(readsAllowances && {
        paramRef: {
          name: ALLOWANCES_NAME,
          parameterNotFoundAction: requiresAllowances ? 'Deny' : 'Allow',
        },
      }),
      ...(matchExpressions.length > 0 && { matchResources: { namespaceSelector: { matchExpressions } } }),
    },
  };
}

import { findControl } from '../controls/catalogue';
import { isPodControl, type Control, type ObjectControl, type PodControl } from '../controls/control';
import { controlsOf, PROFILES, type ProfileName } from '../controls/profiles';
import { BulwarkError } from '../errors';
import { groupBy } from '../groups';
import { ALLOWANCES_NAME, PLATFORM_OWNED_LABEL, POD_SECURITY_LABEL, TENANT_LABEL } from '../manifest/kinds';
import { compareText, type Manifest } from '../manifest/manifest';
import { ALLOWANCE_LISTS } from '../tenancy/allowances';
import { CAPSULE_ACCOUNTS } from '../tenancy/self-service';
import type { ClusterTarget } from '../target/target';
import { allowanceVariables } from './allowed';
import { GUARD_GROUPS, POD_GUARDS, type Guard, type GuardContext, type GuardGroup } from './guards';
import { NAMESPACE_GUARDS } from './namespace-guards';
import {
  isJudgedInCluster,
  MANIFESTS_ONLY,
  isClusterWide,
  kindsOf,
  objectValidations,
  resourceRuleOf,
} from './object-controls';
import {
  enforcedByLevel,
  messageOf,
  podValidations,
  READS_LONG_TEXTS,
  type PodSecurityLevel,
} from './pod-controls';
import {
  bindingManifest,
  GUARD_MODES,
  policyManifest,
  type GuardMode,
  type GuardPolicy,
  type LabelRequirement,
  type NamedExpression,
  type ResourceRule,
  type Validation,
} from './policy';
import { isRepaired, repairManifests } from './repairs';
import { bringsPod, POD_SHAPES, podVariables, type PodShape } from './shapes';
import { EXCEPT_CONTROL_PLANE, exempt } from './who';

/** What guard rails there are, and whom they hold. */
export interface GuardrailOptions {
  readonly target: ClusterTarget;
  /** The controls that pods and other objects of tenants are held to. @default 'hardened' */
  readonly profile?: ProfileName;
  /** Ids of controls to hold them to beside those of the profile. @default none */
  readonly controls?: readonly string[];
  /**
   * Whether Pod Security admission is on in the cluster. What the label of a namespace makes it enforce on Pods is then asked
   * of the objects that make Pods only.
   * @default true
   */
  readonly podSecurityAdmission?: boolean;
  /**
   * Whether objects of no namespace, such as ClusterRoles and PersistentVolumes, are held to the controls as well, by whomever
   * they are but the platform.
   * @default false
   */
  readonly clusterWide?: boolean;
  /** What happens to a request that a guard is against. @default 'deny' */
  readonly mode?: GuardMode;
  /**
   * Whether a namespace can have a mode of its own, by its label `cdk8s-bulwark/guardrails`, which tenants cannot change.
   * @default false
   */
  readonly rollOut?: boolean;
  /**
   * Groups of the platform, which owns what tenants must not change. Guards do not hold them; the controls about pods hold
   * everybody.
   * @default system:masters and kubeadm:cluster-admins
   */
  readonly platformGroups?: readonly string[];
  /**
   * Whether the API server repairs what a tenant leaves unset, as the hardening kernel does, before it judges
   * (MutatingAdmissionPolicy v1, Kubernetes 1.36 and newer).
   * @default false
   */
  readonly repairs?: boolean;
  /**
   * Keys of the labels that namespaces have which people of tenants make through Capsule, beside those that every tenant has. They
   * may have no others.
   * @default unknown: they may have any, save labels of ours
   */
  readonly selfMadeLabels?: readonly string[];
  /** Groups that nothing here holds, for emergencies. @default none */
  readonly breakGlassGroups?: readonly string[];
}

/** Label of a namespace that gives it a mode of its own. */
export const MODE_LABEL = 'cdk8s-bulwark/guardrails';

/** The groups of whoever set the cluster up. */
export const DEFAULT_PLATFORM_GROUPS: readonly string[] = ['system:masters', 'kubeadm:cluster-admins'];

const IN_TENANTS: LabelRequirement = { key: TENANT_LABEL, operator: 'Exists' };
const OLDEST_MINOR = 30;
const OLDEST_REPAIRING_MINOR = 36;

/**
 * The ValidatingAdmissionPolicies and their bindings, in the order of their names, after the policies that repair.
 * @throws BulwarkError for a target without ValidatingAdmissionPolicy v1, or without MutatingAdmissionPolicy v1 where repairs
 * are asked for, and for a group that would exempt everybody.
 */
export function guardrailManifests(options: GuardrailOptions): Manifest[] {
  const policies = guardrailPolicies(options);
  return [
    ...repairs(options),
    ...policies.map(policyManifest),
    ...policies.flatMap((policy) => bindingsOf(policy, options)),
  ];
}

/** The one of them about whose namespaces are, alone. */
export function namespacesPolicy(options: GuardrailOptions): Manifest {
  const controls = requestedControls(options).filter(isJudgedInCluster).filter(isObjectControl);
  return policyManifest(groupPolicy(NAMESPACE_GUARDS, controls, options));
}

function repairs(options: GuardrailOptions): Manifest[] {
  if (options.repairs !== true) return [];
  const { target, breakGlassGroups = [] } = options;
  return POD_SHAPES.filter(isRepaired).flatMap((shape) =>
    repairManifests({
      shape,
      controls: requestedControls(options).filter(isPodControl),
      target,
      conditions: exempt('not-in-an-emergency', breakGlassGroups),
      namespaces: [IN_TENANTS],
    }),
  );
}

/** The policies before they are written down. */
export function guardrailPolicies(options: GuardrailOptions): GuardPolicy[] {
  checkOptions(options);
  const controls = requestedControls(options).filter(isJudgedInCluster);
  const policies = [
    ...POD_SHAPES.flatMap((shape) => podPolicies(shape, controls.filter(isPodControl), options)),
    ...GUARD_GROUPS.map((group) => groupPolicy(group, controls.filter(isObjectControl), options)),
    ...objectPolicies(controls.filter(isObjectControl), options),
  ];
  const asking = policies.filter(({ validations }) => validations.length > 0);
  const { mode = 'deny', rollOut = false } = options;
  const gate = mode === 'deny' || rollOut ? [gatePolicy(asking, options.target)] : [];
  return [...asking, ...gate].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Lets nothing be made, and no container be added to a running pod or changed, where nobody has said yet what is allowed. The
 * policies themselves ask nothing there, and other changes are let through: when a namespace is deleted its allowances may go
 * first, and a controller that takes its finalizer off what is left would be refused for ever. No condition can tell the two
 * apart, since the API server looks for the parameter of a binding before it evaluates conditions. For the same reason it refuses
 * whatever the mode of the binding is, and whoever asks.
 *
 * Capsule brings what belongs into a namespace in no order, so there what is the platform's, which nobody else can make, may come
 * before the allowances.
 */
function gatePolicy(policies: readonly GuardPolicy[], { capsule }: ClusterTarget): GuardPolicy {
  const reading = policies.filter(({ readsAllowances }) => readsAllowances);
  return {
    name: 'bulwark-allowances',
    resources: [...creations(reading.flatMap(({ resources }) => resources)), CHANGES_OF_CONTAINERS],
    excluded: reading.flatMap(({ excluded = [] }) => excluded),
    validations: [
      {
        id: 'allowances-present',
        expression: 'true',
        message: 'allowances-present: somebody has said what is allowed in the namespace.',
      },
    ],
    readsAllowances: true,
    requiresAllowances: true,
    namespaces: [IN_TENANTS],
    ...(capsule && { objects: [{ key: PLATFORM_OWNED_LABEL, operator: 'DoesNotExist' }] }),
  };
}

/** The API server takes nothing but containers from such a request, so no finalizer is taken off by it. */
const CHANGES_OF_CONTAINERS: ResourceRule = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['UPDATE'],
  resources: ['pods/ephemeralcontainers', 'pods/resize'],
};

/** The requests among them that make something, one rule for each group of the API. */
function creations(rules: readonly ResourceRule[]): ResourceRule[] {
  const making = rules.filter(({ operations }) => operations.includes('CREATE'));
  const groups = groupBy(making, ({ apiGroups, apiVersions }) => JSON.stringify({ apiGroups, apiVersions }));
  return [...groups.values()].map((same) => ({
    ...same[0]!,
    operations: ['CREATE'],
    resources: [...new Set(same.flatMap(({ resources }) => resources))].sort(compareText),
  }));
}

function requestedControls({ profile = 'hardened', controls = [] }: GuardrailOptions): Control[] {
  const more = controls.map((id) => {
    const control = findControl(id);
    if (control && isJudgedInCluster(control)) return control;
    throw new BulwarkError(
      `Guard rails cannot hold anybody to '${id}': ${control ? whyNot(control) : 'there is no such control'}. Remove it.`,
    );
  });
  return [...new Set([...controlsOf(profile), ...more])];
}

function whyNot({ id, scope }: Control): string {
  return (
    MANIFESTS_ONLY[id] ??
    `the API server is not asked about such objects, or not about several at once (scope ${scope})`
  );
}

function checkOptions({
  target,
  platformGroups = [],
  breakGlassGroups = [],
  repairs: repairing = false,
}: GuardrailOptions): void {
  if (target.minor < OLDEST_MINOR) {
    throw new BulwarkError(
      `Guard rails need ValidatingAdmissionPolicy v1, which the API server has from 1.${OLDEST_MINOR} on, and the target is ${target.version}: ` +
        `it would refuse the objects, and hold nobody to anything. Name a target of 1.${OLDEST_MINOR} or newer, or leave Guardrails out; ` +
        "for an older cluster pass olderTarget: 'leave-out' to make none there.",
    );
  }
  if (repairing && target.minor < OLDEST_REPAIRING_MINOR) {
    throw new BulwarkError(
      `Guard rails that repair need MutatingAdmissionPolicy v1, which the API server has from 1.${OLDEST_REPAIRING_MINOR} on, and the target is ` +
        `${target.version}: it would refuse the objects, and repair nothing. Name a target of 1.${OLDEST_REPAIRING_MINOR} or newer, or remove repairs: true; ` +
        'what synthesizes with Bulwark is repaired in any case.',
    );
  }
  const everybody = ['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts'];
  const open = [...platformGroups, ...breakGlassGroups].find((group) => everybody.includes(group));
  if (open !== undefined) {
    throw new BulwarkError(
      `The group '${open}' cannot be exempt from guard rails: tenants are in it, so nobody would be held. ` +
        'Name groups that only the platform’s people and accounts are in, for example system:serviceaccounts:flux-system.',
    );
  }
}

function isObjectControl(control: Control): control is ObjectControl {
  return control.scope === 'object';
}

/** Asked whatever the profile: who names a node goes past every taint. */
const PLACING_CONTROLS = ['no-node-name'];

/** What Pod Security enforces on Pods by a label is asked of what makes Pods only. */
function podPolicies(
  shape: PodShape,
  controls: readonly PodControl[],
  options: GuardrailOptions,
): GuardPolicy[] {
  const { podSecurityAdmission = true } = options;
  const asked = [...new Set([...controls, ...PLACING_CONTROLS.map((id) => findControl(id) as PodControl)])];
  const beyond = podSecurityAdmission
    ? asked.filter((control) => enforcedByLevel(control) === undefined)
    : asked;
  const isLong = ({ id }: PodControl) => READS_LONG_TEXTS.includes(id);
  const judged = beyond.filter((control) => !isLong(control));
  const own = [
    podPolicy({ shape, name: shape.name, controls: judged, guards: POD_GUARDS }, options),
    {
      ...podPolicy(
        { shape, name: `texts-${shape.name}`, controls: beyond.filter(isLong), guards: [] },
        options,
      ),
      admitsUnjudged: true,
    },
  ];
  if (!podSecurityAdmission || shape.name === 'pods' || shape.name === 'ephemeral-containers') return own;
  const ofLevel = (level: PodSecurityLevel, enforcedBy: readonly PodSecurityLevel[]): GuardPolicy => ({
    ...podPolicy(
      { shape, name: `${level}-${shape.name}`, controls: levelControls(level), guards: [] },
      options,
    ),
    namespaces: [IN_TENANTS, { key: POD_SECURITY_LABEL, operator: 'In', values: [...enforcedBy] }],
  });
  return [...own, ofLevel('baseline', ['baseline', 'restricted']), ofLevel('restricted', ['restricted'])];
}

function levelControls(level: PodSecurityLevel): PodControl[] {
  return PROFILES[level].flatMap((id) => {
    const control = findControl(id);
    return control && isPodControl(control) && enforcedByLevel(control) === level ? [control] : [];
  });
}

interface PodPolicy {
  readonly shape: PodShape;
  readonly name: string;
  readonly controls: readonly PodControl[];
  readonly guards: readonly Guard[];
}

function podPolicy({ shape, name, controls, guards }: PodPolicy, options: GuardrailOptions): GuardPolicy {
  const applicable =
    shape.name === 'ephemeral-containers'
      ? guards.filter(({ isAboutContainers }) => isAboutContainers)
      : guards;
  const validations = [
    ...podValidations(controls, shape, options.target),
    ...applicable.flatMap((guard) => guardValidation(guard, options, fieldOf(guard, shape)) ?? []),
  ];
  return {
    name: `bulwark-${name}`,
    resources: shape.resources,
    conditions: [...exempt('not-in-an-emergency', options.breakGlassGroups ?? []), bringsPod(shape)],
    variables: [...used(podVariables(shape), validations), ...allowancesUsed(validations)],
    validations,
    readsAllowances: true,
    namespaces: [IN_TENANTS],
  };
}

function fieldOf({ field, isAboutContainers }: Guard, { specPath, lists }: PodShape): string {
  return isAboutContainers ? `${specPath}.${lists.at(-1)}[].${field}` : `${specPath}.${field}`;
}

function groupPolicy(
  group: GuardGroup,
  requested: readonly ObjectControl[],
  options: GuardrailOptions,
): GuardPolicy {
  const {
    guards,
    controls = [],
    judgesControlPlane = false,
    judgesSpec = false,
    scope = 'tenants',
    unless,
  } = group;
  const validations = [
    ...guards.flatMap((guard) => guardValidation(guard, options, guard.field) ?? []),
    ...objectValidations(
      [
        ...new Set([
          ...controls.map((id) => findControl(id) as ObjectControl),
          ...about(requested, group.kind),
        ]),
      ],
      options.target,
      true,
      unless,
    ),
  ];
  const variables = allowancesUsed(validations);
  return {
    name: `bulwark-${group.name}`,
    resources: group.resources,
    ...(group.excluded && { excluded: group.excluded }),
    conditions: [
      ...exempt('not-the-platform', platformOf(options)),
      ...(judgesControlPlane ? [] : [EXCEPT_CONTROL_PLANE]),
      ...(judgesSpec ? [BRINGS_A_CHANGE] : []),
    ],
    variables,
    validations,
    readsAllowances: variables.length > 0,
    namespaces: scope === 'cluster' ? undefined : [IN_TENANTS],
  };
}

const BRINGS_A_CHANGE: NamedExpression = {
  name: 'brings-a-change',
  expression:
    "request.operation == 'CREATE' || object.?spec != oldObject.?spec || object.metadata.?annotations != oldObject.metadata.?annotations",
};

/** Objects that the control plane makes in a new namespace, before anybody can say what is allowed there. */
const MADE_BY_CONTROL_PLANE: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['kube-root-ca.crt', ALLOWANCES_NAME],
  ServiceAccount: ['default'],
};

function objectPolicies(controls: readonly ObjectControl[], options: GuardrailOptions): GuardPolicy[] {
  const inGroups = GUARD_GROUPS.map(({ kind }) => kind);
  const kinds = [...new Set(controls.flatMap(kindsOf))].filter((kind) => !inGroups.includes(kind));
  return kinds
    .filter((kind) => options.clusterWide === true || !isClusterWide(kind))
    .flatMap((kind) => {
      const all = about(controls, kind);
      const long = all.filter(({ id }) => READS_LONG_TEXTS.includes(id));
      return [
        objectPolicy(
          kind,
          all.filter((control) => !long.includes(control)),
          options,
        ),
        { ...objectPolicy(kind, long, options, 'texts'), admitsUnjudged: true },
      ];
    });
}

function about(controls: readonly ObjectControl[], kind: string | undefined): ObjectControl[] {
  return controls.filter(({ kinds }) => kind !== undefined && kinds.includes(kind));
}

function objectPolicy(
  kind: string,
  controls: readonly ObjectControl[],
  options: GuardrailOptions,
  prefix = 'controls',
): GuardPolicy {
  const isOfTenant = !isClusterWide(kind);
  const validations = objectValidations(controls, options.target, isOfTenant);
  const resources = resourceRuleOf(kind);
  const names = MADE_BY_CONTROL_PLANE[kind];
  return {
    name: `bulwark-${prefix}-${resources.resources[0]}`,
    resources: [resources],
    ...(names && { excluded: [{ ...resources, resourceNames: names }] }),
    conditions: [...exempt('not-the-platform', platformOf(options)), EXCEPT_CONTROL_PLANE],
    variables: allowancesUsed(validations),
    validations,
    readsAllowances: isOfTenant,
    namespaces: isOfTenant ? [IN_TENANTS] : undefined,
  };
}

/** What people tell Capsule to make it makes for the platform. */
function platformOf(options: GuardrailOptions): string[] {
  const { target, platformGroups = DEFAULT_PLATFORM_GROUPS, breakGlassGroups = [] } = options;
  return [...platformGroups, ...(target.capsule ? [CAPSULE_ACCOUNTS] : []), ...breakGlassGroups];
}

function guardValidation(guard: Guard, context: GuardContext, field: string): Validation | undefined {
  const expression = typeof guard.rule === 'string' ? guard.rule : guard.rule(context);
  return expression === undefined
    ? undefined
    : { id: guard.id, expression, message: messageOf(guard, field) };
}

function allowancesUsed(validations: readonly Validation[]): NamedExpression[] {
  return used(allowanceVariables(ALLOWANCE_LISTS), validations);
}

/**
 * Variables that some expression names, or the expression of another one after them does. Others would never be evaluated, but
 * whoever reads a policy would look for where.
 */
function used(variables: readonly NamedExpression[], validations: readonly Validation[]): NamedExpression[] {
  const text = validations.map(({ expression }) => expression).join('\n');
  return variables.filter(({ name }, index) => {
    const later = variables.slice(index + 1).map(({ expression }) => expression);
    return [text, ...later].some((one) => new RegExp(`variables[.]${name}\\b`).test(one));
  });
}

/**
 * One binding, or one for each mode, so that the label of a namespace chooses. What requires allowances is bound to refuse alone,
 * because the API server refuses in any mode where it finds none.
 */
function bindingsOf(policy: GuardPolicy, { mode = 'deny', rollOut = false }: GuardrailOptions): Manifest[] {
  if (!rollOut || policy.namespaces === undefined) return [bindingManifest(policy, mode)];
  const others = GUARD_MODES.filter((other) => other !== mode);
  const bound = (one: GuardMode, operator: 'In' | 'NotIn', values: readonly string[]) =>
    one === 'deny' || policy.requiresAllowances !== true
      ? [bindingManifest(policy, one, [{ key: MODE_LABEL, operator, values }])]
      : [];
  return [...bound(mode, 'NotIn', others), ...others.flatMap((other) => bound(other, 'In', [other]))];
}

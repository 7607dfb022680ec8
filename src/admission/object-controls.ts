import { isPodControl, type Control, type ObjectControl } from '../controls/control';
import { expressionOf } from '../controls/judge';
import type { ClusterTarget } from '../target/target';
import type { ResourceRule, Validation } from './policy';
import { messageOf } from './pod-controls';

/**
 * Controls whose rule is about manifests and not about a cluster, with the reason: there is no policy for them.
 */
export const MANIFESTS_ONLY: Readonly<Record<string, string>> = {
  'no-plaintext-secret': 'the API server holds the data of every Secret as it is, whoever made it',
  'no-service-account-alias':
    'the API server reads the old name of the field into the new one, and writes both',
};

/** The API group whose policies and webhooks no ValidatingAdmissionPolicy is asked about, so that one cannot lock out its own repair. */
const NEVER_JUDGED = 'admissionregistration.k8s.io/';

/** The plural of a kind that controls are about, `group/Kind` or `Kind`, as requests name it. */
const RESOURCES: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  'discovery.k8s.io/EndpointSlice': 'endpointslices',
  Endpoints: 'endpoints',
  Namespace: 'namespaces',
  'networking.k8s.io/Ingress': 'ingresses',
  'networking.k8s.io/NetworkPolicy': 'networkpolicies',
  PersistentVolume: 'persistentvolumes',
  'rbac.authorization.k8s.io/ClusterRole': 'clusterroles',
  'rbac.authorization.k8s.io/ClusterRoleBinding': 'clusterrolebindings',
  'rbac.authorization.k8s.io/Role': 'roles',
  'rbac.authorization.k8s.io/RoleBinding': 'rolebindings',
  Secret: 'secrets',
  Service: 'services',
  ServiceAccount: 'serviceaccounts',
};

const CLUSTER_WIDE = [
  'Namespace',
  'PersistentVolume',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
];

/** Whether a policy can ask the rule of a control. */
export function isJudgedInCluster(control: Control): boolean {
  if (control.id in MANIFESTS_ONLY) return false;
  return isPodControl(control) || (control.scope === 'object' && kindsOf(control).length > 0);
}

/** Whether objects of a kind of {@link kindsOf} are in no namespace. */
export function isClusterWide(kind: string): boolean {
  return CLUSTER_WIDE.includes(kind);
}

/** The kinds of a control that a policy can be about. */
export function kindsOf({ kinds }: ObjectControl): string[] {
  return kinds.filter((kind) => !kind.startsWith(NEVER_JUDGED) && kind in RESOURCES);
}

/** The requests that write objects of a kind of {@link kindsOf}. */
export function resourceRuleOf(kind: string): ResourceRule {
  return {
    apiGroups: [kind.includes('/') ? kind.slice(0, kind.indexOf('/')) : ''],
    apiVersions: ['v1'],
    operations: ['CREATE', 'UPDATE'],
    resources: [RESOURCES[kind]!],
  };
}

/**
 * The rules of controls, as validations.
 * @param isWaivable Whether the objects are in a namespace whose allowances can waive a control.
 * @param unless Conditions under which a control, by its id, asks nothing.
 */
export function objectValidations(
  controls: readonly ObjectControl[],
  target: ClusterTarget,
  isWaivable: boolean,
  unless: Readonly<Record<string, string>> = {},
): Validation[] {
  return controls
    .filter((control) => control.appliesTo?.(target) !== false)
    .map((control) => ({
      id: control.id,
      expression: [
        ...(isWaivable ? [`'${control.id}' in variables.waivedControls`] : []),
        ...(unless[control.id] ? [unless[control.id]] : []),
        `(${expressionOf(control, target)})`,
      ].join(' || '),
      message: messageOf(control, control.field),
    }));
}

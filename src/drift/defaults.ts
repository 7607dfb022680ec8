import { pullPolicyOf } from '../manifest/image';
import { isObject, type JsonObject } from '../manifest/manifest';
import { isEmptyObject } from '../objects';

/** Decides whether the API server itself would have written a value that nobody declared. */
type Default = (value: unknown, declared: JsonObject, whole: JsonObject) => boolean;

const is =
  (...defaults: readonly unknown[]): Default =>
  (value) =>
    defaults.some((one) => one === value);
const always: Default = () => true;
/** An object of which every member is a default in its own right. */
const members: Default = always;

const isOpen = (declared: JsonObject) => declared.type === 'NodePort' || declared.type === 'LoadBalancer';

/** By the last two fields of the path where the parent matters, else by the last; lists do not count as a field. */
const DEFAULTS: Readonly<Record<string, Default>> = {
  // core/v1 and apps/v1, pkg/apis/core/v1/defaults.go and pkg/apis/apps/v1/defaults.go of Kubernetes.
  restartPolicy: is('Always'),
  dnsPolicy: is('ClusterFirst'),
  schedulerName: is('default-scheduler'),
  terminationGracePeriodSeconds: is(30),
  enableServiceLinks: is(true),
  serviceAccount: (value, declared) => value === (declared.serviceAccountName ?? 'default'),
  serviceAccountName: is('default'),
  terminationMessagePath: is('/dev/termination-log'),
  terminationMessagePolicy: is('File'),
  imagePullPolicy: (value, { image }) => value === pullPolicyOf(String(image)),
  protocol: is('TCP'),
  timeoutSeconds: is(1),
  'webhooks.timeoutSeconds': is(10),
  'clientIP.timeoutSeconds': is(10800),
  periodSeconds: is(10),
  successThreshold: is(1),
  failureThreshold: is(3),
  'httpGet.scheme': is('HTTP'),
  'fieldRef.apiVersion': is('v1'),
  divisor: is('0'),
  defaultMode: is(420),
  'serviceAccountToken.expirationSeconds': is(3600),
  volumeMode: is('Filesystem'),
  'requests.*': (value, _declared, whole) =>
    isObject(whole.limits) && Object.values(whole.limits).includes(value),
  replicas: is(1),
  revisionHistoryLimit: is(10),
  progressDeadlineSeconds: is(600),
  podManagementPolicy: is('OrderedReady'),
  'strategy.type': is('RollingUpdate'),
  'updateStrategy.type': is('RollingUpdate'),
  'strategy.rollingUpdate': members,
  'updateStrategy.rollingUpdate': members,
  'rollingUpdate.maxSurge': is('25%', 0),
  'rollingUpdate.maxUnavailable': is('25%', 1),
  'rollingUpdate.partition': is(0),
  strategy: members,
  updateStrategy: members,
  persistentVolumeClaimRetentionPolicy: members,
  whenDeleted: is('Retain'),
  whenScaled: is('Retain'),
  'volumeClaimTemplates.apiVersion': is('v1'),
  'volumeClaimTemplates.kind': is('PersistentVolumeClaim'),
  'volumeClaimTemplates.status': always,
  backoffLimit: is(6),
  completions: is(1),
  parallelism: is(1),
  completionMode: is('NonIndexed'),
  podReplacementPolicy: is('TerminatingOrFailed'),
  manualSelector: is(false),
  suspend: is(false),
  concurrencyPolicy: is('Allow'),
  successfulJobsHistoryLimit: is(3),
  failedJobsHistoryLimit: is(1),
  // Service: what is given out and what it means by itself.
  clusterIP: always,
  clusterIPs: always,
  ipFamilies: always,
  ipFamilyPolicy: is('SingleStack', 'PreferDualStack', 'RequireDualStack'),
  internalTrafficPolicy: is('Cluster'),
  sessionAffinity: is('None'),
  sessionAffinityConfig: members,
  'spec.type': is('ClusterIP'),
  targetPort: (value, { port }) => value === port,
  nodePort: (_value, _declared, whole) => isOpen(whole),
  allocateLoadBalancerNodePorts: is(true),
  externalTrafficPolicy: (value, declared) => isOpen(declared) && value === 'Cluster',
  healthCheckNodePort: (_value, declared) => isOpen(declared),
  volumeName: always,
  // Of a Namespace, which nobody gives a spec.
  '.spec': members,
  'spec.finalizers': (value) => JSON.stringify(value) === '["kubernetes"]',
  // NetworkPolicy and RBAC.
  policyTypes: (value, { egress }) =>
    JSON.stringify(value) ===
    (Array.isArray(egress) && egress.length > 0 ? '["Ingress","Egress"]' : '["Ingress"]'),
  'roleRef.apiGroup': is('rbac.authorization.k8s.io'),
  'subjects.apiGroup': (value, { kind }) =>
    value === (kind === 'ServiceAccount' ? '' : 'rbac.authorization.k8s.io'),
  // Admission.
  failurePolicy: is('Fail'),
  matchPolicy: is('Equivalent'),
  reinvocationPolicy: is('Never'),
  'matchConstraints.namespaceSelector': isEmptyObject,
  'matchConstraints.objectSelector': isEmptyObject,
  'matchResources.namespaceSelector': isEmptyObject,
  'matchResources.objectSelector': isEmptyObject,
  'webhooks.namespaceSelector': isEmptyObject,
  'webhooks.objectSelector': isEmptyObject,
  scope: is('*'),
  'service.port': is(443),
  // LimitRange: the default limit is the maximum, the default request the default limit or the minimum.
  'default.*': (value, _declared, { max }) => isObject(max) && Object.values(max).includes(value),
  'defaultRequest.*': (value, _declared, { default: limit, max, min }) =>
    [limit, max, min].some((one) => isObject(one) && Object.values(one).includes(value)),
  default: members,
  defaultRequest: members,
  preemptionPolicy: is('PreemptLowerPriority'),
  reclaimPolicy: is('Delete', 'Retain'),
  volumeBindingMode: is('Immediate'),
  minReplicas: is(1),
  'conversion.strategy': is('None'),
  conversion: members,
  'names.singular': always,
  'names.listKind': always,
};

/** Fields of which the API server drops the value that means the same as none. */
const DROPPED: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...['hostNetwork', 'hostPID', 'hostIPC', 'readOnly', 'stdin', 'stdinOnce', 'tty', 'paused'].map(
    (field) => [field, false] as const,
  ),
  ...['publishNotReadyAddresses', 'setHostnameAsFQDN'].map((field) => [field, false] as const),
  ...['initialDelaySeconds', 'minReadySeconds', 'hostPort'].map((field) => [field, 0] as const),
]);

/** Fields in which an empty object says something: everything, or a volume of its own. */
const MEANINGFUL_EMPTY = /[sS]elector$|^emptyDir$/;

/** Where a value stands: the names of the fields that lead to it, without the places in lists. */
export type FieldPath = readonly string[];

/** Whether a value that nobody declared is what the API server writes by itself. */
export function isServerDefault(
  fields: FieldPath,
  value: unknown,
  declared: JsonObject,
  whole: JsonObject,
): boolean {
  const field = fields.at(-1)!;
  const parent = fields.at(-2) ?? '';
  const known = [`${parent}.${field}`, `${parent}.*`, field].find((key) => Object.hasOwn(DEFAULTS, key));
  if (!known || !DEFAULTS[known]!(value, declared, whole)) return false;
  // Of an object that has defaults of its own, each member has to be one.
  return DEFAULTS[known] !== members || !isObject(value)
    ? true
    : Object.entries(value).every(([key, member]) => isServerDefault([...fields, key], member, {}, value));
}

/** Whether a value means the same as no value, so that the API server stores none. */
export function meansNothing(field: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (value === '') return field !== 'storageClassName';
  if (isObject(value)) {
    return (
      !MEANINGFUL_EMPTY.test(field) && Object.entries(value).every(([key, one]) => meansNothing(key, one))
    );
  }
  return DROPPED.has(field) && DROPPED.get(field) === value;
}

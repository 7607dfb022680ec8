import type { Severity } from '../controls/control';

/** A kind of which an object that nobody declared can weaken a cluster. */
export interface WatchedKind {
  /** Versions of the API, the one to prefer first; a server may have none of them. */
  readonly apiVersions: readonly string[];
  readonly kind: string;
  readonly namespaced: boolean;
  readonly severity: Severity;
  /** What an object of it does that nobody declared, as the end of a sentence. */
  readonly danger: string;
}

const RBAC = ['rbac.authorization.k8s.io/v1'];
const ADMISSION = ['admissionregistration.k8s.io/v1'];

function inNamespace(apiVersion: string, kind: string, severity: Severity, danger: string): WatchedKind {
  return { apiVersions: [apiVersion], kind, namespaced: true, severity, danger };
}

function ofCluster(apiVersions: readonly string[], kind: string, danger: string): WatchedKind {
  return { apiVersions, kind, namespaced: false, severity: 'critical', danger };
}

const RUNS = 'runs what nobody reviewed';

/** Every kind that is looked at beside those that were declared. */
export const WATCHED_KINDS: readonly WatchedKind[] = [
  ofCluster(['v1'], 'Namespace', 'claims to belong to a tenant'),
  inNamespace('networking.k8s.io/v1', 'NetworkPolicy', 'high', 'opens connections, since policies add up'),
  inNamespace('networking.k8s.io/v1', 'Ingress', 'high', 'lets in traffic from outside'),
  inNamespace('v1', 'Service', 'high', 'is reached from outside of the cluster, or leads out of it'),
  inNamespace('v1', 'ServiceAccount', 'medium', 'is an identity that nobody reviewed'),
  inNamespace(RBAC[0]!, 'Role', 'medium', 'holds rights that nobody reviewed'),
  inNamespace(RBAC[0]!, 'RoleBinding', 'high', 'grants rights'),
  ofCluster(RBAC, 'ClusterRole', 'adds rights to the roles of people, or to a role of Kubernetes itself'),
  ofCluster(RBAC, 'ClusterRoleBinding', 'grants rights in the whole cluster'),
  inNamespace('v1', 'Pod', 'high', RUNS),
  inNamespace('v1', 'ReplicationController', 'high', RUNS),
  inNamespace('apps/v1', 'Deployment', 'high', RUNS),
  inNamespace('apps/v1', 'StatefulSet', 'high', RUNS),
  inNamespace('apps/v1', 'DaemonSet', 'high', RUNS),
  inNamespace('apps/v1', 'ReplicaSet', 'high', RUNS),
  inNamespace('batch/v1', 'Job', 'high', RUNS),
  inNamespace('batch/v1', 'CronJob', 'high', RUNS),
  ofCluster(ADMISSION, 'ValidatingWebhookConfiguration', 'sees every object that it asks for, Secrets too'),
  ofCluster(ADMISSION, 'MutatingWebhookConfiguration', 'changes objects on their way in'),
  ofCluster(
    [...ADMISSION, 'admissionregistration.k8s.io/v1beta1'],
    'MutatingAdmissionPolicyBinding',
    'changes objects on their way in',
  ),
  ofCluster(['apiregistration.k8s.io/v1'], 'APIService', 'answers requests in place of the API server'),
  ofCluster(
    ['policy.networking.k8s.io/v1alpha2'],
    'ClusterNetworkPolicy',
    'comes before the policies of namespaces',
  ),
];

/** What is watched of a kind; undefined for one of which only what was declared is looked at. */
export function watchedKind(apiVersion: string, kind: string): WatchedKind | undefined {
  return WATCHED_KINDS.find((one) => one.kind === kind && one.apiVersions.includes(apiVersion));
}

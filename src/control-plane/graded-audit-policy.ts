import type { AuditPolicy, AuditResources, AuditRule } from './audit-policy';

/** What the owner of a cluster may add to the policy. */
export interface AuditOptions {
  /** Rules that come before all others. @default none */
  readonly first?: readonly AuditRule[];
  /**
   * Groups that may act as others. An audit policy cannot tell an impersonated request from another, it sees who asked; so
   * everything that these groups change is logged in full.
   * @default ['system:masters', 'kubeadm:cluster-admins']
   */
  readonly impersonators?: readonly string[];
}

const ADMINISTRATORS = ['system:masters', 'kubeadm:cluster-admins'];

const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection'] as const;

/** Never more than who, what and when: their bodies are credentials, or are full of them in practice. */
const CREDENTIALS: readonly AuditResources[] = [
  { group: '', resources: ['secrets', 'configmaps', 'serviceaccounts/token'] },
  { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
  { group: 'bitnami.com', resources: ['sealedsecrets'] },
];

/** Ways into a running container. Their bodies are streams that no level logs; the request has the command. */
const INTO_PODS: readonly AuditResources[] = [
  {
    group: '',
    resources: [
      'pods/exec',
      'pods/attach',
      'pods/portforward',
      'pods/proxy',
      'pods/ephemeralcontainers',
      'services/proxy',
      'nodes/proxy',
    ],
  },
];

/** Who may do what, and what is refused on admission: a change here changes the locks. */
const LOCKS: readonly AuditResources[] = [
  { group: 'rbac.authorization.k8s.io' },
  { group: 'admissionregistration.k8s.io' },
  { group: 'certificates.k8s.io' },
  { group: 'networking.k8s.io', resources: ['networkpolicies'] },
  { group: 'policy.networking.k8s.io' },
  { group: 'apiextensions.k8s.io' },
  { group: 'apiregistration.k8s.io' },
  { group: '', resources: ['namespaces', 'resourcequotas', 'limitranges', 'serviceaccounts'] },
];

/** Groups whose writes are logged with what was written. */
const WORKLOADS: readonly AuditResources[] = [
  {
    group: '',
    resources: [
      'pods',
      'services',
      'persistentvolumes',
      'persistentvolumeclaims',
      'replicationcontrollers',
      'endpoints',
    ],
  },
  { group: 'apps' },
  { group: 'batch' },
  { group: 'autoscaling' },
  { group: 'policy' },
  { group: 'networking.k8s.io' },
  { group: 'storage.k8s.io' },
  { group: 'scheduling.k8s.io' },
  { group: 'node.k8s.io' },
];

/**
 * A policy that keeps what an investigation needs and no credential: who used which secret, never its value; every way into a
 * container, every impersonation and every change of a lock in full; writes with what was written; the chatter of the
 * system's own components not at all.
 *
 * Sources: CIS 1.12 3.2.1 and 3.2.2; NSA/CISA 1.2, audit logging; Kubernetes, "Auditing".
 */
export function gradedAuditPolicy({
  first = [],
  impersonators = ADMINISTRATORS,
}: AuditOptions = {}): AuditPolicy {
  return {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    // A request is logged when it is answered; that it arrived says nothing more.
    omitStages: ['RequestReceived'],
    // Megabytes of who owns which field, of no use in an investigation.
    omitManagedFields: true,
    rules: [
      ...first,
      { level: 'Metadata', resources: CREDENTIALS },
      { level: 'Request', resources: INTO_PODS },
      { level: 'RequestResponse', verbs: WRITES, resources: LOCKS },
      ...NOISE,
      ...(impersonators.length > 0
        ? [{ level: 'RequestResponse' as const, userGroups: impersonators, verbs: WRITES }]
        : []),
      { level: 'Request', verbs: ['deletecollection'] },
      { level: 'Request', verbs: WRITES, resources: WORKLOADS },
      { level: 'Metadata' },
    ],
  };
}

const NOISE: readonly AuditRule[] = [
  { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*', '/version', '/openapi/*'] },
  {
    level: 'None',
    users: ['system:kube-proxy'],
    verbs: ['watch'],
    resources: [
      { group: '', resources: ['endpoints', 'services', 'services/status'] },
      { group: 'discovery.k8s.io', resources: ['endpointslices'] },
    ],
  },
  {
    level: 'None',
    userGroups: ['system:nodes'],
    verbs: ['get', 'patch', 'update'],
    resources: [
      { group: '', resources: ['nodes', 'nodes/status'] },
      { group: 'coordination.k8s.io', resources: ['leases'] },
    ],
  },
  {
    level: 'None',
    users: ['system:kube-controller-manager', 'system:kube-scheduler', 'system:apiserver'],
    resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }],
  },
  { level: 'None', resources: [{ group: '', resources: ['events'] }, { group: 'events.k8s.io' }] },
];

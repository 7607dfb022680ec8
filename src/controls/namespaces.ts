import { isKind, namespaceOf, selects, type Inventory } from '../manifest/inventory';
import { scopeOf } from '../manifest/kinds';
import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import type { Breach, InventoryControl, ObjectControl } from './control';
import { clusterWide, defaultDeny, deployment, namespace, namespaced } from './example-objects';
import { listOf } from '../lists';

const ADMISSION = 'admissionregistration.k8s.io';
const PSA = 'pod-security.kubernetes.io';

/** What a Namespace says and holds, and that admission does what it is meant to. */
export const NAMESPACE_CONTROLS: readonly (ObjectControl | InventoryControl)[] = [
  {
    id: 'pod-security-enforced',
    title: 'Every namespace enforces a level of the Pod Security Standards',
    why: 'Without the label the API server admits any pod to the namespace, privileged ones included.',
    severity: 'high',
    references: [
      { standard: 'CIS 1.11', id: '5.2.1' },
      { standard: 'OWASP K8s 2025', id: 'K04' },
      { standard: 'NSA/CISA 1.2', id: 'Pod security enforcement' },
    ],
    aliases: { kubescape: ['C-0192'], kyverno: ['add-psa-labels', 'apply-pss-restricted-profile'] },
    scope: 'object',
    kinds: ['Namespace'],
    rule: `${label('enforce')} in ['restricted', 'baseline']`,
    field: `metadata.labels['${PSA}/enforce']`,
    fix: `Set the label ${PSA}/enforce to restricted, or to baseline.`,
    examples: { fails: namespace(), passes: namespace(podSecurity('restricted')) },
  },
  {
    id: 'pod-security-pinned',
    title: 'Every namespace names the version of the Pod Security Standards that it enforces',
    why: 'An unset version means the newest, so an upgrade of the cluster refuses pods that ran the day before, at the moment they have to move.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'Pod Security Admission labels' }],
    scope: 'object',
    kinds: ['Namespace'],
    rule: `${label('enforce-version')}.matches('^v1[.][0-9]+$')`,
    field: `metadata.labels['${PSA}/enforce-version']`,
    fix: `Set the label ${PSA}/enforce-version to the version of the cluster, such as v1.33.`,
    examples: {
      fails: namespace({ ...podSecurity('restricted'), [`${PSA}/enforce-version`]: 'latest' }),
      passes: namespace(podSecurity('restricted')),
    },
  },
  {
    id: 'pod-security-reported',
    title: 'Every namespace warns of pods that Pod Security refuses, and records them',
    why: 'Enforcement is asked about pods only: whoever applies a Deployment learns from the warning, and the auditor from the record, that its pods never start.',
    severity: 'low',
    references: [
      { standard: 'Kubernetes', id: 'Pod Security Admission labels' },
      { standard: 'OWASP K8s 2025', id: 'K10' },
    ],
    scope: 'object',
    kinds: ['Namespace'],
    rule: ['audit', 'warn'].map((mode) => `${label(mode)} in ['restricted', 'baseline']`).join(' && '),
    field: 'metadata.labels',
    fix: `Set the labels ${PSA}/audit and ${PSA}/warn to restricted, or to baseline.`,
    examples: {
      fails: namespace({ [`${PSA}/enforce`]: 'restricted', [`${PSA}/enforce-version`]: 'v1.33' }),
      passes: namespace(podSecurity('restricted')),
    },
  },
  {
    id: 'namespace-resource-quota',
    title: 'Every namespace with workloads has a ResourceQuota',
    why: 'Without a quota one namespace, by a bug or as a miner, takes the nodes and fills the database of the API server.',
    severity: 'low',
    references: [
      { standard: 'NSA/CISA 1.2', id: 'Resource policies' },
      { standard: 'MITRE ATT&CK', id: 'T1496' },
      { standard: 'Kubernetes', id: 'Multi-tenancy: Quotas' },
    ],
    aliases: { trivy: ['KSV-0040'], kyverno: ['add-ns-quota'] },
    scope: 'inventory',
    breaches: (inventory) =>
      namespacesWithout(inventory, (name) =>
        inventory.inNamespace('ResourceQuota', name).some(({ spec }) => isSet(spec, 'hard')),
      ),
    fix: 'Add a ResourceQuota with spec.hard.',
    examples: { fails: [deployment('api')], passes: [deployment('api'), ...furnishings()] },
  },
  {
    id: 'namespace-limit-range',
    title: 'Every namespace with workloads has a LimitRange',
    why: 'A LimitRange limits what nobody limited, such as a container that somebody injects, and how much one container may ask for.',
    severity: 'low',
    references: [
      { standard: 'NSA/CISA 1.2', id: 'Resource policies' },
      { standard: 'MITRE ATT&CK', id: 'T1496' },
    ],
    aliases: { trivy: ['KSV-0039'], kyverno: ['add-ns-quota'] },
    scope: 'inventory',
    breaches: (inventory) =>
      namespacesWithout(inventory, (name) =>
        inventory.inNamespace('LimitRange', name).some(({ spec }) => isSet(spec, 'limits')),
      ),
    fix: 'Add a LimitRange with default and defaultRequest for containers.',
    examples: { fails: [deployment('api')], passes: [deployment('api'), ...furnishings()] },
  },
  {
    id: 'no-default-namespace',
    title: 'Nothing is in the namespace default',
    why: 'Whoever forgets to name a namespace works in default, so rights and policies there soon hold for everybody, and nobody can tell what belongs together.',
    severity: 'medium',
    references: [
      { standard: 'CIS 1.11', id: '5.6.4' },
      { standard: 'OWASP K8s 2025', id: 'K05' },
    ],
    aliases: {
      kubescape: ['C-0061', 'C-0212'],
      trivy: ['KSV-0110'],
      checkov: ['CKV_K8S_21'],
      'kube-linter': ['use-namespace'],
      kyverno: ['disallow-default-namespace'],
    },
    scope: 'inventory',
    breaches: ({ manifests }) =>
      manifests
        .filter((manifest) => scopeOf(manifest) === 'namespace' && namespaceOf(manifest) === 'default')
        .filter((manifest) => !closesDefault(manifest))
        .map((manifest) => ({ manifest, field: 'metadata.namespace' })),
    fix: 'Name a namespace of the application in metadata.namespace.',
    examples: {
      fails: [{ ...deployment('api'), metadata: { name: 'api' } }],
      passes: [deployment('api'), ...furnishings()],
    },
  },
  {
    id: 'webhook-fails-closed',
    title: 'No object is admitted because a webhook does not answer',
    why: 'With failurePolicy Ignore it is enough to keep the webhook from answering, or to wait until it does not, to have anything admitted.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K04' },
      { standard: 'Kubernetes', id: 'Admission webhook good practices' },
    ],
    aliases: { kubescape: ['C-0036', 'C-0039'] },
    scope: 'object',
    kinds: [`${ADMISSION}/ValidatingWebhookConfiguration`, `${ADMISSION}/MutatingWebhookConfiguration`],
    rule: "object.?webhooks.orValue([]).all(webhook, webhook.?failurePolicy.orValue('Fail') == 'Fail')",
    field: 'webhooks',
    fix: 'Set failurePolicy to Fail, and leave the webhook’s own namespace out by namespaceSelector.',
    examples: {
      fails: webhookConfiguration({ failurePolicy: 'Ignore' }),
      passes: webhookConfiguration({ failurePolicy: 'Fail', namespaceSelector: everywhereElse() }),
    },
  },
  {
    id: 'webhook-spares-own-namespace',
    title: 'No webhook has to admit the pods that it runs in',
    why: 'A webhook that fails closed and is asked about its own pods keeps them from starting once they are gone, and with them every other pod.',
    severity: 'medium',
    references: [
      { standard: 'Kubernetes', id: 'Admission webhook good practices' },
      { standard: 'MITRE ATT&CK', id: 'T1499' },
    ],
    scope: 'inventory',
    breaches: (inventory) =>
      WEBHOOK_KINDS.flatMap((kind) => inventory.ofKind(kind)).flatMap((manifest) =>
        listOf(manifest.webhooks).flatMap((webhook, index) =>
          isObject(webhook) && judgesItself(inventory, webhook)
            ? [{ manifest, field: `webhooks[${index}].namespaceSelector` }]
            : [],
        ),
      ),
    fix: 'Leave its own namespace out: namespaceSelector with kubernetes.io/metadata.name NotIn.',
    examples: {
      fails: [webhookConfiguration({ failurePolicy: 'Fail' })],
      passes: [webhookConfiguration({ failurePolicy: 'Fail', namespaceSelector: everywhereElse() })],
    },
  },
  {
    id: 'admission-policy-fails-closed',
    title: 'No object is admitted because a policy cannot be evaluated',
    why: 'With failurePolicy Ignore an object is admitted as soon as the expression fails on it, for which a field of an unforeseen form is enough.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K04' },
      { standard: 'Kubernetes', id: 'ValidatingAdmissionPolicy failurePolicy' },
    ],
    scope: 'object',
    kinds: [`${ADMISSION}/ValidatingAdmissionPolicy`, `${ADMISSION}/MutatingAdmissionPolicy`],
    rule: "object.?spec.?failurePolicy.orValue('Fail') == 'Fail'",
    field: 'spec.failurePolicy',
    fix: 'Remove it, or set it to Fail.',
    examples: {
      fails: admissionPolicy({ failurePolicy: 'Ignore' }),
      passes: admissionPolicy({ failurePolicy: 'Fail' }),
    },
  },
  {
    id: 'admission-policy-enforced',
    title: 'Every ValidatingAdmissionPolicy is bound and denies',
    why: 'A policy without a binding is never asked, and one that only warns or records refuses nothing, while everybody believes that it guards.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K04' },
      { standard: 'Kubernetes', id: 'ValidatingAdmissionPolicyBinding validationActions' },
    ],
    scope: 'inventory',
    breaches: (inventory) => {
      const enforced = new Set(inventory.ofKind('ValidatingAdmissionPolicyBinding').flatMap(deniedPolicy));
      return inventory
        .ofKind('ValidatingAdmissionPolicy')
        .filter(({ metadata }) => !enforced.has(metadata?.name))
        .map((manifest) => ({ manifest, field: 'metadata.name' }));
    },
    fix: 'Add a ValidatingAdmissionPolicyBinding with validationActions: [Deny].',
    examples: {
      fails: [admissionPolicy({}), policyBinding(['Warn'])],
      passes: [admissionPolicy({}), policyBinding(['Deny', 'Audit'])],
    },
  },
];

/**
 * The namespaces that have workloads and lack something, each as a breach of its Namespace, or of its first workload where the
 * manifests do not hold the Namespace.
 */
export function namespacesWithout(
  inventory: Inventory,
  has: (namespace: string) => boolean,
  detail?: (namespace: string) => string,
): Breach[] {
  return inventory.namespaces.flatMap((name) => {
    const [first] = inventory.workloadsIn(name);
    if (!first || has(name)) return [];
    const own = inventory.find('Namespace', '', name);
    const place = own
      ? { manifest: own, field: 'metadata.name' }
      : { manifest: first.manifest, field: 'metadata.namespace' };
    return [{ ...place, ...(detail && { detail: detail(name) }) }];
  });
}

/** What closes the namespace `default` has to be in it. */
function closesDefault(manifest: Manifest): boolean {
  if (manifest.kind === 'ServiceAccount') return manifest.metadata?.name === 'default';
  return ['NetworkPolicy', 'ResourceQuota', 'LimitRange'].includes(manifest.kind);
}

const WEBHOOK_KINDS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];

/** Whether a webhook that runs in the cluster has to admit pods of its own namespace. */
function judgesItself(inventory: Inventory, webhook: JsonObject): boolean {
  const own = ownNamespace(webhook);
  if (own === undefined || webhook.failurePolicy === 'Ignore' || isSelective(webhook.objectSelector))
    return false;
  const labels = {
    ...inventory.find('Namespace', '', own)?.metadata?.labels,
    'kubernetes.io/metadata.name': own,
  };
  return listOf(webhook.rules).some(isAboutNewPods) && selects(webhook.namespaceSelector ?? {}, labels);
}

function ownNamespace({ clientConfig }: JsonObject): string | undefined {
  const service = isObject(clientConfig) ? clientConfig.service : undefined;
  return isObject(service) && typeof service.namespace === 'string' ? service.namespace : undefined;
}

function isSelective(selector: unknown): boolean {
  return isSet(selector, 'matchLabels') || isSet(selector, 'matchExpressions');
}

function isAboutNewPods(rule: unknown): boolean {
  if (!isObject(rule)) return false;
  const names = (field: string, values: readonly string[]) =>
    listOf(rule[field]).some((value) => values.includes(String(value)));
  return (
    names('apiGroups', ['', '*']) &&
    names('resources', ['pods', '*', '*/*']) &&
    names('operations', ['CREATE', '*'])
  );
}

/** The name of the policy that a binding has the API server deny by. */
function deniedPolicy(binding: Manifest): unknown[] {
  if (!isKind(binding, `${ADMISSION}/ValidatingAdmissionPolicyBinding`) || !isObject(binding.spec)) return [];
  const { policyName, validationActions } = binding.spec;
  return listOf(validationActions).includes('Deny') ? [policyName] : [];
}

/** Whether a field of an object has members. */
function isSet(holder: unknown, field: string): boolean {
  const value = isObject(holder) ? holder[field] : undefined;
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** The value of a Pod Security label, in CEL. */
function label(mode: string): string {
  return `object.metadata.?labels[?'${PSA}/${mode}'].orValue('')`;
}

/** The Pod Security labels of a namespace, of one level in all three modes. */
function podSecurity(level: string): Record<string, string> {
  const modes = ['enforce', 'audit', 'warn'];
  return Object.fromEntries(
    modes.flatMap((mode) => [
      [`${PSA}/${mode}`, level],
      [`${PSA}/${mode}-version`, 'v1.33'],
    ]),
  );
}

/** What a namespace with workloads has. */
function furnishings(): Manifest[] {
  return [
    defaultDeny(),
    namespaced('v1', 'ResourceQuota', 'quota', { spec: { hard: { 'limits.memory': '8Gi', pods: '20' } } }),
    namespaced('v1', 'LimitRange', 'limits', {
      spec: { limits: [{ type: 'Container', default: { memory: '128Mi' }, defaultRequest: { cpu: '50m' } }] },
    }),
  ];
}

function webhookConfiguration(webhook: JsonObject): Manifest {
  return clusterWide(`${ADMISSION}/v1`, 'ValidatingWebhookConfiguration', 'images', {
    webhooks: [
      {
        name: 'images.shop.example',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: { service: { name: 'images', namespace: 'images', path: '/validate' } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        ...webhook,
      },
    ],
  });
}

/** Every namespace but that of the webhook. */
function everywhereElse(): JsonObject {
  return {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['images'] }],
  };
}

function admissionPolicy(spec: JsonObject): Manifest {
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  return clusterWide(`${ADMISSION}/v1`, 'ValidatingAdmissionPolicy', 'no-host-network', {
    spec: {
      ...spec,
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression: 'object.spec.?hostNetwork.orValue(false) == false' }],
    },
  });
}

function policyBinding(validationActions: readonly string[]): Manifest {
  return clusterWide(`${ADMISSION}/v1`, 'ValidatingAdmissionPolicyBinding', 'no-host-network', {
    spec: { policyName: 'no-host-network', validationActions },
  });
}

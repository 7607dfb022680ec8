import { namespaceOf, type Inventory, type WorkloadEntry } from '../manifest/inventory';
import { templatePath } from '../manifest/pod';
import { accountOf } from '../rbac/pod-powers';
import type { InventoryControl, ObjectControl, PodControl } from './control';
import {
  API_SUBJECT,
  clusterRoleBinding,
  deployment,
  namespaced,
  roleBinding,
  serviceAccount,
} from './example-objects';

const RBAC = 'rbac.authorization.k8s.io';

/** Who a pod is for the API server, and how long whoever steals that stays it. */
export const IDENTITY_CONTROLS: readonly (PodControl | ObjectControl | InventoryControl)[] = [
  {
    id: 'service-account-no-automount',
    title: 'No ServiceAccount hands its token to every pod',
    why: 'A pod that says nothing mounts the token of its ServiceAccount, and whoever breaks into the pod has it.',
    severity: 'medium',
    references: [
      { standard: 'CIS 1.11', id: '5.1.5' },
      { standard: 'CIS 1.11', id: '5.1.6' },
      { standard: 'OWASP K8s 2025', id: 'K09' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9016' },
    ],
    aliases: {
      kubescape: ['C-0034', 'C-0189'],
      checkov: ['CKV_K8S_41'],
      kyverno: ['restrict-sa-automount-sa-token'],
    },
    scope: 'object',
    kinds: ['ServiceAccount'],
    rule: 'object.?automountServiceAccountToken.orValue(true) == false',
    field: 'automountServiceAccountToken',
    fix: 'Set it to false, and mount a projected token in the pods that call the API server.',
    examples: { fails: namespaced('v1', 'ServiceAccount', 'api'), passes: serviceAccount('api') },
  },
  {
    id: 'named-service-account',
    title: 'Every pod names a ServiceAccount of its own, not default',
    why: 'All pods that name none share one identity, so a right that one of them gets belongs to all of them.',
    severity: 'medium',
    references: [
      { standard: 'CIS 1.11', id: '5.1.5' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9016' },
    ],
    aliases: {
      kubescape: ['C-0189', 'C-0225'],
      checkov: ['CKV_K8S_41'],
      'kube-linter': ['default-service-account'],
      kyverno: ['restrict-service-account'],
    },
    scope: 'pod',
    // The API server copies the old name of the field to the new one.
    rule: `!(${serviceAccountName()} in ['', 'default'])`,
    field: 'serviceAccountName',
    fix: 'Make a ServiceAccount for the workload, and name it in serviceAccountName.',
    broken: { serviceAccountName: 'default' },
  },
  {
    id: 'no-service-account-alias',
    title: 'No pod names its ServiceAccount in the deprecated field',
    why: 'The API server ignores serviceAccount where serviceAccountName is set, so whoever reads the first sees an identity that the pod does not have.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'PodSpec.serviceAccount' }],
    aliases: { kubescape: ['C-0294'], 'kube-linter': ['deprecated-service-account-field'] },
    scope: 'pod',
    // The API server fills in both, with the same name.
    rule:
      "variables.pod.?serviceAccount.orValue('') == '' || " +
      "variables.pod.serviceAccount == variables.pod.?serviceAccountName.orValue('')",
    field: 'serviceAccount',
    fix: 'Remove it, and name the ServiceAccount in serviceAccountName.',
    broken: { serviceAccount: 'web' },
  },
  {
    id: 'no-default-service-account-binding',
    title: 'Nothing is granted to the ServiceAccount default',
    why: 'A right of the ServiceAccount default belongs to every pod of the namespace that names none, also to the one that is deployed next year.',
    severity: 'high',
    references: [
      { standard: 'CIS 1.11', id: '5.1.5' },
      { standard: 'OWASP K8s 2025', id: 'K02' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9016' },
    ],
    aliases: { kubescape: ['C-0189'], checkov: ['CKV_K8S_42'] },
    scope: 'object',
    kinds: [`${RBAC}/RoleBinding`, `${RBAC}/ClusterRoleBinding`],
    rule:
      'object.?subjects.orValue([]).all(subject, ' +
      "!(subject.kind == 'ServiceAccount' && subject.name == 'default') && " +
      "!(subject.kind == 'User' && subject.name.matches('^system:serviceaccount:[^:]*:default$')))",
    field: 'subjects',
    fix: 'Make a ServiceAccount for the workload that needs it, and bind that.',
    examples: {
      fails: clusterRoleBinding('view', [{ ...API_SUBJECT, name: 'default' }]),
      passes: roleBinding({ kind: 'ClusterRole', name: 'view' }),
    },
  },
  {
    id: 'service-account-per-workload',
    title: 'No two workloads are the same ServiceAccount',
    why: 'Workloads that share an identity share its rights in the cluster, in the cloud and in a mesh, and the audit log cannot tell which of them it was.',
    severity: 'low',
    references: [{ standard: 'Microsoft threat matrix', id: 'MS-M9019' }],
    scope: 'inventory',
    breaches: ({ workloads }) => {
      const owners = new Map<string, WorkloadEntry>();
      return workloads.flatMap((entry) => {
        const name = accountOf(entry.pod);
        if (name === 'default') return [];
        const key = `${entry.namespace}/${name}`;
        const owner = owners.get(key);
        if (!owner) owners.set(key, entry);
        if (!owner) return [];
        const { kind, metadata } = owner.manifest;
        const detail = `The ServiceAccount ${key} is already that of ${kind} ${metadata?.name}`;
        return [{ manifest: entry.manifest, field: accountField(entry), detail }];
      });
    },
    fix: 'Make a ServiceAccount for each workload.',
    examples: {
      fails: [deployment('api', runsAs('api')), deployment('web', runsAs('api')), serviceAccount('api')],
      passes: [
        ...[deployment('api', runsAs('api')), deployment('web', runsAs('web'))],
        ...[serviceAccount('api'), serviceAccount('web')],
      ],
    },
  },
  {
    id: 'service-account-exists',
    title: 'Every ServiceAccount that a pod names exists',
    why: 'The API server refuses pods of a ServiceAccount that is not there, and whoever may make one of the name decides what it is.',
    severity: 'medium',
    references: [{ standard: 'Kubernetes', id: 'Configure Service Accounts for Pods' }],
    aliases: {
      kubescape: ['C-0307'],
      'kube-linter': ['non-existent-service-account'],
      kyverno: ['check-serviceaccount'],
    },
    scope: 'inventory',
    breaches: (inventory) =>
      inventory.workloads
        .filter((entry) => !hasAccount(inventory, entry))
        .map((entry) => ({
          manifest: entry.manifest,
          field: accountField(entry),
          detail: `There is no ServiceAccount ${entry.namespace}/${accountOf(entry.pod)} in these manifests`,
        })),
    fix: 'Write the name of a ServiceAccount of the namespace, or add the ServiceAccount.',
    examples: {
      fails: [deployment('api', runsAs('apl')), serviceAccount('api')],
      passes: [deployment('api', runsAs('api')), serviceAccount('api')],
    },
  },
  {
    id: 'no-token-secret',
    title: 'No token of a ServiceAccount is kept in a Secret',
    why: 'A token in a Secret never expires, is bound to no pod, and is read by everybody who may read Secrets.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K09' },
      { standard: 'MITRE ATT&CK', id: 'T1528' },
      { standard: 'KEP', id: '2799' },
    ],
    aliases: { kyverno: ['deny-secret-service-account-token-type'] },
    scope: 'object',
    kinds: ['Secret'],
    rule: "object.?type.orValue('') != 'kubernetes.io/service-account-token'",
    field: 'type',
    fix: 'Remove it, and mount a projected token, or request one with kubectl create token.',
    examples: {
      fails: {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/service-account-token',
        metadata: {
          name: 'api-token',
          namespace: 'shop',
          annotations: { 'kubernetes.io/service-account.name': 'api' },
        },
      },
      passes: namespaced('v1', 'Secret', 'api', { type: 'Opaque' }),
    },
  },
  {
    id: 'service-account-no-secrets',
    title: 'No ServiceAccount lists Secrets',
    why: 'What secrets lists is a token that never expires, or a list that reads like a limit on which Secrets pods may mount and is none.',
    severity: 'low',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K09' },
      { standard: 'Kubernetes', id: 'ServiceAccount.secrets' },
    ],
    aliases: { kyverno: ['check-serviceaccount-secrets'] },
    scope: 'object',
    kinds: ['ServiceAccount'],
    rule: 'object.?secrets.orValue([]).size() == 0',
    field: 'secrets',
    fix: 'Remove it, and mount the Secrets in the pods that need them; for registries there is imagePullSecrets.',
    examples: {
      fails: serviceAccount('api', { secrets: [{ name: 'api-token' }] }),
      passes: serviceAccount('api'),
    },
  },
  {
    id: 'short-lived-token',
    title: 'Mounted tokens expire within a day',
    why: 'A stolen token is good until it expires; the kubelet renews that of the pod, so a short life costs nothing.',
    severity: 'low',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K09' },
      { standard: 'MITRE ATT&CK', id: 'T1528' },
    ],
    scope: 'pod',
    rule: everyToken('token.?expirationSeconds.orValue(3600) <= 86400'),
    field: 'volumes',
    fix: 'Set expirationSeconds to 86400 or less, such as 1800.',
    broken: { volumes: [tokenVolume({ audience: 'vault', expirationSeconds: 31_536_000 })] },
  },
  {
    id: 'token-audience',
    title: 'A mounted token that is not for the API server names who may accept it',
    why: 'A token without an audience is one for the API server, so the service it is shown to can act in the cluster as the pod.',
    severity: 'low',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K09' },
      { standard: 'KEP', id: '1205' },
    ],
    scope: 'pod',
    // The token for the API server is the one beside its certificate authority; clients look for both in one folder.
    rule: everyToken(
      "token.?audience.orValue('') != '' || " +
        "volume.projected.sources.exists(other, other.?configMap.?name.orValue('') == 'kube-root-ca.crt')",
    ),
    field: 'volumes',
    fix: 'Set audience to the name of the service that checks the token.',
    broken: { volumes: [tokenVolume({ expirationSeconds: 1800 })] },
  },
];

/** The name of a pod's ServiceAccount as the API server reads it, in CEL. */
function serviceAccountName(): string {
  return "variables.pod.?serviceAccountName.orValue(variables.pod.?serviceAccount.orValue(''))";
}

function accountField({ manifest }: WorkloadEntry): string {
  return [...templatePath(manifest)!, 'spec', 'serviceAccountName'].join('.');
}

/**
 * Every namespace has the ServiceAccount `default`. A namespace without any other in the manifests gets them from elsewhere,
 * such as from Terraform for an identity in the cloud, and nothing can be said about it.
 */
function hasAccount(inventory: Inventory, { pod, manifest }: WorkloadEntry): boolean {
  const name = accountOf(pod);
  const namespace = namespaceOf(manifest);
  if (name === 'default' || inventory.find('ServiceAccount', namespace, name)) return true;
  return inventory.inNamespace('ServiceAccount', namespace).length === 0;
}

/**
 * A condition that holds for each token that a pod mounts, in CEL. An API server writes a volume without sources as null, which
 * optional fields do not cover.
 */
function everyToken(condition: string): string {
  return (
    'variables.pod.?volumes.orValue([]).all(volume, !has(volume.projected) || !has(volume.projected.sources) || ' +
    'dyn(volume.projected.sources) == null || volume.projected.sources.all(source, ' +
    `!has(source.serviceAccountToken) || [source.serviceAccountToken].all(token, ${condition})))`
  );
}

function tokenVolume(token: object) {
  return { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token', ...token } }] } };
}

function runsAs(serviceAccountName: string) {
  return { serviceAccountName };
}

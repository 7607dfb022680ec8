import type { Inventory } from '../manifest/inventory';
import { isObject, type Manifest } from '../manifest/manifest';
import { podTemplateOf } from '../manifest/pod';
import { canBeGuarded } from '../rbac/guarded';
import { escalationOf, sentenceOf, type EscalationPath } from '../rbac/escalation';
import { mountedAccountOf } from '../rbac/surroundings';
import { describeEscape, proveGuardedPermissions, type TenantEscape } from '../rbac/tenant-proof';
import type { Breach, InventoryControl } from './control';
import { clusterRole, clusterRoleBinding, deployment, roleBinding } from './example-objects';

/** What follows from rights, however many steps away. */
export const RBAC_CHAIN_CONTROLS: readonly InventoryControl[] = [
  {
    id: 'no-way-out-of-tenant',
    title: 'No chain of rights leads out of a tenant',
    why: 'A tenant whose people, ServiceAccounts or pods get by some chain of rights to objects of another tenant, to what all share or to a node is not kept apart by its namespaces.',
    severity: 'critical',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K02' },
      { standard: 'Kubernetes', id: 'Multi-tenancy: Isolation' },
    ],
    scope: 'inventory',
    breaches: ({ manifests }) => proveGuardedPermissions(manifests).escapes.map(breachOf),
    fix: 'Take the right away where the chain begins, or bind the role in the namespaces of the tenant alone.',
    examples: {
      fails: [...twoTenants(), clusterRole([readPods()]), clusterRoleBinding('reader')],
      passes: [
        ...twoTenants(),
        clusterRole([readPods()]),
        roleBinding({ kind: 'ClusterRole', name: 'reader' }),
      ],
    },
  },
  {
    id: 'no-powerful-pod-account',
    title: 'No ServiceAccount of a pod gets to the whole cluster or to a node',
    why: 'Whoever breaks into a pod has the token that it mounts, and everything that the rights of its ServiceAccount lead to.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K02' },
      { standard: 'OWASP K8s 2025', id: 'K08' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9016' },
    ],
    aliases: { kubescape: ['C-0053', 'C-0267', 'C-0272'] },
    scope: 'inventory',
    breaches: powerfulPods,
    fix: 'Take the right away that the chain begins with, or mount no token.',
    examples: {
      fails: [
        deployment('api', { serviceAccountName: 'api' }),
        clusterRole([roots()]),
        clusterRoleBinding('reader'),
      ],
      passes: [
        deployment('api', { serviceAccountName: 'api' }),
        clusterRole([readPods()]),
        clusterRoleBinding('reader'),
      ],
    },
  },
];

function readPods() {
  return { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
}

function roots() {
  return { apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'] };
}

function twoTenants(): Manifest[] {
  return ['shop', 'bank'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: { 'cdk8s-bulwark/tenant': name, 'pod-security.kubernetes.io/enforce': 'restricted' },
    },
  }));
}

function breachOf(escape: TenantEscape): Breach {
  const { manifest } = escape;
  return { manifest, field: fieldOf(manifest), detail: describeEscape(escape), ...fixOf(escape) };
}

function fixOf({ manifest, path }: TenantEscape): Pick<Breach, 'fix'> {
  if (podTemplateOf(manifest)) {
    return {
      fix: 'Take out of the pod what leads to the node, or run it in a namespace of the platform.',
    };
  }
  const isClosable = path.steps.some(({ power }) => power.kind === 'right' && canBeGuarded(power));
  return isClosable
    ? {
        fix: "Take the right away where the chain begins, or add new Guardrails(cluster, 'guardrails'), which refuses such a use of it in the namespaces of tenants.",
      }
    : {};
}

function fieldOf(manifest: Manifest): string {
  return isObject(manifest.roleRef) ? 'roleRef' : 'spec';
}

function inOneLine({ steps }: EscalationPath): string {
  return steps.map(sentenceOf).join('; ');
}

/** Workloads of which the account, not the pod itself, is the way. */
function powerfulPods(inventory: Inventory): Breach[] {
  if (!inventory.workloads.some((entry) => mountedAccountOf(entry, inventory))) return [];
  const { world, pathTo } = escalationOf(inventory.manifests);
  const known = new Map<string, EscalationPath | undefined>();
  return world.surroundings.pods.flatMap(({ account, manifest }) => {
    if (!account || world.rbac.permissionsOf(account).length === 0) return [];
    const key = `${account.kind === 'ServiceAccount' ? account.namespace : ''}/${account.name}`;
    if (!known.has(key)) known.set(key, pathTo(account, 'cluster') ?? pathTo(account, 'node'));
    const path = known.get(key);
    return path
      ? [
          {
            manifest,
            field: fieldOf(manifest),
            detail: `The token that its pods mount leads far: ${inOneLine(path)}`,
          },
        ]
      : [];
  });
}

import { BulwarkError } from '../errors';
import { SELF_SERVICE_LABEL, TENANT_LABEL } from '../manifest/kinds';
import type { JsonObject, Manifest } from '../manifest/manifest';

/** A subject of RBAC (rbac.authorization.k8s.io/v1 Subject). */
export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** What has to be known of a tenant whose people make namespaces themselves. */
export interface SelfService {
  /** Name of the tenant. */
  readonly tenant: string;
  /** Who makes and deletes the namespaces. */
  readonly owners: readonly Owner[];
  /** How many of them there can be. */
  readonly atMost: number;
  /** Labels of each of them. */
  readonly labels: Readonly<Record<string, string>>;
  /** What is in each of them. */
  readonly objects: readonly Manifest[];
}

const CAPSULE = 'capsule.clastix.io/v1beta2';

/** Where Capsule is installed, as its documentation says. */
export const CAPSULE_NAMESPACE = 'capsule-system';

/** The accounts of Capsule. */
export const CAPSULE_ACCOUNTS = `system:serviceaccounts:${CAPSULE_NAMESPACE}`;

/** ClusterRole of Capsule that lets an owner delete a namespace. Without any Capsule would bind `admin`. */
const DELETER = 'capsule-namespace-deleter';

/**
 * The right to make and to delete namespaces of a tenant. No API server serves such a resource: it is what the guard rails ask
 * the authorizer for, so that RBAC says who the owners are.
 */
export const NAMESPACES_OF_TENANT = {
  group: 'cdk8s-bulwark',
  resource: 'tenants',
  subresource: 'namespaces',
} as const;

/**
 * What has Capsule (0.9 and newer) make the namespaces of a tenant as the synthesis makes them: a Tenant with its owners, a
 * GlobalTenantResource with what belongs into each namespace, and the owners' right, which the guard rails ask for.
 *
 * Capsule's own `resourceQuotas`, `limitRanges` and `networkPolicies` of a Tenant are deprecated for replication, and its
 * objects would have other names than those of the other namespaces.
 * @param where Path of the tenant, for messages.
 * @throws BulwarkError for a text that Capsule would take for a template.
 */
export function selfServiceManifests(where: string, service: SelfService): Manifest[] {
  const { tenant, owners, atMost, labels, objects } = service;
  refuseTemplates(where, objects);
  const selected = { [TENANT_LABEL]: tenant };
  const name = `tenant-${tenant}-namespaces`;
  return [
    {
      apiVersion: CAPSULE,
      kind: 'Tenant',
      metadata: { name: tenant, labels: selected },
      spec: {
        owners: owners.map(capsuleOwner),
        forceTenantPrefix: true,
        namespaceOptions: {
          quota: atMost,
          additionalMetadataList: [
            { labels: { ...labels, [TENANT_LABEL]: tenant, [SELF_SERVICE_LABEL]: 'true' } },
          ],
        },
      },
    },
    {
      apiVersion: CAPSULE,
      kind: 'GlobalTenantResource',
      metadata: { name: `tenant-${tenant}`, labels: selected },
      spec: {
        resyncPeriod: '60s',
        tenantSelector: { matchLabels: selected },
        resources: [{ rawItems: objects }],
      },
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: {
        name,
        labels: selected,
        annotations: {
          'kubernetes.io/description': `Makes and deletes namespaces of ${tenant}, as far as guard rails are concerned`,
        },
      },
      rules: [ruleOf(tenant)],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name, labels: selected },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: owners,
    },
  ];
}

function ruleOf(tenant: string): JsonObject {
  const { group, resource, subresource } = NAMESPACES_OF_TENANT;
  return {
    apiGroups: [group],
    resources: [`${resource}/${subresource}`],
    resourceNames: [tenant],
    verbs: ['create', 'delete'],
  };
}

function capsuleOwner({ kind, name, namespace }: Owner): JsonObject {
  const isAccount = kind === 'ServiceAccount';
  return {
    kind,
    name: isAccount ? `system:serviceaccount:${namespace ?? ''}:${name}` : name,
    clusterRoles: [DELETER],
  };
}

function refuseTemplates(where: string, objects: readonly Manifest[]): void {
  const template = /"([^"]*\{\{[^"]*)"/.exec(JSON.stringify(objects))?.[1];
  if (template === undefined) return;
  throw new BulwarkError(
    `${where}: '${template}' would be in the namespaces that selfService.namespaces lets people make, and Capsule takes what is between {{ and }} for a template. ` +
      'Give it a name without braces.',
  );
}

import type { AuditedPath, AuditedResource } from '../../../src/control-plane/audit-policy';

/** A request to send, and what an audit policy sees of it. */
export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly verb: string;
  readonly target: AuditedResource | AuditedPath;
}

const GROUPS: readonly (readonly [api: string, group: string, resource: string, kind: string])[] = [
  ['/api/v1', '', 'secrets', 'Secret'],
  ['/api/v1', '', 'configmaps', 'ConfigMap'],
  ['/api/v1', '', 'pods', 'Pod'],
  ['/api/v1', '', 'services', 'Service'],
  ['/api/v1', '', 'serviceaccounts', 'ServiceAccount'],
  ['/api/v1', '', 'resourcequotas', 'ResourceQuota'],
  ['/api/v1', '', 'events', 'Event'],
  ['/apis/apps/v1', 'apps', 'deployments', 'Deployment'],
  ['/apis/batch/v1', 'batch', 'jobs', 'Job'],
  ['/apis/networking.k8s.io/v1', 'networking.k8s.io', 'networkpolicies', 'NetworkPolicy'],
  ['/apis/networking.k8s.io/v1', 'networking.k8s.io', 'ingresses', 'Ingress'],
  ['/apis/rbac.authorization.k8s.io/v1', 'rbac.authorization.k8s.io', 'roles', 'Role'],
  ['/apis/coordination.k8s.io/v1', 'coordination.k8s.io', 'leases', 'Lease'],
  ['/apis/discovery.k8s.io/v1', 'discovery.k8s.io', 'endpointslices', 'EndpointSlice'],
];

const SUBRESOURCES: readonly (readonly [
  resource: string,
  subresource: string,
  method: string,
  verb: string,
])[] = [
  ['pods', 'log', 'GET', 'get'],
  ['pods', 'exec', 'POST', 'create'],
  ['pods', 'exec', 'GET', 'get'],
  ['pods', 'attach', 'POST', 'create'],
  ['pods', 'portforward', 'POST', 'create'],
  ['pods', 'ephemeralcontainers', 'PATCH', 'patch'],
  ['pods', 'status', 'PATCH', 'patch'],
  ['pods', 'eviction', 'POST', 'create'],
  ['serviceaccounts', 'token', 'POST', 'create'],
  ['services', 'status', 'GET', 'get'],
];

const CLUSTER_WIDE: readonly (readonly [api: string, group: string, resource: string])[] = [
  ['/api/v1', '', 'nodes'],
  ['/api/v1', '', 'namespaces'],
  ['/api/v1', '', 'persistentvolumes'],
  ['/apis/rbac.authorization.k8s.io/v1', 'rbac.authorization.k8s.io', 'clusterroles'],
  ['/apis/certificates.k8s.io/v1', 'certificates.k8s.io', 'certificatesigningrequests'],
  ['/apis/storage.k8s.io/v1', 'storage.k8s.io', 'storageclasses'],
];

const PATHS = [
  '/healthz',
  '/livez/ping',
  '/readyz',
  '/version',
  '/openapi/v2',
  '/api',
  '/apis',
  '/metrics',
  '/logs',
];

/** Every verb of every group of resources that a policy tells apart; most are for objects that are not there. */
export function auditedRequests(canary: string): SentRequest[] {
  return [
    ...GROUPS.flatMap((resource) => namespaced(resource, canary)),
    ...SUBRESOURCES.map(subresource),
    ...CLUSTER_WIDE.flatMap(clusterWide),
    ...PATHS.map((path) => ({ method: 'GET', path, verb: 'get', target: { path } })),
  ];
}

function namespaced([api, group, resource, kind]: (typeof GROUPS)[number], canary: string): SentRequest[] {
  const list = `${api}/namespaces/default/${resource}`;
  const one = `${list}/probe`;
  const body = {
    apiVersion: api.replace(/^\/apis?\//, ''),
    kind,
    metadata: { name: 'probe', namespace: 'default' },
    ...(kind === 'Secret' && { stringData: { password: canary } }),
    ...(kind === 'ConfigMap' && { data: { password: canary } }),
  };
  const target = { group, resource, namespace: 'default' };
  const named = { ...target, name: 'probe' };
  return [
    { method: 'GET', path: list, verb: 'list', target },
    { method: 'GET', path: `${api}/${resource}`, verb: 'list', target: { group, resource } },
    // The name of what is created is in the body, which no rule sees.
    { method: 'POST', path: list, body, verb: 'create', target },
    { method: 'GET', path: one, verb: 'get', target: named },
    { method: 'PUT', path: one, body, verb: 'update', target: named },
    { method: 'PATCH', path: one, body: { metadata: { labels: { a: 'b' } } }, verb: 'patch', target: named },
    { method: 'DELETE', path: one, verb: 'delete', target: named },
    { method: 'DELETE', path: `${list}?labelSelector=no%3Dsuch`, verb: 'deletecollection', target },
  ];
}

function subresource([resource, name, method, verb]: (typeof SUBRESOURCES)[number]): SentRequest {
  return {
    method,
    path: `/api/v1/namespaces/default/${resource}/probe/${name}`,
    ...(method !== 'GET' && { body: {} }),
    verb,
    target: { resource, subresource: name, namespace: 'default', name: 'probe' },
  };
}

function clusterWide([api, group, resource]: (typeof CLUSTER_WIDE)[number]): SentRequest[] {
  const target = { group, resource };
  const named = { ...target, name: 'probe' };
  return [
    { method: 'GET', path: `${api}/${resource}`, verb: 'list', target },
    { method: 'GET', path: `${api}/${resource}/probe`, verb: 'get', target: named },
    {
      method: 'PATCH',
      path: `${api}/${resource}/probe`,
      body: { metadata: {} },
      verb: 'patch',
      target: named,
    },
    { method: 'DELETE', path: `${api}/${resource}/probe`, verb: 'delete', target: named },
  ];
}

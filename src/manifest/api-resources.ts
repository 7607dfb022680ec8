/** What may be asked of the API server about a resource; a right to anything else is one nobody can use. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A resource, or a subresource, of the API. */
export interface ApiResource<V extends Verb = Verb> {
  /** API group; empty for the core group. */
  readonly group: string;
  /** Whether its objects live in namespaces. */
  readonly namespaced: boolean;
  /** Verbs that the API server knows for it. */
  readonly verbs: readonly V[];
}

const ALL = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
/** A subresource that is a part of its object, such as `status` and `scale`. */
const PART = ['get', 'update', 'patch'] as const;
/** A subresource that forwards HTTP requests, whose methods are the verbs. */
const PROXY = ['get', 'create', 'update', 'patch', 'delete'] as const;

function inNamespace<const V extends readonly Verb[]>(group: string, verbs: V): ApiResource<V[number]> {
  return { group, namespaced: true, verbs };
}

function ofCluster<const V extends readonly Verb[]>(group: string, verbs: V): ApiResource<V[number]> {
  return { group, namespaced: false, verbs };
}

/**
 * The resources that Kubernetes 1.30 to 1.37 serve, by their plural name, `PLURAL/SUBRESOURCE` for a part of one. Source: the
 * discovery of the API server, which a test compares with it.
 */
export const API_RESOURCES = {
  bindings: inNamespace('', ['create']),
  componentstatuses: ofCluster('', ['get', 'list']),
  configmaps: inNamespace('', ALL),
  endpoints: inNamespace('', ALL),
  events: inNamespace('', ALL),
  limitranges: inNamespace('', ALL),
  namespaces: ofCluster('', ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']),
  'namespaces/finalize': ofCluster('', ['update']),
  'namespaces/status': ofCluster('', PART),
  nodes: ofCluster('', ALL),
  // These six are not in the discovery: the kubelet itself asks for them, instead of for nodes/proxy (KEP-2862).
  'nodes/configz': ofCluster('', ['get']),
  'nodes/healthz': ofCluster('', ['get']),
  'nodes/log': ofCluster('', ['get']),
  'nodes/metrics': ofCluster('', ['get']),
  'nodes/pods': ofCluster('', ['get']),
  'nodes/proxy': ofCluster('', PROXY),
  'nodes/stats': ofCluster('', ['get']),
  'nodes/status': ofCluster('', PART),
  persistentvolumeclaims: inNamespace('', ALL),
  'persistentvolumeclaims/status': inNamespace('', PART),
  persistentvolumes: ofCluster('', ALL),
  'persistentvolumes/status': ofCluster('', PART),
  pods: inNamespace('', ALL),
  'pods/attach': inNamespace('', ['create', 'get']),
  'pods/binding': inNamespace('', ['create']),
  'pods/ephemeralcontainers': inNamespace('', PART),
  'pods/eviction': inNamespace('', ['create']),
  'pods/exec': inNamespace('', ['create', 'get']),
  'pods/log': inNamespace('', ['get']),
  'pods/portforward': inNamespace('', ['create', 'get']),
  'pods/proxy': inNamespace('', PROXY),
  'pods/resize': inNamespace('', PART),
  'pods/status': inNamespace('', PART),
  podtemplates: inNamespace('', ALL),
  replicationcontrollers: inNamespace('', ALL),
  'replicationcontrollers/scale': inNamespace('', PART),
  'replicationcontrollers/status': inNamespace('', PART),
  resourcequotas: inNamespace('', ALL),
  'resourcequotas/status': inNamespace('', PART),
  secrets: inNamespace('', ALL),
  serviceaccounts: inNamespace('', ALL),
  'serviceaccounts/token': inNamespace('', ['create']),
  services: inNamespace('', ALL),
  'services/proxy': inNamespace('', PROXY),
  'services/status': inNamespace('', PART),
  mutatingadmissionpolicies: ofCluster('admissionregistration.k8s.io', ALL),
  mutatingadmissionpolicybindings: ofCluster('admissionregistration.k8s.io', ALL),
  mutatingwebhookconfigurations: ofCluster('admissionregistration.k8s.io', ALL),
  validatingadmissionpolicies: ofCluster('admissionregistration.k8s.io', ALL),
  'validatingadmissionpolicies/status': ofCluster('admissionregistration.k8s.io', PART),
  validatingadmissionpolicybindings: ofCluster('admissionregistration.k8s.io', ALL),
  validatingwebhookconfigurations: ofCluster('admissionregistration.k8s.io', ALL),
  customresourcedefinitions: ofCluster('apiextensions.k8s.io', ALL),
  'customresourcedefinitions/status': ofCluster('apiextensions.k8s.io', PART),
  apiservices: ofCluster('apiregistration.k8s.io', ALL),
  'apiservices/status': ofCluster('apiregistration.k8s.io', PART),
  controllerrevisions: inNamespace('apps', ALL),
  daemonsets: inNamespace('apps', ALL),
  'daemonsets/status': inNamespace('apps', PART),
  deployments: inNamespace('apps', ALL),
  'deployments/scale': inNamespace('apps', PART),
  'deployments/status': inNamespace('apps', PART),
  replicasets: inNamespace('apps', ALL),
  'replicasets/scale': inNamespace('apps', PART),
  'replicasets/status': inNamespace('apps', PART),
  statefulsets: inNamespace('apps', ALL),
  'statefulsets/scale': inNamespace('apps', PART),
  'statefulsets/status': inNamespace('apps', PART),
  selfsubjectreviews: ofCluster('authentication.k8s.io', ['create']),
  tokenreviews: ofCluster('authentication.k8s.io', ['create']),
  localsubjectaccessreviews: inNamespace('authorization.k8s.io', ['create']),
  selfsubjectaccessreviews: ofCluster('authorization.k8s.io', ['create']),
  selfsubjectrulesreviews: ofCluster('authorization.k8s.io', ['create']),
  subjectaccessreviews: ofCluster('authorization.k8s.io', ['create']),
  horizontalpodautoscalers: inNamespace('autoscaling', ALL),
  'horizontalpodautoscalers/status': inNamespace('autoscaling', PART),
  cronjobs: inNamespace('batch', ALL),
  'cronjobs/status': inNamespace('batch', PART),
  jobs: inNamespace('batch', ALL),
  'jobs/status': inNamespace('batch', PART),
  certificatesigningrequests: ofCluster('certificates.k8s.io', ALL),
  'certificatesigningrequests/approval': ofCluster('certificates.k8s.io', PART),
  'certificatesigningrequests/status': ofCluster('certificates.k8s.io', PART),
  clustertrustbundles: ofCluster('certificates.k8s.io', ALL),
  podcertificaterequests: inNamespace('certificates.k8s.io', ALL),
  'podcertificaterequests/status': inNamespace('certificates.k8s.io', PART),
  leases: inNamespace('coordination.k8s.io', ALL),
  endpointslices: inNamespace('discovery.k8s.io', ALL),
  'events.events.k8s.io': inNamespace('events.k8s.io', ALL),
  flowschemas: ofCluster('flowcontrol.apiserver.k8s.io', ALL),
  'flowschemas/status': ofCluster('flowcontrol.apiserver.k8s.io', PART),
  prioritylevelconfigurations: ofCluster('flowcontrol.apiserver.k8s.io', ALL),
  'prioritylevelconfigurations/status': ofCluster('flowcontrol.apiserver.k8s.io', PART),
  ingressclasses: ofCluster('networking.k8s.io', ALL),
  ingresses: inNamespace('networking.k8s.io', ALL),
  'ingresses/status': inNamespace('networking.k8s.io', PART),
  ipaddresses: ofCluster('networking.k8s.io', ALL),
  networkpolicies: inNamespace('networking.k8s.io', ALL),
  servicecidrs: ofCluster('networking.k8s.io', ALL),
  'servicecidrs/status': ofCluster('networking.k8s.io', PART),
  runtimeclasses: ofCluster('node.k8s.io', ALL),
  poddisruptionbudgets: inNamespace('policy', ALL),
  'poddisruptionbudgets/status': inNamespace('policy', PART),
  clusterrolebindings: ofCluster('rbac.authorization.k8s.io', ALL),
  clusterroles: ofCluster('rbac.authorization.k8s.io', ALL),
  rolebindings: inNamespace('rbac.authorization.k8s.io', ALL),
  roles: inNamespace('rbac.authorization.k8s.io', ALL),
  deviceclasses: ofCluster('resource.k8s.io', ALL),
  devicetaintrules: ofCluster('resource.k8s.io', ALL),
  'devicetaintrules/status': ofCluster('resource.k8s.io', PART),
  resourceclaims: inNamespace('resource.k8s.io', ALL),
  'resourceclaims/status': inNamespace('resource.k8s.io', PART),
  resourceclaimtemplates: inNamespace('resource.k8s.io', ALL),
  resourceslices: ofCluster('resource.k8s.io', ALL),
  priorityclasses: ofCluster('scheduling.k8s.io', ALL),
  csidrivers: ofCluster('storage.k8s.io', ALL),
  csinodes: ofCluster('storage.k8s.io', ALL),
  'csinodes/status': ofCluster('storage.k8s.io', PART),
  csistoragecapacities: inNamespace('storage.k8s.io', ALL),
  storageclasses: ofCluster('storage.k8s.io', ALL),
  volumeattachments: ofCluster('storage.k8s.io', ALL),
  'volumeattachments/status': ofCluster('storage.k8s.io', PART),
  volumeattributesclasses: ofCluster('storage.k8s.io', ALL),
  storageversionmigrations: ofCluster('storagemigration.k8s.io', ALL),
  'storageversionmigrations/status': ofCluster('storagemigration.k8s.io', PART),
} as const;

/** Name of a resource of Kubernetes' own, such as `pods`, `pods/log` or `deployments/scale`. */
export type BuiltInResource = keyof typeof API_RESOURCES;

/**
 * Name of a resource: one of Kubernetes' own, or `PLURAL.GROUP` as the CustomResourceDefinition is named, with `/SUBRESOURCE`
 * for a part of one.
 */
export type ResourceName = BuiltInResource | `${string}.${string}`;

/** Verbs that the API server knows for a resource. */
export type VerbsOf<R extends ResourceName> = R extends BuiltInResource
  ? (typeof API_RESOURCES)[R]['verbs'][number]
  : Verb;

/** Verbs that the API server knows for each of several resources. */
export type CommonVerb<R extends ResourceName> = Exclude<Verb, { [K in R]: Exclude<Verb, VerbsOf<K>> }[R]>;

/** A resource as the rules of a role name it. */
export interface ResolvedResource extends Omit<ApiResource, 'namespaced'> {
  /** `PLURAL` or `PLURAL/SUBRESOURCE`. */
  readonly resource: string;
  /** Unknown of a custom resource. */
  readonly namespaced: boolean | undefined;
}

const BY_GROUP: ReadonlyMap<string, ApiResource> = new Map(
  Object.entries(API_RESOURCES).map(([name, resource]) => [
    `${resource.group}/${resourcePart(name)}`,
    resource,
  ]),
);

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(API_RESOURCES).map(([name, { group }]) => [`${group}/${resourcePart(name)}`, name]),
);

/** Those in which there is nothing but what Kubernetes itself has. */
const GROUPS: ReadonlySet<string> = new Set(Object.values(API_RESOURCES).map(({ group }) => group));

/**
 * The name of a resource as {@link resolveResource} takes it, or nothing where Kubernetes has no such resource and it is no
 * custom one either.
 * @param resource `PLURAL` or `PLURAL/SUBRESOURCE`.
 */
export function resourceName(group: string, resource: string): string | undefined {
  const known = NAMES.get(`${group}/${resource}`);
  if (known !== undefined || GROUPS.has(group)) return known;
  const [plural, ...parts] = resource.split('/');
  const name = [`${plural}.${group}`, ...parts].join('/');
  return resolveResource(name) ? name : undefined;
}

/** The resource of that name, or nothing when it is neither one of Kubernetes' own nor `PLURAL.GROUP`. */
export function resolveResource(name: string): ResolvedResource | undefined {
  if (Object.hasOwn(API_RESOURCES, name)) {
    return { ...API_RESOURCES[name as BuiltInResource], resource: resourcePart(name) };
  }
  const match = /^([a-z0-9-]+)\.([a-z0-9.-]+)(\/[a-z]+)?$/.exec(name);
  if (!match) return undefined;
  const [, plural, group = '', subresource = ''] = match;
  const resource = `${plural}${subresource}`;
  const known = BY_GROUP.get(`${group}/${resource}`);
  return { group, resource, verbs: known?.verbs ?? ALL, namespaced: known?.namespaced };
}

/** Two groups have events, so one of them is named with its group. */
function resourcePart(name: string): string {
  return name.replace(/\.[^/]*/, '');
}

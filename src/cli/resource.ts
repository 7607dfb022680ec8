import { BulwarkError } from '../errors';

/** A resource as somebody types it. */
export interface TypedResource {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

/**
 * Reads `RESOURCE[.GROUP][/SUBRESOURCE]`, as kubectl takes it: the part behind the first dot is the API group.
 * @throws BulwarkError when it is none.
 */
export function parseResource(text: string): TypedResource {
  const [whole = '', subresource, ...rest] = text.split('/');
  const [resource = '', ...group] = whole.split('.');
  if (resource === '' || rest.length > 0) {
    throw new BulwarkError(
      `'${text}' is no resource. Write it as kubectl does: pods, pods/exec, deployments.apps, clusterroles.rbac.authorization.k8s.io.`,
    );
  }
  return {
    group: group.length > 0 ? group.join('.') : (WELL_KNOWN_GROUPS.get(resource) ?? ''),
    resource,
    ...(subresource && { subresource }),
  };
}

/** The groups of resources that people name without one. */
const WELL_KNOWN_GROUPS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    apps: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
    batch: ['jobs', 'cronjobs'],
    'networking.k8s.io': ['networkpolicies', 'ingresses', 'ingressclasses'],
    'rbac.authorization.k8s.io': ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
    'storage.k8s.io': ['storageclasses'],
    'certificates.k8s.io': ['certificatesigningrequests', 'signers'],
    'apiextensions.k8s.io': ['customresourcedefinitions'],
    'apiregistration.k8s.io': ['apiservices'],
    'coordination.k8s.io': ['leases'],
    'discovery.k8s.io': ['endpointslices'],
    'admissionregistration.k8s.io': [
      ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
      ...['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
    ],
  }).flatMap(([group, resources]) => resources.map((resource): [string, string] => [resource, group])),
);

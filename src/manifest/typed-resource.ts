import { BulwarkError } from '../errors';
import { API_RESOURCES } from './api-resources';

/** A resource as somebody types it. */
export interface TypedResource {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

/**
 * Reads `RESOURCE[.GROUP][/SUBRESOURCE]`, as kubectl takes it: the part behind the first dot is the API group.
 * @param groups Groups of custom resources by plural name, for those that are named without one.
 * @throws BulwarkError when it is none.
 */
export function parseResource(text: string, groups: ReadonlyMap<string, string> = new Map()): TypedResource {
  const [whole = '', subresource, ...rest] = text.split('/');
  const [resource = '', ...group] = whole.split('.');
  if (resource === '' || rest.length > 0) {
    throw new BulwarkError(
      `'${text}' is no resource. Write it as kubectl does: pods, pods/exec, deployments.apps, clusterroles.rbac.authorization.k8s.io.`,
    );
  }
  return {
    group: group.length > 0 ? group.join('.') : (GROUPS.get(resource) ?? groups.get(resource) ?? ''),
    resource,
    ...(subresource && { subresource }),
  };
}

/** What rules name and no API server serves. */
const NAMED_IN_RULES = {
  signers: { group: 'certificates.k8s.io' },
  uids: { group: 'authentication.k8s.io' },
  userextras: { group: 'authentication.k8s.io' },
};

/** The groups of Kubernetes' own resources; of two resources of one name, as kubectl takes it, that of the older group. */
const GROUPS: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...API_RESOURCES, ...NAMED_IN_RULES })
    .map(([name, { group }]): [string, string] => [name.split(/[./]/)[0] ?? '', group])
    .reverse(),
);

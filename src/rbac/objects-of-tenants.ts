import { API_RESOURCES } from '../manifest/api-resources';
import { NAMESPACES_OF_TENANT } from '../tenancy/self-service';
import type { PolicyRule } from './policy-rule';

const READ = new Set(['get', 'list', 'watch']);

/** What everybody may make without doing anything to anybody: questions about themselves. */
const QUESTIONS = new Set([
  ...['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'],
  ...['subjectaccessreviews', 'tokenreviews', 'certificatesigningrequests'],
]);

/** Resources of the whole cluster by `GROUP/PLURAL`. Those of a custom kind are not known, and so may be in namespaces. */
const OF_CLUSTER: ReadonlySet<string> = new Set(
  Object.entries(API_RESOURCES)
    .filter(([, { namespaced }]) => !namespaced)
    .map(([name, { group }]) => `${group}/${name.replace(/[./].*$/, '')}`),
);

/**
 * Whether a rule that holds in all namespaces is about objects of tenants: about anything in a namespace, about Namespaces
 * themselves, or a change to what all tenants share. To read what belongs to nobody, such as nodes and classes, is not, and neither
 * is to make namespaces of one's own tenants as guard rails let their owners do.
 * @param own Names of the tenants of whoever has the right.
 */
export function concernsTenants(rule: PolicyRule, own: ReadonlySet<string>): boolean {
  const { apiGroups, resources, verbs, nonResourceURLs } = rule;
  if (nonResourceURLs.length > 0 || makesOwnNamespaces(rule, own)) return false;
  const isRead = verbs.every((verb) => READ.has(verb));
  return apiGroups.some((group) =>
    resources.some((resource) => {
      const [name = ''] = resource.split('/');
      if (QUESTIONS.has(name) && !resource.includes('/')) return false;
      const isOfCluster = OF_CLUSTER.has(`${group}/${name}`) && name !== 'namespaces';
      return !(isOfCluster && isRead);
    }),
  );
}

function makesOwnNamespaces(
  { apiGroups, resources, resourceNames }: PolicyRule,
  own: ReadonlySet<string>,
): boolean {
  const { group, resource, subresource } = NAMESPACES_OF_TENANT;
  return (
    apiGroups.every((one) => one === group) &&
    resources.every((one) => one === `${resource}/${subresource}`) &&
    resourceNames.length > 0 &&
    resourceNames.every((tenant) => own.has(tenant))
  );
}

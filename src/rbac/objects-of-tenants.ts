import { API_RESOURCES } from '../manifest/api-resources';
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
 * themselves, or a change to what all tenants share. To read what belongs to nobody, such as nodes and classes, is not.
 */
export function concernsTenants({ apiGroups, resources, verbs, nonResourceURLs }: PolicyRule): boolean {
  if (nonResourceURLs.length > 0) return false;
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

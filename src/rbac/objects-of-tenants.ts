import { API_RESOURCES } from '../manifest/api-resources';
import { NAMESPACES_OF_TENANT } from '../tenancy/self-service';
import type { PolicyRule } from './policy-rule';

const READ = new Set(['get', 'list', 'watch']);

/** What everybody may make without doing anything to anybody: questions about rights, and requests of their own. */
const QUESTIONS = new Set([
  ...['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'],
  ...['subjectaccessreviews', 'localsubjectaccessreviews', 'tokenreviews', 'certificatesigningrequests'],
]);

/** Of the whole cluster, and yet somebody's: the names of tenants, their volumes, and by whom these are used. */
const OF_TENANTS = new Set(['namespaces', 'persistentvolumes', 'volumeattachments']);

/** What of a node is about the node. Its logs, metrics and pods are those of every tenant that runs there. */
const OF_NODE = new Set(['nodes', 'nodes/status']);

/** Resources of the whole cluster by `GROUP/PLURAL`. Those of a custom kind are not known, and so may be in namespaces. */
const OF_CLUSTER: ReadonlySet<string> = new Set(
  Object.entries(API_RESOURCES)
    .filter(([, { namespaced }]) => !namespaced)
    .map(([name, { group }]) => `${group}/${name.replace(/[./].*$/, '')}`),
);

/**
 * Whether a rule that holds in all namespaces is about objects of tenants: about anything in a namespace, about Namespaces
 * themselves, volumes and what runs on nodes, or a change to what all tenants share. To read what belongs to nobody, such as nodes
 * and classes, is not, and neither is to make namespaces of one's own tenants as guard rails let their owners do.
 * @param own Names of the tenants of whoever has the right.
 */
export function concernsTenants(rule: PolicyRule, own: ReadonlySet<string>): boolean {
  const { apiGroups, resources, nonResourceURLs } = rule;
  if (nonResourceURLs.length > 0 || makesOwnNamespaces(rule, own)) return false;
  return apiGroups.some((group) =>
    resources.some(
      (resource) => !asksOnly(rule, resource) && !(isRead(rule) && belongsToNobody(group, resource)),
    ),
  );
}

/** Whether a rule lets somebody write objects, whichever. */
export function changesObjects(rule: PolicyRule): boolean {
  return !isRead(rule) && rule.resources.some((resource) => !asksOnly(rule, resource));
}

function isRead({ verbs }: PolicyRule): boolean {
  return verbs.every((verb) => READ.has(verb));
}

function asksOnly({ verbs }: PolicyRule, resource: string): boolean {
  return QUESTIONS.has(resource) && verbs.every((verb) => verb === 'create' || READ.has(verb));
}

function belongsToNobody(group: string, resource: string): boolean {
  const [name = ''] = resource.split('/');
  if (name === 'nodes' && !OF_NODE.has(resource)) return false;
  return OF_CLUSTER.has(`${group}/${name}`) && !OF_TENANTS.has(name);
}

function makesOwnNamespaces(rule: PolicyRule, own: ReadonlySet<string>): boolean {
  return isAboutNamespacesOfTenants(rule) && rule.resourceNames.every((tenant) => own.has(tenant));
}

/** Whether a rule lets people make namespaces of the tenants that it names, and nothing else. */
export function isAboutNamespacesOfTenants({ apiGroups, resources, resourceNames }: PolicyRule): boolean {
  const { group, resource, subresource } = NAMESPACES_OF_TENANT;
  return (
    apiGroups.every((one) => one === group) &&
    resources.every((one) => one === `${resource}/${subresource}`) &&
    resourceNames.length > 0
  );
}

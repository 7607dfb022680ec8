import { BulwarkError } from '../errors';
import { API_RESOURCES } from '../manifest/api-resources';
import { takeInventory } from '../manifest/inventory';
import { isObject, type Manifest } from '../manifest/manifest';
import { describeSubject, parseSubject, rbacOf, type Rbac, type Subject } from '../rbac';
import { rulesOf } from '../rbac/policy-rule';
import { meant } from '../spelling';
import { parseResource, type TypedResource } from './resource';

/** What a question about rights may name. */
export interface RightsWords {
  readonly rbac: Rbac;
  readonly verbs: ReadonlySet<string>;
  /** With subresources, and without groups. */
  readonly resources: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
  readonly subjects: readonly Subject[];
}

const OWN_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
/** Verbs that are no requests, and so are not among those of a resource. */
const OWN_VERBS = ['impersonate', 'bind', 'escalate', 'approve', 'sign', 'use'];
/** What is impersonated or approved for is no resource that can be read. */
const OWN_RESOURCES = ['users', 'groups', 'uids', 'userextras', 'signers'];

/** The words that Kubernetes and some manifests know. */
export function wordsOf(manifests: readonly Manifest[]): RightsWords {
  const rbac = rbacOf(manifests);
  const rules = manifests.filter(({ kind }) => /^(Cluster)?Role$/.test(kind)).flatMap(rulesOf);
  const api = Object.entries(API_RESOURCES);
  const accounts = takeInventory(manifests)
    .ofKind('ServiceAccount')
    .map(({ metadata }): Subject => ({
      kind: 'ServiceAccount',
      namespace: metadata?.namespace ?? 'default',
      name: metadata?.name ?? '',
    }));
  return {
    rbac,
    verbs: new Set([
      ...api.flatMap(([, { verbs }]) => verbs),
      ...OWN_VERBS,
      ...rules.flatMap((rule) => rule.verbs),
    ]),
    resources: new Set([
      ...api.map(([name]) => withoutGroup(name)),
      ...OWN_RESOURCES,
      ...rules.flatMap((rule) => rule.resources),
      ...manifests.flatMap(definedResources),
    ]),
    namespaces: new Set([...OWN_NAMESPACES, ...manifests.flatMap(namespacesOf)]),
    subjects: [...rbac.subjects, ...accounts],
  };
}

/** `events.events.k8s.io` and `pods/exec` without the group. */
function withoutGroup(name: string): string {
  const [whole = '', ...sub] = name.split('/');
  return [whole.split('.')[0], ...sub].join('/');
}

function definedResources({ kind, spec }: Manifest): string[] {
  const names = kind === 'CustomResourceDefinition' && isObject(spec) ? spec.names : undefined;
  return isObject(names) && typeof names.plural === 'string' ? [names.plural] : [];
}

function namespacesOf({ kind, metadata }: Manifest): string[] {
  const name = kind === 'Namespace' ? metadata?.name : metadata?.namespace;
  return name === undefined ? [] : [name];
}

/**
 * The verb, as long as it is not a slip of one that is known.
 * @returns what is to be said of it, too: nobody knows every verb.
 * @throws BulwarkError when another one is meant.
 */
export function checkVerb(verb: string, { verbs }: RightsWords): string[] {
  if (verbs.has(verb) || verb.includes(':')) return [];
  return slipOrNote(verb, verbs, `'${verb}' is a verb of neither Kubernetes nor these manifests.`);
}

/**
 * Reads a resource.
 * @throws BulwarkError when it is none, and when another one is meant.
 */
export function checkResource(
  text: string,
  { resources }: RightsWords,
): { typed: TypedResource; notes: string[] } {
  const typed = parseResource(text);
  const name = [typed.resource, ...(typed.subresource === undefined ? [] : [typed.subresource])].join('/');
  if (resources.has(name) || name === '*') return { typed, notes: [] };
  const unknown = `'${text}' is a resource of neither Kubernetes nor these manifests.`;
  return { typed, notes: slipOrNote(name, resources, unknown) };
}

function slipOrNote(typed: string, words: ReadonlySet<string>, unknown: string): string[] {
  const slip = meant(typed, [...words]);
  if (slip !== '') throw new BulwarkError(`${unknown}${slip}`);
  return [`${unknown} The answer is about whoever may do anything.`];
}

/** What is to be said of a namespace that the manifests may not be about. */
export function checkNamespace(namespace: string | undefined, { namespaces }: RightsWords): string[] {
  if (namespace === undefined || namespaces.has(namespace)) return [];
  return [
    `There is no namespace '${namespace}' in these manifests.${meant(namespace, [...namespaces])} The answer is about bindings in the whole cluster.`,
  ];
}

/**
 * Reads a subject.
 * @returns what is to be said of it, too: somebody may be in the cluster whom nothing here names.
 * @throws BulwarkError when it is none.
 */
export function checkSubject(text: string, { subjects }: RightsWords): { subject: Subject; notes: string[] } {
  const subject = subjectOf(text, subjects);
  const name = describeSubject(subject);
  const known = subjects.map(describeSubject);
  if (known.includes(name)) return { subject, notes: [] };
  const slip = meant(name, known);
  return { subject, notes: [`Nothing in these manifests names ${name}.${slip}`] };
}

function subjectOf(text: string, subjects: readonly Subject[]): Subject {
  try {
    return parseSubject(text);
  } catch (error) {
    const named = subjects.find(({ name }) => name === text);
    if (!(error instanceof BulwarkError) || !named) throw error;
    throw new BulwarkError(`${error.message} Did you mean '${typedSubject(named)}'?`);
  }
}

function typedSubject(subject: Subject): string {
  const place = subject.kind === 'ServiceAccount' ? `${subject.namespace}/` : '';
  return `${subject.kind}:${place}${subject.name}`;
}

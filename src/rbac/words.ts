import { BulwarkError } from '../errors';
import { API_RESOURCES } from '../manifest/api-resources';
import { takeInventory } from '../manifest/inventory';
import { isObject, type Manifest } from '../manifest/manifest';
import { parseResource, type TypedResource } from '../manifest/typed-resource';
import { meant } from '../spelling';
import { rulesOf } from './policy-rule';
import { rbacOf, type Rbac } from './rbac';
import { describeSubject, parseSubject, type Subject } from './subject';

/** What a question about rights may name. */
export interface RightsWords {
  readonly rbac: Rbac;
  readonly verbs: ReadonlySet<string>;
  /** With subresources, and without groups. */
  readonly resources: ReadonlySet<string>;
  /** Groups of the custom resources that the manifests define, by plural name. */
  readonly groups: ReadonlyMap<string, string>;
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
  const groups = new Map(manifests.flatMap(definedResource));
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
      ...groups.keys(),
    ]),
    groups,
    namespaces: new Set([...OWN_NAMESPACES, ...manifests.flatMap(namespacesOf)]),
    subjects: [...rbac.subjects, ...accounts],
  };
}

/** `events.events.k8s.io` and `pods/exec` without the group. */
function withoutGroup(name: string): string {
  const [whole = '', ...sub] = name.split('/');
  return [whole.split('.')[0], ...sub].join('/');
}

/** The plural name and the group of what a CustomResourceDefinition defines. */
function definedResource({ kind, spec }: Manifest): [string, string][] {
  if (kind !== 'CustomResourceDefinition' || !isObject(spec) || !isObject(spec.names)) return [];
  const { plural } = spec.names;
  return typeof plural === 'string' && typeof spec.group === 'string' ? [[plural, spec.group]] : [];
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
  { resources, groups }: RightsWords,
): { typed: TypedResource; notes: string[] } {
  const typed = parseResource(text, groups);
  const withSubresource = (one: string) => [one, ...(typed.subresource ? [typed.subresource] : [])].join('/');
  const name = withSubresource(typed.resource);
  if (resources.has(name) || name === '*') return { typed, notes: [] };
  const unknown = `'${text}' is a resource of neither Kubernetes nor these manifests.`;
  const plural = pluralsOf(typed.resource)
    .map(withSubresource)
    .find((one) => resources.has(one));
  if (plural !== undefined) throw new BulwarkError(`${unknown} Did you mean ${plural}?`);
  return { typed, notes: slipOrNote(name, resources, unknown) };
}

/** What kubectl takes a short name or a singular for. */
function pluralsOf(name: string): string[] {
  const typed = name.toLowerCase();
  const short = SHORT_NAMES[typed];
  return [...(short ? [short] : []), typed, `${typed}s`, `${typed}es`, typed.replace(/y$/, 'ies')];
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  cj: 'cronjobs',
  cm: 'configmaps',
  crd: 'customresourcedefinitions',
  csr: 'certificatesigningrequests',
  deploy: 'deployments',
  ds: 'daemonsets',
  ep: 'endpoints',
  ev: 'events',
  hpa: 'horizontalpodautoscalers',
  ing: 'ingresses',
  limits: 'limitranges',
  netpol: 'networkpolicies',
  no: 'nodes',
  ns: 'namespaces',
  pc: 'priorityclasses',
  pdb: 'poddisruptionbudgets',
  po: 'pods',
  pv: 'persistentvolumes',
  pvc: 'persistentvolumeclaims',
  quota: 'resourcequotas',
  rc: 'replicationcontrollers',
  rs: 'replicasets',
  sa: 'serviceaccounts',
  sc: 'storageclasses',
  sts: 'statefulsets',
  svc: 'services',
};

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

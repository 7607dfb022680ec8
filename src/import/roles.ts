import { groupBy } from '../groups';
import { isObject, type Manifest } from '../manifest/manifest';
import { resolveResource, resourceName } from '../manifest/api-resources';
import type { Made, MethodCall, Props, Representation } from './made';
import { readingOf, Unsaid, type Reading } from './reading';
import { call, callOn, reference, verbatim, type Code } from './source-text';
import { metadataProps } from './workload';

const GROUP = 'rbac.authorization.k8s.io';
const AGGREGATES = ['view', 'edit', 'admin'];
const URL_VERBS = ['get', 'post', 'head', 'options'];

/**
 * A Role or a ClusterRole, as the rights that it gives.
 * @param binding The binding that is to be made by `bindTo`, whose metadata may be its own.
 * @throws Unsaid for a right that no `allow` gives: a wildcard, or one that the API server does not know.
 */
export function role(manifest: Manifest, binding: Manifest | undefined): Made {
  const reading = readingOf(manifest);
  ['apiVersion', 'kind'].forEach((key) => reading.text(key));
  const { labels, ...metadata } = metadataProps(reading.needed('metadata'));
  const isOfCluster = manifest.kind === 'ClusterRole';
  const rights = reading.each('rules').map((rule) => right(rule, isOfCluster));
  reading.close();
  const { calls, labels: others } = isOfCluster
    ? aggregations(labels as Record<string, string> | undefined)
    : { calls: [], labels };
  return {
    as: 'construct',
    construct: isOfCluster ? 'LockedClusterRole' : 'LockedRole',
    props: {
      metadata: { name: metadata.name, labels: others, annotations: metadata.annotations },
      binding: binding && bindingMetadata(manifest, binding),
    },
    calls: [...merged(rights), ...calls],
  };
}

/** Rights to the same verbs, whatever the group of the API, are said once. */
function merged(rights: readonly MethodCall[]): MethodCall[] {
  const groups = groupBy(rights, ([method, verbs, , ...options]) =>
    JSON.stringify([method, [...(verbs as readonly string[])].sort(), options]),
  );
  return [...groups.values()].map((group): MethodCall => {
    const [method, verbs, , ...options] = group[0]!;
    const things = new Set(group.flatMap(([, , each]) => each as readonly string[]));
    return [method, verbs!, [...things], ...options];
  });
}

function bindingMetadata(of: Manifest, binding: Manifest): Code | undefined {
  const { name, labels, annotations } = metadataProps(readingOf(binding).needed('metadata'));
  const own = { name: name === of.metadata?.name ? undefined : name, labels, annotations };
  return Object.values(own).some((value) => value !== undefined) ? own : undefined;
}

function aggregations(labels: Readonly<Record<string, string>> | undefined) {
  const isOne = ([key, value]: readonly [string, string]) =>
    value === 'true' && AGGREGATES.some((name) => key === `${GROUP}/aggregate-to-${name}`);
  const entries = Object.entries(labels ?? {});
  const others = Object.fromEntries(entries.filter((entry) => !isOne(entry)));
  const calls = entries
    .filter(isOne)
    .map(([key]): MethodCall => ['aggregateTo', key.slice(key.lastIndexOf('-') + 1)]);
  return { calls, labels: Object.keys(others).length > 0 ? others : undefined };
}

function right(rule: Reading, isOfCluster: boolean): MethodCall {
  const verbs = rule.words('verbs') ?? [];
  const urls = rule.words('nonResourceURLs');
  const groups = rule.words('apiGroups') ?? [];
  const resources = rule.words('resources') ?? [];
  const names = rule.words('resourceNames') ?? [];
  rule.close();
  const words = [...verbs, ...groups, ...resources];
  if (words.some((word) => word.includes('*')))
    throw new Unsaid(rule.path, `${rule.path} grants '*', and allow names rights one by one`);
  if (urls) return urlRight(rule, { urls, verbs, isOfCluster, others: [...groups, ...resources] });
  const named = resourceNames(rule, groups, resources);
  checkVerbs(rule, verbs, named);
  checkScope(rule, named, isOfCluster);
  if (names.length > 0 && verbs.some((verb) => verb === 'create' || verb === 'deletecollection'))
    throw new Unsaid(rule.path, `${rule.path} limits by name what has no name yet`);
  return ['allow', verbs, named, ...(names.length > 0 ? [{ names }] : [])];
}

interface UrlRule {
  readonly urls: readonly string[];
  readonly verbs: readonly string[];
  readonly isOfCluster: boolean;
  readonly others: readonly string[];
}

function urlRight(rule: Reading, { urls, verbs, isOfCluster, others }: UrlRule): MethodCall {
  const isSayable =
    isOfCluster &&
    others.length === 0 &&
    urls.every((url) => url.startsWith('/') && !url.includes('*')) &&
    verbs.every((verb) => URL_VERBS.includes(verb));
  if (!isSayable) throw new Unsaid(`${rule.path}.nonResourceURLs`);
  return ['allowUrls', verbs, urls];
}

/** Each resource in the groups of the rule that have it: what a group does not have, nobody can ask for. */
function resourceNames(rule: Reading, groups: readonly string[], resources: readonly string[]): string[] {
  return resources.flatMap((resource) => {
    const found = groups.flatMap((group) => resourceName(group, resource) ?? []);
    if (found.length === 0)
      throw new Unsaid(rule.path, `${rule.path} names ${resource}, which the API server does not know`);
    return found;
  });
}

function checkVerbs(rule: Reading, verbs: readonly string[], resources: readonly string[]): void {
  for (const resource of resources) {
    const known: readonly string[] = resolveResource(resource)!.verbs;
    const verb = verbs.find((each) => !known.includes(each));
    if (verb !== undefined)
      throw new Unsaid(rule.path, `${rule.path} grants ${verb} on ${resource}, which allow does not take`);
  }
}

function checkScope(rule: Reading, resources: readonly string[], isOfCluster: boolean): void {
  const outside = resources.find(
    (name) => name !== 'namespaces' && resolveResource(name)!.namespaced === false,
  );
  if (!isOfCluster && outside !== undefined)
    throw new Unsaid(rule.path, `${rule.path} names ${outside}, of which a Role grants nothing`);
}

/** The role that a binding names, as an object of the manifests would be known. */
export function roleOf({ roleRef }: Manifest): { readonly kind: string; readonly name: string } | undefined {
  if (!isObject(roleRef) || roleRef.apiGroup !== GROUP) return undefined;
  return { kind: String(roleRef.kind), name: String(roleRef.name) };
}

/** What is said to the construct of a role in place of a binding. @throws Unsaid for a subject that is none */
export function bindTo(
  binding: Manifest,
  of: Manifest,
  isAccount: (name: string) => boolean,
): Representation {
  return {
    as: 'call',
    construct: `${of.kind === 'Role' ? 'LockedRole' : 'LockedClusterRole'}.bindTo`,
    of,
    calls: [['bindTo', ...subjects(binding, isAccount)]],
  };
}

/** The statement that binds a ClusterRole which is made elsewhere in one namespace. @throws Unsaid where it says more */
export function bindIn(
  binding: Manifest,
  name: string,
  isAccount: (name: string) => boolean,
): Representation {
  const { labels, annotations } = metadataProps(readingOf(binding).needed('metadata'));
  if (binding.metadata?.name !== name)
    throw new Unsaid('metadata.name', 'LockedClusterRole.bindIn names a binding after its role');
  if (labels ?? annotations) throw new Unsaid('metadata.labels');
  return {
    as: 'statement',
    construct: 'LockedClusterRole.bindIn',
    code: callOn(
      call('LockedClusterRole.named', name),
      'bindIn',
      verbatim('this'),
      ...subjects(binding, isAccount),
    ),
  };
}

function subjects(binding: Manifest, isAccount: (name: string) => boolean): Code[] {
  const reading = readingOf(binding);
  ['apiVersion', 'kind'].forEach((key) => reading.text(key));
  [reading.within('metadata'), reading.within('roleRef')].forEach(() => undefined);
  const own = binding.metadata?.namespace;
  const codes = reading.each('subjects').map((subject) => {
    const kind = subject.text('kind') ?? '';
    const name = subject.text('name') ?? '';
    const namespace = subject.text('namespace');
    subject.expect('apiGroup', kind === 'ServiceAccount' ? '' : GROUP);
    subject.close();
    return subjectCode({ kind, name, namespace, isOurs: namespace === own && isAccount(name) }, subject);
  });
  reading.close();
  if (codes.length === 0) throw new Unsaid('subjects');
  return codes;
}

interface SubjectFields {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly isOurs: boolean;
}

function subjectCode({ kind, name, namespace, isOurs }: SubjectFields, reading: Reading): Code {
  if (name === '') throw new Unsaid(`${reading.path}.name`);
  if (kind === 'ServiceAccount' && namespace !== undefined)
    return isOurs ? reference('ServiceAccount', name) : call('Subject.serviceAccount', namespace, name);
  if (namespace === undefined && kind === 'User') return call('Subject.user', name);
  if (namespace === undefined && kind === 'Group') return call('Subject.group', name);
  throw new Unsaid(reading.path);
}

/** @throws Unsaid for a field that LockedServiceAccount cannot say, or does not want to. */
export function account(manifest: Manifest): Made {
  const reading = readingOf(manifest);
  ['apiVersion', 'kind'].forEach((key) => reading.text(key));
  // Whoever talks to the API server gets a token by useApiToken.
  reading.flag('automountServiceAccountToken');
  const metadata = metadataProps(reading.needed('metadata'));
  const secrets = reading.each('imagePullSecrets').map((secret): Code => {
    const name = secret.text('name');
    secret.close();
    if (name === undefined) throw new Unsaid(secret.path);
    return name;
  });
  reading.close();
  const props: Props = { metadata, imagePullSecrets: secrets.length > 0 ? secrets : undefined };
  return { as: 'construct', construct: 'LockedServiceAccount', props };
}

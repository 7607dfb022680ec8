import { isObject, type Manifest } from '../manifest/manifest';
import { groupBy } from '../groups';
import { podTemplateOf, type PodSpec } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';
import { intents, isPolicy, NO_INTENTS, type MadeWorkload } from './intents';
import { keyOf, labelsKey, nameOf } from './keys';
import type { Made, MadePod, Representation } from './made';
import { Unsaid } from './reading';
import { account, bindIn, bindTo, role, roleOf } from './roles';
import { externalSecret, sealedSecret } from './secrets';
import { configMap, volumeClaim } from './configuration';
import { ingress, portsOfService, service, type Selected } from './services';
import { reference } from './source-text';
import { withoutRepairs } from './without-repairs';
import { isWorkload, NAME_LABEL, workload } from './workload';

/** What has to be known of all manifests to represent those of one namespace. */
export interface World {
  readonly target: ClusterTarget;
  /** Whether some binding gives rights to a ServiceAccount, or to a group that it is in. */
  readonly hasRights: (namespace: string, name: string) => boolean;
  /** Whether some policy or Service asks for a value of the label by which hardened workloads tell their pods apart. */
  readonly asksForName: (name: string) => boolean;
  /** Ids of the controls that are waived on an object. */
  readonly waived: (manifest: Manifest) => ReadonlySet<string>;
}

/** The objects of one namespace on their way into code. */
interface Neighbourhood extends World {
  readonly byKey: ReadonlyMap<string, Manifest>;
  /** By {@link keyOf}. */
  readonly made: Map<string, Made>;
  /** The Services that name the pods of a StatefulSet, by that. */
  readonly governing: ReadonlyMap<Manifest, Manifest>;
  readonly governed: ReadonlyMap<Manifest, Manifest>;
  /** Workloads of which something else decides how many pods there are. */
  readonly scaled: ReadonlySet<string>;
  /** Workloads that became constructs, by the labels of their pods. */
  readonly byLabels: Map<string, Manifest>;
  readonly bindings: ReadonlyMap<string, Manifest>;
  readonly names: Set<string>;
}

/**
 * Chooses for each object of a namespace, or of none, a construct that says exactly what it says, and else keeps it as it is.
 * @param manifests In the order of {@link inOrder}.
 */
export function representAll(
  manifests: readonly Manifest[],
  world: World,
): ReadonlyMap<Manifest, Representation> {
  const byKey = new Map(manifests.map((manifest) => [keyOf(manifest), manifest]));
  const governing = governingServices(manifests, byKey);
  const neighbours: Neighbourhood = {
    ...world,
    byKey,
    made: new Map(),
    governing,
    governed: new Map([...governing].map(([set, named]) => [named, set])),
    scaled: new Set(manifests.flatMap(scaledBy)),
    byLabels: new Map(),
    bindings: new Map(manifests.filter(isBinding).map((binding) => [roleKey(binding), binding])),
    names: new Set(),
  };
  const found = new Map<Manifest, Representation>();
  for (const manifest of manifests) {
    const representation = represent(manifest, neighbours);
    found.set(manifest, representation);
    if (representation.as !== 'construct') continue;
    neighbours.made.set(keyOf(manifest), representation);
    if (representation.pod) neighbours.byLabels.set(labelsKey(representation.pod.labels), manifest);
  }
  const workloads = [...found].flatMap(([manifest, made]): MadeWorkload[] =>
    made.as === 'construct' && made.pod ? [{ manifest, made: { ...made, pod: made.pod } }] : [],
  );
  for (const [own, of] of ownAccounts(manifests, found)) {
    const made = found.get(of) as Made;
    const { serviceAccount: _its, ...props } = made.props!;
    found.set(of, { ...made, props });
    found.set(own, { as: 'call', construct: `${made.construct}.serviceAccount`, of, calls: [] });
  }
  const policies = manifests.filter((manifest) => isPolicy(manifest) && found.get(manifest)!.as === 'plain');
  for (const [policy, calls] of intents(policies, workloads)) found.set(policy, calls);
  return found;
}

/** The accounts that a workload would make by itself: of its name, used by nobody else, and with nothing more to say. */
function ownAccounts(
  manifests: readonly Manifest[],
  found: ReadonlyMap<Manifest, Representation>,
): ReadonlyMap<Manifest, Manifest> {
  const users = groupBy(manifests, (manifest) => {
    const pod = podTemplateOf(manifest);
    return pod && accountName(pod.spec);
  });
  return new Map(
    manifests.flatMap((manifest): [Manifest, Manifest][] => {
      const account = found.get(manifest)!;
      const [user, ...others] = users.get(nameOf(manifest)) ?? [];
      if (account.as !== 'construct' || account.construct !== 'LockedServiceAccount') return [];
      if (!user || others.length > 0 || nameOf(user) !== nameOf(manifest)) return [];
      const { metadata, ...more } = account.props!;
      const isBare = [more, { ...(metadata as object), name: undefined }].every((props) =>
        Object.values(props).every((value) => value === undefined),
      );
      const made = found.get(user)!;
      return isBare && made.as === 'construct' && made.pod ? [[manifest, user]] : [];
    }),
  );
}

function accountName({ serviceAccountName, serviceAccount }: PodSpec): string {
  const name = serviceAccountName ?? serviceAccount;
  return typeof name === 'string' && name !== '' ? name : 'default';
}

const RANKS: ReadonlyMap<string, number> = new Map(
  [
    ['Namespace', 'CustomResourceDefinition', 'ResourceQuota', 'LimitRange'],
    ['ServiceAccount'],
    ['ConfigMap', 'SealedSecret', 'ExternalSecret', 'PersistentVolumeClaim'],
    ['StatefulSet', 'Deployment', 'DaemonSet', 'CronJob', 'Job'],
    ['Service'],
    ['Ingress'],
    ['ClusterRole', 'Role'],
    ['ClusterRoleBinding', 'RoleBinding'],
    ['NetworkPolicy'],
  ].flatMap((kinds, rank) => kinds.map((kind) => [kind, rank] as const)),
);
const LAST = RANKS.size;

/** Objects in an order in which each is there before others refer to it, and else in their own. */
export function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const governing = new Set(
    governingServices(manifests, new Map(manifests.map((each) => [keyOf(each), each]))).values(),
  );
  const rankOf = (manifest: Manifest) =>
    RANKS.get(governing.has(manifest) ? 'ConfigMap' : manifest.kind) ?? LAST;
  return [...manifests].sort((one, other) => rankOf(one) - rankOf(other));
}

function represent(manifest: Manifest, neighbours: Neighbourhood): Representation {
  try {
    return construct(manifest, neighbours) ?? { as: 'plain', because: reasonFor(manifest) };
  } catch (error) {
    if (!(error instanceof Unsaid)) throw error;
    return withToken(manifest, neighbours, error.because);
  }
}

/** Pods that need their token get it in their own words, where no construct mounts one. */
function withToken(manifest: Manifest, neighbours: Neighbourhood, because: string): Representation {
  const pod = podTemplateOf(manifest);
  if (!pod || pod.spec.automountServiceAccountToken !== undefined || !needsToken(manifest, neighbours))
    return { as: 'plain', because };
  const copy = structuredClone(manifest);
  podTemplateOf(copy)!.spec.automountServiceAccountToken = true;
  return { as: 'plain', because, manifest: copy };
}

type Choose = (manifest: Manifest, neighbours: Neighbourhood) => Representation;

/** What becomes of each kind that is no workload. */
const CHOICES: ReadonlyMap<string, Choose> = new Map(
  Object.entries<Choose>({
    'v1 ServiceAccount': account,
    'v1 ConfigMap': configMap,
    'v1 PersistentVolumeClaim': volumeClaim,
    'v1 Service': (manifest, neighbours) => service(manifest, selectedBy(manifest, neighbours)),
    'networking.k8s.io/v1 Ingress': (manifest, neighbours) =>
      ingress(manifest, (name) => portsOf(name, neighbours)),
    'rbac.authorization.k8s.io/v1 Role': ownRole,
    'rbac.authorization.k8s.io/v1 ClusterRole': ownRole,
    'rbac.authorization.k8s.io/v1 RoleBinding': bindingOf,
    'rbac.authorization.k8s.io/v1 ClusterRoleBinding': bindingOf,
    'bitnami.com/v1alpha1 SealedSecret': sealedSecret,
    'external-secrets.io/v1 ExternalSecret': externalSecret,
    'v1 Pod': (manifest, neighbours) =>
      withToken(manifest, neighbours, 'nothing restarts it; a HardenedDeployment would'),
  }),
);

function construct(manifest: Manifest, neighbours: Neighbourhood): Representation | undefined {
  if (isWorkload(manifest)) return workloadOf(manifest, neighbours);
  if (isDefaultDeny(manifest)) return { as: 'construct', construct: 'DefaultDeny', props: { dns: false } };
  const choose = CHOICES.get(`${manifest.apiVersion} ${manifest.kind}`);
  if (choose) return choose(manifest, neighbours);
  return podTemplateOf(manifest) && withToken(manifest, neighbours, reasonFor(manifest));
}

function ownRole(manifest: Manifest, { bindings }: Neighbourhood): Representation {
  return role(manifest, bindings.get(keyOf(manifest)));
}

const REASONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Namespace: 'a Tenant would close the network, and so change who reaches whom',
    NetworkPolicy: NO_INTENTS,
  }),
);

function reasonFor(manifest: Manifest): string {
  if (podTemplateOf(manifest)) return 'its pods are hardened as it is';
  return REASONS.get(manifest.kind) ?? 'no construct is for its kind';
}

function workloadOf(manifest: Manifest, neighbours: Neighbourhood): Representation {
  const { names, target, waived, governing, made } = neighbours;
  const name = nameOf(manifest);
  if (names.has(name)) throw new Unsaid('metadata.name', 'another workload of the namespace has its name');
  const bare = withoutRepairs(manifest, { target, waived: waived(manifest) });
  const governed = governing.get(manifest);
  const result = workload(bare, {
    needsToken: needsToken(manifest, neighbours),
    isScaled: neighbours.scaled.has(keyOf(manifest)),
    service: governed && made.has(keyOf(governed)) ? reference('Service', nameOf(governed)) : undefined,
  });
  checkPods(manifest, result.pod!, neighbours);
  names.add(name);
  return result;
}

/** The pods must get no account that is somebody else's, and no label that something selects. */
function checkPods(manifest: Manifest, pod: MadePod, neighbours: Neighbourhood): void {
  const name = nameOf(manifest);
  if (pod.ownsAccount) checkOwnAccount(manifest, neighbours, neighbours.byKey.has(`ServiceAccount ${name}`));
  const given = podTemplateOf(manifest)?.metadata?.labels?.[NAME_LABEL];
  if (given === undefined && pod.labels[NAME_LABEL] === name && neighbours.asksForName(name))
    throw new Unsaid('spec.template.metadata.labels', 'its pods would get a label that something selects');
}

/** The account of its own that a workload gets must be nobody else's, and must not take rights away. */
function checkOwnAccount({ metadata }: Manifest, { hasRights }: World, isTaken: boolean): void {
  if (isTaken)
    throw new Unsaid('metadata.name', 'there is a ServiceAccount of its name, which it does not use');
  if (hasRights(metadata?.namespace ?? 'default', 'default'))
    throw new Unsaid('serviceAccountName', 'the default account, whose pods it has, has rights');
}

function scaledBy({ spec }: Manifest): string[] {
  const scaled = isObject(spec) ? spec.scaleTargetRef : undefined;
  if (!isObject(scaled)) return [];
  const { kind = 'Deployment', name } = scaled as { readonly kind?: string; readonly name?: string };
  return [`${kind} ${name}`];
}

/**
 * Whether pods have a token that they may need: they ask for it, or their account has rights. The hardening mounts none by
 * itself.
 */
function needsToken(manifest: Manifest, { byKey, hasRights }: Neighbourhood): boolean {
  const { spec } = podTemplateOf(manifest)!;
  const asked = spec.automountServiceAccountToken;
  if (typeof asked === 'boolean') return asked;
  const name = accountName(spec);
  const inAccount = byKey.get(`ServiceAccount ${name}`)?.automountServiceAccountToken;
  if (typeof inAccount === 'boolean') return inAccount;
  return hasRights(manifest.metadata?.namespace ?? 'default', name);
}

/** As a StatefulSet selects its pods, so does its Service, or it would be another one. */
function governingServices(
  manifests: readonly Manifest[],
  byKey: ReadonlyMap<string, Manifest>,
): ReadonlyMap<Manifest, Manifest> {
  const found = new Map<Manifest, Manifest>();
  const taken = new Set<Manifest>();
  for (const set of manifests.filter(({ kind }) => kind === 'StatefulSet')) {
    const spec = (set.spec ?? {}) as { serviceName?: unknown; selector?: { matchLabels?: unknown } };
    const named = byKey.get(`Service ${String(spec.serviceName)}`);
    const { selector } = (named?.spec ?? {}) as { selector?: unknown };
    if (!named || taken.has(named) || labelsKey(selector) !== labelsKey(spec.selector?.matchLabels)) continue;
    found.set(set, named);
    taken.add(named);
  }
  return found;
}

function selectedBy(manifest: Manifest, { governed, byLabels }: Neighbourhood): Selected {
  const set = governed.get(manifest);
  if (set) return { as: 'governed', workload: set };
  const { selector } = (manifest.spec ?? {}) as { selector?: unknown };
  const selected = byLabels.get(labelsKey(selector));
  if (selected) return { as: 'workload', workload: selected };
  return { as: 'labels', labels: isObject(selector) ? (selector as Record<string, string>) : {} };
}

function portsOf(name: string, { made, byKey }: Neighbourhood): readonly unknown[] | undefined {
  return made.has(`Service ${name}`) ? portsOfService(byKey.get(`Service ${name}`)!) : undefined;
}

function isBinding({ apiVersion, kind }: Manifest): boolean {
  return (
    apiVersion === 'rbac.authorization.k8s.io/v1' && (kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
  );
}

/** The role whose construct makes a binding by `bindTo`: one of the same reach. */
function roleKey(binding: Manifest): string {
  const named = roleOf(binding);
  const kind = binding.kind === 'RoleBinding' ? 'Role' : 'ClusterRole';
  return named?.kind === kind ? `${kind} ${named.name}` : '';
}

function bindingOf(binding: Manifest, { made, byKey, bindings }: Neighbourhood): Representation {
  const named = roleOf(binding);
  if (!named) throw new Unsaid('roleRef');
  const isAccount = (name: string) => made.has(`ServiceAccount ${name}`);
  const key = roleKey(binding);
  if (binding.kind === 'RoleBinding' && named.kind === 'ClusterRole')
    return bindIn(binding, named.name, isAccount);
  if (!made.has(key)) throw new Unsaid('roleRef', `its ${named.kind} ${named.name} is no construct`);
  if (bindings.get(key) !== binding)
    throw new Unsaid('roleRef', 'bindTo makes one binding of a role, and there is another one');
  return bindTo(binding, byKey.get(key)!, isAccount);
}

/** As DefaultDeny without names makes it, to the letter. */
function isDefaultDeny({ apiVersion, kind, metadata, ...rest }: Manifest): boolean {
  if (apiVersion !== 'networking.k8s.io/v1' || kind !== 'NetworkPolicy') return false;
  const { name, namespace, ...others } = metadata ?? {};
  const { spec } = rest;
  return (
    name === 'default-deny' &&
    namespace !== undefined &&
    Object.keys(others).length === 0 &&
    isObject(spec) &&
    JSON.stringify(spec.podSelector) === '{}' &&
    JSON.stringify(spec.policyTypes) === '["Ingress","Egress"]' &&
    Object.keys(spec).length === 2
  );
}

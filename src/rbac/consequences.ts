import type { Closure, Step, World } from './closure';
import { combinationsOf } from './combinations';
import { hitsOf, rightsIn, countsIn, type Hit } from './hits';
import { ALL, placeOf, type Power, type PowerOf } from './power';
import { grantBy } from './rbac';
import { RIGHTS, type Right } from './rights';
import { AUTHENTICATED, identityOfSubject, NOBODIES, subjectsOfIdentity, type Subject } from './subject';

type Consequences = {
  readonly [Kind in Power['kind']]: (power: PowerOf<Kind>, world: World, closure: Closure) => Step[];
};

const CONSEQUENCES: Consequences = {
  subject: ofSubject,
  pod: ofPod,
  cluster: () => [],
  node: (power) => [
    follows(
      power,
      { kind: 'pods', namespace: ALL },
      'reads what the pods on the node mount, whichever are put there',
    ),
  ],
  everything: ofEverything,
  workloads: ofWorkloads,
  pods: ofPods,
  secrets: (power, world, closure) => [
    ...ofSecrets(power, world),
    ...ofTokenSecrets(closure, power.namespace),
  ],
  accounts: ofAccounts,
  objects: () => [],
  role: ofRole,
  right: (power, _world, closure) => ofRight(power, closure),
};

/** What follows from one power at once, given what else is there. */
export function consequencesOfPower(world: World, closure: Closure, power: Power): Step[] {
  const consequences = CONSEQUENCES[power.kind] as (power: Power, world: World, closure: Closure) => Step[];
  return consequences(power, world, closure);
}

function follows(from: Power, power: Power, does: string): Step {
  return { power, from: [from], does, grants: [] };
}

function ofSubject(power: PowerOf<'subject'>, world: World): Step[] {
  const { subject } = power;
  const groups = groupsOf(subject);
  const joined = groups.map((group) =>
    follows(power, { kind: 'subject', subject: group }, `is in the group ${group.name}`),
  );
  const hits = open(world, world.rbac.rolesOf(subject).flatMap(hitsOf));
  const withGroups = [
    ...hits,
    ...groups.flatMap((group) => open(world, world.rbac.rolesOf(group).flatMap(hitsOf))),
  ];
  return [
    ...systemGroup(power),
    ...asNobody(power, world),
    ...hits.map((hit) => ofHit(power, hit)),
    ...combinationsOf(world, power, withGroups),
    ...joined,
  ];
}

/** The groups that the API server puts a subject into. */
function groupsOf(subject: Subject): Subject[] {
  return subjectsOfIdentity(identityOfSubject(subject)).filter(
    ({ kind, name }) => kind === 'Group' && !(subject.kind === 'Group' && subject.name === name),
  );
}

/** What the API server itself lets two groups do, whatever the roles say. */
function systemGroup(power: PowerOf<'subject'>): Step[] {
  const { kind, name } = power.subject;
  if (kind !== 'Group') return [];
  if (name === 'system:masters')
    return [follows(power, { kind: 'cluster' }, 'does everything, whatever the roles say')];
  if (name === 'system:nodes')
    return [follows(power, { kind: 'node' }, 'is a node, which gets the Secrets and tokens of its pods')];
  return [];
}

/** Whoever is known to the API server may also ask without saying who they are. */
function asNobody(power: PowerOf<'subject'>, { rbac }: World): Step[] {
  if (power.subject.name !== AUTHENTICATED) return [];
  return NOBODIES.filter((subject) => rbac.rolesOf(subject).length > 0).map((subject) =>
    follows(power, { kind: 'subject', subject }, 'asks without logging in'),
  );
}

function open({ closedBy }: World, hits: readonly Hit[]): Hit[] {
  return closedBy
    ? hits.filter(({ right, namespace }) => closedBy(right.id, namespace) === undefined)
    : [...hits];
}

/** What a right alone leads to. */
function ofHit(power: Power, { right, namespace, names, grant }: Hit): Step {
  const named = names.length > 0 ? ` named ${names.join(', ')}` : '';
  const does = `${right.does}${named}${placeOfRight(right, namespace)}`;
  return {
    power: gainOf({ right, namespace, names }),
    from: [power],
    does,
    grants: [grant],
    right: right.id,
  };
}

function placeOfRight({ scope }: Right, namespace: string): string {
  if (scope === 'kube-system') return ' in kube-system';
  return scope === 'cluster' ? '' : placeOf(namespace);
}

function gainOf({ right, namespace, names }: Pick<Hit, 'right' | 'namespace' | 'names'>): Power {
  switch (right.gains) {
    case 'cluster':
    case 'node':
      return { kind: right.gains };
    case 'everything':
      return namespace === ALL ? { kind: 'cluster' } : { kind: 'everything', namespace };
    case 'workloads':
    case 'pods':
      return { kind: right.gains, namespace };
    case 'secrets':
    case 'accounts':
      // A rule that names objects is looked at by itself.
      return names.length > 0 ? { kind: 'right', id: right.id, namespace } : { kind: right.gains, namespace };
    default:
      return { kind: 'right', id: right.id, namespace };
  }
}

function ofPod(power: PowerOf<'pod'>, { surroundings }: World): Step[] {
  return surroundings
    .podsNamed(power.name)
    .flatMap(({ account, wayToNode }) => [
      ...(wayToNode ? [follows(power, { kind: 'node' }, wayToNode)] : []),
      ...(account
        ? [follows(power, { kind: 'subject', subject: account }, 'mounts the token of its ServiceAccount')]
        : []),
    ]);
}

function ofEverything(power: PowerOf<'everything'>, { closedBy }: World): Step[] {
  const { namespace } = power;
  const inside = (['workloads', 'secrets', 'accounts'] as const).map((kind) =>
    follows(power, { kind, namespace }, 'does everything there'),
  );
  const rights = RIGHTS.filter(
    (right) =>
      right.id !== 'everything' &&
      countsIn(right, namespace) &&
      closedBy?.(right.id, namespace) === undefined,
  );
  return [
    ...inside,
    ...rights.map((right) => ({
      ...follows(power, gainOf({ right, namespace, names: [] }), right.does + placeOfRight(right, namespace)),
      right: right.id,
    })),
  ];
}

function ofWorkloads(power: PowerOf<'workloads'>, world: World, closure: Closure): Step[] {
  const { namespace } = power;
  const inside = [
    follows(power, { kind: 'accounts', namespace }, 'starts a pod that is the ServiceAccount'),
    follows(power, { kind: 'secrets', namespace }, 'starts a pod that mounts the Secrets'),
  ];
  const closed = world.closedBy?.('privileged-pods', namespace);
  const isOpen = namespace === ALL || !world.surroundings.isPodSecure(namespace);
  if (isOpen && closed === undefined) {
    inside.push(
      follows(
        power,
        { kind: 'node' },
        `starts a privileged pod, which Pod Security does not refuse${placeOf(namespace)}`,
      ),
    );
  }
  return [...inside, ...ofWorkloadsAnd(closure, power)];
}

/** Rights that are dangerous for whoever starts pods, in either order. */
function ofWorkloadsAnd(closure: Closure, power: PowerOf<'workloads'>): Step[] {
  const labels = closure.rightIn('change-namespaces', power.namespace);
  const volumes = closure.rightIn('create-persistent-volumes', ALL);
  return [...(labels ? [relabelled(power, labels)] : []), ...(volumes ? [mounted(power, volumes)] : [])];
}

function relabelled(workloads: Power, labels: Power): Step {
  const does = 'takes the Pod Security labels off the namespace, and starts a privileged pod';
  return { power: { kind: 'node' }, from: [labels, workloads], does, grants: [] };
}

function mounted(workloads: Power, volumes: Power): Step {
  const does = 'makes a PersistentVolume of the root of a node, and starts a pod that mounts it';
  return { power: { kind: 'node' }, from: [volumes, workloads], does, grants: [] };
}

function ofPods(power: PowerOf<'pods'>, { surroundings }: World): Step[] {
  return surroundings
    .podsIn(power.namespace)
    .flatMap(({ name, account, wayToNode }) => [
      ...(wayToNode ? [follows(power, { kind: 'node' }, `uses ${name}, which ${wayToNode}`)] : []),
      ...(account
        ? [follows(power, { kind: 'subject', subject: account }, `takes the token that ${name} mounts`)]
        : []),
    ]);
}

function ofSecrets(power: PowerOf<'secrets'>, { surroundings }: World): Step[] {
  return surroundings
    .tokensIn(power.namespace)
    .map(({ account }) =>
      follows(power, { kind: 'subject', subject: account }, 'takes the token that a Secret holds'),
    );
}

/** A token is written into a Secret that asks for it, and whoever reads Secrets has it. */
function ofTokenSecrets(closure: Closure, namespace: string): Step[] {
  const readable = closure
    .ofKind('secrets')
    .filter((power) => 'namespace' in power && overlap(power.namespace, namespace));
  return readable.flatMap((secrets) => {
    const place = narrower((secrets as PowerOf<'secrets'>).namespace, namespace);
    const creates = closure.rightIn('create-secrets', place) ?? anyRight(closure, 'create-secrets', place);
    return creates ? [tokenSecret(creates, secrets, place)] : [];
  });
}

function anyRight(closure: Closure, id: string, place: string): Power | undefined {
  return place === ALL
    ? closure.ofKind('right').find((power) => power.kind === 'right' && power.id === id)
    : undefined;
}

function tokenSecret(creates: Power, secrets: Power, place: string): Step {
  const namespace = creates.kind === 'right' ? narrower(creates.namespace, place) : place;
  const does = 'creates a Secret for the token of a ServiceAccount, and reads it';
  return { power: { kind: 'accounts', namespace }, from: [creates, secrets], does, grants: [] };
}

function overlap(a: string, b: string): boolean {
  return a === ALL || b === ALL || a === b;
}

function narrower(a: string, b: string): string {
  return a === ALL ? b : a;
}

function ofAccounts(power: PowerOf<'accounts'>, { surroundings, rbac }: World): Step[] {
  const { namespace } = power;
  const does = 'acts as one of them';
  const accounts = surroundings.accountsIn(namespace);
  const places = namespace === ALL ? surroundings.namespaces : [namespace];
  const groups = [...places.map((place) => `system:serviceaccounts:${place}`), 'system:serviceaccounts']
    .map((name): Subject => ({ kind: 'Group', name }))
    .filter((group) => rbac.rolesOf(group).length > 0);
  return [...accounts, ...groups].map((subject) => follows(power, { kind: 'subject', subject }, does));
}

/** A role that is bound by whoever may bind it. What rights lead to is told, and no binding, since there is none yet. */
function ofRole(power: PowerOf<'role'>, world: World): Step[] {
  const { name, isClusterRole, namespace } = power;
  const rules = world.rbac.rulesOf(name, isClusterRole ? '' : namespace);
  const hits = rightsIn(rules)
    .filter(({ right }) => countsIn(right, namespace))
    .map(({ right, rule }) => {
      const bound = {
        subject: { kind: 'User', name: '' } as const,
        binding: rule.source,
        role: rule.source,
        rules,
      };
      return { right, namespace, names: rule.rule.resourceNames, grant: grantBy(bound, rule) };
    });
  const used = open(world, hits);
  return [...used.map((hit) => ofHit(power, hit)), ...combinationsOf(world, power, used)].map((step) => ({
    ...step,
    grants: [],
  }));
}

function ofRight(power: PowerOf<'right'>, closure: Closure): Step[] {
  const { id, namespace } = power;
  const workloads = closure.ofKind('workloads') as readonly PowerOf<'workloads'>[];
  if (id === 'change-namespaces') {
    return workloads.filter((one) => overlap(one.namespace, namespace)).map((one) => relabelled(one, power));
  }
  if (id === 'create-persistent-volumes') return workloads.map((one) => mounted(one, power));
  if (id === 'create-secrets') return ofTokenSecrets(closure, namespace);
  return [];
}

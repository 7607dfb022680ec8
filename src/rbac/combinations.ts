import { groupBy } from '../groups';
import type { Step, World } from './closure';
import type { Hit } from './hits';
import { ALL, placeOf, type Power, type PowerOf } from './power';
import { MASTERS, type Subject } from './subject';

/**
 * What several rights of one identity lead to together, where the API server asks for all of them in one request, and what
 * rights lead to that name whom or what they are about.
 */
export function combinationsOf(world: World, power: Power, hits: readonly Hit[]): Step[] {
  const held = groupBy(hits, ({ right }) => right.id);
  const of = (id: string) => held.get(id) ?? [];
  const asker: Asker = { world, power, of };
  return [
    ...escalated(asker),
    ...bound(asker),
    ...impersonated(asker),
    ...certified(asker),
    ...namedAccounts(asker),
    ...namedSecrets(asker),
    ...mintedSecrets(asker),
  ];
}

interface Asker {
  readonly world: World;
  readonly power: Power;
  readonly of: (right: string) => readonly Hit[];
}

interface Outcome {
  readonly gained: Power;
  readonly does: string;
  readonly hits: readonly Hit[];
}

function step({ power }: Asker, { gained, does, hits }: Outcome): Step {
  const grants = hits.map(({ grant }) => grant);
  return { power: gained, from: [power], does, grants, right: hits[0]!.right.id };
}

function pairs(firsts: readonly Hit[], seconds: readonly Hit[]): [Hit, Hit, string][] {
  return firsts.flatMap((first) =>
    seconds
      .filter(
        ({ namespace }) => namespace === ALL || first.namespace === ALL || namespace === first.namespace,
      )
      .map((second): [Hit, Hit, string] => [
        first,
        second,
        first.namespace === ALL ? second.namespace : first.namespace,
      ]),
  );
}

function everythingIn(namespace: string): Power {
  return namespace === ALL ? { kind: 'cluster' } : { kind: 'everything', namespace };
}

function escalated(asker: Asker): Step[] {
  return pairs(asker.of('escalate-roles'), asker.of('write-roles')).map(([escalates, writes, namespace]) =>
    step(asker, {
      gained: everythingIn(namespace),
      does: `writes every right into a role${placeOf(namespace)}`,
      hits: [escalates, writes],
    }),
  );
}

function bound(asker: Asker): Step[] {
  return pairs(asker.of('bind-roles'), asker.of('write-bindings')).flatMap(([binds, writes, namespace]) => {
    const isOfAny = binds.names.length === 0 && isAbout(binds, 'clusterroles');
    if (isOfAny) {
      const does = `binds itself to a role with every right${placeOf(namespace)}`;
      return [step(asker, { gained: everythingIn(namespace), does, hits: [binds, writes] })];
    }
    return bindable(asker, binds, namespace).map((role) =>
      step(asker, {
        gained: role,
        does: `binds itself to ${role.isClusterRole ? 'ClusterRole' : 'Role'} ${role.name}${placeOf(role.namespace)}`,
        hits: [binds, writes],
      }),
    );
  });
}

/** The roles that a rule is about: ClusterRoles by the names it has, and Roles that are there. */
function bindable({ world }: Asker, binds: Hit, namespace: string): PowerOf<'role'>[] {
  const { names } = binds;
  const wide = isAbout(binds, 'clusterroles') ? names : [];
  const local = isAbout(binds, 'roles') ? world.rbac.rolesIn(namespace) : [];
  return [
    ...wide.map((name) => ({ kind: 'role' as const, name, isClusterRole: true, namespace })),
    ...local
      .filter(({ name }) => names.length === 0 || names.includes(name))
      .map((role) => ({ kind: 'role' as const, isClusterRole: false, ...role })),
  ];
}

function isAbout({ grant: { rule } }: Hit, resource: string): boolean {
  return rule.resources.includes('*') || rule.resources.includes(resource);
}

function impersonated(asker: Asker): Step[] {
  const plain = impersonating(asker, '', []);
  const [permission] = asker.of('act-for-others');
  // Each request needs the right to do just that for others. What these are is not looked at: it can only be less.
  const constrained = permission ? impersonating(asker, '-for', [permission]) : [];
  const [nodes] = permission ? asker.of('impersonate-nodes-for') : [];
  const asNode: Step[] = nodes
    ? [step(asker, { gained: { kind: 'node' }, does: nodes.right.does, hits: [nodes, permission!] })]
    : [];
  return [...plain, ...constrained, ...asNode];
}

function impersonating(asker: Asker, mode: '' | '-for', permissions: readonly Hit[]): Step[] {
  const users = asker.of(`impersonate-users${mode}`);
  const accounts = asker.of(`impersonate-accounts${mode}`);
  // The API server lets nobody name a group who does not name a user as well.
  const [anybody] = [...users, ...accounts];
  const groups = anybody ? asker.of(`impersonate-groups${mode}`) : [];
  const act = (hit: Hit, subject: Subject, also: readonly Hit[]) =>
    step(asker, {
      gained: { kind: 'subject', subject },
      does: 'impersonates',
      hits: [hit, ...also, ...permissions],
    });
  return [
    ...users.flatMap((hit) => usersOf(asker, hit).map((subject) => act(hit, subject, []))),
    ...groups.flatMap((hit) => groupsOf(asker, hit).map((subject) => act(hit, subject, [anybody!]))),
    ...accounts.flatMap((hit) =>
      accountsOf(hit).map((gained) =>
        step(asker, {
          gained,
          does: `impersonates ServiceAccounts${placeOf(hit.namespace)}`,
          hits: [hit, ...permissions],
        }),
      ),
    ),
  ];
}

function usersOf({ world }: Asker, { names }: Hit): Subject[] {
  if (names.length > 0) return names.map((name) => ({ kind: 'User', name }));
  return world.rbac.subjects.filter(({ kind }) => kind === 'User');
}

function groupsOf({ world }: Asker, { names }: Hit): Subject[] {
  if (names.length > 0) return names.map((name) => ({ kind: 'Group', name }));
  const masters: Subject = { kind: 'Group', name: MASTERS };
  return [masters, ...world.rbac.subjects.filter(({ kind, name }) => kind === 'Group' && name !== MASTERS)];
}

/** The ServiceAccounts that a rule is about: of the names it has, or all of the namespace. */
function accountsOf({ namespace, names }: Hit): Power[] {
  if (names.length === 0 || namespace === ALL) return [{ kind: 'accounts', namespace }];
  return names.map((name) => ({ kind: 'subject', subject: { kind: 'ServiceAccount', namespace, name } }));
}

/**
 * Whoever asks for a certificate writes into it who they are; of all groups only system:masters is refused. The kubelets ask all
 * the time, so that one can be found who asks.
 */
function certified(asker: Asker): Step[] {
  const [approves] = asker.of('approve-certificates');
  const [signer] = asker.of('approve-for-signers');
  if (!approves || !signer) return [];
  const asks = asker.of('create-certificate-requests').slice(0, 1);
  return certifiable(asker, signer).map((subject) =>
    step(asker, {
      gained: { kind: 'subject', subject },
      does: 'approves a certificate of that name',
      hits: [approves, signer, ...asks],
    }),
  );
}

/** One signer signs for nodes only. */
function certifiable({ world }: Asker, { names }: Hit): Subject[] {
  if (names.length > 0 && names.every((name) => name.endsWith('-kubelet'))) {
    return [{ kind: 'Group', name: 'system:nodes' }];
  }
  return world.rbac.subjects.filter(({ kind, name }) => kind !== 'ServiceAccount' && name !== MASTERS);
}

function namedAccounts(asker: Asker): Step[] {
  const named = asker.of('request-tokens').filter(({ names }) => names.length > 0);
  return named.flatMap((hit) =>
    accountsOf(hit).map((gained) => step(asker, { gained, does: 'requests a token', hits: [hit] })),
  );
}

/** A Secret that a rule names may be one with a token in it. */
function namedSecrets(asker: Asker): Step[] {
  const { surroundings } = asker.world;
  return asker.of('read-secrets').flatMap((hit) =>
    surroundings
      .tokensIn(hit.namespace)
      .filter(({ secret }) => hit.names.includes(secret))
      .map(({ account }) =>
        step(asker, {
          gained: { kind: 'subject', subject: account },
          does: 'takes the token that a Secret holds',
          hits: [hit],
        }),
      ),
  );
}

/** Whoever makes Secrets and reads one by a name that is free makes the one with a token under that name. */
function mintedSecrets(asker: Asker): Step[] {
  const { surroundings } = asker.world;
  const named = asker.of('read-secrets').filter(({ names }) => names.length > 0);
  return pairs(named, asker.of('create-secrets')).flatMap(([reads, creates, namespace]) => {
    const free = reads.names.find((name) => !surroundings.hasSecret(namespace, name));
    if (free === undefined) return [];
    const does = `creates the Secret ${free} for the token of a ServiceAccount, and reads it`;
    return [step(asker, { gained: { kind: 'accounts', namespace }, does, hits: [reads, creates] })];
  });
}

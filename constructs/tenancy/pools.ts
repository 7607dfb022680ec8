import { groupBy, push } from '../../src/groups';
import type { NodePool } from '../../src/target/capacity';
import { canCoincide, neededTolerations, tolerates, tolerationsOf } from './placement';

/** A tenant as whoever shares out nodes sees it. */
export interface PoolUser {
  readonly path: string;
  readonly isHostile: boolean;
  readonly nodePool: string | undefined;
  /** Taints that its pods may tolerate beside those of its pool, `KEY=VALUE` or `KEY`. */
  readonly tolerations: readonly string[];
}

/**
 * Problems of pools that a hostile tenant has and that somebody else may use too.
 * @param related Whether two may share.
 */
export function sharedPools<User extends PoolUser>(
  users: readonly User[],
  pools: Readonly<Record<string, NodePool>>,
  related: (one: User, other: User) => boolean,
): string[] {
  const hostile = groupBy(
    users.filter(({ isHostile }) => isHostile),
    ({ nodePool }) => nodePool ?? '',
  );
  const problemOf = (user: User, pool: string, how: string, remedy: string): string[] => {
    const owner = (hostile.get(pool) ?? []).find((one) => one !== user && !related(one, user));
    if (!owner || (user.isHostile && user.path < owner.path)) return [];
    return [
      `${user.path}: ${how} the nodePool '${pool}', which is that of ${owner.path}, a hostile tenant: whoever breaks out of a pod of one ` +
        `would be on a node of the other. ${remedy}`,
    ];
  };
  const byToleration = new Map<string, string[]>();
  for (const name of hostile.keys()) {
    for (const text of pools[name] ? neededTolerations(pools[name]) : []) push(byToleration, text, name);
  }
  return users.flatMap((user) => {
    const own = user.nodePool === undefined ? undefined : pools[user.nodePool];
    const all = [...user.tolerations, ...(own ? tolerationsOf(own) : [])];
    const near = new Set(all.flatMap((text) => byToleration.get(text) ?? []));
    return [
      ...(user.nodePool === undefined
        ? []
        : problemOf(user, user.nodePool, 'is on', 'Give one of them another pool of nodes.')),
      ...[...near]
        .filter((name) => name !== user.nodePool)
        .flatMap((name) => {
          const pool = pools[name]!;
          if (tolerates(user.tolerations, pool)) {
            return problemOf(user, name, 'tolerates', 'Remove its taint from allowances.tolerations.');
          }
          return own && canCoincide(own, pool) && tolerates(all, pool)
            ? problemOf(user, name, 'may be on', 'Give the pools taints, or labels, that differ.')
            : [];
        }),
    ];
  });
}

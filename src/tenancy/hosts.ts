/** A host that somebody serves: a name, or `*.NAME` for every name below it. */
export interface ClaimedHost<Owner> {
  readonly host: string;
  readonly owner: Owner;
}

/** Two who serve one name. */
export interface HostCollision<Owner> {
  readonly first: ClaimedHost<Owner>;
  readonly second: ClaimedHost<Owner>;
}

/**
 * Hosts that belong to two owners, `*.example.com` and `shop.example.com` among them: the ingress controller serves one of them
 * under the name of both. Takes time linear in the hosts; of several collisions of one host, the first is told.
 * @param related Whether two owners may share.
 */
export function hostCollisions<Owner>(
  claims: readonly ClaimedHost<Owner>[],
  related: (one: Owner, other: Owner) => boolean,
): HostCollision<Owner>[] {
  const owners = new Map<string, ClaimedHost<Owner>[]>();
  for (const claim of claims) {
    const known = owners.get(claim.host) ?? [];
    if (known.every(({ owner }) => owner !== claim.owner)) owners.set(claim.host, [...known, claim]);
  }
  return [...owners].flatMap(([host, own]) => {
    const others = [...own, ...wildcardsAbove(host).flatMap((wildcard) => owners.get(wildcard) ?? [])];
    return own.flatMap((second) => {
      const first = others.find(({ owner }) => owner !== second.owner && !related(owner, second.owner));
      // The other half of a pair of equals says the same.
      const isTold = first !== undefined && own.indexOf(first) > own.indexOf(second);
      return first === undefined || isTold ? [] : [{ first, second }];
    });
  });
}

/** `*.b.c` and `*.c` for `a.b.c` and for `*.a.b.c` alike. */
function wildcardsAbove(host: string): string[] {
  const labels = host.replace(/^\*\./, '').split('.');
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
}

import { contains, parseCidr, type Cidr } from '../network/cidr';

/** A block of addresses that somebody owns. */
export interface OwnedBlock<Owner> {
  readonly cidr: string;
  readonly owner: Owner;
}

/** Two who own the same addresses. */
export interface BlockCollision<Owner> {
  readonly outer: OwnedBlock<Owner>;
  readonly inner: OwnedBlock<Owner>;
}

/**
 * Blocks of two owners that overlap. Blocks either contain each other or have nothing in common, so one pass over them in order
 * finds each with the blocks around it.
 * @param related Whether two owners may share.
 */
export function blockCollisions<Owner>(
  blocks: readonly OwnedBlock<Owner>[],
  related: (one: Owner, other: Owner) => boolean,
): BlockCollision<Owner>[] {
  const parsed = blocks.map((block) => ({ block, range: parseCidr(block.cidr) })).sort(byPlace);
  const around: typeof parsed = [];
  return parsed.flatMap((inner) => {
    while (around.length > 0 && !contains(around.at(-1)!.range, inner.range)) around.pop();
    const outer = around.find(
      ({ block }) => block.owner !== inner.block.owner && !related(block.owner, inner.block.owner),
    );
    around.push(inner);
    return outer ? [{ outer: outer.block, inner: inner.block }] : [];
  });
}

/** IPv4 before IPv6, by the first address, the wider block first. */
function byPlace({ range: a }: { range: Cidr }, { range: b }: { range: Cidr }): number {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.prefix - b.prefix;
}

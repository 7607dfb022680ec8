import type { IpFamily } from '../target/target';
import type { AddressSpace, Block } from './addresses';
import { ALL_PODS, ascending, type PodIndex, type PodSet } from './pod-index';
import type { Rule, RulePeer } from './policy';

/** Who the peers of a rule are. */
export interface PeerSet {
  /** Whoever there is, inside and outside of the cluster. */
  readonly any: boolean;
  /** Every pod of every namespace. */
  readonly allPods: boolean;
  /** Classes by number, ascending. */
  readonly pods: readonly number[];
  /** Pieces of the address space, as pairs of first and last. */
  readonly pieces: readonly number[];
  readonly nodes: boolean;
  /** Families all of whose addresses are in a network of the rule, those of pods included. */
  readonly families: readonly IpFamily[];
}

/** What resolving peers needs. */
export interface ResolveContext {
  readonly index: PodIndex;
  readonly space: () => AddressSpace;
  /** Classes that the rule's selectors do not mean. */
  readonly hosts: ReadonlySet<number>;
}

const ANYBODY: PeerSet = { any: true, allPods: true, pods: [], pieces: [], nodes: true, families: [] };

/** Finds the peers of a rule. */
export function resolvePeers({ peers }: Rule, { index, space, hosts }: ResolveContext): PeerSet {
  if (peers === 'any') return ANYBODY;
  const [only] = peers;
  if (peers.length === 1 && only?.kind === 'pods' && hosts.size === 0) return podsOnly(index.select(only));
  const sets = peers.flatMap((peer) => (peer.kind === 'pods' ? [index.select(peer)] : []));
  const some = sets.filter((set) => set !== ALL_PODS);
  const pods = some.length === 1 ? some[0]! : ascending([...new Set(some.flat())]);
  const blocks = peers.flatMap((peer) => ('block' in peer ? [peer.block] : []));
  return {
    any: false,
    allPods: some.length < sets.length,
    pods: hosts.size === 0 ? pods : pods.filter((id) => !hosts.has(id)),
    pieces: blocks.length === 0 ? [] : blocks.flatMap((block) => space().piecesOf(block)),
    nodes: peers.some(({ kind }) => kind === 'nodes'),
    families: peers.flatMap(wholeFamily),
  };
}

const EVERY_POD: PeerSet = { ...ANYBODY, any: false, nodes: false };
const NOBODY: PeerSet = { ...EVERY_POD, allPods: false };
const KNOWN = new WeakMap<readonly number[], PeerSet>();

/** Most rules name the pods of one selector, and many rules the same. */
function podsOnly(pods: PodSet): PeerSet {
  if (pods === ALL_PODS) return EVERY_POD;
  let set = KNOWN.get(pods);
  if (!set) KNOWN.set(pods, (set = { ...NOBODY, pods }));
  return set;
}

function wholeFamily(peer: RulePeer): IpFamily[] {
  return peer.kind === 'network' && isWhole(peer.block) ? [peer.block.cidr.family] : [];
}

function isWhole({ cidr, except }: Block): boolean {
  return cidr.prefix === 0 && except.length === 0;
}

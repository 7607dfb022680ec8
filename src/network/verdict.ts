import type { Direction, Policy, Rule } from './policy';
import { ALL_PORTS, NO_PORTS, type PortAlgebra, type PortSet } from './ports';

/** The rules for one direction of the traffic of a pod, in the order in which they are asked. */
export interface Tiers {
  readonly admin: readonly Rule[];
  /** Undefined where no NetworkPolicy isolates the pod. */
  readonly network: readonly Rule[] | undefined;
  readonly baseline: readonly Rule[];
}

const NONE: readonly Rule[] = [];

/** Sorts the policies on a pod. */
export function tiersOf(policies: readonly Policy[], direction: Direction): Tiers {
  let admin = NONE;
  let network: readonly Rule[] | undefined;
  let baseline = NONE;
  for (const policy of policies) {
    const rules = policy[direction];
    if (!rules) continue;
    if (policy.tier === 'NetworkPolicy') network = append(network ?? NONE, rules);
    else if (policy.tier === 'Admin') admin = append(admin, rules);
    else baseline = append(baseline, rules);
  }
  return { admin, network, baseline };
}

/** Most pods have one policy with rules, whose list serves as it is. */
function append(rules: readonly Rule[], more: readonly Rule[]): readonly Rule[] {
  if (rules.length === 0) return more;
  return more.length === 0 ? rules : [...rules, ...more];
}

/**
 * The ports on which a pod may talk with a peer: the Admin tier decides, or passes on; then the NetworkPolicies, whose word
 * is final where there are some; then the Baseline tier; and what nobody has denied by then is allowed.
 *
 * @param matching The ports on which a rule matches traffic with the peer.
 */
export function judge(tiers: Tiers, matching: (rule: Rule) => PortSet, ports: PortAlgebra): PortSet {
  const admin = judgeTier(ALL_PORTS, tiers.admin, { matching, ports });
  if (tiers.network) {
    const accepted = tiers.network.reduce((sum, rule) => ports.union(sum, matching(rule)), NO_PORTS);
    return ports.union(admin.accepted, ports.intersect(admin.undecided, accepted));
  }
  const baseline = judgeTier(admin.undecided, tiers.baseline, { matching, ports });
  return ports.union(admin.accepted, ports.union(baseline.accepted, baseline.undecided));
}

interface Matching {
  readonly matching: (rule: Rule) => PortSet;
  readonly ports: PortAlgebra;
}

/** The first rule that matches decides. What it passes is undecided, and no further rule of the tier is asked. */
function judgeTier(traffic: PortSet, rules: readonly Rule[], { matching, ports }: Matching) {
  let open = traffic;
  let accepted = NO_PORTS;
  let passed = NO_PORTS;
  for (const rule of rules) {
    const matched = ports.intersect(open, matching(rule));
    if (rule.action === 'Accept') accepted = ports.union(accepted, matched);
    if (rule.action === 'Pass') passed = ports.union(passed, matched);
    open = ports.subtract(open, matched);
  }
  return { accepted, undecided: ports.union(open, passed) };
}

import { BulwarkError } from '../errors';
import { describeObject } from '../manifest/manifest';
import type { IpFamily } from '../target/target';
import { explainService } from './explain-service';
import { findParty, requireWorkload, type Party } from './endpoint';
import type { Network } from './network';
import { workloadName } from './pods';
import type { Direction, Policy, Rule } from './policy';
import { formatPorts, NO_PORTS, type PortSet } from './ports';
import type { Reachability } from './reachability';
import { matchedPorts, type Peer } from './rows';
import { findService, isServiceName, type AskedPort } from './service-destination';
import type { Services } from './services';
import { tiersOf } from './verdict';

/** Why a connection is allowed or not. */
export interface Explanation {
  readonly allowed: boolean;
  /** What the policies on the source say, and those on the destination; an address outside of the cluster has none. */
  readonly sides: readonly ExplainedSide[];
  /** The whole as sentences. */
  readonly sentences: readonly string[];
}

/** What the policies on one end of a connection say. */
export interface ExplainedSide {
  readonly direction: Direction;
  readonly workload: string;
  readonly allowed: boolean;
  readonly because: Reason;
}

/** What decides. */
export type Reason =
  /** A rule, of the policy with that description. */
  | { readonly kind: 'rule'; readonly policy: string; readonly field: string; readonly tier: Policy['tier'] }
  /** NetworkPolicies select the pod, and none of their rules matches. Those that match the peer, but other ports, are near. */
  | {
      readonly kind: 'isolated';
      readonly policies: readonly string[];
      readonly near: readonly NearRule[];
    }
  /** No policy has a say. */
  | { readonly kind: 'default' };

/** A rule that matches the peer on other ports. */
export interface NearRule {
  readonly policy: string;
  readonly field: string;
  readonly ports: string;
}

/**
 * Explains whether a pod of the source may connect to a port of a pod of the destination, and by which rule, or which side
 * blocks it.
 *
 * @param source `namespace/name` of a workload, or an address.
 * @param destination The same, or `svc/namespace/name` for a Service, whose port is then meant and leads to that of its pods.
 * @throws BulwarkError when there is no such workload or Service.
 */
export function explainConnection(
  { network, services }: Reachability,
  source: string,
  destination: string,
  asked: AskedPort,
): Explanation {
  if (isServiceName(source))
    throw new BulwarkError(
      `${source} is a Service, which opens no connections. Name the workload that does.`,
    );
  const from = findParty(source, network.pods);
  const service = findService(destination, asked, services);
  if (!service) return explainParties(from, findDestination(destination, network, services), asked, network);
  return explainService(service, {
    source: nameOf(from),
    asked,
    explainPods: (workload, port) =>
      explainParties(from, { kind: 'workload', workload }, { ...asked, port }, network),
  });
}

function findDestination(text: string, { pods }: Network, { names }: Services): Party {
  const isWorkload = [...pods.workloads.values()].some(
    ({ namespace, name }) => `${namespace}/${name}` === text,
  );
  if (!isWorkload && names.has(text))
    throw new BulwarkError(`There is no workload '${text}', but a Service. Write svc/${text}, and its port.`);
  return findParty(text, pods);
}

function explainParties(
  from: Party,
  to: Party,
  { protocol, port }: AskedPort,
  network: Network,
): Explanation {
  const wanted = network.ports.of([{ protocol, first: port, last: port }]);
  requireWorkload(from, to);
  const { sides, hosts } = explainEnds(from, to, network, wanted);
  const allowed = sides.every((side) => side.allowed);
  const text = `${protocol} ${port}`;
  return {
    allowed,
    sides,
    sentences: [
      `${nameOf(from)} ${allowed ? 'may' : 'may not'} connect to ${nameOf(to)} on ${text}.`,
      ...sides.flatMap((side) => sentencesFor(side, text)),
      ...hosts.map(hostSentence),
      ...(from.kind === 'address' && !allowed ? [nodeSentence(from.text, shortName(to))] : []),
    ],
  };
}

/** Two ends of a connection, and the family of addresses that it uses. */
interface Ends {
  readonly source: Peer;
  readonly destination: Peer;
  readonly family: IpFamily;
}

/** The pods of a workload may differ. The two that are explained are two that may connect, if there are such. */
function explainEnds(from: Party, to: Party, network: Network, wanted: PortSet) {
  const outside = [from, to].flatMap((party) => (party.kind === 'address' ? [party.family] : []));
  const families = outside.length > 0 ? outside : network.families;
  const ends = peersOf(from, network).flatMap((source) =>
    peersOf(to, network).flatMap((destination) =>
      families.map((family): Ends => ({ source, destination, family })),
    ),
  );
  const explained = ends.map(({ source, destination, family }) => ({
    sides: [
      ...explainSide('egress', source, destination, { network, family, wanted, name: shortName(from) }),
      ...explainSide('ingress', destination, source, { network, family, wanted, name: shortName(to) }),
    ],
    hosts: [...(isHost(source) ? [shortName(from)] : []), ...(isHost(destination) ? [shortName(to)] : [])],
  }));
  return explained.find(({ sides }) => sides.every(({ allowed }) => allowed)) ?? explained[0]!;
}

function peersOf(party: Party, network: Network): readonly Peer[] {
  if (party.kind === 'workload')
    return party.workload.classes.map((podClass) => ({ kind: 'class', podClass }));
  const { family, address } = party;
  return [{ kind: 'piece', piece: network.space().pieceAt(family, address) }];
}

interface SideContext {
  readonly network: Network;
  readonly family: IpFamily;
  readonly wanted: PortSet;
  /** Of the workload. */
  readonly name: string;
}

function explainSide(
  direction: Direction,
  own: Peer,
  peer: Peer,
  { network, family, wanted, name }: SideContext,
): ExplainedSide[] {
  if (own.kind === 'piece') return [];
  const { podClass } = own;
  const policies = network.policiesOn(podClass);
  const { admin, network: rules, baseline } = tiersOf(policies, direction);
  const matching = (rule: Rule) => matchedPorts(rule, peer, { network, podClass, direction, family });
  const covers = (rule: Rule) => network.ports.intersect(matching(rule), wanted) !== NO_PORTS;
  const decides = (rule: Rule | undefined) => rule !== undefined && rule.action !== 'Pass';
  const deciding = [admin.find(covers), (rules ?? baseline).find(covers)].find(decides);
  const side = { direction, workload: name };
  if (deciding) {
    const { manifest, tier } = policies.find((policy) => policy[direction]?.includes(deciding))!;
    const because: Reason = { kind: 'rule', policy: describeObject(manifest), field: deciding.field, tier };
    return [{ ...side, allowed: deciding.action === 'Accept', because }];
  }
  if (!rules) return [{ ...side, allowed: true, because: { kind: 'default' } }];
  const isolating = policies.filter((policy) => policy.tier === 'NetworkPolicy' && policy[direction]);
  const because: Reason = {
    kind: 'isolated',
    policies: isolating.map(({ manifest }) => describeObject(manifest)),
    near: isolating.flatMap((policy) => nearRules(policy, direction, { matching, network })),
  };
  return [{ ...side, allowed: false, because }];
}

function nearRules(
  policy: Policy,
  direction: Direction,
  { matching, network }: { readonly matching: (rule: Rule) => PortSet; readonly network: Network },
): NearRule[] {
  return (policy[direction] ?? []).flatMap((rule) => {
    const ports = matching(rule);
    if (ports === NO_PORTS) return [];
    const text = formatPorts(network.ports.rangesOf(ports));
    return [{ policy: describeObject(policy.manifest), field: rule.field, ports: text }];
  });
}

const WORDS = {
  egress: { way: 'out of', list: 'egress' },
  ingress: { way: 'into', list: 'ingress' },
} as const;

function sentencesFor({ direction, workload, allowed, because }: ExplainedSide, port: string): string[] {
  const { way, list } = WORDS[direction];
  switch (because.kind) {
    case 'rule':
      return [
        `${because.policy} ${allowed ? 'lets it' : 'keeps it from going'} ${way} ${workload}, by ${because.field}.`,
      ];
    case 'isolated':
      return [
        `${because.policies.join(' and ')} ${because.policies.length > 1 ? 'select' : 'selects'} ${workload} for ${list}, and no rule lets ${port} ${way} it.`,
        ...because.near.map(({ policy, field, ports }) => `Near: ${field} of ${policy} allows ${ports}.`),
      ];
    case 'default':
      return [`No policy selects ${workload} for ${list}, so everything is let ${way} it.`];
  }
}

/** What a policy does about them is not defined (NetworkPolicySpec), and nothing stops a node from reaching its own pods. */
function hostSentence(name: string): string {
  return `${name} is in the network of its node. Most plugins take its traffic for the node's: no policy restricts it, and it reaches every pod of that node.`;
}

/** Manifests do not tell the addresses of nodes. Traffic from a pod's own node is let in (NetworkPolicySpec.ingress). */
function nodeSentence(address: string, name: string): string {
  return `A node reaches its own pods whatever policies say, so ${address} may connect if it is the node of ${name}.`;
}

function isHost(end: Peer): boolean {
  return end.kind === 'class' && end.podClass.hostNetwork;
}

function shortName(party: Party): string {
  return party.kind === 'address' ? party.text : `${party.workload.namespace}/${party.workload.name}`;
}

function nameOf(party: Party): string {
  return party.kind === 'address' ? party.text : workloadName(party.workload);
}

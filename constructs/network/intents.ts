import { ApiObject, Lazy } from 'cdk8s';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { compareText } from '../../src/manifest/manifest';
import { targetOf } from '../blueprint/settings';
import { podPeer, type Peer, type PeerPort, type PolicyPeer } from './peer';

/** Options of `allowFrom` and `allowTo`. */
export interface AllowOptions {
  /**
   * Ports of the destination's pods.
   * @default every port that the destination's containers declare, or the peer's own (that of the API server)
   */
  readonly ports?: readonly (number | string | PeerPort)[];
}

/** A workload as the network sees it. */
export interface NetworkMember {
  /** Its intents. */
  readonly intents: NetworkIntents;
}

/** How a workload presents itself to {@link NetworkIntents}. */
export interface IntentSubject {
  readonly construct: Construct;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly podLabels: () => Readonly<Record<string, string>>;
  /** Ports that its containers declare. */
  readonly declaredPorts: () => readonly Required<Omit<PeerPort, 'endPort'>>[];
}

type Direction = 'ingress' | 'egress';

/** Everything one workload may be reached from and may reach, collected into one NetworkPolicy. */
export class NetworkIntents {
  private readonly rules: Record<Direction, Rule[]> = { ingress: [], egress: [] };
  private policy?: ApiObject;

  constructor(private readonly subject: IntentSubject) {}

  /** Lets a peer reach this workload; where the peer is a workload, lets it out to this one as well. */
  allowFrom(peer: Peer | NetworkMember, options: AllowOptions = {}): void {
    if (isMember(peer)) {
      connect(peer.intents, this, options);
      return;
    }
    const { subject } = this;
    const context = {
      target: targetOf(subject.construct),
      namespace: subject.namespace,
      direction: 'ingress' as const,
    };
    const { peers } = this.explain(() => peer.resolve(context));
    this.add('ingress', peers, this.portsOfSubject(options));
  }

  /** Lets this workload reach a peer; where the peer is a workload, lets this one in there as well. */
  allowTo(peer: Peer | NetworkMember, options: AllowOptions = {}): void {
    if (isMember(peer)) {
      connect(this, peer.intents, options);
      return;
    }
    const { subject } = this;
    const context = {
      target: targetOf(subject.construct),
      namespace: subject.namespace,
      direction: 'egress' as const,
    };
    const resolved = this.explain(() => peer.resolve(context));
    const ports = options.ports?.map(toPort) ?? resolved.ports;
    if (!ports) {
      throw new BulwarkError(
        `${subject.construct.node.path}: allowTo names no ports, and an open destination is a way out for everything. ` +
          'Add them: allowTo(peer, { ports: [443] }).',
      );
    }
    this.add('egress', resolved.peers, ports);
  }

  /** @internal */
  add(direction: Direction, peers: readonly PolicyPeer[], ports: readonly PeerPort[]): void {
    this.policy ??= this.makePolicy();
    this.rules[direction].push({ peers, ports });
  }

  /** @internal */
  portsOfSubject(options: AllowOptions): readonly PeerPort[] {
    const ports = options.ports?.map(toPort) ?? this.subject.declaredPorts();
    if (ports.length > 0) return ports;
    throw new BulwarkError(
      `${this.subject.construct.node.path}: no container declares a port, so it is unknown where to let traffic in. ` +
        'Declare it, for example containers: [{ image, port: 8080 }], or name it: allowFrom(peer, { ports: [8080] }).',
    );
  }

  /** This workload as a peer in the policy of another. @internal */
  asPeerOf(other: NetworkIntents): PolicyPeer {
    const { namespace, construct, podLabels } = this.subject;
    if (namespace === undefined && other.subject.namespace !== undefined) {
      throw new BulwarkError(
        `${construct.node.path}: has no namespace, so ${other.subject.construct.node.path} cannot name it as a peer. ` +
          'Put it into a TenantNamespace, or set the namespace of its chart.',
      );
    }
    return podPeer(podLabels(), namespace, other.subject.namespace);
  }

  private explain<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      throw error instanceof BulwarkError
        ? new BulwarkError(`${this.subject.construct.node.path}: ${error.message}`)
        : error;
    }
  }

  private makePolicy(): ApiObject {
    const { construct, name, namespace } = this.subject;
    return new ApiObject(construct, 'NetworkPolicy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, ...(namespace && { namespace }) },
      spec: Lazy.any({ produce: () => this.toSpec() }) as unknown,
    });
  }

  private toSpec(): object {
    const ingress = mergeRules(this.rules.ingress).map(({ peers, ports }) => ({ from: peers, ports }));
    const egress = mergeRules(this.rules.egress).map(({ peers, ports }) => ({ to: peers, ports }));
    return {
      podSelector: { matchLabels: { ...this.subject.podLabels() } },
      // Both, always: a policy that leaves Egress out denies nothing there, whatever a reader may think.
      policyTypes: ['Ingress', 'Egress'],
      // kubectl would report an empty list as a change at every apply.
      ...(ingress.length > 0 && { ingress }),
      ...(egress.length > 0 && { egress }),
    };
  }
}

interface Rule {
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly PeerPort[];
}

function isMember(peer: Peer | NetworkMember): peer is NetworkMember {
  return 'intents' in peer;
}

function connect(from: NetworkIntents, to: NetworkIntents, options: AllowOptions): void {
  const ports = to.portsOfSubject(options);
  to.add('ingress', [from.asPeerOf(to)], ports);
  from.add('egress', [to.asPeerOf(from)], ports);
}

function toPort(port: number | string | PeerPort): PeerPort {
  return typeof port === 'object' ? port : { port };
}

/** One rule for each set of ports, with every peer that has it; in an order that does not depend on who asked first. */
function mergeRules(rules: readonly Rule[]): { peers: PolicyPeer[]; ports: object[] }[] {
  const portsOfPeer = new Map<string, Map<string, object>>();
  for (const { peers, ports } of rules) {
    for (const peer of peers) {
      const known = portsOfPeer.get(JSON.stringify(peer)) ?? new Map<string, object>();
      ports.map(policyPort).forEach((port) => known.set(JSON.stringify(port), port));
      portsOfPeer.set(JSON.stringify(peer), known);
    }
  }
  const merged = new Map<string, { peers: PolicyPeer[]; ports: object[] }>();
  for (const [peer, known] of [...portsOfPeer].sort(([a], [b]) => compareText(a, b))) {
    const keys = [...known.keys()].sort(compareText);
    const rule = merged.get(keys.join()) ?? { peers: [], ports: keys.map((key) => known.get(key)!) };
    rule.peers.push(JSON.parse(peer) as PolicyPeer);
    merged.set(keys.join(), rule);
  }
  return [...merged].sort(([a], [b]) => compareText(a, b)).map(([, rule]) => rule);
}

function policyPort({ port, protocol = 'TCP', endPort }: PeerPort): object {
  return { port, ...(endPort && { endPort }), protocol };
}

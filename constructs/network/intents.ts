import { ApiObject, Lazy } from 'cdk8s';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import type { DeclaredPods } from '../../src/network/declared';
import { targetOf } from '../blueprint/settings';
import { agreementProblems, Consents, type EVERY_TENANT } from './agreement';
import { declaredOf, isMember, peerOf, portsOf, type Connection } from './connection';
import { declareConnections } from './declarations';
import { guardProblems, passGuards } from './guard';
import { addMember, membersAbove } from './members';
import { Peer } from './peer';
import { policySpec, type Opening } from './policy';
import { readPorts, type ContainerPort, type PeerPort } from './ports';

/** Options of `allowFrom`, `allowTo` and `offerTo`. */
export interface AllowOptions {
  /**
   * Ports of the destination's pods.
   * @default every port that the destination's containers declare, or the peer's own (that of the API server)
   */
  readonly ports?: readonly (number | string | PeerPort)[];
}

/** Whoever takes part in the network with policies of their own: a workload, or all pods of a namespace or a tenant. */
export interface NetworkMember {
  /** Its intents. */
  readonly intents: NetworkIntents;
}

/** How a member presents itself to {@link NetworkIntents}. */
export interface IntentSubject {
  readonly construct: Construct;
  /** Name of its NetworkPolicy, or undefined where its parts have policies and it has none. */
  readonly policyName: string | undefined;
  /** Names of the namespaces that its pods are in; the empty one is that which kubectl is set to. */
  readonly namespaces: () => readonly string[];
  /** Labels that all of its pods carry and no others; empty for every pod. */
  readonly podLabels: () => Readonly<Record<string, string>>;
  /** Name of the workload, where it is one. */
  readonly workload?: string;
  /** Ports that its containers declare. @default unknown */
  readonly declaredPorts?: () => readonly ContainerPort[];
  /** The members that it consists of. @default none */
  readonly parts?: () => readonly NetworkIntents[];
  /** What keeps policies from having an effect on its pods. @default nothing */
  readonly obstacle?: () => string | undefined;
}

type Direction = 'ingress' | 'egress';

/** Everything that one member may be reached from and may reach, collected into one NetworkPolicy for each namespace of it. */
export class NetworkIntents implements NetworkMember {
  /** What it agrees to across the border of its tenant. @internal */
  readonly consents = new Consents();

  private readonly connections: Connection[] = [];
  private policy?: ApiObject;

  constructor(
    /** @internal */
    readonly subject: IntentSubject,
  ) {
    const { construct } = subject;
    addMember(construct, this);
    declareConnections(construct, () => this.declared.flatMap(declaredOf));
    construct.node.addValidation({ validate: () => this.problems() });
  }

  /** Itself, so that the intents of a workload that has none by itself can be a peer. */
  get intents(): this {
    return this;
  }

  /** Lets a peer reach this member; where the peer is a member, lets it out to this one as well. */
  allowFrom(peer: Peer | NetworkMember, options: AllowOptions = {}): void {
    const ports = this.portsIn(options);
    if (peer instanceof Peer) {
      this.refuseUnknownPorts('allowFrom', ports);
      const sources = this.resolve(peer, 'ingress').flatMap(({ peers }) => peers);
      sources.forEach((source) =>
        this.add({ source, destination: this, ports, opens: 'ingress', declaredBy: this }),
      );
      return;
    }
    this.consents.give('destination', peer.intents, ports);
    this.connect(peer.intents, this, ports);
  }

  /** Lets this member reach a peer; where the peer is a member, lets this one in there as well. */
  allowTo(peer: Peer | NetworkMember, options: AllowOptions = {}): void {
    const asked = this.portsIn(options);
    if (peer instanceof Peer) {
      for (const { peers, ports = [] } of this.resolve(peer, 'egress')) {
        const chosen = asked ?? ports;
        if (chosen.length === 0) this.refuseOpenDestination();
        peers.forEach((destination) =>
          this.add({ source: this, destination, ports: chosen, opens: 'egress', declaredBy: this }),
        );
      }
      return;
    }
    this.consents.give('source', peer.intents, asked);
    this.connect(this, peer.intents, asked);
  }

  /** Agrees to be reached by others beyond its tenant, without opening anything: they open it by `allowTo`. */
  offerTo(partner: NetworkMember | typeof EVERY_TENANT, options: AllowOptions = {}): void {
    const who = typeof partner === 'string' ? partner : partner.intents;
    this.consents.give('destination', who, this.portsIn(options));
  }

  /** This member as plain data. @internal */
  asPeer(): DeclaredPods {
    const { namespaces, podLabels, workload } = this.subject;
    return {
      type: 'pods',
      namespaces: namespaces(),
      labels: podLabels(),
      ...(workload !== undefined && { workload }),
    };
  }

  /** The connections that it takes part in. @internal */
  get all(): readonly Connection[] {
    return this.connections;
  }

  /** Makes the policy that isolates it and lets through what is allowed. @internal */
  ensurePolicy(): void {
    this.subject.parts?.().forEach((part) => part.ensurePolicy());
    const { construct, policyName, namespaces } = this.subject;
    if (this.policy || policyName === undefined) return;
    const [namespace = ''] = namespaces();
    this.policy = new ApiObject(construct, 'NetworkPolicy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: policyName, ...(namespace && { namespace }) },
      spec: Lazy.any({ produce: () => this.toSpec(namespace) }) as unknown,
    });
  }

  private get declared(): Connection[] {
    return this.connections.filter(({ declaredBy }) => declaredBy === this);
  }

  private add(connection: Connection): void {
    const members = [connection.source, connection.destination].filter(isMember);
    for (const member of new Set(members)) {
      member.connections.push(connection);
      member.ensurePolicy();
    }
    passGuards(connection);
  }

  private connect(
    source: NetworkIntents,
    destination: NetworkIntents,
    ports: readonly PeerPort[] | undefined,
  ): void {
    refuseHomeless(source, destination);
    destination.refuseUnknownPorts(this === source ? 'allowTo' : 'allowFrom', ports);
    this.add({ source, destination, ports, opens: 'both', declaredBy: this });
  }

  private portsIn({ ports }: AllowOptions): readonly PeerPort[] | undefined {
    return ports && this.explain(() => readPorts(ports, targetOf(this.subject.construct)));
  }

  private resolve(peer: Peer, direction: Direction) {
    const { construct, namespaces, parts } = this.subject;
    const namespace = parts ? undefined : namespaces()[0];
    return this.explain(() => peer.resolve({ target: targetOf(construct), namespace, direction }));
  }

  /** What cannot declare a port has to be told. */
  private refuseUnknownPorts(call: string, ports: readonly PeerPort[] | undefined): void {
    if (ports || this.subject.declaredPorts) return;
    throw new BulwarkError(
      `${this.subject.construct.node.path}: stands for pods that may declare any port, and ${call} names none. ` +
        `Add them: ${call}(peer, { ports: [8080] }).`,
    );
  }

  private refuseOpenDestination(): never {
    throw new BulwarkError(
      `${this.subject.construct.node.path}: allowTo names no ports, and an open destination is a way out for everything. ` +
        'Add them: allowTo(peer, { ports: [443] }).',
    );
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

  private problems(): string[] {
    const obstacle = this.connections.length > 0 ? this.subject.obstacle?.() : undefined;
    const found = this.declared.flatMap((connection) => [
      ...portsOf(connection).problems,
      ...agreementProblems(connection),
    ]);
    return [...new Set([...(obstacle === undefined ? [] : [obstacle]), ...found, ...guardProblems(this)])];
  }

  private toSpec(namespace: string): object {
    // A namespace has the policy for what is said of its tenant, since nothing else stands for all of the tenant's pods.
    const speakers = this.subject.workload === undefined ? membersAbove(this.subject.construct) : [this];
    const openings = (direction: Direction) => speakers.flatMap((speaker) => openingsOf(speaker, direction));
    return policySpec(selectorOf(this.subject.podLabels()), namespace, {
      ingress: openings('ingress'),
      egress: openings('egress'),
    });
  }
}

function selectorOf(labels: Readonly<Record<string, string>>) {
  return Object.keys(labels).length > 0 ? { matchLabels: { ...labels } } : {};
}

function openingsOf(member: NetworkIntents, direction: Direction): Opening[] {
  const [own, other] =
    direction === 'ingress' ? (['destination', 'source'] as const) : (['source', 'destination'] as const);
  return member.all
    .filter((connection) => connection[own] === member)
    .filter(({ opens }) => opens === 'both' || opens === direction)
    .map((connection) => ({ peer: peerOf(connection[other]), ports: portsOf(connection).ports }));
}

/** A policy in a namespace cannot name pods of which nobody knows the namespace. */
function refuseHomeless(source: NetworkIntents, destination: NetworkIntents): void {
  const homeless = [source, destination].filter(({ subject }) => subject.namespaces().includes(''));
  if (homeless.length !== 1) return;
  const other = homeless[0] === source ? destination : source;
  throw new BulwarkError(
    `${homeless[0]!.subject.construct.node.path}: has no namespace, so ${other.subject.construct.node.path} cannot name it as a peer. ` +
      'Put it into a TenantNamespace, or set the namespace of its chart.',
  );
}

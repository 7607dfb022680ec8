import { BlockList, isIPv4 } from 'node:net';
import { join } from 'node:path';
import { ApiObject } from 'cdk8s';
import { Deployment, type Protocol } from 'cdk8s-plus-27';
import * as fc from 'fast-check';
import {
  Blueprint,
  ClusterTarget,
  Dns,
  HardenedDeployment,
  Peer,
  Tenant,
  declaredConnections,
  intentsOf,
  type AllowOptions,
  type DeclaredConnection,
  type DeclaredPeer,
  type Manifest,
  type NetworkIntents,
} from '../../../constructs';
import { analyzeNetwork } from '../../../src/network';
import { useTemporaryFolder } from '../../support/folders';

/**
 * Random programs: two tenants with three namespaces and some workloads, everything that intents can say between them and
 * towards the rest of a cluster. What the engine reads out of the manifests has to be what was said, nothing more and nothing
 * less; what was said is worked out here from the calls themselves, without any code of the constructs.
 */

const RUNS = Number(process.env.BULWARK_RUNS ?? 150);
const folder = useTemporaryFolder();

type Proto = 'TCP' | 'UDP' | 'SCTP';
type PortSpec = NonNullable<AllowOptions['ports']>[number];

interface ContainerPort {
  readonly name?: string;
  readonly number: number;
  readonly protocol: Proto;
}

const CONTAINER_PORTS: readonly ContainerPort[] = [
  { name: 'http', number: 8080, protocol: 'TCP' },
  { name: 'dns', number: 53, protocol: 'UDP' },
  { name: 'dns-tcp', number: 53, protocol: 'TCP' },
  { name: 'sig', number: 3868, protocol: 'SCTP' },
  { number: 7001, protocol: 'TCP' },
  { number: 7009, protocol: 'UDP' },
];

const PORT_SPECS: readonly PortSpec[] = [
  8080,
  53,
  7001,
  'http',
  'dns',
  'dns-tcp',
  { port: 53, protocol: 'UDP' },
  { port: 3868, protocol: 'SCTP' },
  { port: 7000, endPort: 7010 },
  { port: 7000, endPort: 7010, protocol: 'UDP' },
];

/** Ports that are tried, with the neighbours of those that are named. */
const PROBES = [1, 52, 53, 54, 443, 3868, 6443, 6999, 7000, 7001, 7005, 7009, 7010, 7011, 8080, 8081];

/** Addresses that are tried: public, private, of nodes, of the API server, of metadata. */
const ADDRESSES = [
  '198.51.100.7',
  '203.0.113.9',
  '10.1.2.3',
  '169.254.169.254',
  '168.63.129.16',
  '169.254.20.10',
  '192.0.2.10',
  '192.0.2.77',
  '2001:db8::1',
  '2600::1',
  'fd00:ec2::254',
  'fd00::1',
];

const METADATA = ['169.254.169.254', '168.63.129.16', 'fd00:ec2::254'];

const NAMESPACES = [
  { tenant: 'red', name: 'red-a' },
  { tenant: 'red', name: 'red-b' },
  { tenant: 'blue', name: 'blue-a' },
] as const;

/** Pods of nobody, to whom no policy applies. */
const OUTSIDERS: readonly Omit<Pod, 'ports'>[] = [
  { namespace: 'kube-system', name: 'coredns', labels: { 'k8s-app': 'kube-dns' } },
  { namespace: 'ops', name: 'probe', labels: { app: 'probe' } },
  { namespace: 'ops', name: 'other', labels: { app: 'other' } },
];

/** A tenant that nothing isolates, such as one that another program made. */
const INTRUDER = { namespace: 'green-a', name: 'intruder', labels: { app: 'intruder' } };
const INTRUDERS_NAMESPACE: Manifest = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: INTRUDER.namespace, labels: { 'cdk8s-bulwark/tenant': 'green' } },
};

/** A pod as the model sees it. */
interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly tenant?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly ContainerPort[];
}

/** Some pods, or some addresses. */
interface Side {
  readonly pod: (pod: Pod) => boolean;
  readonly address: (address: string) => boolean;
}

interface Opening {
  readonly from: Side;
  readonly to: Side;
  readonly egress: boolean;
  readonly ingress: boolean;
  /** Whether a port of a pod, or of an address, is open. */
  readonly port: (destination: Pod | undefined, protocol: Proto, port: number) => boolean;
}

const NOBODY: Side = { pod: () => false, address: () => false };
const pods = (pod: Side['pod']): Side => ({ ...NOBODY, pod });
const addresses = (address: Side['address']): Side => ({ ...NOBODY, address });

function within(address: string, cidrs: readonly string[]): boolean {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network, prefix] = cidr.split('/') as [string, string];
    // Node would find an IPv4 address in ::/0.
    if (isIPv4(network) === isIPv4(address)) list.addSubnet(network, Number(prefix), family);
  }
  return list.check(address, family);
}

interface KnownPeer {
  readonly peer: Peer;
  readonly side: (self: Member) => Side;
  /** Ports that it brings along in egress. */
  readonly ports?: readonly PortSpec[];
  /** Whom `allowTo` reaches, where that are not the same. */
  readonly destination?: Side;
}

const PRIVATE = [
  ...['10.0.0.0/8', '169.254.0.0/16', '168.63.129.16/32'],
  ...['100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
];
const withoutMetadata = (address: string) => !METADATA.includes(address);

const PEERS: readonly KnownPeer[] = [
  {
    peer: Peer.pods({ app: 'probe' }, { namespace: 'ops' }),
    side: () => pods(({ namespace, labels }) => namespace === 'ops' && labels.app === 'probe'),
  },
  { peer: Peer.namespace('ops'), side: () => pods(({ namespace }) => namespace === 'ops') },
  {
    peer: Peer.pods({ 'app.kubernetes.io/name': 'w1' }),
    side: (self) => pods((pod) => self.covers(pod) && pod.name === 'w1'),
  },
  {
    peer: Peer.cidr('198.51.100.0/24'),
    side: () => addresses((address) => within(address, ['198.51.100.0/24'])),
  },
  {
    peer: Peer.cidr('2001:db8::/32'),
    side: () => addresses((address) => within(address, ['2001:db8::/32'])),
  },
  {
    peer: Peer.anywhere(),
    side: () => addresses(() => true),
    destination: addresses(withoutMetadata),
  },
  { peer: Peer.internet(), side: () => addresses((address) => !within(address, PRIVATE)) },
  { peer: Peer.nodes(), side: () => addresses((address) => within(address, ['192.0.2.0/24'])) },
  {
    peer: Peer.apiServer(),
    side: () => addresses((address) => address === '192.0.2.10'),
    ports: [443, 6443],
  },
  { peer: Peer.ingressController(), side: () => pods(({ namespace }) => namespace === 'ops') },
];

/** Somebody who can say something. */
interface Member {
  readonly tenant: string;
  readonly intents: NetworkIntents;
  readonly covers: (pod: Pod) => boolean;
  /** What its containers declare, where it is one workload. */
  readonly ports?: readonly ContainerPort[];
  readonly isTenant: boolean;
}

interface Program {
  readonly guarded: boolean;
  readonly workloads: readonly { readonly namespace: number; readonly ports: readonly ContainerPort[] }[];
  readonly calls: readonly Call[];
}

interface Call {
  readonly verb: 'allowFrom' | 'allowTo' | 'offerTo';
  readonly self: number;
  readonly other: { readonly member: number } | { readonly peer: number };
  readonly ports: readonly PortSpec[] | undefined;
}

const program: fc.Arbitrary<Program> = fc.record({
  guarded: fc.boolean(),
  workloads: fc.array(
    fc.record({
      namespace: fc.nat(NAMESPACES.length - 1),
      ports: fc.subarray([...CONTAINER_PORTS]),
    }),
    { minLength: 2, maxLength: 5 },
  ),
  calls: fc.array(
    fc.record({
      verb: fc.constantFrom('allowFrom' as const, 'allowTo' as const, 'offerTo' as const),
      self: fc.nat(9),
      other: fc.oneof(
        { weight: 2, arbitrary: fc.record({ member: fc.nat(9) }) },
        { weight: 1, arbitrary: fc.record({ peer: fc.nat(PEERS.length - 1) }) },
      ),
      ports: fc.option(fc.subarray([...PORT_SPECS], { minLength: 1, maxLength: 3 }), { nil: undefined }),
    }),
    { maxLength: 8 },
  ),
});

function targetOf(guarded: boolean): ClusterTarget {
  return ClusterTarget.kubernetes('1.33', {
    clusterNetworkPolicy: guarded,
    ipFamilies: ['IPv4', 'IPv6'],
    dns: Dns.coreDns({ nodeLocal: '169.254.20.10' }),
    apiServer: { cidrs: ['192.0.2.10/32'] },
    nodeCidrs: ['192.0.2.0/24'],
    ingressController: { namespace: 'ops' },
  });
}

/** A program after it ran: what it made, and what the model makes of the same calls. */
interface World {
  readonly cluster: Blueprint;
  readonly pods: readonly Pod[];
  readonly openings: readonly Opening[];
}

type MakeWorkload = (
  ...args: ConstructorParameters<typeof Deployment>
) => Deployment & { readonly intents?: NetworkIntents };

function run({ guarded, workloads, calls }: Program, make: MakeWorkload): World {
  const cluster = new Blueprint({ target: targetOf(guarded), outdir: join(folder.path, 'dist') });
  const tenants = new Map(['red', 'blue'].map((name) => [name, new Tenant(cluster, name)]));
  const charts = NAMESPACES.map(({ tenant, name }) => tenants.get(tenant)!.namespace(name.slice(-1)));
  const made = workloads.map(({ namespace, ports }, index): { pod: Pod; member: Member } => {
    const { tenant, name } = NAMESPACES[namespace]!;
    const workload = make(charts[namespace]!, `w${index}`, {
      podMetadata: { labels: { 'app.kubernetes.io/name': `w${index}` } },
      containers: [
        {
          image: 'registry.example/app:1.0.0',
          ports: ports.map((port) => ({ ...port, protocol: port.protocol as Protocol })),
        },
      ],
    });
    const pod: Pod = {
      namespace: name,
      name: `w${index}`,
      tenant,
      labels: { 'app.kubernetes.io/name': `w${index}` },
      ports,
    };
    const intents = workload.intents ?? intentsOf(workload);
    return { pod, member: { tenant, intents, covers: (other) => other === pod, ports, isTenant: false } };
  });
  const members: Member[] = [
    ...made.map(({ member }) => member),
    ...NAMESPACES.map(({ tenant, name }, index) => ({
      tenant,
      intents: charts[index]!.intents,
      covers: ({ namespace }: Pod) => namespace === name,
      isTenant: false,
    })),
    ...[...tenants].map(([tenant, { intents }]) => ({
      tenant,
      intents,
      covers: (pod: Pod) => pod.tenant === tenant,
      isTenant: true,
    })),
  ];
  const openings = calls.flatMap((call) => perform(call, members, guarded));
  const outsiders = OUTSIDERS.map((outsider) => ({ ...outsider, ports: [] }));
  return { cluster, pods: [...made.map(({ pod }) => pod), ...outsiders], openings: [...openings, ...DNS] };
}

const everyTenantPod = pods(({ tenant }) => tenant !== undefined);
const DNS: readonly Opening[] = [
  {
    from: everyTenantPod,
    to: {
      pod: ({ name }) => name === 'coredns',
      address: (address) => address === '169.254.20.10',
    },
    egress: true,
    ingress: false,
    port: (_, protocol, port) => port === 53 && protocol !== 'SCTP',
  },
];

/** Says something, unless it would be refused, and tells what it opens. Refusals are tested elsewhere. */
function perform(
  { verb, self, other, ports }: Call,
  members: readonly Member[],
  guarded: boolean,
): Opening[] {
  const subject = members[self % members.length]!;
  const options = ports && { ports };
  if ('peer' in other) return withPeer({ verb, subject, known: PEERS[other.peer]!, ports });
  const partner = members[other.member % members.length]!;
  const [source, destination] = verb === 'allowTo' ? [subject, partner] : [partner, subject];
  if (!isSayable(ports, destination)) return [];
  const namesPort = !destination.ports && ports!.some((spec) => typeof spec === 'string');
  if (guarded && namesPort && source.tenant !== destination.tenant) return [];
  if (verb === 'offerTo') {
    subject.intents.offerTo(partner.intents, options);
    return [];
  }
  subject.intents[verb](partner.intents, options);
  if (source.tenant !== destination.tenant) {
    if (verb === 'allowTo') destination.intents.offerTo(source.intents, options);
    else source.intents.allowTo(destination.intents, options);
  }
  return [
    {
      from: pods(source.covers),
      to: pods(destination.covers),
      egress: true,
      ingress: true,
      port: openPorts(ports, destination.ports),
    },
  ];
}

function withPeer({
  verb,
  subject,
  known,
  ports,
}: {
  readonly verb: Call['verb'];
  readonly subject: Member;
  readonly known: KnownPeer;
  readonly ports: readonly PortSpec[] | undefined;
}): Opening[] {
  const needsNamespace = known === PEERS[2];
  if (verb === 'offerTo' || (needsNamespace && subject.isTenant)) return [];
  const side = known.side(subject.ports && needsNamespace ? neighbours(subject) : subject);
  if (verb === 'allowFrom') {
    if (!isSayable(ports, subject)) return [];
    subject.intents.allowFrom(known.peer, ports && { ports });
    return [
      {
        from: side,
        to: pods(subject.covers),
        egress: false,
        ingress: true,
        port: openPorts(ports, subject.ports),
      },
    ];
  }
  const asked = ports ?? known.ports;
  if (!asked) return [];
  subject.intents.allowTo(known.peer, ports && { ports });
  const to = known.destination ?? side;
  return [
    { from: pods(subject.covers), to, egress: true, ingress: false, port: openPorts(asked, undefined) },
  ];
}

/** A workload's own namespace. */
function neighbours({ intents }: Member): Member {
  const [namespace] = intents.subject.namespaces();
  return {
    tenant: '',
    intents,
    isTenant: false,
    covers: (pod) => pod.namespace === namespace,
  };
}

/** Whether ports can be said of a destination at all. */
function isSayable(ports: readonly PortSpec[] | undefined, destination: Member): boolean {
  if (!destination.ports) return ports !== undefined;
  if (!ports) return destination.ports.length > 0;
  return ports.every((spec) => destination.ports!.some((declared) => fits(spec, declared)));
}

/** Whether a port that is declared is meant. */
function fits(spec: PortSpec, { name, number, protocol }: ContainerPort): boolean {
  if (typeof spec === 'string') return name === spec;
  if (typeof spec === 'number') return number === spec;
  if (spec.protocol && spec.protocol !== protocol) return false;
  return (spec.port as number) <= number && number <= (spec.endPort ?? (spec.port as number));
}

/** The ports that are open at a destination. Of one that is not a workload, each pod has its own idea of a name. */
function openPorts(
  specs: readonly PortSpec[] | undefined,
  declared: readonly ContainerPort[] | undefined,
): Opening['port'] {
  return (pod, protocol, port) => {
    if (!specs) return declared!.some((each) => each.protocol === protocol && each.number === port);
    return specs.some((spec) => {
      if (typeof spec === 'string') {
        const known = declared ?? pod?.ports.filter((each) => each.protocol === 'TCP') ?? [];
        return known.some((each) => each.name === spec && each.number === port && each.protocol === protocol);
      }
      const {
        port: first,
        endPort,
        protocol: wanted,
      } = typeof spec === 'number' ? { port: spec } : (spec as any);
      if (port < first || port > (endPort ?? first)) return false;
      if (wanted) return wanted === protocol;
      if (!declared) return protocol === 'TCP';
      return declared.some((each) => each.protocol === protocol && fits(spec, each));
    });
  };
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

/** Every pair, every protocol and every port that somebody says is open, as text. */
function open(
  { pods: all }: World,
  isOpen: (from: Pod | string, to: Pod | string) => (protocol: Proto, port: number) => boolean,
): string[] {
  const ends: (Pod | string)[] = [...all, ...ADDRESSES];
  const text = (end: Pod | string) => (typeof end === 'string' ? end : `${end.namespace}/${end.name}`);
  return ends.flatMap((from) =>
    ends.flatMap((to) => {
      if (typeof from === 'string' && typeof to === 'string') return [];
      const at = isOpen(from, to);
      return PROTOCOLS.flatMap((protocol) =>
        PROBES.filter((port) => at(protocol, port)).map(
          (port) => `${text(from)} => ${text(to)} : ${protocol} ${port}`,
        ),
      );
    }),
  );
}

function accordingToModel(world: World): string[] {
  const holds = (side: Side, end: Pod | string) =>
    typeof end === 'string' ? side.address(end) : side.pod(end);
  return open(world, (from, to) => {
    const between = world.openings.filter((each) => holds(each.from, from) && holds(each.to, to));
    const isolated = (end: Pod | string) => typeof end !== 'string' && end.tenant !== undefined;
    const destination = typeof to === 'string' ? undefined : to;
    return (protocol, port) => {
      const matching = between.filter((each) => each.port(destination, protocol, port));
      return (
        (!isolated(from) || matching.some(({ egress }) => egress)) &&
        (!isolated(to) || matching.some(({ ingress }) => ingress))
      );
    };
  });
}

/** What the list of declared connections says, by the words of its own documentation. */
function accordingToDeclared(world: World, declared: readonly DeclaredConnection[]): string[] {
  const isEnd = (peer: DeclaredPeer, end: Pod | string) => {
    if (peer.type === 'block') {
      return typeof end === 'string' && within(end, [peer.cidr]) && !within(end, peer.except);
    }
    return (
      typeof end !== 'string' &&
      peer.namespaces.includes(end.namespace) &&
      Object.entries(peer.labels).every(([key, value]) => labelsOf(end)[key] === value)
    );
  };
  const labelsOf = (pod: Pod) => ({ ...pod.labels, ...ADDRESS_LABELS.get(pod) });
  return open(world, (from, to) => {
    const between = declared.filter(
      ({ source, destination }) => isEnd(source, from) && isEnd(destination, to),
    );
    const isolated = (end: Pod | string) => typeof end !== 'string' && end.tenant !== undefined;
    const names = typeof to === 'string' ? [] : to.ports;
    const isOpen = (protocol: Proto, number: number, opens: string) =>
      between
        .filter((each) => each.opens === 'both' || each.opens === opens)
        .flatMap(({ ports }) => ports)
        .filter((each) => each.protocol === protocol)
        .some(({ port, endPort }) =>
          typeof port === 'string'
            ? names.some((each) => each.name === port && each.protocol === protocol && each.number === number)
            : port <= number && number <= (endPort ?? port),
        );
    return (protocol, port) =>
      (!isolated(from) || isOpen(protocol, port, 'egress')) &&
      (!isolated(to) || isOpen(protocol, port, 'ingress'));
  });
}

/** Labels that cdk8s-plus gives the pods of a workload that is not hardened. */
const ADDRESS_LABELS = new WeakMap<Pod, Record<string, string>>();

function accordingToEngine(world: World, manifests: readonly Manifest[], guarded: boolean): string[] {
  const reachability = analyzeNetwork([...manifests, ...OUTSIDERS.map(deployment)], {
    target: targetOf(guarded),
  });
  const name = (end: Pod | string) => (typeof end === 'string' ? end : `${end.namespace}/${end.name}`);
  return open(world, (from, to) => {
    const ranges = reachability.portsBetween(name(from), name(to));
    return (protocol, port) =>
      ranges.some((range) => range.protocol === protocol && range.first <= port && port <= range.last);
  });
}

function deployment({ namespace, name, labels }: Omit<Pod, 'ports'>): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name },
    spec: { template: { metadata: { labels }, spec: { containers: [] } } },
  };
}

/** The objects of a program as they are written, without hardening the pods and judging everything, which takes its time. */
function render({ cluster, pods: all }: World): Manifest[] {
  const constructs = cluster.node.findAll().filter((construct) => construct !== cluster);
  expect(constructs.flatMap((construct) => construct.node.validate())).toEqual([]);
  const manifests = constructs
    .filter((construct) => ApiObject.isApiObject(construct))
    .filter(({ kind }) => ['Namespace', 'Deployment', 'NetworkPolicy', 'ClusterNetworkPolicy'].includes(kind))
    .map((object) => object.toJson() as Manifest);
  for (const pod of all) {
    const own = manifests.find(
      ({ kind, metadata }) =>
        kind === 'Deployment' && metadata?.name === pod.name && metadata.namespace === pod.namespace,
    ) as any;
    if (own) ADDRESS_LABELS.set(pod, own.spec.template.metadata.labels);
  }
  return manifests;
}

describe('the pods of a random program', () => {
  it('reach what was said and nothing else, as the engine reads the policies', () => {
    fc.assert(
      fc.property(program, (input) => {
        const world = run(input, (...args) => new Deployment(...args));
        const manifests = render(world);
        const said = accordingToModel(world);
        expect(accordingToEngine(world, manifests, input.guarded)).toEqual(said);
        expect(accordingToDeclared(world, declaredConnections(world.cluster))).toEqual(said);
      }),
      { numRuns: RUNS },
    );
  });

  it('do so after the whole synthesis as well, when they are hardened', () => {
    fc.assert(
      fc.property(program, (input) => {
        const world = run(input, (scope, id, props) => new HardenedDeployment(scope, id, props));
        const { manifests } = world.cluster.synth();
        const said = accordingToModel(world);
        expect(accordingToEngine(world, manifests, input.guarded)).toEqual(said);
        expect(accordingToDeclared(world, declaredConnections(world.cluster))).toEqual(said);
      }),
      { numRuns: Math.ceil(RUNS / 30) },
    );
  });

  it('reach nothing of another tenant that was not agreed on, whatever a NetworkPolicy opens, where guards are', () => {
    fc.assert(
      fc.property(program, (input) => {
        const made = run({ ...input, guarded: true }, (...args) => new Deployment(...args));
        const world = { ...made, pods: [...made.pods, { ...INTRUDER, ports: [] }] };
        const manifests = [...render(world), INTRUDERS_NAMESPACE, deployment(INTRUDER)];
        const opened = NAMESPACES.map(({ name }) => openToAll(name));
        const ofTenants = (line: string) => {
          const [from, to] = line.split(/ => | : /).map((end) => /^(red|blue|green)-/.exec(end)?.[1]);
          return from !== undefined && to !== undefined && from !== to;
        };
        const isMetadata = (line: string) =>
          /^(red|blue)-/.test(line) && METADATA.some((address) => line.includes(` => ${address} `));
        const engine = accordingToEngine(world, [...manifests, ...opened], true);
        expect(engine.filter(ofTenants)).toEqual(accordingToModel(world).filter(ofTenants));
        expect(engine.filter(isMetadata)).toEqual([]);
      }),
      { numRuns: Math.ceil(RUNS / 3) },
    );
  });
});

/** What a tenant who may write NetworkPolicies could apply. */
function openToAll(namespace: string): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'allow-all', namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
  };
}

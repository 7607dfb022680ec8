import fc from 'fast-check';
import type { Cluster, Pod } from './brute-force';

/*
 * Small clusters in which everything is likely to meet everything: few labels, few ports, blocks that hold each other.
 */

const NAMESPACES = ['a', 'b', 'c'];
const KEYS = ['app', 'tier'];
const VALUES = ['x', 'y'];
const PORT_NAMES = ['web', 'dns'];
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

/** Ports on either side of every border that a rule of the clusters can have. */
export const PORTS = [1, 79, 80, 81, 82, 83, 443, 8080, 65535];

/** Addresses on either side of every border that a block of the clusters can have. */
export const ADDRESSES: readonly string[] = [
  ...[
    '0.0.0.0',
    '9.255.255.255',
    '10.0.0.0',
    '10.1.0.0',
    '10.1.2.2',
    '10.1.2.3',
    '10.1.2.4',
    '10.255.255.255',
  ],
  ...['11.0.0.0', '169.254.169.254', '255.255.255.255'],
  ...[
    '::',
    '2001:db8::',
    '2001:db8:ffff::1',
    '2001:db9::',
    'fd00::',
    'fd00:ec2::253',
    'fd00:ec2::254',
    'fe00::',
  ],
];

const BLOCKS: readonly { readonly cidr: string; readonly within: readonly string[] }[] = [
  { cidr: '0.0.0.0/0', within: ['10.0.0.0/8', '169.254.169.254/32', '10.1.2.3/32'] },
  { cidr: '10.0.0.0/8', within: ['10.1.0.0/16', '10.1.2.3/32', '10.0.0.0/8'] },
  { cidr: '10.1.2.3/32', within: [] },
  { cidr: '::/0', within: ['fd00::/8', 'fd00:ec2::254/128', '2001:db8::/32'] },
  { cidr: 'fd00::/8', within: ['fd00:ec2::254/128'] },
  { cidr: '2001:db8::/32', within: [] },
];

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 2 });

const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1 }),
  }),
  fc.record({ key: fc.constantFrom(...KEYS), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);

const selector = fc.oneof(
  { weight: 3, arbitrary: fc.record({ matchLabels: labels }) },
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record({ matchExpressions: fc.array(expression, { minLength: 1, maxLength: 2 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 1 }) }),
  },
);

const namespaceSelector = fc.oneof(
  selector,
  fc.constantFrom(...NAMESPACES).map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
);

const ipBlock = fc
  .constantFrom(...BLOCKS)
  .chain(({ cidr, within }) =>
    within.length === 0
      ? fc.constant({ cidr })
      : fc.record({ cidr: fc.constant(cidr), except: fc.subarray([...within]) }, { requiredKeys: ['cidr'] }),
  );

const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector }),
  fc.record({ namespaceSelector, podSelector: selector }),
  fc.record({ ipBlock }),
);

const policyPort = fc.oneof(
  fc.record(
    { port: fc.constantFrom(80, 81, 443), protocol: fc.constantFrom(...PROTOCOLS) },
    { requiredKeys: ['port'] },
  ),
  fc.record({
    port: fc.constantFrom(80, 81),
    endPort: fc.constantFrom(81, 82),
    protocol: fc.constantFrom(...PROTOCOLS),
  }),
  fc.record(
    { port: fc.constantFrom(...PORT_NAMES), protocol: fc.constantFrom(...PROTOCOLS) },
    { requiredKeys: ['port'] },
  ),
  fc.record({ protocol: fc.constantFrom(...PROTOCOLS) }),
);

const rules = (side: string) =>
  fc.array(
    fc.record(
      { [side]: fc.array(peer, { maxLength: 2 }), ports: fc.array(policyPort, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    { maxLength: 2 },
  );

const networkPolicy = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  spec: fc.record(
    {
      podSelector: selector,
      policyTypes: fc.constantFrom<string[]>([], ['Ingress'], ['Egress'], ['Ingress', 'Egress']),
      ingress: rules('from'),
      egress: rules('to'),
    },
    { requiredKeys: ['podSelector'] },
  ),
});

const subject = fc.oneof(
  fc.record({ namespaces: namespaceSelector }),
  fc.record({ pods: fc.record({ namespaceSelector, podSelector: selector }) }),
);

const networks = fc.record({
  networks: fc.uniqueArray(fc.constantFrom(...BLOCKS.map(({ cidr }) => cidr)), {
    minLength: 1,
    maxLength: 2,
  }),
});

const destinationPort = fc.oneof(
  fc.record({ number: fc.constantFrom(80, 81, 443) }),
  fc.record({ range: fc.constantFrom({ start: 79, end: 81 }, { start: 81, end: 443 }) }),
);

const protocols = fc.oneof(
  fc.record({ destinationNamedPort: fc.constantFrom(...PORT_NAMES) }),
  fc
    .tuple(fc.constantFrom(...PROTOCOLS), destinationPort)
    .map(([protocol, port]) => ({ [protocol.toLowerCase()]: { destinationPort: port } })),
);

const adminPorts = fc.oneof(
  fc.record({ namedPort: fc.constantFrom(...PORT_NAMES) }),
  fc.record({
    portNumber: fc.record({ protocol: fc.constantFrom(...PROTOCOLS), port: fc.constantFrom(80, 81) }),
  }),
  fc.record({
    portRange: fc.record({
      protocol: fc.constantFrom(...PROTOCOLS),
      start: fc.constantFrom(79, 80),
      end: fc.constantFrom(81, 443),
    }),
  }),
);

type Fields = Record<string, unknown>;

/** Rules for one direction of a cluster-wide policy. */
const clusterRules = (side: string, actions: readonly string[], ports: fc.Arbitrary<Fields>) =>
  fc.array(
    fc.record(
      {
        action: fc.constantFrom(...actions),
        [side]: fc.array(side === 'to' ? fc.oneof(subject, subject, networks) : subject, {
          minLength: 1,
          maxLength: 2,
        }),
        ports: fc.array(ports, { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ['action', side] },
    ),
    { maxLength: 3 },
  );

const bothDirections = (actions: readonly string[], ports: fc.Arbitrary<Fields>) =>
  fc.record({
    subject,
    ingress: clusterRules('from', actions, ports),
    egress: clusterRules('to', actions, ports),
  });

const clusterNetworkPolicy = fc.record({
  kind: fc.constant('ClusterNetworkPolicy'),
  tier: fc.constantFrom('Admin', 'Baseline'),
  spec: bothDirections(['Accept', 'Deny', 'Pass'], protocols).map(renamePorts),
});

const adminNetworkPolicy = fc.record({
  kind: fc.constantFrom('AdminNetworkPolicy', 'BaselineAdminNetworkPolicy'),
  tier: fc.constant(undefined),
  spec: bothDirections(['Allow', 'Deny'], adminPorts),
});

/** What was called `ports` is called `protocols` in ClusterNetworkPolicy. */
function renamePorts(spec: any): any {
  const rename = ({ ports, ...rule }: any) => (ports ? { ...rule, protocols: ports } : rule);
  return { ...spec, ingress: spec.ingress.map(rename), egress: spec.egress.map(rename) };
}

const clusterPolicies = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: clusterNetworkPolicy }, { weight: 1, arbitrary: adminNetworkPolicy }),
    {
      maxLength: 3,
    },
  )
  .map((policies) =>
    policies.map(({ kind, tier, spec }, index) => ({
      apiVersion: `policy.networking.k8s.io/${kind === 'ClusterNetworkPolicy' ? 'v1alpha2' : 'v1alpha1'}`,
      kind,
      metadata: { name: `policy-${index}` },
      // Which of two policies of the same priority counts is undefined.
      spec: { ...(tier && { tier }), priority: index, ...spec },
    })),
  );

const pod = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  labels,
  hostNetwork: fc.oneof(
    { weight: 6, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  ports: fc.uniqueArray(
    fc.record(
      {
        name: fc.constantFrom(...PORT_NAMES),
        containerPort: fc.constantFrom(80, 82, 443, 8080),
        protocol: fc.constantFrom(...PROTOCOLS),
      },
      { requiredKeys: ['containerPort'] },
    ),
    { maxLength: 2, selector: ({ name, containerPort }) => name ?? containerPort },
  ),
});

/** Clusters with up to five pods and a handful of policies of all kinds. */
export const clusters: fc.Arbitrary<Cluster> = fc
  .record({
    namespaces: fc.tuple(...NAMESPACES.map((name) => labels.map((own) => ({ name, labels: own })))),
    pods: fc.array(pod, { minLength: 2, maxLength: 5 }),
    policies: fc.array(networkPolicy, { maxLength: 4 }),
    clusterPolicies: fc.oneof(fc.constant([]), clusterPolicies),
    families: fc.constantFrom<Cluster['families']>(['IPv4'], ['IPv6'], ['IPv4', 'IPv6']),
    hostNetwork: fc.constantFrom<Cluster['hostNetwork']>('pods', 'node'),
  })
  .map(({ pods, policies, ...others }) => ({
    ...others,
    pods: pods.map((each, index): Pod => ({ ...each, name: `pod-${String.fromCharCode(97 + index)}` })),
    policies: policies.map(({ namespace, spec }, index) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name: `policy-${index}` },
      spec,
    })),
  }));

import type { Inventory } from '../manifest/inventory';
import type { JsonObject, Manifest } from '../manifest/manifest';
import {
  borrowedPodLabels,
  idleRules,
  mayHaveSplitPeers,
  mayNameFamily,
  oneFamilyRules,
  privateNamespaceLabels,
  splitPeers,
  undeclaredPorts,
  type DoubtfulRule,
  type PolicySet,
} from '../network/lint';
import { parseCidr } from '../network/cidr';
import { metadataExcept } from '../network/metadata';
import { buildNetwork, readPolicies, type Network } from '../network/network';
import { portAlgebra } from '../network/ports';
import { CLUSTER_POLICY_KINDS } from '../network/read-cluster-policy';
import type { ClusterTarget } from '../target/target';
import type { Breach, InventoryControl } from './control';
import { API_LABELS, defaultDeny, deployment, namespaced, networkPolicy } from './example-objects';

/** What reads well in a policy, and is not what was meant. */
export const NETWORK_LINT_CONTROLS: readonly InventoryControl[] = [
  {
    id: 'network-policy-peer-not-split',
    title: 'A namespaceSelector and the podSelector that goes with it are one peer',
    why: 'One dash too many makes two peers of them, and every pod of the namespaces is let in instead of the few that were meant.',
    severity: 'high',
    references: [
      { standard: 'Kubernetes', id: 'Network Policies: behavior of to and from selectors' },
      { standard: 'OWASP K8s 2025', id: 'K05' },
    ],
    scope: 'inventory',
    breaches: asking(splitPeers, mayHaveSplitPeers),
    fix: 'Write both selectors in one entry of the list, without a dash before the second.',
    examples: {
      fails: [
        ...clusterWithMonitoring(),
        ingressPolicy({
          from: [{ namespaceSelector: named('monitoring') }, { podSelector: labelled('prometheus') }],
        }),
      ],
      passes: [
        ...clusterWithMonitoring(),
        ingressPolicy({
          from: [{ namespaceSelector: named('monitoring'), podSelector: labelled('prometheus') }],
        }),
      ],
    },
  },
  {
    id: 'network-policy-ip-families',
    title: 'A rule for every address is about every family of addresses that pods have',
    why: 'On a cluster with both families a rule with 0.0.0.0/0 alone allows half of what was meant, and one that denies it leaves ::/0 open.',
    severity: 'medium',
    references: [{ standard: 'Kubernetes', id: 'IPv4/IPv6 dual-stack' }],
    scope: 'inventory',
    breaches: askingEach(oneFamilyRules, mayNameFamily),
    fix: 'Add the block of the other family, ::/0 or 0.0.0.0/0, with its own exceptions.',
    examples: {
      fails: [egressPolicy({ to: [block('0.0.0.0/0')] })],
      passes: [egressPolicy({ to: [block('0.0.0.0/0'), block('::/0')] })],
    },
  },
  {
    id: 'network-policy-port-declared',
    title: 'Every port of a NetworkPolicy is one that a container of the destination declares',
    why: 'A rule for a port that nobody listens on allows nothing that is needed, and a name that no container gives to a port means none.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'NetworkPolicyPort.port' }],
    scope: 'inventory',
    breaches: asking(undeclaredPorts),
    fix: 'Write the number or the name of a port of the containers; that of a Service may be another.',
    examples: {
      fails: [listening('api', 8080), ingressPolicy({ from: [{ podSelector: {} }], ports: [{ port: 80 }] })],
      passes: [
        listening('api', 8080),
        ingressPolicy({ from: [{ podSelector: {} }], ports: [{ port: 8080 }] }),
      ],
    },
  },
  {
    id: 'network-policy-rule-counts',
    title: 'No rule of a network policy is idle beside or behind another',
    why: 'A rule that changes nothing hides what does: whoever removes it believes that a connection is closed, which another rule keeps open.',
    severity: 'low',
    references: [
      { standard: 'Kubernetes', id: 'NetworkPolicySpec.ingress' },
      { standard: 'KEP', id: '2091' },
    ],
    scope: 'inventory',
    breaches: asking(idleRules),
    fix: 'Remove the rule, or narrow the one that already decides.',
    examples: {
      fails: [
        ingressPolicy(
          { from: [{ podSelector: {} }] },
          { from: [{ podSelector: labelled('web') }], ports: [{ port: 8080 }] },
        ),
      ],
      passes: [ingressPolicy({ from: [{ podSelector: labelled('web') }], ports: [{ port: 8080 }] })],
    },
  },
  {
    id: 'network-policy-pod-label-trust',
    title: 'A peer by labels of pods says in which namespaces',
    why: 'Labels of a pod are chosen by whoever makes it. A peer of any namespace with such labels is any tenant who copies them.',
    severity: 'high',
    references: [
      { standard: 'Kubernetes', id: 'Multi-tenancy: Network isolation' },
      { standard: 'OWASP K8s 2025', id: 'K05' },
    ],
    scope: 'inventory',
    breaches: askingEach(borrowedPodLabels),
    fix: 'Add kubernetes.io/metadata.name to the namespaceSelector of the peer.',
    examples: {
      fails: [ingressPolicy({ from: [{ namespaceSelector: {}, podSelector: labelled('prometheus') }] })],
      passes: [
        ingressPolicy({
          from: [{ namespaceSelector: named('monitoring'), podSelector: labelled('prometheus') }],
        }),
      ],
    },
  },
  {
    id: 'network-policy-namespace-label-trust',
    title: 'Namespaces are known by labels that the platform owns',
    why: 'Keys without a prefix belong to users. Where tenants may label their namespaces, one who copies such a label is let in.',
    severity: 'medium',
    references: [
      { standard: 'Kubernetes', id: 'Labels and Selectors: syntax' },
      { standard: 'Kubernetes', id: 'Multi-tenancy: Network isolation' },
    ],
    scope: 'inventory',
    breaches: askingEach(privateNamespaceLabels),
    fix: 'Use kubernetes.io/metadata.name, which nobody can set, or a label whose prefix only the platform may write.',
    examples: {
      fails: [ingressPolicy({ from: [{ namespaceSelector: { matchLabels: { team: 'web' } } }] })],
      passes: [ingressPolicy({ from: [{ namespaceSelector: named('monitoring') }] })],
    },
  },
];

const NETWORKS = new WeakMap<Inventory, Network>();

type Question<T> = (asked: T) => readonly DoubtfulRule[];

/**
 * Asks about the network of the manifests, which all of these controls share.
 * @param mayBeDoubtful Tells from a policy alone that there is something to ask. Most clusters have no such policy, and
 * finding out who reaches whom takes longer than all other rules about policies together.
 */
function asking(
  question: Question<Network>,
  mayBeDoubtful: (policy: Manifest) => boolean = () => true,
): InventoryControl['breaches'] {
  return (inventory, target) => {
    const isWorthIt = policiesOf(inventory).some(mayBeDoubtful);
    return isWorthIt ? breachesOf(question(networkOf(inventory, target))) : [];
  };
}

/** Asks about each policy on its own, for which nobody has to know the pods. */
function askingEach(
  question: Question<PolicySet>,
  mayBeDoubtful: (policy: Manifest) => boolean = () => true,
): InventoryControl['breaches'] {
  return (inventory, target) => {
    const candidates = policiesOf(inventory).filter(mayBeDoubtful);
    if (candidates.length === 0) return [];
    const { policies } = readPolicies(candidates, true, portAlgebra());
    return breachesOf(question({ policies, families: target.ipFamilies }));
  };
}

function breachesOf(doubtful: readonly DoubtfulRule[]): Breach[] {
  return doubtful.map(({ policy, field, detail }) => ({ manifest: policy, field, detail }));
}

/** Every object that may be a policy. */
function policiesOf(inventory: Inventory): Manifest[] {
  return ['NetworkPolicy', ...CLUSTER_POLICY_KINDS].flatMap((kind) => inventory.ofKind(kind));
}

/** Whether a cluster enforces a policy or not, it can be doubtful, so all are read. */
function networkOf(inventory: Inventory, { ipFamilies }: ClusterTarget): Network {
  let network = NETWORKS.get(inventory);
  if (!network) {
    const options = { clusterPolicies: true, hostNetwork: 'pods', families: ipFamilies } as const;
    NETWORKS.set(inventory, (network = buildNetwork(inventory.manifests, options)));
  }
  return network;
}

function ingressPolicy(...ingress: readonly JsonObject[]): Manifest {
  return networkPolicy({
    podSelector: { matchLabels: { ...API_LABELS } },
    policyTypes: ['Ingress'],
    ingress,
  });
}

function egressPolicy(...egress: readonly JsonObject[]): Manifest {
  return networkPolicy({ podSelector: { matchLabels: { ...API_LABELS } }, policyTypes: ['Egress'], egress });
}

function labelled(app: string): JsonObject {
  return { matchLabels: { app } };
}

function named(namespace: string): JsonObject {
  return { matchLabels: { 'kubernetes.io/metadata.name': namespace } };
}

function block(cidr: string): JsonObject {
  return { ipBlock: { cidr, except: metadataExcept(parseCidr(cidr)) } };
}

/** The Deployment `api` in `shop`, which denies by default, and `prometheus` in `monitoring`. */
function clusterWithMonitoring(): Manifest[] {
  const prometheus = deployment('prometheus');
  return [
    ...[deployment('api'), defaultDeny()],
    { ...prometheus, metadata: { ...prometheus.metadata, namespace: 'monitoring' } },
  ];
}

function listening(name: string, containerPort: number): Manifest {
  return namespaced('v1', 'Pod', name, {
    metadata: { name, namespace: 'shop', labels: { app: name } },
    spec: { containers: [{ name, image: `registry.example/${name}:1.4.2`, ports: [{ containerPort }] }] },
  });
}

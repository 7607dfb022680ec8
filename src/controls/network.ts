import { namespaceOf, selects, type Inventory, type WorkloadEntry } from '../manifest/inventory';
import { describeObject, isObject, labelsOf, type JsonObject, type Manifest } from '../manifest/manifest';
import { templatePath } from '../manifest/pod';
import { contains, parseCidr, readCidr } from '../network/cidr';
import { metadataExcept } from '../network/metadata';
import type { ClusterTarget } from '../target/target';
import type { Breach, InventoryControl, ObjectControl } from './control';
import { API_LABELS, defaultDeny, deployment, namespaced, networkPolicy } from './example-objects';
import { namespacesWithout } from './namespaces';
import {
  DIRECTIONS,
  isEmptySelector,
  isolates,
  namespaceIndex,
  policiesIn,
  POLICY,
  specOf,
  type Direction,
  type IsolatingPolicies,
} from './policies';
import { listOf, objectsOf } from '../lists';

const INGRESS = 'networking.k8s.io/Ingress';

/** Who reaches whom: NetworkPolicies, Services and Ingresses. */
export const NETWORK_CONTROLS: readonly (ObjectControl | InventoryControl)[] = [
  {
    id: 'pod-network-isolated',
    title: 'A NetworkPolicy says who may reach a pod, and whom it may reach',
    why: 'A pod that no policy selects is open to the whole cluster, and whoever breaks into it reaches the whole cluster and the Internet.',
    severity: 'medium',
    references: [
      { standard: 'CIS 1.11', id: '5.3.2' },
      { standard: 'OWASP K8s 2025', id: 'K05' },
      { standard: 'NSA/CISA 1.2', id: 'Network policies' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9034' },
    ],
    aliases: {
      kubescape: ['C-0206', 'C-0260'],
      trivy: ['KSV-0038'],
      checkov: ['CKV2_K8S_6'],
      'kube-linter': ['non-isolated-pod'],
      polaris: ['missingNetworkPolicy'],
      'kube-score': ['pod-networkpolicy'],
      kyverno: ['require-netpol'],
    },
    scope: 'inventory',
    breaches: (inventory) =>
      isolable(inventory).flatMap((entry) => {
        const { policies } = namespaceIndex(inventory, entry.namespace);
        const open = DIRECTIONS.filter((direction) => !isIsolated(entry, policies[direction]));
        if (open.length === 0) return [];
        const detail = `No NetworkPolicy selects the pods of ${describeObject(entry.manifest)} for ${open.join(' and ')}`;
        return [{ manifest: entry.manifest, field: labelsField(entry), detail }];
      }),
    fix: 'Add a NetworkPolicy that selects the pods by their labels, with Ingress and Egress in policyTypes.',
    examples: { fails: [deployment('api')], passes: [deployment('api'), defaultDeny()] },
  },
  {
    id: 'namespace-default-deny',
    title: 'Every namespace with workloads denies what no NetworkPolicy allows',
    why: 'Only a policy that selects every pod also closes the pod that is added tomorrow with other labels.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K05' },
      { standard: 'NSA/CISA 1.2', id: 'Network policies' },
      { standard: 'Kubernetes', id: 'Multi-tenancy: Network isolation' },
    ],
    aliases: {
      kubescape: ['C-0030', 'C-0049', 'C-0054'],
      polaris: ['missingNetworkPolicy'],
      kyverno: ['add-network-policy'],
    },
    scope: 'inventory',
    breaches: (inventory) =>
      namespacesWithout(
        inventory,
        (name) => undenied(inventory, name).length === 0,
        (name) =>
          `No NetworkPolicy denies ${undenied(inventory, name).join(' and ')} for every pod of namespace ${name}`,
      ),
    fix: 'Add a NetworkPolicy with podSelector: {} and policyTypes: [Ingress, Egress].',
    examples: {
      fails: [
        deployment('api'),
        networkPolicy({ podSelector: selectApi(), policyTypes: ['Ingress', 'Egress'] }),
      ],
      passes: [deployment('api'), defaultDeny()],
    },
  },
  {
    id: 'no-allow-all-network-policy',
    title: 'No NetworkPolicy allows everything',
    why: 'NetworkPolicies add up: one rule for all peers on all ports undoes every other policy on the same pods.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K05' },
      { standard: 'NSA/CISA 1.2', id: 'Network policies' },
    ],
    aliases: { trivy: ['KSV-0038'], kyverno: ['restrict-networkpolicy-empty-podselector'] },
    scope: 'object',
    kinds: [POLICY],
    rule: `${noOpenRule('ingress', 'from')} && ${noOpenRule('egress', 'to')}`,
    field: 'spec',
    fix: 'Name peers in from and to, and ports.',
    examples: {
      fails: networkPolicy({ podSelector: selectApi(), policyTypes: ['Ingress'], ingress: [{}] }),
      passes: networkPolicy({ podSelector: selectApi(), policyTypes: ['Ingress'], ingress: [fromWeb()] }),
    },
  },
  {
    id: 'network-policy-types',
    title: 'Every NetworkPolicy says which directions it is about',
    why: 'Without policyTypes an empty list of egress rules denies nothing, and rules for a direction that the list leaves out are ignored.',
    severity: 'medium',
    references: [{ standard: 'Kubernetes', id: 'NetworkPolicySpec.policyTypes' }],
    scope: 'object',
    kinds: [POLICY],
    rule:
      'object.spec.?policyTypes.orValue([]).size() > 0 && ' +
      "(!has(object.spec.ingress) || 'Ingress' in object.spec.policyTypes) && " +
      "(!has(object.spec.egress) || 'Egress' in object.spec.policyTypes)",
    field: 'spec.policyTypes',
    fix: 'Set policyTypes to the directions that the policy has rules for or denies.',
    examples: {
      fails: networkPolicy({ podSelector: selectApi(), policyTypes: ['Ingress'], egress: [toDatabase()] }),
      passes: networkPolicy({ podSelector: selectApi(), policyTypes: ['Egress'], egress: [toDatabase()] }),
    },
  },
  {
    id: 'network-policy-selects-pods',
    title: 'Every NetworkPolicy selects pods that exist',
    why: 'A policy whose selector has a typing error is accepted and guards nothing, and no status says so.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K05' },
      { standard: 'KEP', id: '2943' },
    ],
    aliases: {
      kubescape: ['C-0299'],
      'kube-linter': ['dangling-networkpolicy'],
      'kube-score': ['networkpolicy-targets-pod'],
    },
    scope: 'inventory',
    breaches: (inventory) =>
      policiesIn(inventory)
        .filter((policy) => selectsNothing(inventory, policy))
        .map((manifest) => ({ manifest, field: 'spec.podSelector' })),
    fix: 'Write the labels of the pods’ template, or remove the policy.',
    examples: {
      fails: [
        deployment('api'),
        defaultDeny(),
        networkPolicy({ podSelector: { matchLabels: { app: 'apl' } }, policyTypes: ['Ingress'] }),
      ],
      passes: [
        deployment('api'),
        defaultDeny(),
        networkPolicy({ podSelector: selectApi(), policyTypes: ['Ingress'] }),
      ],
    },
  },
  {
    id: 'network-policy-peer-exists',
    title: 'Every peer of a NetworkPolicy selects pods that exist',
    why: 'A peer with a typing error allows nobody, and the next one who cannot connect removes the policy.',
    severity: 'low',
    references: [{ standard: 'OWASP K8s 2025', id: 'K05' }],
    aliases: { 'kube-linter': ['dangling-networkpolicypeer-podselector'] },
    scope: 'inventory',
    breaches: (inventory) =>
      policiesIn(inventory).flatMap((manifest) =>
        peersOf(manifest)
          .filter(({ peer }) => peerIsNobody(inventory, manifest, peer))
          .map(({ field }) => ({ manifest, field })),
      ),
    fix: 'Write the labels of the peer’s pods, and a namespaceSelector where they are in another namespace.',
    examples: {
      fails: [
        ...[deployment('api'), deployment('web'), defaultDeny()],
        networkPolicy({
          podSelector: selectApi(),
          policyTypes: ['Ingress'],
          ingress: [{ from: [{ podSelector: { matchLabels: { app: 'wep' } } }] }],
        }),
      ],
      passes: [
        ...[deployment('api'), deployment('web'), defaultDeny()],
        networkPolicy({ podSelector: selectApi(), policyTypes: ['Ingress'], ingress: [fromWeb()] }),
      ],
    },
  },
  {
    id: 'network-policy-dns',
    title: 'Pods that may reach something may ask the DNS for it',
    why: 'A pod whose policies allow egress but no DNS cannot connect to what they allow, and the policies are removed with the trouble.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'Network Policies: DNS' }],
    aliases: { kyverno: ['add-networkpolicy-dns'] },
    scope: 'inventory',
    breaches: (inventory, target) =>
      isolable(inventory).flatMap((entry) => {
        const missing = missingDns(inventory, entry, target);
        if (missing.length === 0) return [];
        const detail = `No NetworkPolicy lets the pods of ${describeObject(entry.manifest)} ask the DNS over ${missing.join(' and ')}`;
        return [{ manifest: entry.manifest, field: labelsField(entry), detail }];
      }),
    fix: 'Allow egress to the DNS of the cluster on port 53, UDP and TCP.',
    examples: {
      fails: [deployment('api'), defaultDeny(), egressPolicy(toDatabase())],
      passes: [deployment('api'), defaultDeny(), egressPolicy(toDatabase(), toDns())],
    },
  },
  {
    id: 'no-metadata-egress',
    title: 'No NetworkPolicy lets pods reach the metadata of the cloud',
    why: 'From the metadata address a pod gets the credentials of its node, and with them becomes the node or reads what the node may read in the cloud.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K08' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9033' },
      { standard: 'MITRE ATT&CK', id: 'T1552.005' },
      { standard: 'NSA/CISA 1.2', id: 'Cloud metadata' },
    ],
    aliases: { kubescape: ['C-0052'] },
    scope: 'inventory',
    breaches: (inventory) => policiesIn(inventory).flatMap(metadataEgress),
    fix: 'Leave the addresses out by except, in each block of either family, or allow a narrower block.',
    examples: {
      fails: [egressPolicy({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] })],
      passes: [
        egressPolicy({
          to: [{ ipBlock: { cidr: '0.0.0.0/0', except: metadataExcept(parseCidr('0.0.0.0/0')) } }],
        }),
      ],
    },
  },
  {
    id: 'no-external-ips',
    title: 'No Service claims external addresses',
    why: 'Nodes send what is meant for an address in externalIPs to the pods of the Service, so its author gets the traffic of any address they name.',
    severity: 'high',
    references: [
      { standard: 'CVE', id: 'CVE-2020-8554' },
      { standard: 'MITRE ATT&CK', id: 'T1557' },
    ],
    aliases: { trivy: ['KSV-0108'], kyverno: ['restrict-external-ips'] },
    scope: 'object',
    kinds: ['Service'],
    rule: 'object.?spec.?externalIPs.orValue([]).size() == 0',
    field: 'spec.externalIPs',
    fix: 'Remove it, and use a Service of type LoadBalancer or an Ingress.',
    examples: { fails: service({ externalIPs: ['192.0.2.10'] }), passes: service({}) },
  },
  {
    id: 'no-node-port',
    title: 'No Service opens a port on the nodes',
    why: 'A node port is open on every address of every node, past the Ingress and what guards it, and the pods do not see who calls.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K06' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9005' },
    ],
    aliases: {
      kubescape: ['C-0256'],
      'kube-linter': ['exposed-services'],
      'kube-score': ['service-type'],
      kyverno: ['restrict-nodeport'],
    },
    scope: 'object',
    kinds: ['Service'],
    rule: "object.?spec.?type.orValue('ClusterIP') != 'NodePort'",
    field: 'spec.type',
    fix: 'Set it to ClusterIP, and use an Ingress or a Gateway.',
    examples: { fails: service({ type: 'NodePort' }), passes: service({ type: 'ClusterIP' }) },
  },
  {
    id: 'load-balancer-source-ranges',
    title: 'A load balancer admits the addresses that are named, and no others',
    why: 'A load balancer without source ranges is open to the Internet, mostly without anybody having decided so.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K06' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9005' },
      { standard: 'Kubernetes', id: 'Application Security Checklist' },
    ],
    aliases: {
      kubescape: ['C-0231', 'C-0256'],
      'kube-linter': ['exposed-services'],
      kyverno: ['no-loadbalancer-service'],
    },
    scope: 'object',
    kinds: ['Service'],
    rule:
      "object.?spec.?type.orValue('ClusterIP') != 'LoadBalancer' || " +
      '(object.spec.?loadBalancerSourceRanges.orValue([]).size() > 0 && ' +
      "!object.spec.loadBalancerSourceRanges.exists(range, range.matches('/0+$')))",
    field: 'spec.loadBalancerSourceRanges',
    fix: 'Name the blocks of addresses that may connect, or use one Ingress for what is public.',
    examples: {
      fails: service({ type: 'LoadBalancer' }),
      passes: service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24'] }),
    },
  },
  {
    id: 'no-external-name-to-host',
    title: 'No Service is another name for the node or the cloud’s metadata',
    why: 'Whoever connects to the Service for others, such as an Ingress controller, then connects to itself, to its node or to the metadata address.',
    severity: 'medium',
    references: [
      { standard: 'CVE', id: 'CVE-2021-25737' },
      { standard: 'MITRE ATT&CK', id: 'T1090' },
    ],
    aliases: { kyverno: ['no-localhost-service'] },
    scope: 'object',
    kinds: ['Service'],
    rule:
      "object.?spec.?type.orValue('ClusterIP') != 'ExternalName' || " +
      "!object.spec.?externalName.orValue('').lowerAscii().matches(" +
      "'^((.*[.])?localhost([.]localdomain6?)?|ip6-localhost|metadata([.]google[.]internal)?|instance-data([.]ec2[.]internal)?|" +
      "(127|169[.]254)([.][0-9]+)+|0[.]0[.]0[.]0|::1)[.]?$')",
    field: 'spec.externalName',
    fix: 'Remove it, or name the host outside the cluster that is meant.',
    examples: {
      fails: externalName('localhost'),
      passes: externalName('database.example.com'),
    },
  },
  {
    id: 'no-host-endpoint',
    title: 'No EndpointSlice leads to the node or the cloud’s metadata',
    why: 'Nodes and Ingress controllers connect to what an EndpointSlice says; a loopback or link-local address there is one of theirs.',
    severity: 'high',
    references: [
      { standard: 'CVE', id: 'CVE-2021-25737' },
      { standard: 'CVE', id: 'CVE-2020-8558' },
    ],
    scope: 'object',
    kinds: ['discovery.k8s.io/EndpointSlice'],
    // An API server writes a slice without endpoints as null, which optional fields do not cover.
    rule:
      '!(has(object.endpoints) && dyn(object.endpoints) != null && object.endpoints.exists(endpoint, ' +
      `endpoint.?addresses.orValue([]).exists(address, ${isHostAddress('address')})))`,
    field: 'endpoints',
    fix: 'Remove the address, and let Kubernetes write the slice from the selector of a Service.',
    examples: { fails: endpointSlice('127.0.0.1'), passes: endpointSlice('192.0.2.10') },
  },
  {
    id: 'no-host-endpoints',
    title: 'No Endpoints object leads to the node or the cloud’s metadata',
    why: 'Kubernetes copies Endpoints to EndpointSlices, which nodes and Ingress controllers connect to; a loopback or link-local address there is one of theirs.',
    severity: 'high',
    references: [{ standard: 'CVE', id: 'CVE-2021-25737' }],
    scope: 'object',
    kinds: ['Endpoints'],
    rule:
      'object.?subsets.orValue([]).all(subset, ' +
      ['addresses', 'notReadyAddresses']
        .map((list) => `!subset.?${list}.orValue([]).exists(address, ${isHostAddress('address.ip')})`)
        .join(' && ') +
      ')',
    field: 'subsets',
    fix: 'Remove the address, and let Kubernetes write Endpoints from the selector of a Service.',
    examples: { fails: endpoints('169.254.169.254'), passes: endpoints('192.0.2.10') },
  },
  {
    id: 'ingress-tls',
    title: 'Every host of an Ingress is served over TLS',
    why: 'Without TLS passwords and sessions pass every network on the way in the clear, and anybody there changes what is sent.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K06' },
      { standard: 'MITRE ATT&CK', id: 'T1557' },
    ],
    aliases: {
      kubescape: ['C-0263'],
      polaris: ['tlsSettingsMissing'],
      kyverno: ['require-ingress-https', 'ingress-host-match-tls'],
    },
    scope: 'object',
    kinds: [INGRESS],
    // An entry without hosts is the certificate of all hosts. A wildcard stands for one part of a name.
    rule:
      'object.?spec.?tls.orValue([]).size() > 0 && object.spec.?rules.orValue([]).all(rule, ' +
      "object.spec.tls.exists(tls, tls.?hosts.orValue([]).size() == 0 || (rule.?host.orValue('') != '' && tls.hosts.exists(host, " +
      "host == rule.host || (host.startsWith('*.') && rule.host.contains('.') && " +
      "host.substring(1) == rule.host.substring(rule.host.indexOf('.')))))))",
    field: 'spec.tls',
    fix: 'Add every host to spec.tls, with the Secret of its certificate.',
    examples: { fails: ingress('shop.example.com', { tls: [] }), passes: ingress('shop.example.com') },
  },
  {
    id: 'ingress-named-hosts',
    title: 'Every rule of an Ingress names one host',
    why: 'A rule without a host, with a wildcard, or a default backend gets the requests for names that nobody thought of, or that belong to another team.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K06' },
      { standard: 'MITRE ATT&CK', id: 'T1557' },
    ],
    aliases: {
      kyverno: [
        'disallow-empty-ingress-host',
        'restrict-ingress-wildcard',
        'restrict-ingress-defaultbackend',
      ],
    },
    scope: 'object',
    kinds: [INGRESS],
    rule:
      '!object.?spec.?defaultBackend.hasValue() && object.?spec.?rules.orValue([]).all(rule, ' +
      "rule.?host.orValue('') != '' && !rule.host.contains('*'))",
    field: 'spec.rules',
    fix: 'Write a rule with the full host for each name, and remove defaultBackend.',
    examples: { fails: ingress('*.example.com'), passes: ingress('shop.example.com') },
  },
  {
    id: 'ingress-unique-hosts',
    title: 'No host and path belongs to two Ingresses, and no host to two namespaces',
    why: 'Which of two Ingresses for the same host wins is up to the controller, so a second one in another namespace takes over the first one’s requests.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K05' },
      { standard: 'MITRE ATT&CK', id: 'T1557' },
    ],
    aliases: { kyverno: ['unique-ingress-host', 'unique-ingress-host-and-path', 'unique-ingress-path'] },
    scope: 'inventory',
    breaches: (inventory) => contestedHosts(inventory),
    fix: 'Use another host, or serve all its paths from one Ingress.',
    examples: {
      fails: [
        ingress('shop.example.com'),
        { ...ingress('shop.example.com'), metadata: { name: 'web', namespace: 'blog' } },
      ],
      passes: [
        ingress('shop.example.com'),
        { ...ingress('blog.example.com'), metadata: { name: 'web', namespace: 'blog' } },
      ],
    },
  },
  {
    id: 'no-ingress-snippet',
    title: 'No Ingress writes into the configuration of its controller',
    why: 'A snippet is code in the proxy that all tenants share: it reads the controller’s token and with it every Secret of the cluster.',
    severity: 'high',
    references: [
      { standard: 'CVE', id: 'CVE-2021-25742' },
      { standard: 'CVE', id: 'CVE-2021-25746' },
    ],
    aliases: {
      kubescape: ['C-0059'],
      checkov: ['CKV_K8S_152', 'CKV_K8S_153', 'CKV_K8S_154'],
      kyverno: ['disallow-ingress-nginx-custom-snippets', 'restrict-annotations'],
    },
    scope: 'object',
    kinds: [INGRESS],
    rule: "!object.metadata.?annotations.orValue({}).exists(key, key.matches('-snippets?$'))",
    field: 'metadata.annotations',
    fix: 'Remove the annotation, and use one that says the same without code.',
    examples: {
      fails: {
        ...ingress('shop.example.com'),
        metadata: {
          name: 'web',
          namespace: 'shop',
          annotations: { 'nginx.ingress.kubernetes.io/configuration-snippet': 'more_set_headers "X-A: b";' },
        },
      },
      passes: ingress('shop.example.com'),
    },
  },
];

/** The workloads to whose pods NetworkPolicies apply: on those in the network of the node they have no defined effect. */
function isolable({ workloads }: Inventory): WorkloadEntry[] {
  return workloads.filter(({ pod }) => pod.spec.hostNetwork !== true);
}

function labelsField({ manifest }: WorkloadEntry): string {
  return [...templatePath(manifest)!, 'metadata', 'labels'].join('.');
}

/** Whether some policy of those of a direction isolates the pods of a workload. */
function isIsolated({ pod }: WorkloadEntry, { ofAll, ofSome }: IsolatingPolicies): boolean {
  return ofAll.length > 0 || ofSome().selecting(labelsOf(pod)).length > 0;
}

/** The directions that no policy denies for every pod of a namespace. */
function undenied(inventory: Inventory, namespace: string): Direction[] {
  const { policies } = namespaceIndex(inventory, namespace);
  return DIRECTIONS.filter(
    (direction) => !policies[direction].ofAll.some((policy) => denies(policy, direction)),
  );
}

/** Whether a policy that isolates pods does not take it back by a rule without peers and ports. */
function denies(policy: Manifest, direction: Direction): boolean {
  const { ingress, egress } = specOf(policy);
  const rules = objectsOf(direction === 'Ingress' ? ingress : egress);
  const isOpen = ({ from, to, ports }: JsonObject) =>
    [from, to, ports].every((restriction) => listOf(restriction).length === 0);
  return !rules.some(isOpen);
}

/** Where the manifests hold no workload of the namespace, its pods come from elsewhere. */
function selectsNothing(inventory: Inventory, policy: Manifest): boolean {
  const { podSelector } = specOf(policy);
  const namespace = namespaceOf(policy);
  if (isEmptySelector(podSelector) || inventory.workloadsIn(namespace).length === 0) return false;
  return !namespaceIndex(inventory, namespace).pods().hasSelected(podSelector);
}

interface Peer {
  readonly peer: JsonObject;
  readonly field: string;
}

function peersOf(policy: Manifest): Peer[] {
  const { ingress, egress } = specOf(policy);
  const of = (direction: string, rules: unknown, side: 'from' | 'to') =>
    objectsOf(rules).flatMap((rule, i) =>
      objectsOf(rule[side]).map((peer, j) => ({ peer, field: `spec.${direction}[${i}].${side}[${j}]` })),
    );
  return [...of('ingress', ingress, 'from'), ...of('egress', egress, 'to')];
}

/** Whether a peer surely is no pod: all namespaces it may be in are in the manifests, with workloads, and none of them is it. */
function peerIsNobody(inventory: Inventory, policy: Manifest, peer: JsonObject): boolean {
  if (isEmptySelector(peer.podSelector)) return false;
  const namespaces = namespacesOf(inventory, policy, peer.namespaceSelector);
  if (namespaces.length === 0 || namespaces.some((name) => inventory.workloadsIn(name).length === 0))
    return false;
  return !namespaces.some((name) => namespaceIndex(inventory, name).pods().hasSelected(peer.podSelector));
}

/** Of a selector for namespaces those that the manifests declare; that there are no others shows only where it names them. */
function namespacesOf(inventory: Inventory, policy: Manifest, selector: unknown): readonly string[] {
  if (!isObject(selector)) return [namespaceOf(policy)];
  const name = isObject(selector.matchLabels)
    ? selector.matchLabels['kubernetes.io/metadata.name']
    : undefined;
  if (typeof name !== 'string') return [];
  const labels = inventory.find('Namespace', '', name)?.metadata?.labels ?? {};
  return selects(selector, { ...labels, 'kubernetes.io/metadata.name': name }) ? [name] : [];
}

/** The protocols over which pods that may reach something may not reach the DNS. Pods that may reach nothing need none. */
function missingDns(
  inventory: Inventory,
  { namespace, pod }: WorkloadEntry,
  { dns }: ClusterTarget,
): string[] {
  const { ofAll, ofSome } = namespaceIndex(inventory, namespace).policies.Egress;
  const some = egressOf(ofSome().selecting(labelsOf(pod)), dns.port);
  const all = egressOfAll(ofAll, dns.port);
  if (!some.hasRules && !all.hasRules) return [];
  return DNS_PROTOCOLS.filter(
    (protocol) => !some.dnsProtocols.includes(protocol) && !all.dnsProtocols.includes(protocol),
  );
}

const DNS_PROTOCOLS = ['UDP', 'TCP'];

interface AllowedEgress {
  readonly hasRules: boolean;
  /** Over which the DNS may be asked. */
  readonly dnsProtocols: readonly string[];
}

function egressOf(policies: readonly Manifest[], dnsPort: number): AllowedEgress {
  const rules = policies.flatMap((policy) => objectsOf(specOf(policy).egress));
  const dnsProtocols = DNS_PROTOCOLS.filter((protocol) =>
    rules.some((rule) => [53, dnsPort].some((port) => allowsPort(rule, protocol, port))),
  );
  return { hasRules: rules.length > 0, dnsProtocols };
}

const EGRESS_OF_ALL = new WeakMap<readonly Manifest[], AllowedEgress>();

/** What the policies for all pods of a namespace allow, worked out once for the namespace. */
function egressOfAll(policies: readonly Manifest[], dnsPort: number): AllowedEgress {
  const known = EGRESS_OF_ALL.get(policies) ?? egressOf(policies, dnsPort);
  EGRESS_OF_ALL.set(policies, known);
  return known;
}

/** Whether a rule is about a port. One with a name is whatever the pod calls so, which nobody knows of the DNS. */
function allowsPort(rule: JsonObject, protocol: string, number: number): boolean {
  const ports = objectsOf(rule.ports);
  return (
    ports.length === 0 ||
    ports.some(({ protocol: of = 'TCP', port, endPort }) => {
      if (of !== protocol) return false;
      if (port === undefined || port === null) return true;
      if (typeof port === 'string') return port.startsWith('dns');
      return Number(port) <= number && number <= Number(endPort ?? port);
    })
  );
}

/** Ports of metadata services: HTTP, that of GKE's metadata server, and that of Azure's WireServer for extensions. */
const METADATA_PORTS = [80, 988, 32526];

/** The egress rules of a policy that reach a metadata address. */
function metadataEgress(policy: Manifest): Breach[] {
  if (!isolates(policy, 'Egress')) return [];
  return listOf(specOf(policy).egress).flatMap((rule, i) => {
    if (!isObject(rule)) return [];
    const peers = listOf(rule.to);
    const mayReach = peers.length === 0 || peers.some((peer) => isObject(peer) && isObject(peer.ipBlock));
    if (!mayReach || !METADATA_PORTS.some((port) => allowsPort(rule, 'TCP', port))) return [];
    const at = `spec.egress[${i}].to`;
    if (peers.length === 0) {
      return [
        { manifest: policy, field: at, detail: 'A rule without peers reaches the metadata of the cloud' },
      ];
    }
    return peers.flatMap((peer, j) => {
      const reached = isObject(peer) && isObject(peer.ipBlock) ? metadataIn(peer.ipBlock) : [];
      if (reached.length === 0) return [];
      const detail = `The block reaches ${reached.join(', ')}, where clouds hand out credentials`;
      return [{ manifest: policy, field: `${at}[${j}].ipBlock`, detail }];
    });
  });
}

/** The metadata addresses that a block reaches. */
function metadataIn({ cidr, except }: JsonObject): string[] {
  const block = readCidr(cidr);
  if (!block) return [];
  const excepted = listOf(except).flatMap((each) => readCidr(each) ?? []);
  return metadataExcept(block)
    .filter((address) => !excepted.some((each) => contains(each, parseCidr(address))))
    .map((address) => address.slice(0, address.indexOf('/')));
}

/** The Ingresses for a host, or a path of it, that an earlier one has. */
function contestedHosts(inventory: Inventory): Breach[] {
  const owners = new Map<string, Manifest>();
  return inventory.ofKind(INGRESS).flatMap((manifest) =>
    objectsOf(specOf(manifest).rules).flatMap((rule, index) => {
      const other = claim(owners, manifest, rule);
      if (!other) return [];
      const detail = `The host ${String(rule.host)} already belongs to ${describeObject(other)}`;
      return [{ manifest, field: `spec.rules[${index}].host`, detail }];
    }),
  );
}

/** Takes the host and the paths of a rule for an Ingress, or tells who has one of them. */
function claim(owners: Map<string, Manifest>, manifest: Manifest, rule: JsonObject): Manifest | undefined {
  if (typeof rule.host !== 'string' || rule.host === '') return undefined;
  const host = rule.host.toLowerCase();
  const owner = owners.get(host) ?? manifest;
  if (owner.metadata?.namespace !== manifest.metadata?.namespace) return owner;
  owners.set(host, owner);
  const paths = objectsOf(isObject(rule.http) ? rule.http.paths : []);
  const taken = paths
    .map(({ path }) => `${host} ${typeof path === 'string' ? path : '/'}`)
    .map((key) => {
      const first = owners.get(key) ?? manifest;
      owners.set(key, first);
      return first;
    });
  return taken.find((first) => first !== manifest);
}

/** No rule of a direction is for all peers and all ports, in CEL. */
function noOpenRule(direction: string, side: string): string {
  const anyAddress =
    "(peer.?ipBlock.?cidr.orValue('').endsWith('/0') && peer.?ipBlock.?except.orValue([]).size() == 0)";
  const anyPod =
    '(peer.?namespaceSelector.hasValue() && ' +
    ['namespaceSelector', 'podSelector']
      .map(
        (selector) =>
          `peer.?${selector}.?matchLabels.orValue({}).size() + peer.?${selector}.?matchExpressions.orValue([]).size() == 0`,
      )
      .join(' && ') +
    ')';
  return (
    `object.spec.?${direction}.orValue([]).all(rule, rule.?ports.orValue([]).size() > 0 || ` +
    `(rule.?${side}.orValue([]).size() > 0 && !rule.${side}.exists(peer, ${anyAddress} || ${anyPod})))`
  );
}

/** Whether an address is a loopback, link-local or unspecified one, in CEL. */
function isHostAddress(address: string): string {
  return `${address}.lowerAscii().matches('^(127[.]|169[.]254[.]|0[.]|[0:]*:[0:]*1?$|::ffff:(127|169[.]254)[.]|fe[89ab][0-9a-f]:|fd00:ec2:)')`;
}

function selectApi(): JsonObject {
  return { matchLabels: { ...API_LABELS } };
}

function fromWeb(): JsonObject {
  return {
    from: [{ podSelector: { matchLabels: { app: 'web' } } }],
    ports: [{ protocol: 'TCP', port: 8080 }],
  };
}

function egressPolicy(...egress: readonly JsonObject[]): Manifest {
  return networkPolicy({ podSelector: selectApi(), policyTypes: ['Egress'], egress });
}

function toDatabase(): JsonObject {
  return { to: [{ ipBlock: { cidr: '192.0.2.10/32' } }], ports: [{ protocol: 'TCP', port: 5432 }] };
}

function toDns(): JsonObject {
  return {
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
    ],
    ports: [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
    ],
  };
}

function service(spec: JsonObject): Manifest {
  return namespaced('v1', 'Service', 'api', {
    spec: { selector: { ...API_LABELS }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  });
}

function externalName(name: string): Manifest {
  return namespaced('v1', 'Service', 'database', { spec: { type: 'ExternalName', externalName: name } });
}

function endpointSlice(address: string): Manifest {
  return namespaced('discovery.k8s.io/v1', 'EndpointSlice', 'database', {
    addressType: 'IPv4',
    endpoints: [{ addresses: [address] }],
    ports: [{ port: 5432 }],
  });
}

function endpoints(ip: string): Manifest {
  return namespaced('v1', 'Endpoints', 'database', {
    subsets: [{ addresses: [{ ip }], ports: [{ port: 5432 }] }],
  });
}

function ingress(host: string, spec: JsonObject = {}): Manifest {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  return namespaced('networking.k8s.io/v1', 'Ingress', 'web', {
    spec: {
      tls: [{ hosts: [host], secretName: 'web-tls' }],
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      ...spec,
    },
  });
}

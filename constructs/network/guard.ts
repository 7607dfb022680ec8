import { ApiObject, Chart, Lazy } from 'cdk8s';
import type { Construct, IConstruct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { push } from '../../src/groups';
import { compareText } from '../../src/manifest/manifest';
import { parseCidr } from '../../src/network/cidr';
import type { DeclaredPort } from '../../src/network/declared';
import { METADATA_BLOCKS } from '../../src/network/metadata';
import { SELF_SERVICE_LABEL, TENANT_LABEL } from '../../src/manifest/kinds';
import type { ClusterTarget } from '../../src/target/target';
import { targetOf } from '../blueprint/settings';
import {
  adminPolicySpec,
  clusterPeer,
  clusterProtocol,
  clusterRule,
  MOST_IN_CLUSTER_POLICY,
  type ClusterPolicyPeer,
  type ClusterPolicyRule,
} from './cluster-policy';
import { crossesTenants, isMember, peerOf, portsOf, type Connection } from './connection';
import type { NetworkIntents } from './intents';
import { nameOfTenant, tenantOf } from './members';
import { collapse } from './ports';
import { NAMESPACE_NAME_LABEL } from './policy';

/** Agreements are asked first. They only pass, so it makes no difference that all of them have the same priority. */
export const AGREEMENT_PRIORITY = 100;

/** Whatever was not passed is denied. Guards have subjects of their own, so no two of them meet. */
export const GUARD_PRIORITY = 200;

/**
 * Guards a tenant with a ClusterNetworkPolicy of the Admin tier, where the target knows that kind: what comes from or goes to
 * another tenant, or to the metadata of a cloud, is denied before any NetworkPolicy is asked. NetworkPolicies only add up, so
 * without it one more policy in a namespace would open what the others close.
 *
 * What the tenants have agreed on passes, and is left to the NetworkPolicies.
 */
export function guardTenant(tenant: Construct, namespaces: () => readonly string[]): void {
  if (!hasClusterPolicies(tenant)) return;
  refuseOldCluster(tenant);
  addClusterPolicy(tenant, `tenant-${nameOfTenant(tenant)}`, () =>
    guardSpec(
      clusterPeer({ type: 'pods', namespaces: namespaces(), labels: {} }),
      otherTenants(namespaces()),
      targetOf(tenant),
    ),
  );
}

/** The same for the namespaces that people of a tenant make, whose names nobody knows yet. Guard rails see to their labels. */
export function guardSelfMade(tenant: Construct): void {
  if (!hasClusterPolicies(tenant)) return;
  refuseOldCluster(tenant);
  const name = nameOfTenant(tenant);
  const own = { matchLabels: { [TENANT_LABEL]: name, [SELF_SERVICE_LABEL]: 'true' } };
  const others = [
    { key: TENANT_LABEL, operator: 'Exists' as const },
    { key: TENANT_LABEL, operator: 'NotIn' as const, values: [name] },
  ];
  const policy = addClusterPolicy(tenant, `tenant-${name}.self-service`, () =>
    guardSpec({ namespaces: own }, [{ namespaces: { matchExpressions: others } }], targetOf(tenant)),
  );
  policy.metadata.addLabel(TENANT_LABEL, name);
}

function guardSpec(
  subject: ClusterPolicyPeer,
  others: readonly ClusterPolicyPeer[],
  target: ClusterTarget,
): object {
  return adminPolicySpec({
    priority: GUARD_PRIORITY,
    subject,
    ingress: [clusterRule({ name: 'from other tenants', action: 'Deny', from: others })],
    egress: [clusterRule({ name: 'to other tenants', action: 'Deny', to: others }), ...metadataRules(target)],
  });
}

/** Lets a connection between tenants pass both guards, so that the NetworkPolicies of both sides decide. */
export function passGuards(connection: Connection): void {
  const { source, destination } = connection;
  if (!isMember(source) || !isMember(destination) || !crossesTenants(connection)) return;
  pass(source, 'egress', destination, connection);
  pass(destination, 'ingress', source, connection);
}

/** The connections of a member with each partner beyond its tenant. */
type Partners = Map<NetworkIntents, Connection[]>;

/** The partners of a member, and how many policies pass them. */
interface Agreements {
  readonly ingress: Partners;
  readonly egress: Partners;
  policies: number;
}

const AGREEMENTS = new WeakMap<NetworkIntents, Agreements>();

function pass(
  member: NetworkIntents,
  direction: 'ingress' | 'egress',
  partner: NetworkIntents,
  connection: Connection,
): void {
  if (!hasClusterPolicies(member.subject.construct)) return;
  const none: Agreements = { ingress: new Map(), egress: new Map(), policies: 0 };
  const agreements = AGREEMENTS.get(member) ?? none;
  AGREEMENTS.set(member, agreements);
  push(agreements[direction], partner, connection);
  const partners = Math.max(agreements.ingress.size, agreements.egress.size);
  while (agreements.policies * MOST_IN_CLUSTER_POLICY < partners) {
    addAgreementPolicy(member, agreements, agreements.policies);
    agreements.policies += 1;
  }
}

function addAgreementPolicy(member: NetworkIntents, agreements: Agreements, index: number): void {
  const { construct, namespaces, workload } = member.subject;
  const tenant = tenantOf(construct)!;
  const owner = construct === tenant ? `tenant-${nameOfTenant(tenant)}` : namespaces()[0]!;
  const name = ['agreement', owner, workload, index > 0 ? String(index + 1) : undefined];
  addClusterPolicy(tenant, name.filter((part) => part !== undefined).join('.'), () =>
    adminPolicySpec({
      priority: AGREEMENT_PRIORITY,
      subject: clusterPeer(member.asPeer()),
      ingress: rulesOf(agreements.ingress, 'from', index),
      egress: rulesOf(agreements.egress, 'to', index),
    }),
  );
}

/** The rules that belong into the policy of that index, one for each partner. */
function rulesOf(partners: Partners, side: 'from' | 'to', index: number): ClusterPolicyRule[] {
  const first = index * MOST_IN_CLUSTER_POLICY;
  return inOrder(partners)
    .slice(first, first + MOST_IN_CLUSTER_POLICY)
    .map((partner) => {
      const { path } = partner.subject.construct.node;
      const protocols = agreedPorts(partners.get(partner)!).map(clusterProtocol);
      const peers = [clusterPeer(peerOf(partner))];
      return clusterRule({ name: `${side} ${path}`, action: 'Pass', [side]: peers, protocols });
    });
}

const ORDERS = new WeakMap<Partners, readonly NetworkIntents[]>();

/** Partners in an order that does not depend on who was connected first. Each of many policies asks for it, so it is kept. */
function inOrder(partners: Partners): readonly NetworkIntents[] {
  const known = ORDERS.get(partners);
  if (known?.length === partners.size) return known;
  const path = ({ subject }: NetworkIntents) => subject.construct.node.path;
  const order = [...partners.keys()].sort((a, b) => compareText(path(a), path(b)));
  ORDERS.set(partners, order);
  return order;
}

function agreedPorts(connections: readonly Connection[]): DeclaredPort[] {
  return collapse(connections.flatMap((connection) => portsOf(connection).ports));
}

/** What of the agreements that a member is the destination of no ClusterNetworkPolicy can say. */
export function guardProblems(member: NetworkIntents): string[] {
  const partners = [...(AGREEMENTS.get(member)?.ingress ?? [])];
  return partners.flatMap(([partner, connections]) => {
    const ports = agreedPorts(connections);
    const agreement = `the agreement with ${partner.subject.construct.node.path}`;
    const names = ports.filter(({ port }) => typeof port === 'string').map(({ port }) => port);
    return [
      ...(names.length > 0
        ? [
            `${agreement} is about the port '${names.join("', '")}', and in a ClusterNetworkPolicy a name stands for a port of any protocol, so more would pass than was agreed on. ` +
              'Name the number instead.',
          ]
        : []),
      ...(ports.length > MOST_IN_CLUSTER_POLICY
        ? [
            `${agreement} is about ${ports.length} ports, and a rule of a ClusterNetworkPolicy holds ${MOST_IN_CLUSTER_POLICY}. ` +
              'Name a range instead, for example { port: 7000, endPort: 7100 }.',
          ]
        : []),
    ];
  });
}

/** Who is a tenant but not this one. A name cannot be forged; the label can, by whoever may write to Namespaces. */
function otherTenants(own: readonly string[]): ClusterPolicyPeer[] {
  return [
    {
      namespaces: {
        matchExpressions: [
          { key: TENANT_LABEL, operator: 'Exists' },
          { key: NAMESPACE_NAME_LABEL, operator: 'NotIn', values: [...own].sort(compareText) },
        ],
      },
    },
  ];
}

function metadataRules({ dns, ipFamilies }: ClusterTarget): ClusterPolicyRule[] {
  const blocks = METADATA_BLOCKS.filter((text) => ipFamilies.includes(parseCidr(text).family));
  const answering = blocks.filter((text) => dns.nodeLocal.includes(text.slice(0, text.indexOf('/'))));
  const resolver = (['UDP', 'TCP'] as const).map((protocol) => clusterProtocol({ port: 53, protocol }));
  const deny = { name: 'to the metadata of the cloud', action: 'Deny', to: [{ networks: blocks }] } as const;
  if (answering.length === 0) return [deny];
  // Cloud DNS for GKE answers at the address of the metadata server.
  const names = {
    name: 'to DNS',
    action: 'Pass',
    to: [{ networks: answering }],
    protocols: resolver,
  } as const;
  return [names, deny];
}

function hasClusterPolicies(construct: IConstruct): boolean {
  return targetOf(construct).clusterNetworkPolicy;
}

/** The definition of the kind (v0.2.0) asks isCIDR of every network, which API servers offer to definitions from 1.31. */
function refuseOldCluster(tenant: IConstruct): void {
  const { version, minor } = targetOf(tenant);
  if (minor >= OLDEST_MINOR) return;
  throw new BulwarkError(
    `${tenant.node.path}: clusterNetworkPolicy of the target needs Kubernetes 1.${OLDEST_MINOR}, since a ${version} API server refuses the definition of ClusterNetworkPolicy v1alpha2. ` +
      'Remove clusterNetworkPolicy, or name the version that the cluster has.',
  );
}

const OLDEST_MINOR = 31;

function addClusterPolicy(tenant: IConstruct, name: string, spec: () => object): ApiObject {
  const id = 'network-guard';
  const chart = (tenant.node.tryFindChild(id) as Chart | undefined) ?? new Chart(tenant, id);
  return new ApiObject(chart, name, {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: Lazy.any({ produce: spec }) as unknown,
  });
}

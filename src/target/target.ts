import { BulwarkError } from '../errors';
import { parseCidr } from '../network/cidr';
import { checkNodes, type ClusterCapacity, type NodePool } from './capacity';
import { Dns } from './dns';
import type { WellKnownPods } from './well-known';

/** Oldest and newest supported minor version of Kubernetes 1. */
export const SUPPORTED_MINORS = { oldest: 27, newest: 37 } as const;

/** The API server as pods reach it: no selector matches it, so policies need its addresses. */
export interface ApiServerEndpoint {
  /** Addresses of the endpoints behind the `kubernetes` Service (and of the Service where the CNI sees it), as CIDR. */
  readonly cidrs: readonly string[];
  /** @default [443, 6443]: CNIs differ in whether they see the port of the Service or of the endpoint */
  readonly ports?: readonly number[];
  /**
   * From where the API server calls webhooks and aggregated APIs: addresses of the control plane's nodes, or the pods of a
   * proxy such as the konnectivity agent, which stands between the two on GKE and elsewhere.
   * @default { cidrs }: a static pod of kubeadm calls from the address that it is reached at
   */
  readonly callers?: { readonly cidrs: readonly string[] } | WellKnownPods;
}

/** What a cluster can do beyond its version. Everything has a default that is safe on a plain kubeadm cluster. */
export interface ClusterCapabilities {
  /** @default CoreDNS in kube-system, no node-local cache */
  readonly dns?: Dns;
  /** Needed as soon as a workload talks to the API server. @default unknown */
  readonly apiServer?: ApiServerEndpoint;
  /** Address families of pods. @default ['IPv4'] */
  readonly ipFamilies?: readonly IpFamily[];
  /** Addresses of the nodes, as CIDR. Needed as soon as a workload talks with what runs in the network of a node. @default unknown */
  readonly nodeCidrs?: readonly string[];
  /** The ingress controller, where this program does not deploy it itself. @default unknown */
  readonly ingressController?: WellKnownPods;
  /** What scrapes metrics, where this program does not deploy it itself. @default unknown */
  readonly monitoring?: WellKnownPods;
  /** Whether the network plugin knows ranges of ports (endPort, stable since Kubernetes 1.25). @default true */
  readonly portRanges?: boolean;
  /** Name of the network plugin. Flannel is refused, since it ignores NetworkPolicy. @default unknown, enforcing NetworkPolicy */
  readonly cni?: string;
  /**
   * How AppArmor is asked for: `field` (Kubernetes >= 1.30), `annotation` (any version, deprecated since 1.30), `both` for a
   * fleet in migration or policy engines that read annotations only, or `none` for nodes without AppArmor, where the kubelet
   * would refuse such pods.
   * @default 'field' from 1.30, 'annotation' before (KEP-24)
   */
  readonly appArmor?: AppArmorStyle;
  /** Whether nodes support user namespaces (KEP-127: containerd >= 2.0 or CRI-O, Linux >= 6.3). @default true from 1.33 */
  readonly userNamespaces?: boolean;
  /** Whether the sealed-secrets controller and its CRD are installed. @default false */
  readonly sealedSecrets?: boolean;
  /** Whether External Secrets Operator (external-secrets.io/v1) is installed. @default false */
  readonly externalSecrets?: boolean;
  /** Whether the Secrets Store CSI driver (secrets-store.csi.x-k8s.io/v1) is installed, with a provider. @default false */
  readonly secretsStoreCsi?: boolean;
  /** Whether Vault Secrets Operator (secrets.hashicorp.com/v1beta1) is installed. @default false */
  readonly vaultSecretsOperator?: boolean;
  /** Whether the Security Profiles Operator (security-profiles-operator.x-k8s.io/v1) is installed. @default false */
  readonly securityProfilesOperator?: boolean;
  /** Whether Prometheus Operator (monitoring.coreos.com/v1) is installed. @default false */
  readonly prometheusOperator?: boolean;
  /** Whether Capsule 0.9 or newer (capsule.clastix.io/v1beta2) is installed, in the namespace `capsule-system`. @default false */
  readonly capsule?: boolean;
  /** AppArmor and seccomp profiles that nodes have from elsewhere, by the names that pods give. @default none */
  readonly nodeProfiles?: NodeProfileNames;
  /** Whether ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2) is installed and enforced. @default false */
  readonly clusterNetworkPolicy?: boolean;
  /** What the quotas of all tenants together may promise. @default unknown, so their sum is not checked */
  readonly capacity?: ClusterCapacity;
  /** Nodes that are set apart, by a name for each pool. @default none */
  readonly nodePools?: Readonly<Record<string, NodePool>>;
  /** Name of a RuntimeClass whose pods have a kernel of their own, such as gVisor or Kata Containers. @default none */
  readonly sandboxRuntimeClass?: string;
}

/** Names of profiles, as pods write them into `localhostProfile`. */
export interface NodeProfileNames {
  /** Names of AppArmor profiles that are loaded. @default none */
  readonly appArmor?: readonly string[];
  /** Paths of seccomp profiles below the folder of the kubelet, for example `profiles/audit.json`. @default none */
  readonly seccomp?: readonly string[];
}

/** An address family of pods. */
export type IpFamily = 'IPv4' | 'IPv6';

/** How AppArmor profiles are written into pods. */
export type AppArmorStyle = 'field' | 'annotation' | 'both' | 'none';

/**
 * The one place that knows a cluster's Kubernetes version and what the cluster can do. Everything that depends on either
 * asks a target.
 */
export interface ClusterTarget {
  /** `1.MINOR`. */
  readonly version: string;
  readonly minor: number;
  readonly dns: Dns;
  readonly apiServer: Required<ApiServerEndpoint> | undefined;
  readonly ipFamilies: readonly IpFamily[];
  readonly nodeCidrs: readonly string[];
  readonly ingressController: WellKnownPods | undefined;
  readonly monitoring: WellKnownPods | undefined;
  readonly portRanges: boolean;
  readonly cni: string | undefined;
  readonly appArmor: AppArmorStyle;
  readonly userNamespaces: boolean;
  readonly sealedSecrets: boolean;
  readonly externalSecrets: boolean;
  readonly secretsStoreCsi: boolean;
  readonly vaultSecretsOperator: boolean;
  readonly securityProfilesOperator: boolean;
  readonly prometheusOperator: boolean;
  readonly capsule: boolean;
  readonly nodeProfiles: Required<NodeProfileNames>;
  readonly clusterNetworkPolicy: boolean;
  readonly capacity: ClusterCapacity | undefined;
  readonly nodePools: Readonly<Record<string, NodePool>>;
  readonly sandboxRuntimeClass: string | undefined;
}

const NO_PROFILES: Required<NodeProfileNames> = { appArmor: [], seccomp: [] };

/** Ways to make a {@link ClusterTarget}. */
export const ClusterTarget = {
  /**
   * @param version `1.27` to `1.37`; a patch level such as `1.33.4` or `v1.33.4+k3s1` is accepted and ignored.
   * @throws BulwarkError when the version is not supported or a capability contradicts it.
   */
  kubernetes(version: string, capabilities: ClusterCapabilities = {}): ClusterTarget {
    const minor = parseMinor(version);
    const target: ClusterTarget = {
      version: `1.${minor}`,
      minor,
      ...defaultsFor(minor),
      ...withoutUndefined(capabilities),
      apiServer: capabilities.apiServer && checkApiServer(capabilities.apiServer),
      nodeProfiles: { ...NO_PROFILES, ...capabilities.nodeProfiles },
    };
    refuseContradictions(target);
    checkNodes(target.capacity, target.nodePools);
    return target;
  },
} as const;

/**
 * The target where nobody named one: 1.30, the oldest version in which everything we rely on is a stable field of the API
 * (AppArmor as a field, ValidatingAdmissionPolicy v1), so its output is accepted by every newer server.
 */
export const DEFAULT_TARGET: ClusterTarget = ClusterTarget.kubernetes('1.30');

function defaultsFor(minor: number): Omit<ClusterTarget, 'version' | 'minor' | 'apiServer'> {
  return {
    dns: Dns.coreDns(),
    ipFamilies: ['IPv4'],
    nodeCidrs: [],
    ingressController: undefined,
    monitoring: undefined,
    portRanges: true,
    cni: undefined,
    appArmor: minor >= 30 ? 'field' : 'annotation',
    userNamespaces: minor >= 33,
    sealedSecrets: false,
    externalSecrets: false,
    secretsStoreCsi: false,
    vaultSecretsOperator: false,
    securityProfilesOperator: false,
    prometheusOperator: false,
    capsule: false,
    nodeProfiles: NO_PROFILES,
    clusterNetworkPolicy: false,
    capacity: undefined,
    nodePools: {},
    sandboxRuntimeClass: undefined,
  };
}

/** An option that is passed as undefined means its default. */
function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The target that somebody named, by itself or by its version, or the one for when nobody did. */
export function targetFor(target: ClusterTarget | string = DEFAULT_TARGET): ClusterTarget {
  return typeof target === 'string' ? ClusterTarget.kubernetes(target) : target;
}

function parseMinor(version: string): number {
  const match = /^v?1\.(\d+)([.+-].*)?$/.exec(version);
  const minor = match ? Number(match[1]) : NaN;
  if (!(minor >= SUPPORTED_MINORS.oldest && minor <= SUPPORTED_MINORS.newest)) {
    throw new BulwarkError(
      `Kubernetes version '${version}' is not supported: rules of admission differ by version, so an unknown one cannot be judged. ` +
        `Use 1.${SUPPORTED_MINORS.oldest} to 1.${SUPPORTED_MINORS.newest}, for example ClusterTarget.kubernetes('1.33').`,
    );
  }
  return minor;
}

function checkApiServer({ cidrs, ports, callers }: ApiServerEndpoint): Required<ApiServerEndpoint> {
  refuseTheInternet('apiServer.cidrs', cidrs);
  if (cidrs.length === 0) {
    throw new BulwarkError(
      'apiServer.cidrs is empty. List the addresses of the API server, or leave apiServer out.',
    );
  }
  if (callers && 'cidrs' in callers) refuseTheInternet('apiServer.callers.cidrs', callers.cidrs);
  return { cidrs, ports: ports ?? [443, 6443], callers: callers ?? { cidrs } };
}

function familyOf(address: string): IpFamily {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function refuseTheInternet(option: string, cidrs: readonly string[]): void {
  for (const cidr of cidrs) {
    if (parseCidr(cidr).prefix > 0) continue;
    throw new BulwarkError(
      `${option} holds '${cidr}', which is the whole internet: whoever may reach it could then reach everything. ` +
        (option === 'nodeCidrs'
          ? 'List the blocks of the addresses that `kubectl get nodes -o wide` prints.'
          : 'List the addresses of the endpoints (kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes) with /32 or /128.'),
    );
  }
}

function refuseContradictions(target: ClusterTarget): void {
  if (target.minor < 30 && (target.appArmor === 'field' || target.appArmor === 'both')) {
    throw new BulwarkError(
      `appArmor: '${target.appArmor}' needs Kubernetes 1.30, where securityContext.appArmorProfile was added (KEP-24); ` +
        `a ${target.version} API server refuses the unknown field. Use 'annotation' or leave it out.`,
    );
  }
  if (target.ipFamilies.length === 0) {
    throw new BulwarkError("ipFamilies is empty. Use ['IPv4'], ['IPv6'] or both.");
  }
  refuseTheInternet('nodeCidrs', target.nodeCidrs);
  const stranger = target.dns.nodeLocal.find((address) => !target.ipFamilies.includes(familyOf(address)));
  if (stranger) {
    throw new BulwarkError(
      `dns names ${stranger}, and pods of the target have ${target.ipFamilies.join(' and ')} addresses only, so they cannot ask it. ` +
        'Name an address of that family, or add the other one to ipFamilies.',
    );
  }
  if (target.cni?.toLowerCase() === 'flannel') {
    throw new BulwarkError(
      'cni: flannel ignores NetworkPolicy, so nothing would separate tenants. Use a CNI that enforces it (Calico, Cilium, Antrea, kube-router), ' +
        'or run one beside flannel and name that.',
    );
  }
}

import { isIP } from 'node:net';
import { BulwarkError } from '../errors';

/** Where the pods of a cluster resolve names, as network policies need to know it. */
export interface Dns {
  /** Namespace of the DNS server's pods. */
  readonly namespace: string;
  /** Labels that select the DNS server's pods, or undefined where it has no pods that a selector matches. */
  readonly podLabels: Readonly<Record<string, string>> | undefined;
  /** Port the DNS server's pods listen on, after the Service has been resolved. */
  readonly port: number;
  /** Addresses without prefix length that answer on port 53 from the network of a node or from outside. */
  readonly nodeLocal: readonly string[];
}

/** Options of {@link Dns.coreDns}. */
export interface CoreDnsOptions {
  /** @default 'kube-system' */
  readonly namespace?: string;
  /** @default { 'k8s-app': 'kube-dns' }, which kubeadm, EKS, GKE and AKS all set */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Port of the pods, not of the Service. @default 53 */
  readonly port?: number;
  /**
   * Address of NodeLocal DNSCache, usually `169.254.20.10`, where the cluster runs it. Its pods use the host network, which
   * no pod selector matches (kubernetes/kubernetes#70555), so policies need the address. With kube-proxy in iptables mode the
   * cache answers at the address of the DNS Service as well, before it is resolved to a pod: name that too.
   * @default none
   */
  readonly nodeLocal?: string | readonly string[];
}

/** Ways to say which DNS a cluster has. */
export const Dns = {
  /**
   * CoreDNS or kube-dns as the installers of Kubernetes deploy it.
   * @throws BulwarkError when an address is none.
   */
  coreDns(options: CoreDnsOptions = {}): Dns {
    return {
      namespace: options.namespace ?? 'kube-system',
      podLabels: options.podLabels ?? { 'k8s-app': 'kube-dns' },
      port: options.port ?? 53,
      nodeLocal: checkAddresses('nodeLocal', [options.nodeLocal ?? []].flat()),
    };
  },

  /** The DNS of OpenShift: CoreDNS on port 5353 of pods in `openshift-dns`. */
  openShift(): Dns {
    return Dns.coreDns({
      namespace: 'openshift-dns',
      podLabels: { 'dns.operator.openshift.io/daemonset-dns': 'default' },
      port: 5353,
    });
  },

  /**
   * DNS servers that no pod selector matches, since they use the network of their nodes or run outside of the cluster: only
   * these addresses are opened, on port 53.
   * @param addresses Without prefix length. Where pods ask the address of a Service, name that and those behind it: network
   *   plugins differ in which of them they see.
   * @throws BulwarkError when an address is none, or when there is none.
   */
  atAddresses(...addresses: readonly string[]): Dns {
    if (addresses.length === 0) {
      throw new BulwarkError("Dns.atAddresses needs an address, for example Dns.atAddresses('192.0.2.53').");
    }
    const nodeLocal = checkAddresses('Dns.atAddresses', addresses);
    return { namespace: 'kube-system', podLabels: undefined, port: 53, nodeLocal };
  },
} as const;

function checkAddresses(where: string, addresses: readonly string[]): readonly string[] {
  for (const address of addresses) {
    // isIP takes an address with a zone, which is only known to one node and so to no policy.
    if (isIP(address) !== 0 && !address.includes('%')) continue;
    throw new BulwarkError(
      `${where}: '${address}' is no address. Write it without a prefix length and without a zone, for example 169.254.20.10 or fd00::10.`,
    );
  }
  return addresses;
}

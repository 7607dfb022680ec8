/** Where the pods of a cluster resolve names, as network policies need to know it. */
export interface Dns {
  /** Namespace of the DNS server's pods. */
  readonly namespace: string;
  /** Labels that select the DNS server's pods. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** Port the DNS server's pods listen on, after the Service has been resolved. */
  readonly port: number;
  /** Addresses without prefix length of a node-local cache, which runs in the host network and so can only be named by address. */
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
   * no pod selector matches (kubernetes/kubernetes#70555), so policies need the address.
   * @default none
   */
  readonly nodeLocal?: string | readonly string[];
}

/** Ways to say which DNS a cluster has. */
export const Dns = {
  /** CoreDNS or kube-dns as the installers of Kubernetes deploy it. */
  coreDns(options: CoreDnsOptions = {}): Dns {
    return {
      namespace: options.namespace ?? 'kube-system',
      podLabels: options.podLabels ?? { 'k8s-app': 'kube-dns' },
      port: options.port ?? 53,
      nodeLocal: [options.nodeLocal ?? []].flat(),
    };
  },
} as const;

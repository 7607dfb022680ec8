import { BulwarkError } from '../../src/errors';
import { contains, parseCidr } from '../../src/network/cidr';
import type { DeclaredBlock, DeclaredPeer, DeclaredPods } from '../../src/network/declared';
import { metadataExcept } from '../../src/network/metadata';
import type { ClusterTarget } from '../../src/target/target';
import type { WellKnownPods } from '../../src/target/well-known';
import type { PeerPort } from './ports';

/** Whom a peer stands for, as seen from a certain workload. */
export interface ResolvedPeer {
  readonly peers: readonly DeclaredPeer[];
  /** Ports that go with the peer where the intent names none. */
  readonly ports?: readonly PeerPort[];
}

/** Whose policy a peer is resolved for. */
export interface PeerContext {
  readonly target: ClusterTarget;
  /** Namespace of the member that the policy is for: empty for the one that kubectl is set to, undefined where it has several. */
  readonly namespace: string | undefined;
  readonly direction: 'ingress' | 'egress';
}

/**
 * Someone a workload may talk with who is no hardened workload, namespace or tenant of the same program. Only the workload's
 * own side is opened: the other side has to be open by itself.
 */
export class Peer {
  /**
   * Pods by their labels.
   * @param options.namespace Their namespace. @default that of the workload; a tenant has none of its own, so it has to say
   */
  static pods(labels: Readonly<Record<string, string>>, options: { readonly namespace?: string } = {}): Peer {
    if (Object.keys(labels).length === 0) {
      throw new BulwarkError(
        'Peer.pods({}) would match every pod. Name a label of the pods, or say Peer.namespace(name) if you mean all of a namespace.',
      );
    }
    return Peer.of((context) => {
      const namespace = options.namespace ?? context.namespace;
      if (namespace !== undefined) return [podsIn(namespace, labels)];
      throw new BulwarkError(
        "Peer.pods names no namespace, and a tenant has several. Add it: Peer.pods(labels, { namespace: 'NAME' }).",
      );
    });
  }

  /** Every pod of a namespace. */
  static namespace(name: string): Peer {
    return Peer.of(() => [podsIn(name)]);
  }

  /**
   * A block of addresses outside the cluster. Towards a wide block the metadata addresses of clouds stay closed, always.
   * @throws BulwarkError when it is no block, when it is a metadata address, or when pods of the target have no address of
   *   that family.
   */
  static cidr(cidr: string): Peer {
    parseCidr(cidr);
    return Peer.of((context) => [blockFor(cidr, context)]);
  }

  /**
   * Every address, in the address families of the cluster, with the metadata addresses of clouds excepted. That includes
   * private addresses, those of nodes among them; {@link Peer.internet} leaves these out.
   */
  static anywhere(): Peer {
    return Peer.of((context) =>
      context.target.ipFamilies.map((family) => blockFor(family === 'IPv4' ? '0.0.0.0/0' : '::/0', context)),
    );
  }

  /**
   * Every public address, in the address families of the cluster: neither private networks nor nodes, pods or the metadata
   * addresses of clouds (RFC 6890; of IPv6, global unicast).
   */
  static internet(): Peer {
    return Peer.of(({ target }) =>
      target.ipFamilies.map((family) =>
        family === 'IPv4'
          ? { type: 'block', cidr: '0.0.0.0/0', except: NOT_PUBLIC }
          : { type: 'block', cidr: '2000::/3', except: [] },
      ),
    );
  }

  /**
   * The API server, at the addresses that the target names. In `allowFrom` it is whoever calls webhooks and aggregated APIs
   * for it: the ports are those of the pods, not of their Service.
   * @throws BulwarkError when the target does not say where it is.
   */
  static apiServer(): Peer {
    return new Peer(({ target, direction }) => {
      const { apiServer } = target;
      if (!apiServer) throw new BulwarkError(NO_API_SERVER);
      if (direction === 'egress') {
        return [{ peers: blocks(apiServer.cidrs), ports: apiServer.ports.map((port) => ({ port })) }];
      }
      const { callers } = apiServer;
      return [{ peers: 'cidrs' in callers ? blocks(callers.cidrs) : wellKnown(callers, target) }];
    });
  }

  /**
   * The DNS of the target, at its pods and at its node-local cache, over UDP and TCP. A {@link DefaultDeny} has opened it for
   * every pod of its namespace already.
   */
  static dns(): Peer {
    return new Peer(({ target: { dns } }) => [
      ...(dns.podLabels === undefined
        ? []
        : [{ peers: [podsIn(dns.namespace, dns.podLabels)], ports: overUdpAndTcp(dns.port) }]),
      ...(dns.nodeLocal.length === 0
        ? []
        : [{ peers: blocks(dns.nodeLocal.map(toBlock)), ports: overUdpAndTcp(53) }]),
    ]);
  }

  /**
   * The nodes, at the addresses that the target names: kubelets, and what else runs in the network of a node. Probes need no
   * intent, since a node always reaches the pods that run on it.
   * @throws BulwarkError when the target does not name the addresses.
   */
  static nodes(): Peer {
    return Peer.of(({ target }) => nodes(target, 'Nodes'));
  }

  /**
   * The ingress controller of the cluster, as the target names it.
   * @throws BulwarkError when the target does not name it.
   */
  static ingressController(): Peer {
    return Peer.of(({ target }) => {
      if (target.ingressController) return wellKnown(target.ingressController, target);
      throw new BulwarkError(noWellKnown('ingressController', 'the ingress controller', 'ingress-nginx'));
    });
  }

  /**
   * The monitoring that scrapes metrics, as the target names it.
   * @throws BulwarkError when the target does not name it.
   */
  static monitoring(): Peer {
    return Peer.of(({ target }) => {
      if (target.monitoring) return wellKnown(target.monitoring, target);
      throw new BulwarkError(noWellKnown('monitoring', 'the monitoring', 'monitoring'));
    });
  }

  private static of(resolve: (context: PeerContext) => readonly DeclaredPeer[]): Peer {
    return new Peer((context) => [{ peers: resolve(context) }]);
  }

  private constructor(
    /** Whom the peer stands for, in parts that have ports of their own. @internal */
    readonly resolve: (context: PeerContext) => readonly ResolvedPeer[],
  ) {}
}

/** Of IPv4, what is not globally reachable (RFC 6890), multicast, and the metadata addresses that look public. */
const NOT_PUBLIC: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];

const NO_API_SERVER =
  "The target does not say where the API server is, and no selector matches it. Add apiServer: { cidrs: ['192.0.2.10/32'] } " +
  'to ClusterTarget.kubernetes(...) with the addresses that `kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes` prints.';

function podsIn(namespace: string, labels: Readonly<Record<string, string>> = {}): DeclaredPods {
  return { type: 'pods', namespaces: [namespace], labels };
}

function blockFor(cidr: string, { target, direction }: PeerContext): DeclaredBlock {
  const block = parseCidr(cidr);
  const except = direction === 'egress' ? metadataExcept(block) : [];
  if (except.some((address) => contains(parseCidr(address), block))) {
    throw new BulwarkError(
      `Egress to ${cidr} is refused: there a cloud hands out the node's credentials to whoever asks (MITRE ATT&CK T1552.005). ` +
        "Give the workload's ServiceAccount a cloud identity instead.",
    );
  }
  if (!target.ipFamilies.includes(block.family)) {
    throw new BulwarkError(
      `${cidr} is an ${block.family} block, and pods of the target have ${target.ipFamilies.join(' and ')} addresses only, so the rule would open nothing. ` +
        `Use a block of that family, or add ipFamilies: ['IPv4', 'IPv6'] to ClusterTarget.kubernetes(...) if the cluster has both.`,
    );
  }
  return { type: 'block', cidr, except };
}

function blocks(cidrs: readonly string[]): DeclaredBlock[] {
  return cidrs.map((cidr) => ({ type: 'block', cidr, except: metadataExcept(parseCidr(cidr)) }));
}

function toBlock(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

function overUdpAndTcp(port: number): PeerPort[] {
  return [
    { port, protocol: 'UDP' },
    // An answer of more than 512 bytes comes over TCP.
    { port, protocol: 'TCP' },
  ];
}

/** Pods by their labels, or by the nodes that they run on: what uses the network of its node is matched by no selector. */
function wellKnown(pods: WellKnownPods, target: ClusterTarget): DeclaredPeer[] {
  if (pods.hostNetwork)
    return nodes(target, `The pods of ${pods.namespace} use the network of their nodes, which`);
  return [podsIn(pods.namespace, pods.podLabels)];
}

function nodes({ nodeCidrs }: ClusterTarget, who: string): DeclaredBlock[] {
  if (nodeCidrs.length > 0) return blocks(nodeCidrs);
  throw new BulwarkError(
    `${who} are matched by no selector, and the target does not say which addresses they have. Add nodeCidrs: ['192.0.2.0/24'] ` +
      'to ClusterTarget.kubernetes(...) with the blocks of the INTERNAL-IP column of `kubectl get nodes -o wide`.',
  );
}

function noWellKnown(option: string, who: string, namespace: string): string {
  return (
    `The target does not say where ${who} runs. Add ${option}: { namespace: '${namespace}' } to ClusterTarget.kubernetes(...), ` +
    'with podLabels if other pods share that namespace, and hostNetwork: true if it uses the network of its nodes.'
  );
}

import { BulwarkError } from '../../src/errors';
import { contains, parseCidr } from '../../src/network/cidr';
import { metadataExcept } from '../../src/network/metadata';
import type { ClusterTarget } from '../../src/target/target';

/** A port that traffic goes to: of the pod, after any Service has been resolved. */
export interface PeerPort {
  /** Number, or the name of a port of the destination's containers. */
  readonly port: number | string;
  /** @default 'TCP' */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  /** Last port of a range that starts with `port`. @default `port` alone */
  readonly endPort?: number;
}

/** An entry of `from` or `to` in a NetworkPolicy (networking.k8s.io/v1 NetworkPolicyPeer). */
export interface PolicyPeer {
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

/** What a peer looks like from a certain workload's policy. */
export interface ResolvedPeer {
  readonly peers: readonly PolicyPeer[];
  /** Ports that go with the peer where the intent names none. */
  readonly ports?: readonly PeerPort[];
}

/** Whose policy a peer is resolved for. */
export interface PeerContext {
  readonly target: ClusterTarget;
  /** Namespace of the workload that the policy is for. */
  readonly namespace: string | undefined;
  readonly direction: 'ingress' | 'egress';
}

/** Label that the API server itself sets on every namespace, so no tenant can claim another's name with it. */
const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** Someone a workload may talk with who is not a hardened workload of the same program. */
export class Peer {
  /**
   * Pods by their labels.
   * @param options.namespace Their namespace. @default that of the workload
   */
  static pods(labels: Readonly<Record<string, string>>, options: { readonly namespace?: string } = {}): Peer {
    if (Object.keys(labels).length === 0) {
      throw new BulwarkError(
        'Peer.pods({}) would match every pod. Name a label of the pods, or say Peer.namespace(name) if you mean all of a namespace.',
      );
    }
    return new Peer(({ namespace }) => ({ peers: [podPeer(labels, options.namespace, namespace)] }));
  }

  /** Every pod of a namespace. */
  static namespace(name: string): Peer {
    return new Peer(() => ({
      peers: [{ namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: name } } }],
    }));
  }

  /**
   * A block of addresses outside the cluster. Towards a wide block the metadata addresses of clouds stay closed, always.
   * @throws BulwarkError when it is no block, or when it is a metadata address.
   */
  static cidr(cidr: string): Peer {
    const block = parseCidr(cidr);
    return new Peer(({ direction }) => {
      const except = direction === 'egress' ? metadataExcept(block) : [];
      if (except.some((address) => contains(parseCidr(address), block))) {
        throw new BulwarkError(
          `Egress to ${cidr} is refused: there a cloud hands out the node's credentials to whoever asks (MITRE ATT&CK T1552.005). ` +
            "Give the workload's ServiceAccount a cloud identity instead.",
        );
      }
      return { peers: [{ ipBlock: { cidr, ...(except.length > 0 && { except }) } }] };
    });
  }

  /** Every address, in the address families of the cluster, with the metadata addresses of clouds excepted. */
  static anywhere(): Peer {
    return new Peer((context) => ({
      peers: context.target.ipFamilies
        .map((family) => Peer.cidr(family === 'IPv4' ? '0.0.0.0/0' : '::/0'))
        .flatMap((peer) => peer.resolve(context).peers),
    }));
  }

  /** The API server, at the addresses that the target names. */
  static apiServer(): Peer {
    return new Peer(({ target }) => {
      if (!target.apiServer) {
        throw new BulwarkError(
          "The target does not say where the API server is, and no selector matches it. Add apiServer: { cidrs: ['192.0.2.10/32'] } " +
            'to ClusterTarget.kubernetes(...) with the addresses that `kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes` prints.',
        );
      }
      return {
        peers: target.apiServer.cidrs.map((cidr) => ({ ipBlock: { cidr } })),
        ports: target.apiServer.ports.map((port) => ({ port })),
      };
    });
  }

  private constructor(
    /** The peer as one workload's policy names it. @internal */
    readonly resolve: (context: PeerContext) => ResolvedPeer,
  ) {}
}

/** Pods as a policy in `from` names them: the namespace is left out where it is the policy's own. */
export function podPeer(
  labels: Readonly<Record<string, string>>,
  namespace: string | undefined,
  from: string | undefined,
): PolicyPeer {
  const podSelector = { matchLabels: { ...labels } };
  if (namespace === undefined || namespace === from) return { podSelector };
  return { namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } }, podSelector };
}

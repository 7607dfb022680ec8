/** Pods of certain namespaces, by labels that all of them carry. */
export interface DeclaredPods {
  readonly type: 'pods';
  /** Names of their namespaces. */
  readonly namespaces: readonly string[];
  /** What a `matchLabels` would hold; empty for every pod. */
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the one workload that they belong to, where the program declares it. */
  readonly workload?: string;
}

/** Addresses outside of the cluster's pods. */
export interface DeclaredBlock {
  readonly type: 'block';
  readonly cidr: string;
  /** Blocks inside `cidr` that are not part of it. */
  readonly except: readonly string[];
}

/** One end of a connection. */
export type DeclaredPeer = DeclaredPods | DeclaredBlock;

/** A port of the destination's pods, or a range of them. */
export interface DeclaredPort {
  /** A number, or a name that each destination pod resolves for itself. */
  readonly port: number | string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** Last port of a range that starts with `port`. @default `port` alone */
  readonly endPort?: number;
}

/**
 * A connection that somebody asked for, as plain data: what a proof compares reachability with.
 *
 * Of all that is declared, let E be the connections that open `egress` or `both`, and I those that open `ingress` or `both`.
 * Where every pod is isolated in both directions, pods reach exactly what is in E and in I; an address outside is reached by
 * what is in E, and reaches what is in I. A connection that opens `both` therefore has to be reachable on its own.
 */
export interface DeclaredConnection {
  readonly source: DeclaredPeer;
  readonly destination: DeclaredPeer;
  /** Never empty. */
  readonly ports: readonly DeclaredPort[];
  /** Whose policies let it through: those of the source (`egress`), of the destination (`ingress`), or `both`. */
  readonly opens: 'ingress' | 'egress' | 'both';
  /** Path of the construct that declared it. */
  readonly path: string;
}

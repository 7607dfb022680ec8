/** Pods that something of the cluster runs in, as network policies need to know them. */
export interface WellKnownPods {
  readonly namespace: string;
  /** @default every pod of the namespace */
  readonly podLabels?: Readonly<Record<string, string>>;
  /**
   * Whether they use the network of their nodes. No selector matches such pods, so policies name the nodes
   * (`nodeCidrs` of the target) instead.
   * @default false
   */
  readonly hostNetwork?: boolean;
}

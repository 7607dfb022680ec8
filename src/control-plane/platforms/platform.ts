import type { ControlPlanePlan, NodeLayout } from '../plan';

/** A way of installing Kubernetes. */
export type PlatformName = 'kubeadm' | 'kind' | 'k3s' | 'rke2' | 'talos';

/** How one way of installing Kubernetes takes a plan. */
export interface Platform {
  readonly name: PlatformName;
  readonly layout: NodeLayout;
  /** The platform's own files, by name, and how to apply everything. */
  readonly emit: (plan: ControlPlanePlan) => PlatformOutput;
}

/** What a platform makes of a plan. */
export interface PlatformOutput {
  /** Files beside those of the plan, by their name; a text is written as it is, objects as YAML. */
  readonly files: ReadonlyMap<string, string | readonly object[]>;
  /** Whether the plan's own files are needed on the node. */
  readonly needsFiles: boolean;
  /** The commands that apply everything, in Markdown. */
  readonly apply: string;
}

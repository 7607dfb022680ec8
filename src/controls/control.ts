import type { CONTAINER_LISTS, Container, PodTemplate } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';

/** How bad it is when a control does not hold. */
export type Severity = 'critical' | 'high' | 'medium' | 'low';

/** Where a rule comes from. */
export interface Reference {
  readonly standard:
    | 'PSS baseline'
    | 'PSS restricted'
    | 'CIS 1.11'
    | 'NSA/CISA 1.2'
    | 'OWASP K8s 2025'
    | 'MITRE ATT&CK'
    | 'KEP'
    | 'Kubernetes';
  /** The standard's own name of the rule, for example `5.2.7` or `runAsNonRoot`. */
  readonly id: string;
}

/**
 * A rule in the Common Expression Language over `variables.pod` (the pod's spec), `variables.annotations` (the pod's
 * annotations) and, for a rule of scope `container`, `container`. It is true when the control holds.
 */
export type Rule = string | ((target: ClusterTarget) => string);

/** Sets what is unset so that the rule holds. Changes its arguments, and never a value that somebody chose. */
export type Repair = (pod: PodTemplate, container: Container, target: ClusterTarget) => void;

/** One rule with one repair about a pod or each of its containers. */
export interface PodControl {
  /** Stable id, the one waivers name. */
  readonly id: string;
  /** What has to be so, as a short statement. */
  readonly title: string;
  /** The attack that the control stops, in one or two sentences. */
  readonly why: string;
  readonly severity: Severity;
  readonly references: readonly Reference[];
  /** Whether the rule is about the pod or about each container. */
  readonly scope: 'pod' | 'container';
  readonly rule: Rule;
  /** The field a person has to change, below the pod's spec or below the container. */
  readonly field: string;
  /** The exact change that makes the rule true. */
  readonly fix: string;
  /** Whether a container that leaves the field unset takes the pod's value. @default false */
  readonly inherits?: boolean;
  /** Which lists of containers the rule is about. @default all three */
  readonly lists?: readonly (typeof CONTAINER_LISTS)[number][];
  /** True for fields that the API server refuses in Windows pods. @default false */
  readonly linuxOnly?: boolean;
  /** Targets on which the control applies. @default all */
  readonly appliesTo?: (target: ClusterTarget) => boolean;
  /** @default none: the control can only be judged */
  readonly repair?: Repair;
}

import type { Inventory } from '../manifest/inventory';
import type { JsonObject, Manifest } from '../manifest/manifest';
import type { CONTAINER_LISTS, Container, PodTemplate } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';

/** How bad it is when a control does not hold. */
export type Severity = 'critical' | 'high' | 'medium' | 'low';

/** Severities, worst first. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

/** Where a rule comes from. */
export interface Reference {
  readonly standard:
    | 'PSS baseline'
    | 'PSS restricted'
    | 'CIS 1.11'
    | 'CIS 1.12'
    | 'NSA/CISA 1.2'
    | 'OWASP K8s 2025'
    | 'MITRE ATT&CK'
    | 'Microsoft threat matrix'
    | 'KEP'
    | 'CVE'
    | 'Kubernetes';
  /** The standard's own name of the rule, for example `5.2.7` or `runAsNonRoot`. */
  readonly id: string;
}

/** Tools whose checks a control stands for. */
export type Tool = 'kubescape' | 'trivy' | 'checkov' | 'kube-linter' | 'polaris' | 'kube-score' | 'kyverno';

/** Names that other tools give to the same check, so that reports and exceptions can be compared. */
export type Aliases = Readonly<Partial<Record<Tool, readonly string[]>>>;

/** What a rule may ask beside the manifests: choices that only the owner of a cluster can make. */
export interface Parameters {
  /** Prefixes of allowed images, each ending in `/`. @default none: images are not restricted */
  readonly registries?: readonly string[];
}

/**
 * A rule in the Common Expression Language. It is true when the control holds. A rule of scope `pod` or `container` sees
 * `variables.pod` (the pod's spec), `variables.annotations` (the pod's annotations) and, for the latter, `container`; a rule
 * of scope `object` sees `object`. All see `params`.
 */
export type Rule = string | ((target: ClusterTarget) => string);

/** Sets what is unset so that the rule holds. Changes its arguments, and never a value that somebody chose. */
export interface Repair {
  (pod: PodTemplate, container: Container, target: ClusterTarget): void;
  /** The same as an API server can do it, by an admission policy. @default none: it cannot */
  readonly patches?: (target: ClusterTarget) => readonly FieldPatch[];
}

/** Sets one field where the rule of a control does not hold, as a repair that an API server carries out. */
export interface FieldPatch {
  /** What the field is in: the pod's spec, each of its containers or volumes, or each mount of its containers. */
  readonly of: 'pod' | 'container' | 'volume' | 'mount';
  readonly field: readonly string[];
  /**
   * The value, in the Common Expression Language. `container`, `volume` and `mount` are what the field is in; where the rule is
   * about each container, `container` is one for which it does not hold.
   */
  readonly value: string;
  /** What else has to be so, in the same language. @default that the field is unset */
  readonly when?: string;
}

interface ControlInfo {
  /** Stable id, the one waivers name. */
  readonly id: string;
  /** What has to be so, as a short statement. */
  readonly title: string;
  /** The attack that the control stops, in one or two sentences. */
  readonly why: string;
  readonly severity: Severity;
  readonly references: readonly Reference[];
  /** @default none */
  readonly aliases?: Aliases;
  /** The exact change that makes the rule true. */
  readonly fix: string;
  /** Targets on which the control applies. @default all */
  readonly appliesTo?: (target: ClusterTarget) => boolean;
  /** A parameter without which the control asks nothing. @default none */
  readonly parameter?: keyof Parameters;
}

/** A rule about a pod or each of its containers, in whatever object the pod is. */
export interface PodControl extends ControlInfo {
  readonly scope: 'pod' | 'container';
  readonly rule: Rule;
  /** The field a person has to change, below the pod's spec or below the container. */
  readonly field: string;
  /** Whether a container that leaves the field unset takes the pod's value. @default false */
  readonly inherits?: boolean;
  /** Which lists of containers the rule is about. @default all three */
  readonly lists?: readonly (typeof CONTAINER_LISTS)[number][];
  /** True for fields that the API server refuses in Windows pods. @default false */
  readonly linuxOnly?: boolean;
  /** @default none: the control can only be judged */
  readonly repair?: Repair;
  /** What breaks the control when it is merged into a hardened pod's spec, or into its container. */
  readonly broken?: JsonObject;
  /** Annotations of the pod that break the control. @default none */
  readonly brokenAnnotations?: Readonly<Record<string, string>>;
}

/** A rule about one object that makes no pods. */
export interface ObjectControl extends ControlInfo {
  readonly scope: 'object';
  /** Kinds the rule is about, `group/Kind`, or `Kind` for the core group. */
  readonly kinds: readonly string[];
  readonly rule: Rule;
  /** The field a person has to change. */
  readonly field: string;
  /** Sets what is unset. @default none */
  readonly repair?: (object: Manifest) => void;
  /** An object that breaks the control, and one that does not. */
  readonly examples: { readonly fails: Manifest; readonly passes: Manifest };
}

/** A place where a control about several objects does not hold. */
export interface Breach {
  /** The object that has to be changed. */
  readonly manifest: Manifest;
  /** Path of the field. */
  readonly field: string;
  /** What is wrong there, where it says more than the control's title. */
  readonly detail?: string;
  /** The change that mends it, where it is another than the control's. */
  readonly fix?: string;
}

/** A rule about several objects together. */
export interface InventoryControl extends ControlInfo {
  readonly scope: 'inventory';
  /** Every place where the rule does not hold. */
  readonly breaches: (inventory: Inventory, target: ClusterTarget) => readonly Breach[];
  readonly examples: { readonly fails: readonly Manifest[]; readonly passes: readonly Manifest[] };
}

/** A rule about the exceptions themselves. */
export interface WaiverControl extends ControlInfo {
  readonly scope: 'waiver';
  readonly examples: { readonly fails: Manifest; readonly passes: Manifest };
}

/** One rule, with one repair where a safe one exists. */
export type Control = PodControl | ObjectControl | InventoryControl | WaiverControl;

/** Whether a control is about pods. */
export function isPodControl(control: Control): control is PodControl {
  return control.scope === 'pod' || control.scope === 'container';
}

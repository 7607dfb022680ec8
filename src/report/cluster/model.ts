import type { Severity } from '../../controls/control';
import type { Change } from '../../diff';

/** Everything that is told of a cluster. The shape of `bulwark report --format json`; no value of a Secret is in it. */
export interface ClusterReport {
  readonly schema: 'cdk8s-bulwark/report/v1';
  readonly verdict: Verdict;
  readonly input: ReportInput;
  readonly counts: ReportCounts;
  readonly tenants: TenantSection;
  readonly graph: Graph;
  readonly exposure: readonly ExposureSection[];
  readonly rights: RightsSection;
  /** Ways by which somebody gets to the whole cluster or to a node, those apart that Kubernetes itself has given it to. */
  readonly escalations: readonly EscalationEntry[];
  /** Worst first; each control once. */
  readonly findings: readonly FindingEntry[];
  readonly waivers: readonly WaiverEntry[];
  /** What changed since the baseline. @default there is none */
  readonly changes?: readonly Change[];
  /** Every object, in the order in which it was read. */
  readonly objects: readonly ObjectEntry[];
}

/** The report in one sentence. */
export interface Verdict {
  /** Whether tenants are kept apart, nobody gets further than their roles say, and no finding is open. */
  readonly holds: boolean;
  readonly sentence: string;
}

/** What the report is about. */
export interface ReportInput {
  /** SHA-256 of the objects, without what is in Secrets. The same objects in the same order have the same. */
  readonly sha256: string;
  /** Kubernetes version. */
  readonly target: string;
  readonly profile: string;
}

/** How much there is of it. */
export interface ReportCounts {
  readonly objects: number;
  readonly namespaces: number;
  readonly workloads: number;
  readonly tenants: number;
  readonly findings: number;
  /** Findings that a waiver excuses. */
  readonly waived: number;
  /** Waivers, one for each control and object: one may excuse several findings. */
  readonly waivers: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
}

/** Which tenants reach which. */
export interface TenantSection {
  readonly names: readonly string[];
  /** What was proved, as a sentence; undefined for fewer than two tenants. */
  readonly statement: string | undefined;
  /** Ordered pairs of which the first reaches the second, with an example; all others are kept apart. */
  readonly crossings: readonly CrossingEntry[];
  /** False where there are more crossings than are listed. */
  readonly isComplete: boolean;
  /** Where rights lead out of a tenant. */
  readonly escapes: readonly string[];
}

/** A tenant that reaches another one over the network. */
export interface CrossingEntry {
  readonly from: string;
  readonly to: string;
  /** Whether policies on both sides name the other, which somebody meant; else one of them is open to everybody. */
  readonly isNamed: boolean;
  /** Two workloads that show it: `shop-web/api[Deployment] => data/db[StatefulSet] on TCP 5432`. */
  readonly example: string;
  /** Why it is allowed, sentence by sentence. */
  readonly explanation: readonly string[];
}

/** What may connect to what. */
export interface Graph {
  /** What a node stands for. Workloads up to 800 of them, then namespaces, then tenants. */
  readonly level: 'workload' | 'namespace' | 'tenant';
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** What is left out. */
  readonly note: string | undefined;
}

/** A workload, namespace or tenant. */
export interface GraphNode {
  readonly name: string;
  /** What it is drawn in: the namespace of a workload, the tenant of a namespace. @default nothing */
  readonly group: string | undefined;
}

/** That connections are allowed from a node to another, both by number. */
export interface GraphEdge {
  readonly from: number;
  readonly to: number;
  readonly ports: string;
}

/** Workloads that are open in one way. */
export interface ExposureSection {
  readonly title: string;
  readonly entries: readonly { readonly detail: string; readonly workloads: readonly string[] }[];
}

/** Who may do what. */
export interface RightsSection {
  readonly roles: readonly RoleEntry[];
  readonly subjects: readonly SubjectEntry[];
  /** Who may do what is asked for most. */
  readonly questions: readonly { readonly request: string; readonly subjects: readonly string[] }[];
}

/** Rules that are bound to somebody; roles that say the same are one entry. */
export interface RoleEntry {
  readonly name: string;
  /** Each rule in one line. */
  readonly rules: readonly string[];
  /** Rights by which somebody gets further than the role looks, where they are bound to it so that they count. */
  readonly risks: readonly RoleRisk[];
  /** The rules as they are written, for questions. */
  readonly raw: readonly RawRule[];
}

/** A right by which somebody gets further than it looks. */
export interface RoleRisk {
  readonly does: string;
  readonly severity: Severity;
  /** A right about the whole cluster counts where the role is bound in all of it, and one about a namespace where it is bound there. */
  readonly scope: 'cluster' | 'namespace' | 'kube-system';
}

/** Verbs, API groups, resources and names of a rule. */
export type RawRule = readonly [
  verbs: readonly string[],
  groups: readonly string[],
  resources: readonly string[],
  names: readonly string[],
];

/** Somebody that a binding among the manifests names. */
export interface SubjectEntry {
  readonly name: string;
  readonly grants: readonly SubjectGrant[];
}

/** A role that somebody has. */
export interface SubjectGrant {
  /** Number of the role. */
  readonly role: number;
  /** Empty for the whole cluster. */
  readonly namespaces: readonly string[];
}

/** A way to more than roles say. */
export interface EscalationEntry {
  readonly sentence: string;
  /** The rules and bindings that grant its steps. */
  readonly because: readonly string[];
  /** Everybody who has a way of these words. */
  readonly who: readonly string[];
}

/** A control that does not hold, and where. */
export interface FindingEntry {
  readonly control: string;
  readonly title: string;
  readonly severity: Severity;
  readonly why: string;
  readonly fix: string;
  readonly references: readonly string[];
  readonly places: readonly FindingPlace[];
}

/** A place where a control does not hold. */
export interface FindingPlace {
  readonly object: string;
  readonly field: string;
  readonly message: string;
  /** `file:line`. */
  readonly source: string;
}

/** An exception that somebody has granted. */
export interface WaiverEntry {
  readonly control: string;
  readonly reason: string;
  /** Last day. @default it never expires */
  readonly expires: string | undefined;
  readonly objects: readonly string[];
}

/** An object and where it comes from. */
export interface ObjectEntry {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Path of the construct that made it. @default not known */
  readonly construct?: string;
}

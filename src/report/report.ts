import { SEVERITIES, type Severity } from '../controls/control';
import type { Finding } from '../controls/check';
import { locate, type SourceLocation } from '../manifest/locate';
import type { Manifest } from '../manifest/manifest';
import type { SourcedManifest } from '../manifest/reader';

/** A finding as every format of the report shows it. */
export interface ReportedFinding {
  readonly control: string;
  readonly severity: Severity;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string | undefined;
    readonly name: string | undefined;
  };
  /** Path of the construct that made the object, where it is known. */
  readonly constructPath?: string;
  readonly field: string;
  /** What is wrong, or `Required:` and what has to be so. */
  readonly message: string;
  readonly fix: string;
  readonly source: SourceLocation | undefined;
  readonly waiver?: { readonly reason: string; readonly expires?: string };
}

/** What a check found. The shape of `--format json`. */
export interface Report {
  readonly findings: readonly ReportedFinding[];
  readonly summary: {
    readonly objects: number;
    /** Findings that are not waived. */
    readonly findings: number;
    readonly waived: number;
    readonly bySeverity: Readonly<Record<Severity, number>>;
  };
}

/**
 * Puts findings into the form that is printed, each with the place in the file it is about.
 * @param constructPathOf Tells which construct made an object. @default nobody knows
 */
export function makeReport(
  findings: readonly Finding[],
  objects: readonly SourcedManifest[],
  constructPathOf: (object: SourcedManifest) => string | undefined = () => undefined,
): Report {
  const sources = new Map<Manifest, SourcedManifest>(objects.map((sourced) => [sourced.manifest, sourced]));
  const reported = findings.map((finding) => {
    const sourced = sources.get(finding.manifest);
    return report(finding, sourced, sourced && constructPathOf(sourced));
  });
  const open = reported.filter(({ waiver }) => !waiver);
  const count = (severity: Severity) => open.filter((finding) => finding.severity === severity).length;
  return {
    findings: reported,
    summary: {
      objects: objects.length,
      findings: open.length,
      waived: reported.length - open.length,
      bySeverity: Object.fromEntries(SEVERITIES.map((severity) => [severity, count(severity)])) as Record<
        Severity,
        number
      >,
    },
  };
}

function report(
  finding: Finding,
  sourced: SourcedManifest | undefined,
  constructPath: string | undefined,
): ReportedFinding {
  const { control, manifest, field, message, fix, waiver } = finding;
  const { apiVersion, kind, metadata } = manifest;
  return {
    control: control.id,
    severity: control.severity,
    object: { apiVersion, kind, namespace: metadata?.namespace, name: metadata?.name },
    ...(constructPath !== undefined && { constructPath }),
    field,
    // A title says what has to be so, which would read as if it were.
    message: message === control.title ? `Required: ${message}` : message,
    fix,
    source: sourced && locate(sourced, field),
    ...(waiver && { waiver: { reason: waiver.reason, ...(waiver.expires && { expires: waiver.expires }) } }),
  };
}

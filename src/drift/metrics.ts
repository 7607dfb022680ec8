import { SEVERITIES } from '../controls/control';
import type { DriftFinding } from './drift';
import type { DriftReport } from './report';

/** One comparison, whether or not it came to a result. */
export interface DriftRun {
  /** Undefined where the cluster could not be read at all. */
  readonly report?: DriftReport;
  /** When it ended. */
  readonly at: Date;
  /** How long it took, in seconds. */
  readonly seconds: number;
  /** When a cluster was last read whole before, in seconds since 1970. @default unknown */
  readonly lastSuccess?: number;
}

const CHANGES: readonly DriftFinding['kind'][] = ['missing', 'changed', 'undeclared'];
const LAST_SUCCESS = 'bulwark_drift_last_success_timestamp_seconds';

/**
 * A run as metrics in the text format of Prometheus. A zero says that there is none, so a run that did not read the cluster
 * whole counts only what it found, and says of the proof nothing.
 */
export function driftMetrics({ report, at, seconds, lastSuccess }: DriftRun): string {
  const now = at.getTime() / 1000;
  const isWhole = report?.complete === true;
  const success = isWhole ? now : lastSuccess;
  return [
    gauge('bulwark_drift_success', 'Whether the cluster could be read whole.', isWhole ? 1 : 0),
    metric('bulwark_drift_findings', 'Objects that are not as they were declared.', findingSamples(report)),
    gauge(
      'bulwark_drift_proof_holds',
      'Whether the live cluster lets through no more than the declared one.',
      report?.proof && Number(report.proof.holds),
    ),
    gauge('bulwark_drift_objects', 'Live objects that were compared.', report?.live),
    gauge('bulwark_drift_last_run_timestamp_seconds', 'When the last comparison ended.', now),
    gauge(LAST_SUCCESS, 'When the cluster could last be read whole.', success),
    gauge('bulwark_drift_duration_seconds', 'How long the last comparison took.', seconds),
  ]
    .flat()
    .map((line) => `${line}\n`)
    .join('');
}

/** When the run that wrote metrics had last seen a success, in seconds since 1970; undefined for other text. */
export function lastSuccessOf(metrics: string): number | undefined {
  const [, value] = new RegExp(`^${LAST_SUCCESS} (\\d[\\d.]*)$`, 'm').exec(metrics) ?? [];
  return value === undefined ? undefined : Number(value);
}

function findingSamples(report: DriftReport | undefined): string[] {
  const counts = new Map<string, number>();
  for (const { kind, severity } of report?.findings ?? []) {
    const key = labels(kind, severity);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return CHANGES.flatMap((change) => SEVERITIES.map((severity) => labels(change, severity)))
    .filter((key) => report?.complete || counts.has(key))
    .map((key) => `bulwark_drift_findings${key} ${counts.get(key) ?? 0}`);
}

function labels(change: string, severity: string): string {
  return `{change="${change}",severity="${severity}"}`;
}

function gauge(name: string, help: string, value: number | undefined): string[] {
  return metric(name, help, value === undefined ? [] : [`${name} ${value}`]);
}

function metric(name: string, help: string, samples: readonly string[]): string[] {
  return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples];
}

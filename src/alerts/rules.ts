import { BulwarkError } from '../errors';
import { meant } from '../spelling';
import { DEFAULT_TARGET, type ClusterTarget } from '../target/target';
import { listSome } from '../wording';
import { admissionAlerts } from './admission';
import {
  ALERT_NAMES,
  ALERT_SEVERITIES,
  THRESHOLDS,
  type Alert,
  type AlertContext,
  type AlertName,
  type AlertSeverity,
  type ThresholdName,
  type WatchedBy,
} from './alert';
import { blindnessAlerts } from './blindness';
import { driftAlerts } from './drift';
import type { Selector } from './promql';
import { requestAlerts } from './requests';

/** Options of {@link alertGroups}. */
export interface AlertOptions {
  /** @default Kubernetes 1.30 */
  readonly target?: ClusterTarget;
  /**
   * How Prometheus knows what the watch for drift has found: by the metrics of `bulwark drift`, by the CronJob of that name (of
   * which kube-state-metrics tells no more than that it failed), or not at all.
   * @default { by: 'metrics' }
   */
  readonly drift?: WatchedBy;
  /** How old the last run of the watch may be: a number and one of `s`, `m`, `h`, `d`, `w`. @default '3h' */
  readonly driftOverdue?: string;
  /** Within which time something is counted, in the same form. @default '15m' */
  readonly window?: string;
  /** The label `job` under which the API servers are scraped. @default 'apiserver', as kube-prometheus calls it */
  readonly apiServerJob?: string;
  /**
   * Name of a counter of audit events, one for each line of the log, with the labels `user`, `impersonated`, `verb`, `group`,
   * `resource`, `subresource`, `namespace` and `code`. With it, alerts say who did something and where; without it, those that only the
   * audit log can tell are left out. See docs/alerts.md.
   * @default none
   */
  readonly auditMetric?: string;
  /** Users whose actions raise no alert, such as the deployment pipeline. Needs `auditMetric`. @default none */
  readonly excludedUsers?: readonly string[];
  /** Namespaces in which actions raise no alert. Needs `auditMetric`. @default none */
  readonly excludedNamespaces?: readonly string[];
  /** How many are too many within the window, by the name of an alert that counts. @default {@link THRESHOLDS} */
  readonly thresholds?: Partial<Record<ThresholdName, number>>;
  /** Severities other than the usual ones, by the name of an alert. @default none */
  readonly severities?: Partial<Record<AlertName, AlertSeverity>>;
  /** Alerts to leave out. @default none */
  readonly without?: readonly AlertName[];
  /** Labels of every alert, for the routes of Alertmanager. @default none */
  readonly alertLabels?: Readonly<Record<string, string>>;
  /** Where the runbooks are: the name of an alert and `.md` follow. @default {@link RUNBOOKS} */
  readonly runbooks?: string;
}

/** The runbooks of the published package. */
export const RUNBOOKS = 'https://unpkg.com/cdk8s-bulwark/docs/runbooks/';

/** A group of rules as Prometheus reads it. */
export interface AlertGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/** A rule as Prometheus reads it. */
export interface AlertRule {
  readonly alert: AlertName;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

const GROUPS: Readonly<Record<string, (context: AlertContext) => Alert[]>> = {
  'bulwark-drift': driftAlerts,
  'bulwark-admission': admissionAlerts,
  'bulwark-requests': requestAlerts,
  'bulwark-blindness': blindnessAlerts,
};

/**
 * Alerts for a cluster that leaves its declared state, for what admission refuses, for what attackers ask of the API server, and
 * for being blind to any of it, as the groups of a rules file of Prometheus.
 *
 * Sources: MITRE ATT&CK for Containers T1609, T1613, T1552.007, T1098.006; Microsoft, "Threat matrix for Kubernetes"; CIS 1.12 3.2.
 * @throws BulwarkError for a duration, name, label or threshold that Prometheus would refuse, and for what has no effect.
 */
export function alertGroups(options: AlertOptions = {}): AlertGroup[] {
  const context = contextOf(checked(options));
  const left = new Set<string>(options.without);
  const groups = Object.entries(GROUPS).map(([name, alertsOf]) => ({
    name,
    rules: alertsOf(context)
      .filter((alert) => !left.has(alert.name))
      .map((alert) => ruleOf(alert, options)),
  }));
  return groups.filter(({ rules }) => rules.length > 0);
}

function contextOf(options: AlertOptions): AlertContext {
  const { target = DEFAULT_TARGET, drift = { by: 'metrics' }, apiServerJob = 'apiserver' } = options;
  const { auditMetric, excludedNamespaces = [], thresholds } = options;
  const elsewhere: Selector['labels'] =
    excludedNamespaces.length > 0 ? { namespace: { notIn: excludedNamespaces } } : undefined;
  return {
    minor: target.minor,
    watch: drift,
    overdue: options.driftOverdue ?? '3h',
    window: {
      length: options.window ?? '15m',
      scraped: { metric: 'up', labels: { job: apiServerJob } },
    },
    ofApiServer: (metric, labels) => ({ metric, labels: { job: apiServerJob, ...labels } }),
    ofAuditLog: auditMetric
      ? (labels) => ({ metric: auditMetric, labels: { ...labels, ...elsewhere } })
      : undefined,
    excludedUsers: options.excludedUsers ?? [],
    threshold: (name, usual = THRESHOLDS[name]) => thresholds?.[name] ?? usual,
  };
}

function ruleOf(
  { name, severity, summary, description, expr, for: time }: Alert,
  options: AlertOptions,
): AlertRule {
  const { severities, alertLabels, runbooks = RUNBOOKS } = options;
  return {
    alert: name,
    expr,
    ...(time && { for: time }),
    labels: { ...alertLabels, severity: severities?.[name] ?? severity },
    annotations: {
      summary,
      description,
      runbook_url: `${runbooks.replace(/\/?$/, '/')}${name}.md`,
    },
  };
}

const DURATION = /^[1-9]\d{0,5}[smhdw]$/;
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function checked(options: AlertOptions): AlertOptions {
  checkDurations(options);
  checkAuditOptions(options);
  checkThresholds(options);
  checkNames(options);
  for (const label of Object.keys(options.alertLabels ?? {})) {
    if (LABEL.test(label) && label !== 'severity') continue;
    throw new BulwarkError(
      `alertLabels: '${label}' cannot be set. ` +
        (label === 'severity'
          ? 'Each alert has its own; use severities.'
          : 'Prometheus takes letters, digits and _ only; rename it.'),
    );
  }
  if (!/^https?:\/\/\S+$/.test(options.runbooks ?? RUNBOOKS)) {
    throw new BulwarkError(
      `runbooks: '${options.runbooks}' is no address that a browser opens. Write for example https://wiki.example.com/runbooks/.`,
    );
  }
  return options;
}

function checkDurations({ driftOverdue, window }: AlertOptions): void {
  for (const [option, value] of Object.entries({ driftOverdue, window })) {
    if (value === undefined || DURATION.test(value)) continue;
    throw new BulwarkError(
      `${option}: '${value}' is no duration. Write a number and one of s, m, h, d and w, such as 15m.`,
    );
  }
}

function checkAuditOptions({ auditMetric, excludedUsers = [], excludedNamespaces = [] }: AlertOptions): void {
  if (auditMetric !== undefined && !METRIC.test(auditMetric)) {
    throw new BulwarkError(
      `auditMetric: '${auditMetric}' is no name of a metric. Write the name alone, such as kubernetes_audit_events_total.`,
    );
  }
  if (auditMetric === undefined && excludedUsers.length + excludedNamespaces.length > 0) {
    throw new BulwarkError(
      'excludedUsers and excludedNamespaces need auditMetric: the metrics of the API server do not tell who did something or where, ' +
        'so nothing could be excluded. Name the counter of audit events, or raise thresholds instead.',
    );
  }
}

const WAYS: readonly WatchedBy['by'][] = ['metrics', 'job', 'nothing'];

function checkNames({ without = [], severities = {}, drift }: AlertOptions): void {
  for (const name of without) checkWord('without', name, 'alert', ALERT_NAMES);
  for (const [name, severity] of Object.entries(severities)) {
    checkWord('severities', name, 'alert', ALERT_NAMES);
    if (severity !== undefined) checkWord(`severities.${name}`, severity, 'severity', ALERT_SEVERITIES);
  }
  if (drift) checkWord('drift', drift.by, 'way to know of drift', WAYS);
}

function checkThresholds({ thresholds = {} }: AlertOptions): void {
  for (const [name, value] of Object.entries(thresholds)) {
    checkWord('thresholds', name, 'alert that counts', Object.keys(THRESHOLDS));
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new BulwarkError(
      `thresholds.${name} is ${value}, and nothing is counted below zero. Use 0 or more.`,
    );
  }
}

/** Prometheus takes any word, and so would raise nothing or tell nobody. */
function checkWord(option: string, word: unknown, what: string, words: readonly string[]): void {
  const typed = String(word);
  if (words.includes(typed)) return;
  throw new BulwarkError(
    `${option}: '${typed}' is no ${what}.${meant(typed, words)} Use one of ${listSome(words, 30)}.`,
  );
}

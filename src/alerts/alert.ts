import type { Selector, Window } from './promql';

/** Severities of alerts, the most urgent first. */
export const ALERT_SEVERITIES = ['critical', 'warning', 'info'] as const;

/** How soon somebody has to look: at once, today, or when there is time. The values are those that Alertmanager routes by. */
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** An alert as the rules of Prometheus have it. */
export interface Alert {
  readonly name: AlertName;
  readonly severity: AlertSeverity;
  /** What is so, in a line. */
  readonly summary: string;
  /** What was counted, with labels as templates, and what it may mean. */
  readonly description: string;
  /** PromQL. */
  readonly expr: string;
  /** How long it has to be so, as a duration of Prometheus. @default at once */
  readonly for?: string;
}

/** What alerts are made for. */
export interface AlertContext {
  /** Minor version of Kubernetes: metrics come and go. */
  readonly minor: number;
  readonly window: Window;
  /** Whatever the API server itself counts. */
  readonly ofApiServer: (metric: string, labels?: Selector['labels']) => Selector;
  /** What the audit log counts; undefined where nobody counts it. */
  readonly ofAuditLog: ((labels: Selector['labels']) => Selector) | undefined;
  readonly excludedUsers: readonly string[];
  /** How many are too many: what was asked for, else what is usual there, else {@link THRESHOLDS}. */
  readonly threshold: (name: ThresholdName, usual?: number) => number;
  readonly watch: WatchedBy;
  /** How old the last run of the watch may be, as a duration of Prometheus. */
  readonly overdue: string;
}

/** How it is known what the watch for drift has found. */
export type WatchedBy =
  | { readonly by: 'metrics' }
  | { readonly by: 'job'; readonly namespace: string; readonly name: string }
  | { readonly by: 'nothing' };

/** Alerts that count, with how many are too many within the window. */
export const THRESHOLDS = {
  BulwarkAdmissionRefused: 10,
  BulwarkPodSecurityRefused: 10,
  BulwarkWebhookFailedOpen: 0,
  BulwarkAdmissionChanged: 0,
  BulwarkExecIntoPod: 0,
  BulwarkContainerInjected: 0,
  BulwarkProxyUsed: 0,
  BulwarkSecretsListed: 10,
  BulwarkRbacChanged: 0,
  BulwarkNetworkPolicyChanged: 0,
  BulwarkImpersonation: 0,
  BulwarkTokenCreated: 0,
  BulwarkAnonymousRequest: 0,
  BulwarkLegacyTokenUsed: 0,
  BulwarkAuthenticationFailing: 50,
  BulwarkRequestsForbidden: 100,
  BulwarkAuditLogFailing: 0,
} as const;

/** Name of an alert that counts. */
export type ThresholdName = keyof typeof THRESHOLDS;

/** Name of every alert. */
export const ALERT_NAMES = [
  ...(Object.keys(THRESHOLDS) as ThresholdName[]),
  'BulwarkDriftCritical',
  'BulwarkDriftFound',
  'BulwarkProofBroken',
  'BulwarkDriftJobFailed',
  'BulwarkDriftWatchFailing',
  'BulwarkDriftWatchStopped',
  'BulwarkApiServerNotScraped',
  'BulwarkAuditLogSilent',
  'BulwarkAuditMetricAbsent',
] as const;

/** Name of an alert. */
export type AlertName = (typeof ALERT_NAMES)[number];

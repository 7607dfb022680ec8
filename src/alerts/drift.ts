import type { Alert, AlertContext, WatchedBy } from './alert';
import { escapedRegex, promqlSelector } from './promql';

/** What the watch for drift has found, and whether it watches at all. */
export function driftAlerts(context: AlertContext): Alert[] {
  const { watch, overdue } = context;
  if (watch.by === 'metrics') return alertsOfMetrics(overdue);
  return watch.by === 'job' ? alertsOfJob(watch, overdue) : [];
}

/**
 * How long a finding outlives the runs that could not look for it. The watch that fails for longer has been an alert itself for
 * days.
 */
const REMEMBERED = '1w';
const NOT_READ = 'bulwark_drift_success == 0';

/**
 * True where the last run found it so, and where the last run could not read the cluster whole and it was found so before: only a
 * run that has looked everywhere says that something is over. Whatever is counted by itself has labels that the success has not.
 */
function lastFound(series: string, isBad: string, ownLabels: readonly string[]): string {
  const matching = ownLabels.length > 0 ? `and ignoring (${ownLabels.join(', ')})` : 'and';
  return [
    `${series} ${isBad}`,
    `or last_over_time(${series}[${REMEMBERED}]) ${isBad} ${matching} ${NOT_READ}`,
  ].join('\n');
}

function findings(severity: string): string {
  return lastFound(`bulwark_drift_findings{severity${severity}}`, '> 0', ['change', 'severity']);
}

function alertsOfMetrics(overdue: string): Alert[] {
  const lastRun = 'bulwark_drift_last_run_timestamp_seconds';
  return [
    {
      name: 'BulwarkDriftCritical',
      severity: 'critical',
      summary: 'What keeps others out of the cluster is not as it was declared',
      description:
        '{{ $value }} policies, roles, bindings or namespaces are {{ $labels.change }}. Until they are restored, the cluster is more open than its manifests say.',
      expr: findings('="critical"'),
    },
    {
      name: 'BulwarkDriftFound',
      severity: 'warning',
      summary: 'The cluster is not what was declared',
      description:
        '{{ $value }} objects of severity {{ $labels.severity }} are {{ $labels.change }}. `bulwark drift` names each, who wrote it last and the command that restores it.',
      expr: findings('!="critical"'),
    },
    {
      name: 'BulwarkProofBroken',
      severity: 'critical',
      summary: 'What was proved of the manifests is not true of the live cluster',
      description:
        'The live cluster lets through a connection, a right or a way from tenant to tenant that the manifests do not. `bulwark drift` names the object through which it does.',
      expr: lastFound('bulwark_drift_proof_holds', '== 0', []),
    },
    {
      name: 'BulwarkDriftWatchFailing',
      severity: 'warning',
      summary: 'The watch for drift cannot read the cluster',
      description: `No run has read the cluster as a whole for ${overdue}, so drift would go unnoticed.`,
      expr: NOT_READ,
      for: overdue,
    },
    {
      name: 'BulwarkDriftWatchStopped',
      severity: 'critical',
      summary: 'The watch for drift does not run any more',
      description: `No run has ended for ${overdue}, or its metrics are gone, so drift would go unnoticed.`,
      expr: `time() - ${lastRun} > ${secondsOf(overdue)} or absent(${lastRun})`,
      for: '15m',
    },
  ];
}

/** What kube-state-metrics tells of the CronJob, whose Job fails when something was found and when nothing could be read. */
function alertsOfJob({ namespace, name }: WatchedBy & { by: 'job' }, overdue: string): Alert[] {
  const cronJob = (metric: string) => promqlSelector({ metric, labels: { namespace, cronjob: name } });
  const job = (metric: string, labels = {}) =>
    promqlSelector({
      metric,
      labels: { namespace, job_name: { like: `${escapedRegex(name)}-[0-9]+` }, ...labels },
    });
  const success = cronJob('kube_cronjob_status_last_successful_time');
  return [
    {
      name: 'BulwarkDriftJobFailed',
      severity: 'critical',
      summary: 'The watch for drift has found something, or could not look',
      description:
        'The Job {{ $labels.namespace }}/{{ $labels.job_name }} failed, and none has succeeded since. Its log tells what differs from the manifests, or why it is not known.',
      // A failed Job stays for a while; one that was followed by a success is over.
      expr: [
        `${job('kube_job_failed', { condition: 'true' })} == 1`,
        'and on (namespace, job_name) (',
        `  ${job('kube_job_status_start_time')} > on (namespace) group_left () ${success}`,
        `  or ${job('kube_job_status_start_time')} unless on (namespace) ${success}`,
        ')',
      ].join('\n'),
    },
    {
      name: 'BulwarkDriftWatchStopped',
      severity: 'critical',
      summary: 'The watch for drift does not run any more',
      description: `The CronJob ${namespace}/${name} has started nothing for ${overdue}, is suspended or is gone, so drift would go unnoticed.`,
      expr: [
        `time() - ${cronJob('kube_cronjob_status_last_schedule_time')} > ${secondsOf(overdue)}`,
        `or ${cronJob('kube_cronjob_spec_suspend')} == 1`,
        `or absent(${cronJob('kube_cronjob_info')})`,
      ].join('\n'),
      for: '15m',
    },
  ];
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** Seconds of a duration of Prometheus in one unit. */
function secondsOf(duration: string): number {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(duration)!;
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

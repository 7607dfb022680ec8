import type { Alert, AlertContext } from './alert';
import { growth, promqlSelector } from './promql';
import { countOf } from './signal';

/** What all other alerts depend on: that metrics and the audit log are there. */
export function blindnessAlerts({ ofApiServer, ofAuditLog, window, threshold }: AlertContext): Alert[] {
  const events = promqlSelector(ofApiServer('apiserver_audit_event_total'));
  const lost = ofApiServer('apiserver_audit_error_total');
  return [
    {
      name: 'BulwarkApiServerNotScraped',
      severity: 'critical',
      summary: 'Prometheus has no metrics of the API server',
      description:
        'No API server is scraped, so that no alert about its requests, admission or audit log can be raised.',
      expr: `absent(${promqlSelector(window.scraped)} == 1)`,
      for: '15m',
    },
    {
      name: 'BulwarkAuditLogSilent',
      severity: 'critical',
      summary: 'An API server writes no audit log',
      description: `{{ $labels.instance }} has written no audit event for ${window.length}: whatever is done now leaves no trace.`,
      expr: `increase(${events}[${window.length}]) == 0`,
      for: '15m',
    },
    {
      name: 'BulwarkAuditLogFailing',
      severity: 'critical',
      summary: 'Audit events are lost',
      description: countOf('Audit events that {{ $labels.plugin }} could not write', window),
      expr: `${growth(lost, ['plugin'], window)} > ${threshold('BulwarkAuditLogFailing')}`,
    },
    ...(ofAuditLog
      ? [
          {
            name: 'BulwarkAuditMetricAbsent' as const,
            severity: 'critical' as const,
            summary: 'Nobody counts the audit log any more',
            description:
              'The metric that counts audit events is gone, so that no alert about what users do can be raised.',
            expr: `absent(${ofAuditLog({}).metric})`,
            for: '15m',
          },
        ]
      : []),
  ];
}

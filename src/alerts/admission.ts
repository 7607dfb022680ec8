import type { Alert, AlertContext } from './alert';
import { growth } from './promql';
import { changesOf, countOf, signalAlerts } from './signal';

const WHY_REFUSED = 'Somebody is trying, or a controller cannot make its pods.';

/** What admission has refused, and what has happened to admission. */
export function admissionAlerts(context: AlertContext): Alert[] {
  const { ofApiServer, window, threshold } = context;
  const refused = ofApiServer('apiserver_validating_admission_policy_check_total', {
    enforcement_action: 'deny',
  });
  const evaluated = ofApiServer('pod_security_evaluations_total', { decision: 'deny', mode: 'enforce' });
  const failedOpen = ofApiServer('apiserver_admission_webhook_fail_open_count');
  return [
    {
      name: 'BulwarkAdmissionRefused',
      severity: 'warning',
      summary: 'A guard rail refuses again and again',
      description: `${countOf('Requests that the policy {{ $labels.policy }} has refused', window)} ${WHY_REFUSED}`,
      expr: `${growth(refused, ['policy'], window)} > ${threshold('BulwarkAdmissionRefused')}`,
    },
    {
      name: 'BulwarkPodSecurityRefused',
      severity: 'warning',
      summary: 'Pod Security refuses pods again and again',
      description: `${countOf('Pods that Pod Security has refused at level {{ $labels.policy_level }}', window)} ${WHY_REFUSED}`,
      expr: `${growth(evaluated, ['policy_level'], window)} > ${threshold('BulwarkPodSecurityRefused')}`,
    },
    {
      name: 'BulwarkWebhookFailedOpen',
      severity: 'critical',
      summary: 'An admission webhook does not answer, and is passed over',
      description: `${countOf('Requests that the {{ $labels.type }} webhook {{ $labels.name }} did not answer', window)} Its failurePolicy has let them in unseen.`,
      expr: `${growth(failedOpen, ['name', 'type'], window)} > ${threshold('BulwarkWebhookFailedOpen')}`,
    },
    ...signalAlerts([changesOf('BulwarkAdmissionChanged', ADMISSION)], context),
  ];
}

const ADMISSION = {
  group: 'admissionregistration.k8s.io',
  summary: 'A guard rail or a webhook was changed',
};

import type { AlertOptions } from '../../../src/alerts/rules';
import { ClusterTarget } from '../../../src/target/target';
import type { AlertName } from '../../../src/alerts/alert';
import type { Series } from '../../support/promtool';

const target = ClusterTarget.kubernetes('1.37');

/** The ways in which alerts are made. */
export const VARIANTS = {
  metrics: { target },
  job: { target, drift: { by: 'job', namespace: 'bulwark', name: 'drift' } },
  audit: {
    target,
    drift: { by: 'nothing' },
    auditMetric: 'audit_events_total',
    excludedUsers: ['system:serviceaccount:flux-system:kustomize-controller', 'ci@example.com'],
    excludedNamespaces: ['sandbox'],
  },
} as const satisfies Record<string, AlertOptions>;

/** An alert, when it is raised after an hour and when it is not. */
export interface AlertCase {
  readonly alert: AlertName;
  readonly rules: keyof typeof VARIANTS;
  /** When it is asked. @default after an hour */
  readonly after?: string;
  /** Series from minute to minute. */
  readonly fires: Series;
  /** Labels of the alert beside the severity. */
  readonly labels: Readonly<Record<string, string>>;
  /** The description of the alert that is raised. @default that of the rule, which has no template then */
  readonly says?: string;
  /** Series that are much the same and no reason for an alert. */
  readonly quiet: readonly Series[];
}

const API = 'job="apiserver",instance="10.0.0.1:6443"';
const UP: Series = { [`up{${API}}`]: '1x70' };
const PIPELINE = 'job="vector",instance="10.0.0.9:9598"';
const PIPELINE_UP: Series = { [`up{${PIPELINE}}`]: '1x70' };

/** Nothing until five minutes ago, then one. */
const NEW = '_x54 1x15';
/** Grows by one, five minutes ago. */
const ONE_MORE = '7x54 8x15';
const MANY_MORE = '7x49 8+10x20';
const CONSTANT = '7x70';

const request = (labels: string) =>
  `apiserver_request_total{${API},component="apiserver",version="v1",${labels}}`;
const audit = (labels: string) => `audit_events_total{${PIPELINE},${labels}}`;
const counted = (series: string, values = NEW): Series => ({ ...UP, [series]: values });
const told = (labels: string, values = NEW): Series => ({ ...PIPELINE_UP, [audit(labels)]: values });

const EXEC = 'verb="CONNECT",group="",resource="pods",scope="resource",dry_run=""';
const SECRETS = 'verb="LIST",group="",resource="secrets",dry_run=""';
const ROLES =
  'group="rbac.authorization.k8s.io",resource="rolebindings",scope="resource",subresource="",dry_run=""';
const WHO = 'user="eve",impersonated=""';

/** An hour and more in seconds; the clock of promtool begins at 0. */
const at = (seconds: number) => `${seconds}x70`;

export const CASES: readonly AlertCase[] = [
  {
    alert: 'BulwarkDriftCritical',
    rules: 'metrics',
    fires: { 'bulwark_drift_findings{change="missing",severity="critical"}': '0x54 2x15' },
    labels: { change: 'missing' },
    says: '2 policies, roles, bindings or namespaces are missing. Until they are restored, the cluster is more open than its manifests say.',
    quiet: [
      { 'bulwark_drift_findings{change="missing",severity="critical"}': '0x70' },
      { 'bulwark_drift_findings{change="missing",severity="high"}': '3x70' },
    ],
  },
  {
    alert: 'BulwarkDriftFound',
    rules: 'metrics',
    fires: { 'bulwark_drift_findings{change="undeclared",severity="high"}': '0x54 3x15' },
    labels: { change: 'undeclared', severity: 'warning' },
    says: '3 objects of severity high are undeclared. `bulwark drift` names each, who wrote it last and the command that restores it.',
    quiet: [
      { 'bulwark_drift_findings{change="undeclared",severity="high"}': '0x70' },
      { 'bulwark_drift_findings{change="undeclared",severity="critical"}': '1x70' },
    ],
  },
  {
    alert: 'BulwarkProofBroken',
    rules: 'metrics',
    fires: { bulwark_drift_proof_holds: '1x54 0x15' },
    labels: {},
    quiet: [{ bulwark_drift_proof_holds: '1x70' }, { bulwark_drift_success: '0x70' }],
  },
  {
    alert: 'BulwarkDriftWatchFailing',
    after: '5h',
    rules: 'metrics',
    fires: { bulwark_drift_success: '0x300' },
    labels: {},
    quiet: [
      { bulwark_drift_success: '1x300' },
      // One run that fails is followed by one that does not.
      { bulwark_drift_success: '1x200 0x60 1x40' },
      { bulwark_drift_success: '1x200 0x100' },
    ],
  },
  {
    alert: 'BulwarkDriftWatchStopped',
    after: '5h',
    rules: 'metrics',
    fires: { bulwark_drift_last_run_timestamp_seconds: '60x300' },
    labels: {},
    quiet: [{ bulwark_drift_last_run_timestamp_seconds: '0+60x300' }],
  },
  {
    alert: 'BulwarkDriftWatchStopped',
    after: '5h',
    rules: 'metrics',
    fires: {},
    labels: {},
    quiet: [{ bulwark_drift_last_run_timestamp_seconds: '7200x300' }],
  },
  {
    alert: 'BulwarkDriftJobFailed',
    rules: 'job',
    fires: {
      'kube_job_failed{namespace="bulwark",job_name="drift-29000060",condition="true"}': '1x70',
      'kube_job_status_start_time{namespace="bulwark",job_name="drift-29000060"}': at(3000),
      'kube_cronjob_status_last_successful_time{namespace="bulwark",cronjob="drift"}': at(1000),
    },
    labels: { namespace: 'bulwark', job_name: 'drift-29000060', condition: 'true' },
    says: 'The Job bulwark/drift-29000060 failed, and none has succeeded since. Its log tells what differs from the manifests, or why it is not known.',
    quiet: [
      {
        'kube_job_failed{namespace="bulwark",job_name="drift-29000060",condition="true"}': '1x70',
        'kube_job_status_start_time{namespace="bulwark",job_name="drift-29000060"}': at(1000),
        'kube_cronjob_status_last_successful_time{namespace="bulwark",cronjob="drift"}': at(3000),
      },
      {
        'kube_job_failed{namespace="bulwark",job_name="other-29000060",condition="true"}': '1x70',
        'kube_job_status_start_time{namespace="bulwark",job_name="other-29000060"}': at(3000),
      },
      {
        'kube_job_failed{namespace="bulwark",job_name="drift-29000060",condition="false"}': '1x70',
        'kube_job_status_start_time{namespace="bulwark",job_name="drift-29000060"}': at(3000),
      },
    ],
  },
  {
    alert: 'BulwarkDriftJobFailed',
    rules: 'job',
    fires: {
      'kube_job_failed{namespace="bulwark",job_name="drift-29000060",condition="true"}': '1x70',
      'kube_job_status_start_time{namespace="bulwark",job_name="drift-29000060"}': at(3000),
    },
    labels: { namespace: 'bulwark', job_name: 'drift-29000060', condition: 'true' },
    says: 'The Job bulwark/drift-29000060 failed, and none has succeeded since. Its log tells what differs from the manifests, or why it is not known.',
    quiet: [],
  },
  {
    alert: 'BulwarkDriftWatchStopped',
    after: '5h',
    rules: 'job',
    fires: {
      'kube_cronjob_info{namespace="bulwark",cronjob="drift"}': '1x300',
      'kube_cronjob_spec_suspend{namespace="bulwark",cronjob="drift"}': '0x300',
      'kube_cronjob_status_last_schedule_time{namespace="bulwark",cronjob="drift"}': '60x300',
    },
    labels: { namespace: 'bulwark', cronjob: 'drift' },
    quiet: [
      {
        'kube_cronjob_info{namespace="bulwark",cronjob="drift"}': '1x300',
        'kube_cronjob_spec_suspend{namespace="bulwark",cronjob="drift"}': '0x300',
        'kube_cronjob_status_last_schedule_time{namespace="bulwark",cronjob="drift"}': '0+60x300',
      },
    ],
  },
  {
    alert: 'BulwarkDriftWatchStopped',
    after: '5h',
    rules: 'job',
    fires: {
      'kube_cronjob_info{namespace="bulwark",cronjob="drift"}': '1x300',
      'kube_cronjob_spec_suspend{namespace="bulwark",cronjob="drift"}': '1x300',
      'kube_cronjob_status_last_schedule_time{namespace="bulwark",cronjob="drift"}': '0+60x300',
    },
    labels: { namespace: 'bulwark', cronjob: 'drift' },
    quiet: [],
  },
  {
    alert: 'BulwarkAdmissionRefused',
    rules: 'metrics',
    fires: counted(
      `apiserver_validating_admission_policy_check_total{${API},enforcement_action="deny",policy="bulwark-pods",policy_binding="bulwark-pods-deny"}`,
      '_x54 40x15',
    ),
    labels: { policy: 'bulwark-pods' },
    says: 'Requests that the policy bulwark-pods has refused within 15m: 40. Somebody is trying, or a controller cannot make its pods.',
    quiet: [
      counted(
        `apiserver_validating_admission_policy_check_total{${API},enforcement_action="deny",policy="bulwark-pods"}`,
        '_x54 4x15',
      ),
      counted(
        `apiserver_validating_admission_policy_check_total{${API},enforcement_action="warn",policy="bulwark-pods"}`,
        MANY_MORE,
      ),
    ],
  },
  {
    alert: 'BulwarkPodSecurityRefused',
    rules: 'metrics',
    fires: counted(
      `pod_security_evaluations_total{${API},decision="deny",mode="enforce",policy_level="restricted",policy_version="latest",request_operation="create",resource="pod",subresource=""}`,
      '_x54 12x15',
    ),
    labels: { policy_level: 'restricted' },
    says: 'Pods that Pod Security has refused at level restricted within 15m: 12. Somebody is trying, or a controller cannot make its pods.',
    quiet: [
      counted(
        `pod_security_evaluations_total{${API},decision="deny",mode="warn",policy_level="restricted"}`,
        MANY_MORE,
      ),
      counted(
        `pod_security_evaluations_total{${API},decision="allow",mode="enforce",policy_level="restricted"}`,
        MANY_MORE,
      ),
    ],
  },
  {
    alert: 'BulwarkWebhookFailedOpen',
    rules: 'metrics',
    fires: counted(
      `apiserver_admission_webhook_fail_open_count{${API},name="check.example.com",type="validating"}`,
    ),
    labels: { name: 'check.example.com', type: 'validating' },
    says: 'Requests that the validating webhook check.example.com did not answer within 15m: 1. Its failurePolicy has let them in unseen.',
    quiet: [
      counted(
        `apiserver_admission_webhook_fail_open_count{${API},name="check.example.com",type="validating"}`,
        CONSTANT,
      ),
    ],
  },
  {
    alert: 'BulwarkAdmissionChanged',
    rules: 'metrics',
    fires: counted(
      request(
        'verb="DELETE",code="200",group="admissionregistration.k8s.io",resource="validatingadmissionpolicybindings",dry_run=""',
      ),
    ),
    labels: { resource: 'validatingadmissionpolicybindings', verb: 'DELETE' },
    says: 'Changes of validatingadmissionpolicybindings by DELETE within 15m: 1. The metric does not tell who did it: the audit log does.',
    quiet: [
      counted(
        request(
          'verb="DELETE",code="404",group="admissionregistration.k8s.io",resource="validatingadmissionpolicybindings",dry_run=""',
        ),
      ),
    ],
  },
  {
    alert: 'BulwarkExecIntoPod',
    rules: 'metrics',
    fires: counted(request(`${EXEC},subresource="exec",code="0"`)),
    labels: { subresource: 'exec' },
    says: 'Uses of exec on pods within 15m: 1. The metric does not tell who did it: the audit log does.',
    quiet: [
      counted(request(`${EXEC},subresource="exec",code="0"`), CONSTANT),
      counted(request(`${EXEC},subresource="exec",code="400"`)),
      counted(request(`${EXEC},subresource="log",code="200"`)),
      // Prometheus itself has just begun: what was counted before is not new.
      { [`up{${API}}`]: '_x57 1x12', [request(`${EXEC},subresource="exec",code="0"`)]: '_x57 3x12' },
    ],
  },
  {
    alert: 'BulwarkExecIntoPod',
    rules: 'metrics',
    // The counters of an API server begin anew when it starts.
    fires: counted(request(`${EXEC},subresource="exec",code="0"`), '7x50 1x20'),
    labels: { subresource: 'exec' },
    says: 'Uses of exec on pods within 15m: 1. The metric does not tell who did it: the audit log does.',
    quiet: [],
  },
  {
    alert: 'BulwarkExecIntoPod',
    rules: 'metrics',
    // A shell that is still open is in no counter.
    fires: {
      ...UP,
      [`apiserver_longrunning_requests{${API},verb="CONNECT",group="",resource="pods",subresource="exec"}`]:
        '_x54 1x15',
    },
    labels: { subresource: 'exec' },
    says: 'Uses of exec on pods within 15m: 1. The metric does not tell who did it: the audit log does.',
    quiet: [
      {
        ...UP,
        [`apiserver_longrunning_requests{${API},verb="CONNECT",group="",resource="pods",subresource="log"}`]:
          '_x54 1x15',
        [`apiserver_longrunning_requests{${API},verb="CONNECT",group="",resource="pods",subresource="exec"}`]:
          '1x20 0x50',
      },
    ],
  },
  {
    alert: 'BulwarkExecIntoPod',
    rules: 'audit',
    fires: told(`${WHO},verb="create",resource="pods",subresource="exec",namespace="shop-web",code="101"`),
    labels: { user: 'eve', namespace: 'shop-web', subresource: 'exec' },
    says: 'eve: exec on pods of the namespace shop-web within 15m: 1.',
    quiet: [
      told(`${WHO},verb="create",resource="pods",subresource="exec",namespace="sandbox",code="101"`),
      told(
        'user="ci@example.com",verb="create",resource="pods",subresource="exec",namespace="shop-web",code="101"',
      ),
      told(`${WHO},verb="create",resource="pods",subresource="exec",namespace="shop-web",code="403"`),
    ],
  },
  {
    alert: 'BulwarkContainerInjected',
    rules: 'metrics',
    fires: counted(
      request('verb="PATCH",resource="pods",subresource="ephemeralcontainers",code="200",dry_run=""'),
    ),
    labels: { subresource: 'ephemeralcontainers' },
    says: 'Ephemeral containers added to running pods within 15m: 1. The metric does not tell who did it: the audit log does.',
    quiet: [
      counted(
        request('verb="PATCH",resource="pods",subresource="ephemeralcontainers",code="200",dry_run="All"'),
      ),
      counted(request('verb="GET",resource="pods",subresource="ephemeralcontainers",code="200",dry_run=""')),
    ],
  },
  {
    alert: 'BulwarkContainerInjected',
    rules: 'audit',
    fires: told(
      `${WHO},verb="patch",resource="pods",subresource="ephemeralcontainers",namespace="shop-web",code="200"`,
    ),
    labels: { user: 'eve', namespace: 'shop-web' },
    says: 'eve: ephemeral containers added to running pods of the namespace shop-web within 15m: 1.',
    quiet: [
      told(
        `${WHO},verb="patch",resource="pods",subresource="ephemeralcontainers",namespace="shop-web",code="403"`,
      ),
    ],
  },
  {
    alert: 'BulwarkProxyUsed',
    rules: 'metrics',
    fires: counted(request('verb="CONNECT",resource="nodes",subresource="proxy",code="200"')),
    labels: { resource: 'nodes' },
    says: 'Requests to nodes through the proxy of the API server within 15m: 1. No NetworkPolicy sees them; those to nodes reach the kubelet, which runs commands in every pod. The metric does not tell who did it: the audit log does.',
    quiet: [counted(request('verb="GET",resource="nodes",subresource="",code="200"'), MANY_MORE)],
  },
  {
    alert: 'BulwarkProxyUsed',
    rules: 'audit',
    fires: told(`${WHO},verb="get",resource="nodes",subresource="proxy",namespace="",code="200"`),
    labels: { user: 'eve', resource: 'nodes' },
    says: 'eve: requests to nodes through the proxy of the API server within 15m: 1. No NetworkPolicy sees them; those to nodes reach the kubelet, which runs commands in every pod.',
    quiet: [told(`${WHO},verb="get",resource="nodes",subresource="status",namespace="",code="200"`)],
  },
  {
    alert: 'BulwarkSecretsListed',
    rules: 'metrics',
    fires: counted(request(`${SECRETS},scope="cluster",code="200"`), '_x54 11x15'),
    labels: { resource: 'secrets' },
    says: 'Lists of the Secrets of the whole cluster within 15m: 11. Controllers do so when they start. The metric does not tell who did it: the audit log does.',
    quiet: [
      counted(request(`${SECRETS},scope="cluster",code="200"`), ONE_MORE),
      counted(request(`${SECRETS},scope="namespace",code="200"`), MANY_MORE),
    ],
  },
  {
    alert: 'BulwarkSecretsListed',
    rules: 'audit',
    fires: told(`${WHO},verb="list",resource="secrets",subresource="",namespace="",code="200"`),
    labels: { user: 'eve' },
    says: 'eve: lists of Secrets of the whole cluster within 15m: 1. Controllers do so when they start.',
    quiet: [
      told('user="system:kube-controller-manager",verb="list",resource="secrets",code="200"', MANY_MORE),
      told('user="system:node:one",verb="list",resource="secrets",code="200"', MANY_MORE),
      told(
        'user="system:serviceaccount:kube-system:namespace-controller",verb="list",resource="secrets",code="200"',
        MANY_MORE,
      ),
    ],
  },
  {
    alert: 'BulwarkRbacChanged',
    rules: 'metrics',
    fires: counted(request(`${ROLES},verb="POST",code="201"`)),
    labels: { resource: 'rolebindings', verb: 'POST' },
    says: 'Changes of rolebindings by POST within 15m: 1. The metric does not tell who did it: the audit log does.',
    quiet: [
      counted(request(`${ROLES},verb="POST",code="403"`), MANY_MORE),
      counted(request(`${ROLES},verb="LIST",code="200"`), MANY_MORE),
      counted(request(`${ROLES},verb="POST",code="201"`.replace('dry_run=""', 'dry_run="All"')), MANY_MORE),
    ],
  },
  {
    alert: 'BulwarkRbacChanged',
    rules: 'audit',
    fires: told(
      `${WHO},verb="create",group="rbac.authorization.k8s.io",resource="rolebindings",namespace="shop-web",code="201"`,
    ),
    labels: { user: 'eve', verb: 'create', resource: 'rolebindings', namespace: 'shop-web' },
    says: 'eve: create of rolebindings in the namespace shop-web within 15m: 1.',
    quiet: [
      told(
        'user="system:serviceaccount:flux-system:kustomize-controller",verb="create",group="rbac.authorization.k8s.io",resource="roles",code="201"',
      ),
      told(
        'user="system:serviceaccount:kube-system:clusterrole-aggregation-controller",verb="patch",group="rbac.authorization.k8s.io",resource="clusterroles",code="200"',
      ),
    ],
  },
  {
    alert: 'BulwarkAdmissionChanged',
    rules: 'audit',
    fires: told(
      `${WHO},verb="deletecollection",group="admissionregistration.k8s.io",resource="validatingadmissionpolicies",namespace="",code="200"`,
    ),
    labels: { user: 'eve', verb: 'deletecollection', resource: 'validatingadmissionpolicies' },
    says: 'eve: deletecollection of validatingadmissionpolicies within 15m: 1.',
    quiet: [
      told(
        `${WHO},verb="list",group="admissionregistration.k8s.io",resource="validatingadmissionpolicies",code="200"`,
      ),
    ],
  },
  {
    alert: 'BulwarkNetworkPolicyChanged',
    rules: 'metrics',
    fires: counted(
      request('verb="APPLY",code="200",group="networking.k8s.io",resource="networkpolicies",dry_run=""'),
      ONE_MORE,
    ),
    labels: { resource: 'networkpolicies', verb: 'APPLY' },
    says: 'Changes of networkpolicies by APPLY within 15m: 1. The metric does not tell who did it: the audit log does.',
    quiet: [
      counted(request('verb="APPLY",code="200",group="networking.k8s.io",resource="ingresses",dry_run=""')),
    ],
  },
  {
    alert: 'BulwarkNetworkPolicyChanged',
    rules: 'audit',
    fires: told(
      `${WHO},verb="delete",group="networking.k8s.io",resource="networkpolicies",namespace="shop-web",code="200"`,
    ),
    labels: { user: 'eve', verb: 'delete', resource: 'networkpolicies', namespace: 'shop-web' },
    says: 'eve: delete of networkpolicies in the namespace shop-web within 15m: 1.',
    quiet: [
      told(
        `${WHO},verb="delete",group="networking.k8s.io",resource="networkpolicies",namespace="sandbox",code="200"`,
      ),
    ],
  },
  {
    alert: 'BulwarkImpersonation',
    rules: 'metrics',
    fires: counted(`apiserver_impersonation_attempts_total{${API},decision="allowed",mode="legacy"}`),
    labels: { mode: 'legacy' },
    says: 'Requests in the name of somebody else within 15m: 1. The metric does not tell who did it: the audit log does.',
    quiet: [
      counted(`apiserver_impersonation_attempts_total{${API},decision="denied",mode="legacy"}`, MANY_MORE),
    ],
  },
  {
    alert: 'BulwarkImpersonation',
    rules: 'audit',
    fires: told('user="eve",impersonated="root",verb="get",resource="pods",namespace="shop-web",code="403"'),
    labels: { user: 'eve', impersonated: 'root' },
    says: 'eve: requests in the name of root within 15m: 1.',
    quiet: [told('user="eve",impersonated="",verb="get",resource="pods",namespace="shop-web",code="200"')],
  },
  {
    alert: 'BulwarkTokenCreated',
    rules: 'audit',
    fires: told(
      `${WHO},verb="create",resource="serviceaccounts",subresource="token",namespace="shop-web",code="201"`,
    ),
    labels: { user: 'eve', namespace: 'shop-web' },
    says: 'eve: tokens made of ServiceAccounts of the namespace shop-web within 15m: 1. Whoever has it acts as that account.',
    quiet: [
      told(
        'user="system:node:one",verb="create",resource="serviceaccounts",subresource="token",namespace="shop-web",code="201"',
        MANY_MORE,
      ),
    ],
  },
  {
    alert: 'BulwarkAnonymousRequest',
    rules: 'audit',
    fires: told('user="system:anonymous",verb="get",resource="pods",namespace="shop-web",code="200"'),
    labels: { verb: 'get', resource: 'pods', namespace: 'shop-web' },
    says: 'get of pods in the namespace shop-web without credentials within 15m: 1.',
    quiet: [
      told('user="system:anonymous",verb="get",resource="pods",namespace="shop-web",code="403"', MANY_MORE),
      told('user="system:anonymous",verb="get",resource="",code="200"', MANY_MORE),
    ],
  },
  {
    alert: 'BulwarkLegacyTokenUsed',
    rules: 'metrics',
    fires: counted(`serviceaccount_legacy_tokens_total{${API}}`, ONE_MORE),
    labels: { job: 'apiserver' },
    says: 'Requests with a token out of a Secret within 15m: 1. Such a token holds for as long as the Secret is there, wherever it was copied to.',
    quiet: [counted(`serviceaccount_legacy_tokens_total{${API}}`, CONSTANT)],
  },
  {
    alert: 'BulwarkAuthenticationFailing',
    rules: 'metrics',
    fires: counted(`authentication_attempts{${API},result="error"}`, '_x54 60x15'),
    labels: { job: 'apiserver' },
    says: 'Requests with credentials that the API server does not know within 15m: 60. They have expired, were revoked or are guessed.',
    quiet: [
      counted(`authentication_attempts{${API},result="error"}`, '_x54 40x15'),
      counted(`authentication_attempts{${API},result="success"}`, MANY_MORE),
    ],
  },
  {
    alert: 'BulwarkRequestsForbidden',
    rules: 'metrics',
    fires: counted(`authorization_attempts_total{${API},result="no-opinion"}`, '_x54 120x15'),
    labels: { job: 'apiserver' },
    says: 'Requests beyond the rights of whoever sent them within 15m: 120. So it looks when somebody tries out what a stolen identity may do.',
    quiet: [
      counted(`authorization_attempts_total{${API},result="no-opinion"}`, '_x54 90x15'),
      counted(`authorization_attempts_total{${API},result="allowed"}`, MANY_MORE),
    ],
  },
  {
    alert: 'BulwarkApiServerNotScraped',
    rules: 'metrics',
    fires: { [`up{${API}}`]: '1x30 0x40' },
    labels: {},
    quiet: [UP, { ...UP, 'up{job="apiserver",instance="10.0.0.2:6443"}': '0x70' }],
  },
  {
    alert: 'BulwarkAuditLogSilent',
    rules: 'metrics',
    fires: counted(`apiserver_audit_event_total{${API}}`, '100x70'),
    labels: { job: 'apiserver', instance: '10.0.0.1:6443' },
    says: '10.0.0.1:6443 has written no audit event for 15m: whatever is done now leaves no trace.',
    quiet: [counted(`apiserver_audit_event_total{${API}}`, '100+10x70')],
  },
  {
    alert: 'BulwarkAuditLogFailing',
    rules: 'metrics',
    fires: counted(`apiserver_audit_error_total{${API},plugin="webhook"}`),
    labels: { plugin: 'webhook' },
    says: 'Audit events that webhook could not write within 15m: 1.',
    quiet: [counted(`apiserver_audit_error_total{${API},plugin="webhook"}`, CONSTANT)],
  },
  {
    alert: 'BulwarkAuditMetricAbsent',
    rules: 'audit',
    fires: { [audit(`${WHO},verb="get"`)]: '1x30' },
    labels: {},
    quiet: [{ [audit(`${WHO},verb="get"`)]: '1x70' }],
  },
];

/** An alert through an hour and more, in series from minute to minute. */
export interface AlertCourse {
  readonly title: string;
  readonly alert: AlertName;
  readonly labels: Readonly<Record<string, string>>;
  readonly series: Series;
  /** Minutes at which it is raised. */
  readonly raisedAt: readonly number[];
  /** Minutes at which it is not. */
  readonly quietAt: readonly number[];
}

const CRITICAL = 'bulwark_drift_findings{job="bulwark_drift",change="missing",severity="critical"}';
const HIGH = 'bulwark_drift_findings{job="bulwark_drift",change="changed",severity="high"}';
const PROOF = 'bulwark_drift_proof_holds{job="bulwark_drift"}';
const WHOLE = 'bulwark_drift_success{job="bulwark_drift"}';
/** Read whole for 40 minutes, then not for 40, which push no zeros and no proof, then again. */
const FAILS_BETWEEN = { [WHOLE]: '1x40 0x39 1x40' };

/** What becomes of an alert about drift while the watch cannot read the cluster. */
export const COURSES: readonly AlertCourse[] = [
  ...[
    { alert: 'BulwarkDriftCritical', series: CRITICAL, labels: { change: 'missing' } } as const,
    { alert: 'BulwarkDriftFound', series: HIGH, labels: { change: 'changed' } } as const,
  ].flatMap(({ alert, series, labels }): AlertCourse[] => [
    {
      title: 'stays raised through runs that fail, until one has looked everywhere',
      alert,
      labels: { job: 'bulwark_drift', ...labels },
      series: { ...FAILS_BETWEEN, [series]: '0x20 2x19 stale _x39 0x40' },
      raisedAt: [25, 40, 50, 75],
      quietAt: [15, 85, 110],
    },
    {
      title: 'stays raised while a run that fails finds a part of it, and the next finds nothing',
      alert,
      labels: { job: 'bulwark_drift', ...labels },
      series: { ...FAILS_BETWEEN, [series]: '0x40 1x9 stale _x29 0x40' },
      raisedAt: [45, 55, 75],
      quietAt: [35, 85],
    },
    {
      title: 'is not raised again by runs that fail after it was over',
      alert,
      labels: { job: 'bulwark_drift', ...labels },
      series: { ...FAILS_BETWEEN, [series]: '2x20 0x19 stale _x39 0x40' },
      raisedAt: [15],
      quietAt: [25, 45, 75, 85],
    },
    {
      title: 'is over when its metrics have gone and those of another watch fail',
      alert,
      labels: { job: 'bulwark_drift', ...labels },
      series: {
        [WHOLE]: '1x40 stale',
        [series]: '2x40 stale',
        'bulwark_drift_success{job="other"}': '0x120',
      },
      raisedAt: [35],
      quietAt: [45, 75],
    },
  ]),
  {
    title: 'stays raised through runs that fail, until one has looked everywhere',
    alert: 'BulwarkProofBroken',
    labels: { job: 'bulwark_drift' },
    series: { ...FAILS_BETWEEN, [PROOF]: '1x20 0x19 stale _x39 1x40' },
    raisedAt: [25, 40, 50, 75],
    quietAt: [15, 85, 110],
  },
  {
    title: 'is not raised by runs that fail while it held',
    alert: 'BulwarkProofBroken',
    labels: { job: 'bulwark_drift' },
    series: { ...FAILS_BETWEEN, [PROOF]: '1x40 stale _x39 0x40' },
    raisedAt: [85],
    quietAt: [35, 45, 75],
  },
];

import type { Alert, AlertContext } from './alert';
import { growth, type Matcher } from './promql';
import { changesOf, countOf, OF_KUBERNETES, signalAlerts, type Signal } from './signal';

/** What somebody asks of the API server who is inside already, or tries to get in. */
export function requestAlerts(context: AlertContext): Alert[] {
  const { ofApiServer, window, threshold } = context;
  const failed = ofApiServer('authentication_attempts', { result: { in: ['error', 'failure'] } });
  const refused = ofApiServer('authorization_attempts_total', {
    result: { in: ['denied', 'no-opinion', 'error'] },
  });
  const legacy = ofApiServer('serviceaccount_legacy_tokens_total');
  return [
    ...signalAlerts(SIGNALS, context),
    {
      name: 'BulwarkLegacyTokenUsed',
      severity: 'warning',
      summary: 'A token that never expires was used',
      description: `${countOf('Requests with a token out of a Secret', window)} Such a token holds for as long as the Secret is there, wherever it was copied to.`,
      expr: `${growth(legacy, ['job'], window)} > ${threshold('BulwarkLegacyTokenUsed')}`,
    },
    {
      name: 'BulwarkAuthenticationFailing',
      severity: 'warning',
      summary: 'Credentials are refused again and again',
      description: `${countOf('Requests with credentials that the API server does not know', window)} They have expired, were revoked or are guessed.`,
      expr: `${growth(failed, ['job'], window)} > ${threshold('BulwarkAuthenticationFailing')}`,
    },
    {
      name: 'BulwarkRequestsForbidden',
      severity: 'warning',
      summary: 'Somebody asks for what they may not do, again and again',
      description: `${countOf('Requests beyond the rights of whoever sent them', window)} So it looks when somebody tries out what a stolen identity may do.`,
      expr: `${growth(refused, ['job'], window)} > ${threshold('BulwarkRequestsForbidden')}`,
    },
  ];
}

const WENT_WELL: Matcher = { notLike: '[45]..' };

const INTO_PODS = {
  verb: 'CONNECT',
  resource: 'pods',
  subresource: { in: ['exec', 'attach', 'portforward'] },
};

const SIGNALS: readonly Signal[] = [
  {
    name: 'BulwarkExecIntoPod',
    severity: 'warning',
    summary: 'Somebody has opened a shell or a tunnel into a pod',
    api: {
      labels: {
        ...INTO_PODS,
        // The API server counts a connection that was handed over under the code 0.
        code: WENT_WELL,
      },
      open: INTO_PODS,
      by: ['subresource'],
      what: 'Uses of {{ $labels.subresource }} on pods',
    },
    audit: {
      labels: {
        resource: 'pods',
        subresource: { in: ['exec', 'attach', 'portforward'] },
        code: WENT_WELL,
      },
      by: ['user', 'namespace', 'subresource'],
      what: '{{ $labels.user }}: {{ $labels.subresource }} on pods of the namespace {{ $labels.namespace }}',
    },
  },
  {
    name: 'BulwarkContainerInjected',
    severity: 'warning',
    summary: 'A container was added to a running pod',
    api: {
      labels: {
        verb: { in: ['PUT', 'PATCH', 'APPLY'] },
        resource: 'pods',
        subresource: 'ephemeralcontainers',
        code: { like: '2..' },
        dry_run: '',
      },
      by: ['subresource'],
      what: 'Ephemeral containers added to running pods',
    },
    audit: {
      labels: {
        verb: { in: ['update', 'patch'] },
        resource: 'pods',
        subresource: 'ephemeralcontainers',
        code: { like: '2..' },
      },
      by: ['user', 'namespace'],
      what: '{{ $labels.user }}: ephemeral containers added to running pods of the namespace {{ $labels.namespace }}',
    },
  },
  {
    name: 'BulwarkProxyUsed',
    severity: 'warning',
    summary: 'Somebody reaches pods, Services or kubelets through the API server',
    why: 'No NetworkPolicy sees them; those to nodes reach the kubelet, which runs commands in every pod.',
    api: {
      labels: { verb: 'CONNECT', resource: { in: ['nodes', 'pods', 'services'] }, subresource: 'proxy' },
      by: ['resource'],
      what: 'Requests to {{ $labels.resource }} through the proxy of the API server',
    },
    audit: {
      labels: { resource: { in: ['nodes', 'pods', 'services'] }, subresource: 'proxy' },
      by: ['user', 'resource', 'namespace'],
      what: '{{ $labels.user }}: requests to {{ $labels.resource }}{{ with $labels.namespace }} of the namespace {{ . }}{{ end }} through the proxy of the API server',
    },
  },
  {
    name: 'BulwarkSecretsListed',
    severity: 'warning',
    summary: 'Secrets are listed, which is to read them',
    why: 'Controllers do so when they start.',
    api: {
      // In a namespace, kubelets list the one Secret of a name for each pod, and are counted like whoever lists them all.
      labels: { verb: 'LIST', resource: 'secrets', scope: 'cluster', code: '200' },
      by: ['resource'],
      what: 'Lists of the Secrets of the whole cluster',
    },
    audit: {
      labels: { verb: 'list', resource: 'secrets', code: '200' },
      threshold: 0,
      by: ['user', 'namespace'],
      what: '{{ $labels.user }}: lists of Secrets of {{ with $labels.namespace }}the namespace {{ . }}{{ else }}the whole cluster{{ end }}',
      usual: `${OF_KUBERNETES}|system:node:.*`,
    },
  },
  changesOf('BulwarkRbacChanged', {
    group: 'rbac.authorization.k8s.io',
    summary: 'Somebody has changed who may do what',
  }),
  changesOf('BulwarkNetworkPolicyChanged', {
    group: 'networking.k8s.io',
    resource: 'networkpolicies',
    summary: 'Somebody has changed who can reach whom',
  }),
  {
    name: 'BulwarkImpersonation',
    severity: 'warning',
    summary: 'Somebody acts as somebody else',
    api: {
      metric: 'apiserver_impersonation_attempts_total',
      since: 37,
      labels: { decision: 'allowed' },
      by: ['mode'],
      what: 'Requests in the name of somebody else',
    },
    audit: {
      labels: { impersonated: { like: '.+' } },
      by: ['user', 'impersonated'],
      what: '{{ $labels.user }}: requests in the name of {{ $labels.impersonated }}',
    },
  },
  {
    name: 'BulwarkTokenCreated',
    severity: 'warning',
    summary: 'Somebody has made a token of a ServiceAccount',
    why: 'Whoever has it acts as that account.',
    audit: {
      labels: { verb: 'create', resource: 'serviceaccounts', subresource: 'token', code: { like: '2..' } },
      by: ['user', 'namespace'],
      what: '{{ $labels.user }}: tokens made of ServiceAccounts of the namespace {{ $labels.namespace }}',
      usual: `${OF_KUBERNETES}|system:node:.*`,
    },
  },
  {
    name: 'BulwarkAnonymousRequest',
    severity: 'critical',
    summary: 'The API server answers somebody who has not signed in',
    audit: {
      labels: { user: 'system:anonymous', resource: { like: '.+' }, code: WENT_WELL },
      by: ['verb', 'resource', 'namespace'],
      what: '{{ $labels.verb }} of {{ $labels.resource }}{{ with $labels.namespace }} in the namespace {{ . }}{{ end }} without credentials',
    },
  },
];

import { createPrivateKey, createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AlertName } from '../../../src/alerts/alert';
import type { ApiServer, RequestOptions, Response } from '../harness';

/** What actions are done with. */
export interface Stage {
  readonly server: ApiServer;
  /** Sends a request whose audit event is waited for. */
  readonly send: (method: string, path: string, body?: object, options?: RequestOptions) => Promise<Response>;
  /** Opens a stream into the pod, whose audit event is waited for. */
  readonly stream: (subresource: string) => Promise<void>;
  /** Ends all streams. */
  readonly letGo: () => void;
  /** Whether the receiver of audit events answers. */
  readonly receive: (works: boolean) => void;
}

/** Something that somebody does, and the alerts that are raised for it. */
export interface Action {
  readonly title: string;
  readonly run: (stage: Stage) => Promise<unknown>;
  /** A series that has to grow by it: then the metrics are those of after. */
  readonly grows: RegExp;
  /** As the metrics of the API server tell it. */
  readonly alerts: readonly AlertName[];
  /** As they and the audit log tell it. @default the same */
  readonly audited?: readonly AlertName[];
  /** Only from that minor version on. @default every one */
  readonly since?: number;
}

const POD = '/api/v1/namespaces/free/pods/shell';
const ROLES = '/apis/rbac.authorization.k8s.io/v1/namespaces/web/roles';
const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const BINDINGS = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
const CONFIG_MAPS = '/api/v1/namespaces/web/configmaps';
const APPLY = { headers: { 'content-type': 'application/apply-patch+yaml' } };
const container = { name: 'c', image: 'registry.example/shell:1' };
const role = (name: string, resources: readonly string[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name },
  rules: resources.map((resource) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })),
});

const request = (verb: string, rest: string) =>
  new RegExp(`^apiserver_request_total\\{.*${rest}.*verb="${verb}"`);

async function made({ server }: Stage, path: string, body: object): Promise<void> {
  const answer = await server.request('POST', path, body);
  if (answer.status !== 201) throw new Error(`${path}: ${answer.body.message}`);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('nothing came of it');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What the actions are done to. None of it is one of them. */
export async function setStage(stage: Stage, kubeletPort: number): Promise<void> {
  const { server } = stage;
  const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await made(stage, '/api/v1/namespaces', { metadata: { name: 'web', labels: enforce } });
  await made(stage, '/api/v1/namespaces', { metadata: { name: 'free' } });
  await made(stage, '/api/v1/nodes', { metadata: { name: 'one' } });
  await server.request('PATCH', '/api/v1/nodes/one/status', {
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    },
  });
  await made(stage, '/api/v1/namespaces/free/pods', {
    metadata: { name: 'shell' },
    spec: { nodeName: 'one', containers: [container] },
  });
  await server.request('PATCH', `${POD}/status`, {
    status: { podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] },
  });
  await made(stage, '/api/v1/namespaces/web/serviceaccounts', { metadata: { name: 'api' } });
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/free';
  const reader = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
  await made(stage, `${rbac}/roles`, { metadata: { name: 'reader' }, rules: reader });
  await made(stage, `${rbac}/rolebindings`, {
    metadata: { name: 'everybody' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:anonymous' }],
  });
  await made(stage, POLICIES, {
    metadata: { name: 'names' },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
        ],
      },
      validations: [{ expression: "object.metadata.name != 'refused'" }],
    },
  });
  await made(stage, BINDINGS, {
    metadata: { name: 'names' },
    spec: { policyName: 'names', validationActions: ['Deny'] },
  });
  const refused = () =>
    server.request('POST', `${CONFIG_MAPS}?dryRun=All`, { metadata: { name: 'refused' } });
  await until(async () => (await refused()).status === 422);
}

/** In the order in which they are done. */
export const ACTIONS: readonly Action[] = [
  {
    title: 'pods are listed',
    run: ({ send }) => send('GET', '/api/v1/pods'),
    grows: request('LIST', 'resource="pods"'),
    alerts: [],
  },
  ...['exec', 'attach', 'portforward'].map((subresource): Action => ({
    title: `${subresource} is open`,
    run: ({ stream }) => stream(subresource),
    grows: new RegExp(`^apiserver_longrunning_requests\\{.*subresource="${subresource}"`),
    alerts: ['BulwarkExecIntoPod'],
  })),
  {
    title: 'they are closed',
    run: ({ letGo }) => Promise.resolve(letGo()),
    grows: request('CONNECT', 'subresource="portforward"'),
    alerts: ['BulwarkExecIntoPod'],
    // That they were opened was in the log before.
    audited: ['BulwarkExecIntoPod'],
  },
  {
    title: 'the log of a pod is read',
    run: ({ send }) => send('GET', `${POD}/log`),
    grows: request('CONNECT', 'subresource="log"'),
    alerts: [],
  },
  {
    title: 'a container is added to a running pod',
    run: ({ send }) =>
      send('PATCH', `${POD}/ephemeralcontainers`, {
        spec: { ephemeralContainers: [{ name: 'debug', image: 'registry.example/shell:1' }] },
      }),
    grows: request('PATCH', 'subresource="ephemeralcontainers"'),
    alerts: ['BulwarkContainerInjected'],
  },
  {
    title: 'the kubelet is reached through the API server',
    run: ({ send }) => send('GET', '/api/v1/nodes/one/proxy/pods'),
    grows: request('CONNECT', 'resource="nodes".*subresource="proxy"'),
    alerts: ['BulwarkProxyUsed'],
  },
  {
    title: 'a pod is reached through the API server',
    run: ({ send }) => send('GET', `${POD}/proxy/`),
    grows: request('CONNECT', 'resource="pods".*subresource="proxy"'),
    alerts: ['BulwarkProxyUsed'],
  },
  {
    title: 'a Service is reached through the API server',
    run: ({ send }) => send('GET', '/api/v1/namespaces/default/services/https:kubernetes:443/proxy/'),
    grows: request('CONNECT', 'resource="services".*subresource="proxy"'),
    alerts: ['BulwarkProxyUsed'],
  },
  {
    title: 'Secrets are listed in the whole cluster',
    run: ({ send }) => send('GET', '/api/v1/secrets'),
    grows: request('LIST', 'resource="secrets",scope="cluster"'),
    alerts: ['BulwarkSecretsListed'],
  },
  {
    title: 'Secrets are listed in a namespace',
    run: ({ send }) => send('GET', '/api/v1/namespaces/web/secrets'),
    grows: request('LIST', 'resource="secrets",scope="namespace"'),
    alerts: [],
    audited: ['BulwarkSecretsListed'],
  },
  {
    title: 'a Secret is read by its name',
    run: ({ send }) => send('GET', '/api/v1/namespaces/web/secrets/one'),
    grows: request('GET', 'resource="secrets"'),
    alerts: [],
  },
  {
    // As a kubelet does for each pod: the API server counts it like a list of the whole namespace.
    title: 'the one Secret of a name is listed',
    run: ({ send }) => send('GET', '/api/v1/namespaces/web/secrets?fieldSelector=metadata.name%3Done'),
    grows: request('LIST', 'resource="secrets",scope="namespace"'),
    alerts: [],
    audited: ['BulwarkSecretsListed'],
  },
  ...(
    [
      ['POST', 'made', ROLES, role('a', [])],
      ['PATCH', 'patched', `${ROLES}/a`, role('a', ['pods'])],
      ['PUT', 'replaced', `${ROLES}/a`, role('a', ['secrets'])],
      ['DELETE', 'deleted', `${ROLES}/a`, undefined],
    ] as const
  ).map(([method, done, path, body]): Action => ({
    title: `a Role is ${done}`,
    run: ({ send }) => send(method, path, body),
    grows: request(method, 'code="20[01]".*resource="roles"'),
    alerts: ['BulwarkRbacChanged'],
  })),
  {
    title: 'a Role is applied by the server',
    run: ({ send }) => send('PATCH', `${ROLES}/b?fieldManager=x`, role('b', ['pods']), APPLY),
    grows: request('APPLY', 'resource="roles"'),
    alerts: ['BulwarkRbacChanged'],
  },
  {
    title: 'a Role would be changed',
    run: ({ server }) => server.request('PATCH', `${ROLES}/b?dryRun=All`, role('b', ['secrets'])),
    grows: request('PATCH', 'dry_run="All".*resource="roles"'),
    alerts: [],
  },
  {
    title: 'all Roles of a namespace are deleted',
    run: ({ send }) => send('DELETE', ROLES),
    grows: request('DELETE', 'resource="roles",scope="namespace"'),
    alerts: ['BulwarkRbacChanged'],
  },
  {
    title: 'a NetworkPolicy is made',
    run: ({ send }) =>
      send('POST', '/apis/networking.k8s.io/v1/namespaces/web/networkpolicies', {
        metadata: { name: 'open' },
        spec: { podSelector: {}, ingress: [{}] },
      }),
    grows: request('POST', 'resource="networkpolicies"'),
    alerts: ['BulwarkNetworkPolicyChanged'],
  },
  {
    title: 'a guard rail refuses',
    run: ({ send }) => send('POST', CONFIG_MAPS, { metadata: { name: 'refused' } }),
    grows: /^apiserver_validating_admission_policy_check_total\{.*"deny"/,
    alerts: ['BulwarkAdmissionRefused'],
  },
  {
    title: 'Pod Security refuses',
    run: ({ send }) =>
      send('POST', '/api/v1/namespaces/web/pods', {
        metadata: { name: 'refused' },
        spec: { serviceAccountName: 'api', hostNetwork: true, containers: [container] },
      }),
    grows: /^pod_security_evaluations_total\{decision="deny",mode="enforce"/,
    alerts: ['BulwarkPodSecurityRefused'],
  },
  {
    title: 'the binding of a guard rail is deleted',
    run: ({ send }) => send('DELETE', `${BINDINGS}/names`),
    grows: request('DELETE', 'resource="validatingadmissionpolicybindings"'),
    alerts: ['BulwarkAdmissionChanged'],
  },
  {
    title: 'a webhook is added',
    run: ({ send }) =>
      send('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
        metadata: { name: 'away' },
        webhooks: [
          {
            name: 'away.example.com',
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            failurePolicy: 'Ignore',
            timeoutSeconds: 1,
            clientConfig: { url: 'https://127.0.0.1:1/' },
            rules: [
              { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
            ],
          },
        ],
      }),
    grows: request('POST', 'resource="validatingwebhookconfigurations"'),
    alerts: ['BulwarkAdmissionChanged'],
  },
  {
    title: 'a webhook does not answer and is passed over',
    run: ({ server }) =>
      until(async () => {
        await server.request('POST', `${CONFIG_MAPS}?dryRun=All`, { metadata: { name: 'let-in' } });
        const { body } = await server.request('GET', '/metrics');
        return /^apiserver_admission_webhook_fail_open_count\{/m.test(String(body));
      }),
    grows: /^apiserver_admission_webhook_fail_open_count\{/,
    alerts: ['BulwarkWebhookFailedOpen'],
  },
  {
    title: 'an administrator acts as somebody else',
    run: ({ send }) => send('GET', '/api/v1/pods', undefined, { as: 'root', groups: ['system:masters'] }),
    grows: request('LIST', 'resource="pods"'),
    alerts: [],
    audited: ['BulwarkImpersonation'],
  },
  {
    title: 'a token of a ServiceAccount is made, and asks for what it may not do',
    run: async ({ send }) => {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
      const { body } = await send('POST', '/api/v1/namespaces/web/serviceaccounts/api/token', review);
      await send('GET', '/api/v1/pods', undefined, { token: body.status.token });
    },
    grows: /^authorization_attempts_total\{result="no-opinion"/,
    alerts: ['BulwarkRequestsForbidden'],
    audited: ['BulwarkRequestsForbidden', 'BulwarkTokenCreated'],
  },
  {
    title: 'credentials are wrong',
    run: ({ send }) => send('GET', '/api/v1/pods', undefined, { token: 'guessed' }),
    grows: /^authentication_attempts\{result="error"/,
    alerts: ['BulwarkAuthenticationFailing'],
  },
  {
    title: 'somebody without credentials reads what a binding gives away',
    run: ({ send }) => send('GET', '/api/v1/namespaces/free/pods', undefined, { token: null }),
    grows: request('LIST', 'resource="pods"'),
    alerts: [],
    audited: ['BulwarkAnonymousRequest'],
  },
  {
    title: 'a token out of a Secret is used',
    run: async (stage) => {
      const token = await legacyToken(stage);
      await stage.send('GET', '/apis', undefined, { token });
    },
    grows: /^serviceaccount_legacy_tokens_total/,
    alerts: ['BulwarkLegacyTokenUsed'],
  },
  {
    title: 'the receiver of the audit log refuses',
    run: ({ send, receive }) => {
      receive(false);
      return send('GET', '/api/v1/pods');
    },
    grows: /^apiserver_audit_error_total/,
    alerts: ['BulwarkAuditLogFailing'],
  },
];

/** As kube-controller-manager makes it: it names the Secret and its account, and no end. */
async function legacyToken(stage: Stage): Promise<string> {
  const { server } = stage;
  const { body } = await server.request('GET', '/api/v1/namespaces/web/serviceaccounts/api');
  const claim = (name: string) => `kubernetes.io/serviceaccount/${name}`;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = [
    part({ alg: 'RS256' }),
    part({
      iss: 'kubernetes/serviceaccount',
      sub: 'system:serviceaccount:web:api',
      [claim('namespace')]: 'web',
      [claim('secret.name')]: 'old',
      [claim('service-account.name')]: 'api',
      [claim('service-account.uid')]: body.metadata.uid,
    }),
  ].join('.');
  const key = createPrivateKey(readFileSync(join(server.dir, 'sa.key')));
  const token = `${signed}.${createSign('RSA-SHA256').update(signed).sign(key).toString('base64url')}`;
  await made(stage, '/api/v1/namespaces/web/secrets', {
    metadata: { name: 'old', annotations: { 'kubernetes.io/service-account.name': 'api' } },
    type: 'kubernetes.io/service-account-token',
    data: { token: Buffer.from(token).toString('base64') },
  });
  return token;
}

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { load } from 'js-yaml';
import {
  auditDecision,
  type AuditedRequest,
  type AuditPolicy,
  type AuditRule,
} from '../../src/control-plane/audit-policy';
import { Blueprint, ClusterTarget, OidcProvider, Tenant } from '../../constructs';
import { etcdEntries, etcdValue } from './control-plane/etcd';
import { expandTemplate, type Node, prepareNode } from './control-plane/node';
import { OidcIssuer } from './control-plane/oidc-issuer';
import { auditedRequests } from './control-plane/requests';
import { ApiServer, create, describeWithApiServer, serverMinor } from './harness';

const minor = serverMinor() ?? 37;
const CANARY = 'canary-7d1f0c52-never-in-a-log';
const HEALTH = ['/livez', '/readyz', '/healthz'];

const STATIC_POLICY = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'no-forbidden' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
        ],
      },
      validations: [{ expression: "object.metadata.name != 'forbidden'", message: 'no forbidden here' }],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'no-forbidden' },
    spec: { policyName: 'no-forbidden', validationActions: ['Deny'] },
  },
];

/** Every way in which a rule can match, so that the evaluator is compared in each. */
const ODD_RULES: readonly AuditRule[] = [
  {
    level: 'RequestResponse',
    verbs: ['get'],
    resources: [{ group: 'apps', resources: ['deployments'], resourceNames: ['probe'] }],
  },
  { level: 'None', namespaces: ['default'], resources: [{ group: 'coordination.k8s.io' }] },
  { level: 'RequestResponse', userGroups: ['oidc:shop-dev'], resources: [{ resources: ['*/status'] }] },
  {
    level: 'RequestResponse',
    users: ['oidc:alice'],
    verbs: ['patch'],
    resources: [{ resources: ['pods/*'] }],
  },
  { level: 'None', namespaces: [''], verbs: ['list'], resources: [{ resources: ['nodes', 'services'] }] },
  { level: 'None', nonResourceURLs: ['/apis*', '/metrics'] },
];

describe('a control plane', () => {
  const dir = mkdtempSync(join(tmpdir(), 'oidc-'));
  let issuer: OidcIssuer;
  let node: Node;
  afterAll(() => {
    issuer?.stop();
    rmSync(dir, { recursive: true, force: true });
    if (node) rmSync(dirname(node.files), { recursive: true, force: true });
  });

  const start = async () => {
    issuer = await OidcIssuer.start(dir);
    node = prepareNode(`1.${minor}`, {
      authentication: {
        issuers: [
          { url: issuer.url, audiences: ['kubernetes'], certificateAuthority: issuer.certificateAuthority },
        ],
      },
      audit: { first: ODD_RULES },
      ...(minor >= 37 && { staticPolicies: STATIC_POLICY, staticGuardrails: {} }),
    });
    return { args: node.flags, without: ['authorization-mode'] };
  };

  describeWithApiServer(
    'that the emitted files configure',
    (server) => {
      const get = (path: string, token: string | null) => server().request('GET', path, undefined, { token });
      const alice = (more = {}) => issuer.token({ sub: 'alice', groups: ['shop-dev'], ...more });

      it('answers nobody without credentials but about its health', async () => {
        for (const path of HEALTH) expect([path, (await get(path, null)).status]).toEqual([path, 200]);
        for (const path of ['/api', '/metrics', '/api/v1/namespaces', '/openapi/v2']) {
          expect([path, (await get(path, null)).status]).toEqual([path, minor >= 32 ? 401 : 403]);
        }
      });

      it('gives people of the issuer the name and groups of their token, under a prefix', async () => {
        const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
        const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
        const answer = await server().request('POST', path, body, { token: alice() });
        expect(answer.body.status.userInfo).toMatchObject({
          username: 'oidc:alice',
          groups: ['oidc:shop-dev', 'system:authenticated'],
        });
      });

      it('refuses tokens for others, of others, and past their time', async () => {
        const { privateKey: stranger } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const refused = {
          'another audience': alice({ aud: 'grafana' }),
          expired: alice({ exp: Math.floor(Date.now() / 1000) - 120 }),
          'another issuer': alice({ iss: 'https://evil.example' }),
          'another key': issuer.token({ sub: 'alice' }, stranger),
        };
        for (const [why, token] of Object.entries(refused)) {
          expect([why, (await get('/api/v1/namespaces', token)).status]).toEqual([why, 401]);
        }
      });

      it('makes them people of their tenant, who may do what its roles say and nothing else', async () => {
        applyTenant(server());
        const shop = (resource: string) => `/api/v1/namespaces/shop-web/${resource}`;
        const mayDo = async (method: string, path: string, token: string) =>
          (
            await server().request(method, `${path}?dryRun=All`, method === 'POST' ? {} : undefined, {
              token,
            })
          ).status !== 403;
        const impostor = issuer.token({ sub: 'mallory', groups: ['system:masters', 'shop'] });
        const stranger = issuer.token({ sub: 'bob' });
        const allowed = [
          ['GET', shop('pods')],
          ['GET', shop('pods/x/log')],
          ['DELETE', shop('pods/x')],
          ['GET', shop('configmaps')],
        ] as const;
        const forbidden = [
          ['GET', shop('secrets')],
          ['POST', shop('pods')],
          ['POST', shop('pods/x/exec')],
          ['POST', shop('serviceaccounts/default/token')],
          ['POST', shop('configmaps')],
          ['GET', '/api/v1/namespaces/bank-web/pods'],
          ['GET', '/api/v1/nodes'],
          ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
        ] as const;
        for (const [method, path] of allowed) {
          expect([method, path, await mayDo(method, path, alice())]).toEqual([method, path, true]);
          for (const token of [impostor, stranger]) expect(await mayDo(method, path, token)).toBe(false);
        }
        for (const [method, path] of forbidden) {
          expect([method, path, await mayDo(method, path, alice())]).toEqual([method, path, false]);
        }
      });

      it('stores Secrets and ConfigMaps as ciphertext', async () => {
        for (const kind of ['Secret', 'ConfigMap']) {
          const value = kind === 'Secret' ? Buffer.from(CANARY).toString('base64') : CANARY;
          const object = {
            apiVersion: 'v1',
            kind,
            metadata: { name: 'canary', namespace: 'default' },
            data: { value },
          };
          expect((await create(server(), object)).status).toBe(201);
          const stored = await etcdValue(server(), `/registry/${kind.toLowerCase()}s/default/canary`);
          expect(stored.toString('latin1')).toMatch(/^k8s:enc:secretbox:v1:key1:/);
          expect(stored.includes(CANARY)).toBe(false);
          const read = await get(
            `/api/v1/namespaces/default/${kind.toLowerCase()}s/canary`,
            undefined as never,
          );
          expect(read.body.data.value).toBe(value);
        }
      });

      it('stores custom resources as ciphertext, and nothing else of the cluster', async () => {
        const crd = {
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          metadata: { name: 'widgets.example.com' },
          spec: {
            group: 'example.com',
            scope: 'Cluster',
            names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
            versions: [
              {
                name: 'v1',
                served: true,
                storage: true,
                schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
              },
            ],
          },
        };
        expect((await create(server(), crd)).status).toBe(201);
        const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'one' } };
        const path = '/apis/example.com/v1/widgets';
        while ((await server().request('POST', path, widget)).status === 404) await delay(100);
        const encrypted = (await etcdEntries(server(), '/registry/'))
          .filter(({ value }) => value.subarray(0, 8).toString('latin1') === 'k8s:enc:')
          .map(({ key }) => key.split('/')[2]);
        expect([...new Set(encrypted)].sort()).toEqual(['configmaps', 'example.com', 'secrets']);
      });

      it('holds the pods of a namespace without labels to restricted', async () => {
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'naked', namespace: 'default' },
          spec: { containers: [{ name: 'main', image: 'registry.example/x:1' }] },
        };
        expect((await create(server(), pod, { dryRun: true })).body.message).toContain(
          `violates PodSecurity "restricted:v1.${minor}"`,
        );
        const system = { ...pod, metadata: { name: 'naked', namespace: 'kube-system' } };
        expect((await create(server(), system, { dryRun: true })).status).toBe(201);
      });

      it('refuses Services with external addresses', async () => {
        const service = {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'grab', namespace: 'default' },
          spec: { ports: [{ port: 80 }], externalIPs: ['192.0.2.1'] },
        };
        expect((await create(server(), service, { dryRun: true })).status).toBe(403);
      });

      it('limits the events of a namespace', async () => {
        const event = (at: number) => ({
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: `flood-${at}`, namespace: 'default' },
          involvedObject: { kind: 'Pod', namespace: 'default', name: 'x' },
        });
        const answers = await Promise.all(
          Array.from({ length: 400 }, (_, at) => create(server(), event(at))),
        );
        const statuses = new Set(answers.map(({ status }) => status));
        expect([...statuses].sort()).toEqual([201, 429]);
      });

      it('logs what the policy says of several hundred requests, and no secret', async () => {
        const policy = load(readFileSync(join(node.files, 'audit-policy.yaml'), 'utf8')) as AuditPolicy;
        const admin = { user: 'admin', groups: ['system:masters', 'system:authenticated'] };
        const dev = { user: 'oidc:alice', groups: ['oidc:shop-dev', 'system:authenticated'] };
        const sent: { id: string; expected: string; request: AuditedRequest }[] = [];
        for (const { method, path, body, verb, target } of auditedRequests(CANARY)) {
          for (const who of [admin, dev]) {
            const id = randomUUID();
            await server().request(method, path, body, {
              headers: { 'audit-id': id },
              ...(who === dev && { token: alice() }),
            });
            const request = { ...who, verb, target };
            sent.push({ id, expected: auditDecision(policy, request).level, request });
          }
        }
        const marker = randomUUID();
        await server().request('GET', '/api/v1/namespaces/marker', undefined, {
          headers: { 'audit-id': marker },
        });
        while (!existsSync(node.auditLog) || !readFileSync(node.auditLog, 'utf8').includes(marker))
          await delay(100);
        const log = readFileSync(node.auditLog, 'utf8');
        const levels = new Map(
          log
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
            .map(({ auditID, level }) => [auditID, level]),
        );
        const wrong = sent.filter(({ id, expected }) => (levels.get(id) ?? 'None') !== expected);
        expect(
          wrong.map(({ id, expected, request }) => ({ request, expected, got: levels.get(id) })),
        ).toEqual([]);
        expect(sent.length).toBeGreaterThan(300);
        expect(new Set(sent.map(({ expected }) => expected)).size).toBe(4);
        expect(log).not.toContain(CANARY);
        expect(log).not.toContain(Buffer.from(CANARY).toString('base64'));
      });

      if (minor >= 37) {
        it('refuses by policies that nobody can delete through the API', async () => {
          const forbidden = {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'forbidden', namespace: 'default' },
          };
          expect((await create(server(), forbidden)).body.message).toContain('no forbidden here');
          const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
          await server().request('DELETE', path);
          const named = await server().request('DELETE', `${path}/no-forbidden.static.k8s.io`);
          expect(named.status).toBe(404);
          await delay(1000);
          expect((await create(server(), forbidden)).body.message).toContain('no forbidden here');
        });

        it('keeps tenants from the labels of their namespaces by guard rails on the node', async () => {
          const namespace = {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name: 'guarded', labels: { 'cdk8s-bulwark/tenant': 'shop' } },
          };
          await create(server(), namespace);
          const owner = {
            apiVersion: 'rbac.authorization.k8s.io/v1',
            kind: 'ClusterRole',
            metadata: { name: 'namespaces' },
            rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'patch'] }],
          };
          await create(server(), owner);
          await create(server(), {
            apiVersion: 'rbac.authorization.k8s.io/v1',
            kind: 'ClusterRoleBinding',
            metadata: { name: 'namespaces' },
            roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'namespaces' },
            subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'oidc:shop-dev' }],
          });
          const label = (labels: object) =>
            server().request(
              'PATCH',
              '/api/v1/namespaces/guarded',
              { metadata: { labels } },
              { token: alice() },
            );
          const annotate = (annotations: object) =>
            server().request(
              'PATCH',
              '/api/v1/namespaces/guarded',
              { metadata: { annotations } },
              { token: alice() },
            );
          // The role is in force some time after it was bound.
          while ((await annotate({ colour: 'red' })).status === 403) await delay(50);
          const { status, body } = await label({ 'cdk8s-bulwark/tenant': 'bank' });
          expect([status, body.message]).toEqual([
            403,
            expect.stringContaining('bulwark-namespaces.static.k8s.io'),
          ]);
          expect((await annotate({ colour: 'blue' })).status).toBe(200);
        });
      }
    },
    start,
  );
});

describe('changing the key of the encryption at rest', () => {
  const servers: ApiServer[] = [];
  let node: Node | undefined;
  afterAll(async () => {
    for (const server of servers.reverse()) await server.stop();
    if (node) rmSync(dirname(node.files), { recursive: true, force: true });
  }, 60_000);

  /** Another control-plane node, with the file of a step, beside those that still have that of the step before. */
  const nodeWith = async (configuration: string, etcdUrl: string): Promise<ApiServer> => {
    const server = await ApiServer.start({
      etcdUrl,
      args: [`--encryption-provider-config=${configuration}`],
    });
    servers.push(server);
    return server;
  };

  const NAMES = Array.from({ length: 20 }, (_, at) => `secret-${at}`);
  const readAll = (server: ApiServer) =>
    Promise.all(
      NAMES.map(async (name) => {
        const { status, body } = await server.request('GET', `/api/v1/namespaces/default/secrets/${name}`);
        return status === 200
          ? Buffer.from(body.data.value, 'base64').toString()
          : `${name}: ${body.message}`;
      }),
    );

  describeWithApiServer('step by step, on several control-plane nodes', (plain) => {
    it('fails no read at any step, and leaves nothing under the old key', async () => {
      const { etcdUrl } = plain();
      node = prepareNode(`1.${minor}`, { rotateTo: { type: 'secretbox', keyName: 'key2' } });
      const stage = (name: string) => expandTemplate(node!, name);
      for (const name of NAMES) {
        await create(plain(), {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name, namespace: 'default' },
          stringData: { value: name },
        });
      }
      const before = await nodeWith(join(node.files, 'encryption.yaml'), etcdUrl);
      expect(await readAll(before)).toEqual(NAMES);
      await rewrite(before, NAMES.slice(0, 10));
      const readable = await nodeWith(stage('1-readable'), etcdUrl);
      await rewrite(readable, NAMES.slice(0, 5));
      for (const server of [before, readable]) expect(await readAll(server)).toEqual(NAMES);
      const writing = await nodeWith(stage('2-writing'), etcdUrl);
      await rewrite(writing, NAMES.slice(3, 7));
      for (const server of [readable, writing]) expect(await readAll(server)).toEqual(NAMES);
      // The step before could not have been left out.
      expect(await readAll(before)).not.toEqual(NAMES);
      await rewrite(writing, NAMES);
      rewriteConfigMaps(writing);
      for (const name of NAMES) {
        const stored = await etcdValue(plain(), `/registry/secrets/default/${name}`);
        expect(stored.toString('latin1')).toMatch(/^k8s:enc:secretbox:v1:key2:/);
      }
      const retired = await nodeWith(stage('3-retired'), etcdUrl);
      for (const server of [writing, retired]) expect(await readAll(server)).toEqual(NAMES);
    }, 120_000);
  });
});

async function rewrite(server: ApiServer, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = `/api/v1/namespaces/default/secrets/${name}`;
    const { body } = await server.request('GET', path);
    expect((await server.request('PUT', path, body)).status).toBe(200);
  }
}

/** As the second line of what APPLY.md says. */
function rewriteConfigMaps(server: ApiServer): void {
  const list = server.kubectl(['get', 'configmaps', '-A', '-o', 'json']).stdout;
  if (JSON.parse(list).items.length > 0) server.kubectl(['replace', '-f', '-'], { input: list });
}

/** Two tenants, one of which has the people of the issuer as its developers. */
function applyTenant(server: ApiServer): void {
  const cluster = new Blueprint({ target: ClusterTarget.kubernetes(`1.${minor}`) });
  const sso = new OidcProvider({ issuer: 'https://login.example.com', clientId: 'kubernetes' });
  const shop = new Tenant(cluster, 'shop', { groups: { developers: [sso.group('shop-dev')] } });
  shop.namespace('web');
  new Tenant(cluster, 'bank').namespace('web');
  server.kubectl(['apply', '--server-side', '-f', '-'], { input: cluster.synthYaml() });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject } from 'cdk8s';
import {
  Blueprint,
  ClusterTarget,
  Guardrails,
  HardenedDeployment,
  LockedClusterRole,
  LockedServiceAccount,
  Peer,
  Tenant,
} from '../../constructs';
import { analyzeNetwork, benchmarkTenants, deleteCommands, offboard, toYaml } from '../../src';
import { API_RESOURCES } from '../../src/manifest/api-resources';
import type { Manifest } from '../../src/manifest/manifest';
import { until } from './admission/active';
import { describeWithApiServer, fillQuotaStatus, pipeline, podOf, serverMinor } from './harness';

const MINOR = serverMinor() ?? 37;
const hasController = MINOR >= 37;
const DIGEST = `@sha256:${'8f'.repeat(32)}`;
const POOL = { pool: 'customers' };
const TARGET = ClusterTarget.kubernetes(`1.${MINOR}`, {
  sandboxRuntimeClass: 'gvisor',
  nodePools: {
    customers: { labels: POOL, taints: [{ key: 'pool', value: 'customers', effect: 'NoSchedule' }] },
  },
});

/** A tenant that nobody trusts, one that is trusted as most are and leaves in the end, and one that pins its images. */
function cluster(outdir: string): Blueprint {
  const all = new Blueprint({ target: TARGET, outdir });
  new Guardrails(all, 'guardrails', { controls: ['image-pull-always'] });
  const acme = new Tenant(all, 'acme', {
    trust: 'hostile',
    nodePool: 'customers',
    allowances: { tolerations: ['sandbox=gvisor'] },
  });
  const containers = [{ image: `registry.example/app:1.0.0${DIGEST}`, port: 8080 }];
  new HardenedDeployment(acme.namespace('app'), 'app', { containers });
  const bank = new Tenant(all, 'bank', {
    quota: { services: 5 },
    groups: { viewers: ['bank-viewers'], developers: ['bank-developers'], deployers: ['bank-deployers'] },
  });
  const web = bank.namespace('web');
  const serviceAccount = new LockedServiceAccount(web, 'robot');
  const api = new HardenedDeployment(web, 'api', { containers, serviceAccount });
  api.allowFrom(Peer.cidr('192.0.2.0/24'), { ports: [8080] });
  api.exposeViaService({ name: 'api', ports: [{ port: 80, targetPort: 8080 }] });
  new LockedClusterRole(web, 'node-reader').allow(['list'], ['nodes']).bindTo(serviceAccount);
  new ApiObject(web, 'data', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'none',
    },
  });
  new Tenant(all, 'pinned', { allowances: { imageDigests: true } }).namespace('web');
  return all;
}

const named = (metadata: object, rest: object) => ({ metadata, ...rest });
const SANDBOX = named(
  { name: 'gvisor' },
  {
    handler: 'runsc',
    scheduling: { tolerations: [{ key: 'sandbox', value: 'gvisor', effect: 'NoSchedule' }] },
  },
);
const PLAIN = named({ name: 'plain' }, { handler: 'runc' });

/** May do anything as far as RBAC is concerned, so that the guards alone refuse. */
const MALLORY = { as: 'mallory' };
const CONTROLLER = {
  as: 'system:serviceaccount:kube-system:replicaset-controller',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
};

type Change = (spec: any) => void;
/** What somebody tries, where, with which change of a pod that is right there, and the guard that refuses it. */
type Attack = readonly [what: string, namespace: string, change: Change, guard: string];

const tolerate =
  (...tolerations: object[]): Change =>
  (spec) =>
    (spec.tolerations = [...(spec.tolerations ?? []), ...tolerations]);
const prefer =
  (key: string, value: string): Change =>
  (spec) => {
    const preference = { matchExpressions: [{ key, operator: 'In', values: ['other', value] }] };
    spec.affinity = {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] },
    };
  };
const demand =
  (operator: string, values?: readonly string[]): Change =>
  (spec) => {
    const nodeSelectorTerms = [{ matchExpressions: [{ key: 'pool', operator, values }] }];
    spec.affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    };
  };
/** As the controller of DaemonSets writes it into each pod. */
const onNode: Change = (spec) => {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['node-a'] }];
  spec.affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
  spec.tolerations = [
    'not-ready',
    'unreachable',
    'disk-pressure',
    'memory-pressure',
    'pid-pressure',
    'unschedulable',
  ].map((name) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists' }));
};
const require =
  (value: string): Change =>
  (spec) => {
    const nodeSelectorTerms = [{ matchExpressions: [{ key: 'pool', operator: 'In', values: [value] }] }];
    spec.affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    };
  };
const image =
  (name: string, imagePullPolicy?: string): Change =>
  (spec) =>
    Object.assign(spec.containers[0], { image: name, imagePullPolicy });

const ATTACKS: readonly Attack[] = [
  ['do without the sandbox', 'acme-app', (spec) => delete spec.runtimeClassName, 'allowed-runtime-class'],
  ['name another runtime', 'acme-app', (spec) => (spec.runtimeClassName = 'plain'), 'allowed-runtime-class'],
  ['run on any node', 'acme-app', (spec) => delete spec.nodeSelector, 'own-nodes'],
  ['run on other nodes', 'acme-app', (spec) => (spec.nodeSelector = { pool: 'bank' }), 'own-nodes'],
  [
    'run on nodes that only begin so',
    'acme-app',
    (spec) => (spec.nodeSelector = { pool: 'customers2', 'pool.a': 'customers' }),
    'own-nodes',
  ],
  ['name a node', 'acme-app', (spec) => (spec.nodeName = 'node-of-the-bank'), 'no-node-name'],
  [
    'tolerate the nodes of others',
    'acme-app',
    tolerate({ key: 'pool', value: 'bank' }),
    'allowed-toleration',
  ],
  [
    'tolerate everything',
    'acme-app',
    tolerate({ operator: 'Exists' }),
    'allowed-toleration|no-control-plane-toleration',
  ],
  [
    'tolerate the nodes of acme',
    'bank-web',
    tolerate({ key: 'pool', value: 'customers' }),
    'allowed-toleration',
  ],
  [
    'tolerate the nodes of anybody',
    'bank-web',
    tolerate({ key: 'pool', operator: 'Exists' }),
    'allowed-toleration',
  ],
  ['select the nodes of acme', 'bank-web', (spec) => (spec.nodeSelector = POOL), 'no-foreign-nodes'],
  ['ask for the nodes of acme', 'bank-web', require('customers'), 'no-foreign-nodes'],
  ['ask for no nodes but those of acme', 'bank-web', demand('NotIn', ['standard']), 'no-foreign-nodes'],
  ['ask for nodes of any pool', 'bank-web', demand('Exists'), 'no-foreign-nodes'],
  [
    'tolerate a taint that only begins as one of Kubernetes',
    'bank-web',
    tolerate({ key: 'node.kubernetes.io/customers', operator: 'Exists' }),
    'allowed-toleration',
  ],
  ['prefer the nodes of acme', 'bank-web', prefer('pool', 'customers'), 'no-foreign-nodes'],
  [
    'enter the sandbox of acme',
    'bank-web',
    (spec) => (spec.runtimeClassName = 'gvisor'),
    'allowed-runtime-class',
  ],
  [
    'MTB-PL1-CC-DI-1: run what somebody else left on the node',
    'bank-web',
    image('registry.example/app:1.0.0', 'IfNotPresent'),
    'image-pull-always',
  ],
  [
    'MTB-PL1-CC-DI-1: never pull',
    'bank-web',
    image('registry.example/app:1.0.0', 'Never'),
    'image-pull-always',
  ],
  [
    'MTB-PL1-CC-DI-1: name an image by a tag where they are pinned',
    'pinned-web',
    image('registry.example/app:1.0.0', 'Always'),
    'images-by-digest',
  ],
];

const LEGITIMATE: readonly (readonly [what: string, namespace: string, change: Change])[] = [
  ['run a pod as it was synthesized', 'acme-app', () => undefined],
  ['run a pod as it was synthesized', 'bank-web', () => undefined],
  ['run a pod as it was synthesized', 'pinned-web', () => undefined],
  [
    'run it on fewer of its nodes',
    'acme-app',
    (spec) => (spec.nodeSelector = { ...POOL, 'topology.kubernetes.io/zone': 'a' }),
  ],
  [
    'tolerate how a node is',
    'bank-web',
    tolerate({ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' }),
  ],
  ['run on each node, as a DaemonSet does', 'bank-web', onNode],
  ['ask for other pools', 'bank-web', demand('In', ['standard'])],
  ['prefer a zone', 'bank-web', prefer('topology.kubernetes.io/zone', 'customers')],
  ['MTB-PL1-CC-DI-1: have an image pulled', 'bank-web', image('registry.example/app:1.0.0', 'Always')],
  [
    'MTB-PL1-CC-DI-1: name an image by its digest',
    'bank-web',
    image(`registry.example/app:1.0.0${DIGEST}`, 'IfNotPresent'),
  ],
];

describeWithApiServer(
  'tenants of a cluster with guard rails',
  (server) => {
    let folder: string;
    let manifests: readonly Manifest[];
    const deploymentOf = (namespace: string): any =>
      manifests.find(
        ({ kind, metadata }) =>
          kind === 'Deployment' &&
          metadata?.namespace === (namespace === 'acme-app' ? namespace : 'bank-web'),
      );

    /** The pod that belongs into a namespace, with a change. */
    function podIn(namespace: string, change: Change): any {
      const { spec } = structuredClone(podOf(deploymentOf(namespace)));
      delete spec.serviceAccountName;
      change(spec);
      return { metadata: { name: 'mine', namespace }, spec };
    }

    /** What the API server says of it; undefined where it admits it. Nothing is stored. */
    async function refusalOf(path: string, body: object, who: object = MALLORY): Promise<string | undefined> {
      const answer = await server().request('POST', `${path}?dryRun=All`, body, who);
      return answer.status < 300 ? undefined : `${answer.status} ${answer.body.message}`;
    }

    const refusalOfPod = (namespace: string, change: Change, who?: object) =>
      refusalOf(`/api/v1/namespaces/${namespace}/pods`, podIn(namespace, change), who);

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bulwark-guarded-'));
      const outdir = join(folder, 'dist');
      ({ manifests } = cluster(outdir).synth());
      for (const runtimeClass of [SANDBOX, PLAIN]) {
        await server().request('POST', '/apis/node.k8s.io/v1/runtimeclasses', runtimeClass);
      }
      server().kubectl([
        'create',
        'clusterrolebinding',
        'mallory',
        '--clusterrole=cluster-admin',
        '--user=mallory',
      ]);
      server().kubectl(['apply', '-f', outdir, '--validate=strict']);
      if (!hasController) await fillQuotaStatus(server());
      await until(async () => {
        const refusals = await Promise.all(
          ATTACKS.map(([, namespace, change]) => refusalOfPod(namespace, change)),
        );
        const admitted = await refusalOfPod('bank-web', () => undefined);
        return [
          ...ATTACKS.flatMap(([what, , , guard], index) =>
            new RegExp(guard).test(refusals[index] ?? '') ? [] : [`${what}: ${refusals[index]}`],
          ),
          ...(admitted === undefined ? [] : [admitted]),
        ];
      });
    }, 180_000);
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each(ATTACKS)('nobody can %s in %s', async (_, namespace, change, guard) => {
      const refusal = await refusalOfPod(namespace, change);
      expect([refusal, new RegExp(`^403 .*(${guard}): `).test(refusal ?? '')]).toEqual([refusal, true]);
    });

    it('nor can a controller, or what makes pods, or whoever binds a pod or changes what is allowed', async () => {
      const escape: Change = (spec) => delete spec.nodeSelector;
      expect(await refusalOfPod('acme-app', escape, CONTROLLER)).toContain('own-nodes');
      const template = { metadata: { labels: { app: 'x' } }, spec: podIn('acme-app', escape).spec };
      const deployment = named(
        { name: 'mine' },
        { spec: { selector: { matchLabels: { app: 'x' } }, template } },
      );
      const apps = '/apis/apps/v1/namespaces/acme-app/deployments';
      expect(await refusalOf(apps, deployment)).toMatch(/own-nodes.*spec\.template\.spec\.nodeSelector/);
      const job = { template: { spec: { ...template.spec, restartPolicy: 'Never' } } };
      const cronJob = named({ name: 'mine' }, { spec: { schedule: '@daily', jobTemplate: { spec: job } } });
      expect(await refusalOf('/apis/batch/v1/namespaces/acme-app/cronjobs', cronJob)).toContain('own-nodes');
      const binding = named({ name: 'mine' }, { target: { kind: 'Node', name: 'node-of-the-bank' } });
      for (const path of ['pods/mine/binding', 'bindings']) {
        const refusal = await refusalOf(`/api/v1/namespaces/acme-app/${path}`, binding);
        expect([path, refusal]).toEqual([path, expect.stringContaining('written-by-the-cluster')]);
      }
      const allowances = '/api/v1/namespaces/acme-app/configmaps/tenant-allowances';
      const changed = await server().request('PATCH', allowances, { data: { nodeLabels: '' } }, MALLORY);
      expect([changed.status, changed.body.message]).toEqual([
        403,
        expect.stringContaining('platform-owned'),
      ]);
    });

    it.each(LEGITIMATE)('one can still %s in %s', async (_, namespace, change) => {
      expect(await refusalOfPod(namespace, change)).toBeUndefined();
    });

    it('pass every benchmark of the first level offline as well', () => {
      const failed = benchmarkTenants(manifests).filter(({ problems }) => problems.length > 0);
      expect(failed.map(({ tenant, check, problems }) => [tenant, check.benchmark, problems])).toEqual([]);
    });

    describe('and one that leaves', () => {
      const PEOPLE = ['viewers', 'developers', 'deployers'].map((role) => ({
        as: 'bo',
        groups: [`bank-${role}`],
      }));
      const robot = { as: 'system:serviceaccount:bank-web:robot' };
      const deployments = '/apis/apps/v1/namespaces/bank-web/deployments';

      /** The requests that they may make in the namespace of the tenant. */
      async function rightsOf(people: readonly object[]): Promise<string[]> {
        const requests = Object.entries(API_RESOURCES).flatMap(([name, { namespaced, verbs, group }]) => {
          const [resource, subresource] = name.split('.')[0]!.split('/');
          const attributes = { namespace: 'bank-web', group, resource, ...(subresource && { subresource }) };
          return namespaced ? verbs.map((verb) => ({ ...attributes, verb })) : [];
        });
        const reviews = people.flatMap((who) =>
          requests.map((resourceAttributes) => ({
            ...who,
            path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
            body: {
              apiVersion: 'authorization.k8s.io/v1',
              kind: 'SelfSubjectAccessReview',
              spec: { resourceAttributes },
            },
          })),
        );
        const answers = await pipeline(server(), reviews);
        return answers.flatMap(({ status }, index) =>
          status.allowed ? [JSON.stringify(reviews[index]!.body.spec)] : [],
        );
      }

      /** Who may open a connection to its pods, as the policies say that the API server has stored. */
      async function waysIn(): Promise<string[]> {
        const lists = await Promise.all(
          [
            '/api/v1/namespaces',
            '/apis/networking.k8s.io/v1/networkpolicies',
            '/apis/apps/v1/deployments',
          ].map((path) => server().request('GET', path)),
        );
        const kinds = ['Namespace', 'NetworkPolicy', 'Deployment'];
        const stored = lists.flatMap(({ body }, index) =>
          body.items.map((item: object) => ({ apiVersion: body.apiVersion, kind: kinds[index], ...item })),
        );
        return analyzeNetwork(stored, { target: TARGET })
          .connections()
          .filter(
            ({ destination }) =>
              destination.kind === 'workload' && destination.workload.namespace === 'bank-web',
          )
          .map(({ source }) => source.kind);
      }

      it('is frozen: its people and its accounts may do nothing more, and nothing reaches its pods', async () => {
        expect((await rightsOf(PEOPLE)).length).toBeGreaterThan(100);
        expect(await waysIn()).toEqual(['addresses']);
        expect((await server().request('GET', '/api/v1/nodes', undefined, robot)).status).toBe(200);
        const { freeze } = offboard(manifests, 'bank');
        server().kubectl(['apply', '-f', '-'], { input: toYaml(freeze) });
        if (!hasController) await fillQuotaStatus(server());
        await until(() => rightsOf(PEOPLE));
        for (const who of PEOPLE) {
          const scaled = await server().request(
            'PATCH',
            `${deployments}/api`,
            { spec: { replicas: 9 } },
            who,
          );
          const made = await server().request('POST', deployments, deploymentOf('bank-web'), who);
          const deleted = await server().request('DELETE', `${deployments}/api`, undefined, who);
          expect([who, scaled.status, made.status, deleted.status]).toEqual([who, 403, 403, 403]);
        }
        expect((await server().request('GET', '/api/v1/nodes', undefined, robot)).status).toBe(403);
        expect(await waysIn()).toEqual([]);
        await until(async () => {
          const refusal = await refusalOfPod('bank-web', () => undefined, CONTROLLER);
          return /exceeded quota: quota/.test(refusal ?? '') ? [] : [`a pod is made: ${refusal}`];
        });
        expect((await server().request('GET', `${deployments}/api`)).status).toBe(200);
      });

      it('is deleted in the order that is given, and leaves nothing behind', async () => {
        const { deletions } = offboard(manifests, 'bank');
        for (const command of deleteCommands(deletions)) {
          // Nobody else would take away what keeps these from being deleted at once.
          const isWaiting = !hasController && / (namespace|persistentvolumeclaim)\//.test(command);
          server().kubectl([...command.split(' ').slice(1), ...(isWaiting ? ['--wait=false'] : [])]);
        }
        const left = () => {
          const { stdout } = server().kubectl(['get', '-f', '-', '-o', 'json', '--ignore-not-found'], {
            input: toYaml(deletions),
          });
          const items: Manifest[] = stdout === '' ? [] : (JSON.parse(stdout).items ?? [JSON.parse(stdout)]);
          return items
            .filter(({ metadata }) => hasController || metadata?.deletionTimestamp === undefined)
            .map(({ kind, metadata }) => `${kind} ${metadata?.name}`);
        };
        await until(() => Promise.resolve(left()));
        const { stdout } = server().kubectl([
          'get',
          'clusterroles,clusterrolebindings,persistentvolumes,validatingadmissionpolicies',
          '-o',
          'name',
        ]);
        expect(stdout.split('\n').filter((name) => name.includes('bank'))).toEqual([]);
        const other = await server().request('GET', '/api/v1/namespaces/acme-app');
        expect(other.body.status.phase).toBe('Active');
      });
    });

    it('go also when their allowances go first, and then get nothing new', async () => {
      const core = '/api/v1/namespaces/pinned-web';
      const { metadata, spec } = podIn('pinned-web', () => undefined);
      const pod = { metadata: { ...metadata, finalizers: ['batch.kubernetes.io/job-tracking'] }, spec };
      const made = await server().request('POST', `${core}/pods`, pod);
      expect([made.status, made.body.message]).toEqual([201, undefined]);
      expect((await server().request('DELETE', `${core}/configmaps/tenant-allowances`)).status).toBe(200);
      await until(async () => {
        const refusal = await refusalOfPod('pinned-web', () => undefined, {});
        return /no params found for policy binding/.test(refusal ?? '') ? [] : [`a pod is made: ${refusal}`];
      });
      const { name, securityContext } = spec.containers[0];
      const { resources } = spec.containers[0];
      const more = { ...resources, limits: { ...resources.limits, cpu: '9' } };
      const evil = { name: 'debugger', image: 'evil.example/root:1', securityContext };
      for (const [subresource, change] of [
        ['ephemeralcontainers', { ephemeralContainers: [evil] }],
        ['resize', { containers: [{ name, resources: more }] }],
      ] as const) {
        if (subresource === 'resize' && MINOR < 33) continue;
        const answer = await server().request(
          'PATCH',
          `${core}/pods/mine/${subresource}`,
          { spec: change },
          MALLORY,
        );
        expect([subresource, answer.status, answer.body.message]).toEqual([
          subresource,
          422,
          expect.stringContaining('no params found'),
        ]);
      }
      server().kubectl(['delete', 'namespace', 'pinned-web', '--wait=false']);
      const unfinished = { metadata: { finalizers: null } };
      const released = await server().request('PATCH', `${core}/pods/mine`, unfinished, CONTROLLER);
      expect([released.status, released.body.message]).toEqual([200, undefined]);
      if (!hasController) return;
      await until(async () => {
        const { status } = await server().request('GET', core);
        return status === 404 ? [] : [`the namespace is still there: ${status}`];
      });
    });
  },
  { controllerManager: hasController },
);

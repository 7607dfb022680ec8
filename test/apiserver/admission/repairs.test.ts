import fc from 'fast-check';
import { guardrailManifests } from '../../../src/admission/guardrails';
import { repairedInCluster } from '../../../src/admission/repairs';
import { podControls } from '../../../src/controls/profiles';
import { hardenManifest } from '../../../src/hardening/harden';
import { withoutNulls, type Manifest } from '../../../src/manifest/manifest';
import { podTemplateOf } from '../../../src/manifest/pod';
import { exampleOf } from '../../../src/report/control-example';
import { allowancesConfigMap } from '../../../src/tenancy/allowances';
import { ClusterTarget } from '../../../src/target/target';
import { WORKLOAD_KINDS, workloadOf, workloads } from '../../support/pod-arbitrary';
import { type ApiServer, describeWithApiServer, serverMinor } from '../harness';
import { podArbitrary } from '../pods';
import { createAll, until } from './active';
import { framed, legal } from './legal';
import { REGRESSIONS } from './regressions';

const SEED = 20_261_124;
const GENERATED = Number(process.env.BULWARK_REPAIRED_PODS ?? 80);
const MINOR = serverMinor() ?? 37;
const TARGET = ClusterTarget.kubernetes(`1.${MINOR}`);
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

/**
 * The repairs are in force in the first, in the second what the kernel repaired is read, and the third is of a tenant with a
 * sandbox and nodes of its own.
 */
const NAMESPACES = ['tenant', 'plain', 'placed'] as const;
type Namespace = (typeof NAMESPACES)[number];

const PATHS: Readonly<Record<string, string>> = {
  Pod: 'api/v1/*/pods',
  PodTemplate: 'api/v1/*/podtemplates',
  ReplicationController: 'api/v1/*/replicationcontrollers',
  Deployment: 'apis/apps/v1/*/deployments',
  StatefulSet: 'apis/apps/v1/*/statefulsets',
  DaemonSet: 'apis/apps/v1/*/daemonsets',
  ReplicaSet: 'apis/apps/v1/*/replicasets',
  Job: 'apis/batch/v1/*/jobs',
  CronJob: 'apis/batch/v1/*/cronjobs',
};

const BARE: Manifest = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'bare' },
  spec: {
    serviceAccountName: 'api',
    initContainers: [
      { name: 'migrate', image: 'registry.example/migrate:1.0.0', resources: { limits: { cpu: '2' } } },
    ],
    containers: [
      { name: 'api', image: 'registry.example/api:1.0.0' },
      {
        name: 'proxy',
        image: 'registry.example/proxy:1.0.0',
        securityContext: { capabilities: { add: ['CAP_NET_BIND_SERVICE'] } },
        resources: { requests: { cpu: '1500m' } },
        volumeMounts: [
          { name: 'scratch', mountPath: '/tmp' },
          { name: 'tls', mountPath: '/tls' },
        ],
      },
    ],
    volumes: [
      { name: 'scratch', emptyDir: {} },
      { name: 'tls', secret: { secretName: 'tls' } },
    ],
  },
};

/** A pod in it needs more than its containers, and tolerates the taint of the nodes that have it. */
const SANDBOX: Manifest = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'gvisor' },
  handler: 'runsc',
  overhead: { podFixed: { memory: '64Mi' } },
  scheduling: { tolerations: [{ key: 'sandbox', operator: 'Equal', value: 'gvisor' }] },
};

// Servers before 1.36 do not have MutatingAdmissionPolicy v1.
if (MINOR >= 36) {
  describeWithApiServer(
    'the repairs of an API server',
    (server) => {
      beforeAll(async () => {
        const label = { 'cdk8s-bulwark/tenant': 'shop' };
        await createAll(server(), [
          namespace('tenant', label),
          namespace('plain', {}),
          namespace('placed', label),
          ...NAMESPACES.flatMap((name) => [account(name, 'default'), account(name, 'api')]),
          allowancesConfigMap('tenant', { registries: ['registry.example/'] }),
          allowancesConfigMap('placed', {
            registries: ['registry.example/'],
            sandboxes: ['gvisor'],
            nodeLabels: ['pool=customers', 'example.com/tier='],
            tolerations: ['pool=customers', 'sandbox=gvisor', 'gpu'],
          }),
          SANDBOX,
          ...guardrailManifests({ target: TARGET, repairs: true }).filter(isRepair),
        ]);
        await until(async () => {
          const answers = await Promise.all(
            WORKLOAD_KINDS.map((kind) => send(server(), 'tenant', inKind(kind))),
          );
          return WORKLOAD_KINDS.filter((_, index) => !isRepairedBy(answers[index]!));
        });
      }, 120_000);

      /** Compares what both make of manifests, and says how many both admit. */
      async function agree(manifests: readonly Manifest[]): Promise<number> {
        const wrong: object[] = [];
        let admitted = 0;
        await Promise.all(
          manifests.map(async (given) => {
            const manifest: Manifest = JSON.parse(JSON.stringify(given));
            const byServer = await send(server(), 'tenant', manifest);
            const byKernel = await send(server(), 'plain', hardened(manifest));
            if (byServer.status < 300) admitted += 1;
            if (JSON.stringify(byServer) !== JSON.stringify(byKernel)) {
              wrong.push({ manifest: JSON.stringify(manifest), byServer, byKernel });
            }
          }),
        );
        expect(wrong.slice(0, 3)).toEqual([]);
        return admitted;
      }

      it('are those of the kernel for a bare pod in every kind that makes pods, token included', async () => {
        expect(await agree(WORKLOAD_KINDS.map((kind) => inKind(kind)))).toBe(WORKLOAD_KINDS.length);
        const { pod } = await send(server(), 'tenant', BARE);
        expect(JSON.stringify(pod)).not.toContain('kube-api-access');
        expect(JSON.stringify((await send(server(), 'plain', BARE)).pod)).toContain('kube-api-access');
      });

      it('are those of the kernel for the examples of every control', async () => {
        const examples = podControls().flatMap((control) => Object.values(exampleOf(control)).flat());
        // Each as a Pod, and in one of the kinds that make Pods, by turns.
        const cases = examples.flatMap((pod, index) =>
          ['Pod', WORKLOAD_KINDS[index % WORKLOAD_KINDS.length]!].map((kind) =>
            inKind(kind, withoutNulls(pod)),
          ),
        );
        expect(await agree(cases.map(comparable))).toBeGreaterThan(cases.length / 2);
      });

      it.each(REGRESSIONS)('are those of the kernel for $about', async ({ pod }) => {
        expect(await agree(WORKLOAD_KINDS.map((kind) => inKind(kind, withoutNulls(pod))))).toBeGreaterThan(0);
      });

      it('are those of the kernel for generated pods and workloads', async () => {
        const pods = fc.sample(podArbitrary({ minor: MINOR, unsafe: true }), {
          numRuns: GENERATED,
          seed: SEED,
        });
        const drawn = fc.sample(workloads({ unsafe: true }), { numRuns: GENERATED, seed: SEED });
        const made = drawn.map(({ manifest }, index) => legal(manifest, `w${index}`));
        const admitted = await agree([...pods.map((pod) => withoutNulls(pod)), ...made].map(comparable));
        expect(admitted).toBeGreaterThan(GENERATED / 2);
      });

      it('stay within the budget for 300 containers', async () => {
        const containers = Array.from({ length: 300 }, (_, index) => ({
          name: `c${index}`,
          image: 'registry.example/api:1.0.0',
          volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
        }));
        const spec = { ...(BARE.spec as object), containers };
        expect(await agree([{ ...BARE, spec }])).toBe(1);
      });

      it('leave what a controller made, and what somebody chose, as it is', async () => {
        const owned: any = inKind('ReplicaSet');
        owned.metadata.ownerReferences = [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a', uid: 'b', controller: true },
        ];
        expect(isRepairedBy(await send(server(), 'tenant', owned))).toBe(false);
        const chosen: any = inKind('Deployment');
        chosen.spec.template.spec.automountServiceAccountToken = true;
        const { pod } = await send(server(), 'tenant', chosen);
        expect([pod.spec.automountServiceAccountToken, pod.spec.enableServiceLinks]).toEqual([true, false]);
      });

      it('make the guards admit a bare pod, in every kind that makes pods', async () => {
        const guards = guardrailManifests({ target: TARGET, repairs: true }).filter((one) => !isRepair(one));
        await createAll(server(), guards);
        const evil = JSON.parse(JSON.stringify(BARE).replaceAll('registry.example', 'evil.example'));
        await until(async () => {
          const answers = await Promise.all(
            WORKLOAD_KINDS.map((kind) => send(server(), 'tenant', inKind(kind, evil))),
          );
          return WORKLOAD_KINDS.filter((_, index) => answers[index]!.status !== 403);
        });
        const answers = await Promise.all(
          WORKLOAD_KINDS.map((kind) => send(server(), 'tenant', inKind(kind))),
        );
        expect(answers.map(({ status, message }) => [status, message])).toEqual(
          WORKLOAD_KINDS.map(() => [201, undefined]),
        );
      });

      it('put pods where those of their tenant belong, in every kind that makes pods', async () => {
        const own = [
          { key: 'pool', operator: 'Equal', value: 'customers' },
          { key: 'sandbox', operator: 'Equal', value: 'gvisor' },
        ];
        for (const kind of WORKLOAD_KINDS) {
          const { pod, message } = await send(server(), 'placed', inKind(kind));
          const { runtimeClassName, nodeSelector, tolerations, overhead } = pod?.spec ?? {};
          expect({ kind, message, runtimeClassName, nodeSelector }).toEqual({
            kind,
            message: undefined,
            runtimeClassName: 'gvisor',
            nodeSelector: { pool: 'customers', 'example.com/tier': '' },
          });
          expect(tolerations.filter(({ key }: any) => !key.startsWith('node.kubernetes.io/'))).toEqual(own);
          // What the API server itself adds for the RuntimeClass, it adds after the repair as well.
          expect([kind, overhead]).toEqual([kind, kind === 'Pod' ? { memory: '64Mi' } : undefined]);
        }
      });

      it('leave where somebody wants a pod to run, and the guards refuse it', async () => {
        const wanting = (spec: object) => ({ ...BARE, spec: { ...(BARE.spec as object), ...spec } });
        const elsewhere = await send(server(), 'placed', wanting({ nodeSelector: { pool: 'bank' } }));
        expect([elsewhere.status, elsewhere.message]).toEqual([403, expect.stringContaining('own-nodes')]);
        const chosen = wanting({
          nodeSelector: { zone: 'a' },
          tolerations: [{ key: 'pool', value: 'customers', effect: 'NoSchedule' }],
        });
        const { pod } = await send(server(), 'placed', chosen);
        expect(pod.spec.nodeSelector).toEqual({ zone: 'a', pool: 'customers', 'example.com/tier': '' });
        expect(pod.spec.tolerations.filter(({ key }: any) => key === 'pool')).toEqual([
          { key: 'pool', value: 'customers', effect: 'NoSchedule' },
        ]);
      });
    },
    { serviceAccounts: true },
  );
}

it('has a repair in the cluster for every repair of the kernel', () => {
  const target = ClusterTarget.kubernetes('1.37');
  const left = podControls().filter((one) => one.repair && !repairedInCluster(one, target));
  expect(left.map(({ id }) => id)).toEqual([]);
});

function namespace(name: Namespace, labels: object): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } as Manifest['metadata'] };
}

function account(namespaceName: Namespace, name: string): Manifest {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: namespaceName } };
}

function isRepair({ kind }: Manifest): boolean {
  return kind.startsWith('Mutating');
}

function inKind(kind: string, pod: Manifest = BARE): Manifest {
  const { metadata, spec } = pod;
  const template = { metadata: { annotations: metadata?.annotations ?? {} }, spec };
  return framed(workloadOf(kind, JSON.parse(JSON.stringify(template))), 'example');
}

/** Every pod is of an account that exists, and says nothing that no policy can tell from what the API server writes itself. */
function comparable(manifest: Manifest): Manifest {
  const copy = JSON.parse(JSON.stringify(manifest));
  const { spec, metadata } = podTemplateOf(copy) as any;
  spec.serviceAccountName = 'api';
  delete spec.serviceAccount;
  if (copy.kind === 'Pod') delete spec.enableServiceLinks;
  for (const { volumeMounts = [] } of [...(spec.initContainers ?? []), ...spec.containers]) {
    for (const mount of volumeMounts) if (mount.readOnly === false) delete mount.readOnly;
  }
  for (const key of Object.keys(metadata?.annotations ?? {})) {
    if (key.startsWith(APP_ARMOR)) delete metadata.annotations[key];
  }
  return copy;
}

function hardened(manifest: Manifest): Manifest {
  return hardenManifest(manifest, { target: TARGET }).manifest;
}

interface Answer {
  readonly status: number;
  readonly message: string | undefined;
  readonly pod: any;
}

/** The pod that is in what the API server would store. */
async function send(server: ApiServer, namespaceName: Namespace, manifest: Manifest): Promise<Answer> {
  const path = PATHS[manifest.kind]!.replace('*', `namespaces/${namespaceName}`);
  const object = { ...manifest, metadata: { ...manifest.metadata, namespace: namespaceName } };
  const { status, body } = await server.request('POST', `/${path}?dryRun=All`, object);
  const template: any = status < 300 ? podTemplateOf(body) : undefined;
  const pod = template && { annotations: template.metadata?.annotations ?? {}, spec: template.spec };
  const text = JSON.stringify(pod)?.replaceAll(/kube-api-access-\w{5}/g, 'kube-api-access');
  return {
    status,
    message: status === 403 ? body.message : undefined,
    pod: text && sorted(JSON.parse(text)),
  };
}

function isRepairedBy({ pod }: Answer): boolean {
  return pod?.spec.containers[0].securityContext?.readOnlyRootFilesystem === true;
}

/** The same value with its keys in order. */
function sorted(value: any): any {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

/**
 * What the guard rails add to the time in which an API server answers. See ../README.md.
 *
 *   KUBEBUILDER_ASSETS=... npm run bench:admission              2,000 pods each way
 *   KUBEBUILDER_ASSETS=... npm run bench:admission -- --quick   400 pods each way
 *   KUBEBUILDER_ASSETS=... npm run bench:admission -- --repairs with the repairs as well, from 1.36 on
 */
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { guardrailManifests } from '../../src/admission/guardrails';
import { hardenManifest } from '../../src/hardening/harden';
import type { Manifest } from '../../src/manifest/manifest';
import { PLAIN_POD } from '../../src/report/control-example';
import { allowancesConfigMap } from '../../src/tenancy/allowances';
import { ClusterTarget } from '../../src/target/target';
import { ApiServer, create, serverMinor } from '../../test/apiserver/harness';
import { median, medianRatio } from '../support/statistics';
import { digits, table } from '../support/table';

const PODS = 2000;
const QUICK = 400;
const WARM_UP = 200;
const ACTIVE_LIMIT_MS = 60_000;

/** How many times as long a pod of a tenant may take. */
const GOAL = 1.5;

/** Both namespaces enforce the same level of Pod Security; the guard rails hold in the second alone. */
const NAMESPACES = { unguarded: 'plain', guarded: 'shop' } as const;

/** Milliseconds of each request, in the order in which they were sent. */
type Times = readonly number[];

async function main(): Promise<void> {
  const minor = serverMinor();
  if (minor === undefined) throw new Error('KUBEBUILDER_ASSETS must name the folder of kube-apiserver');
  const pods = process.argv.includes('--quick') ? QUICK : PODS;
  const target = ClusterTarget.kubernetes(`1.${minor}`);
  const guarded = await ApiServer.start();
  try {
    const bare = await ApiServer.start();
    try {
      report(guarded, await measure({ guarded, bare }, target, pods));
    } finally {
      await bare.stop();
    }
  } finally {
    await guarded.stop();
  }
}

interface Measured {
  /** On a server of its own, without any policy. */
  readonly bare: Times;
  /** In a namespace of no tenant, on the server with the guard rails. */
  readonly unguarded: Times;
  readonly guarded: Times;
}

interface Servers {
  readonly guarded: ApiServer;
  readonly bare: ApiServer;
}

async function measure({ guarded, bare }: Servers, target: ClusterTarget, pods: number): Promise<Measured> {
  for (const manifest of namespaces()) {
    await created(bare, manifest);
    await created(guarded, manifest);
  }
  const repairs = process.argv.includes('--repairs');
  for (const manifest of guardrailManifests({ target, repairs })) await created(guarded, manifest);
  await inForce(guarded, target);
  const plain = podIn(NAMESPACES.unguarded, target);
  const creations = [
    { server: bare, pod: plain },
    { server: guarded, pod: plain },
    { server: guarded, pod: podIn(NAMESPACES.guarded, target) },
  ];
  await times(creations, WARM_UP);
  const [ofBare, ofUnguarded, ofGuarded] = await times(creations, pods);
  return { bare: ofBare!, unguarded: ofUnguarded!, guarded: ofGuarded! };
}

function namespaces(): Manifest[] {
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const namespace = (name: string, labels: object) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { ...restricted, ...labels } },
  });
  return [
    namespace(NAMESPACES.unguarded, {}),
    namespace(NAMESPACES.guarded, { 'cdk8s-bulwark/tenant': 'shop' }),
    allowancesConfigMap(NAMESPACES.guarded, { registries: ['registry.example/'] }),
  ];
}

/** A pod as a controller makes it: two containers with variables, ports, mounts and probes. */
function podIn(namespace: string, target: ClusterTarget, image = 'registry.example/api:1.0.0'): Manifest {
  const pod = hardenManifest(PLAIN_POD, { target }).manifest as any;
  const env = Array.from({ length: 10 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `value-${index}`,
  }));
  const containers = ['api', 'proxy'].map((name, index) => ({
    ...pod.spec.containers[0],
    name,
    image,
    env,
    ports: [{ containerPort: 8080 + index }],
    readinessProbe: { httpGet: { path: '/ready', port: 8080 + index } },
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  }));
  const volumes = [{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }];
  const metadata = { ...pod.metadata, name: 'measured', namespace };
  return { ...pod, metadata, spec: { ...pod.spec, containers, volumes } };
}

/** Policies are taken up some time after they are made, in no promised order: all are once nothing changes any more. */
async function inForce(server: ApiServer, target: ClusterTarget): Promise<void> {
  const refused = podIn(NAMESPACES.guarded, target, 'evil.example/api:1.0.0');
  const deadline = Date.now() + ACTIVE_LIMIT_MS;
  while ((await create(server, refused, { dryRun: true })).status !== 403) {
    if (Date.now() > deadline) throw new Error('The guard rails are not in force.');
    await delay(100);
  }
  await delay(3000);
}

async function created(server: ApiServer, manifest: Manifest): Promise<void> {
  const { status, body } = await create(server, manifest);
  if (status !== 201) throw new Error(`${manifest.kind} ${manifest.metadata?.name}: ${body.message}`);
}

interface Creation {
  readonly server: ApiServer;
  readonly pod: Manifest;
}

/** Creates each of the pods so often, in turns, one request after the other, without storing any. */
async function times(creations: readonly Creation[], turns: number): Promise<Times[]> {
  const measured = creations.map((): number[] => []);
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [index, { server, pod }] of creations.entries()) {
      const path = `/api/v1/namespaces/${pod.metadata!.namespace}/pods?dryRun=All`;
      const start = performance.now();
      const { status, body } = await server.request('POST', path, pod);
      measured[index]!.push(performance.now() - start);
      if (status !== 201) throw new Error(`${status}: ${body.message}`);
    }
  }
  return measured;
}

function report({ version }: ApiServer, { bare, unguarded, guarded }: Measured): void {
  const row = (name: string, values: Times) => [
    name,
    digits(median(values)),
    digits(mean(values)),
    digits(percentile(values, 0.95)),
  ];
  console.log(
    `Kubernetes ${version}, Node ${process.version}, ${os.cpus().length} processors, load ${digits(os.loadavg()[0]!)}, ` +
      `${guarded.length} dry-run creations of a Pod each.\n`,
  );
  console.log(
    table([
      ['milliseconds', 'median', 'mean', '95 %'],
      row('server without policies', bare),
      row('namespace of no tenant', unguarded),
      row('namespace of a tenant', guarded),
    ]),
  );
  const ratio = medianRatio(guarded, unguarded);
  console.log(
    `\ntenant / no tenant:        ${digits(ratio)}, at most ${GOAL}: ${ratio <= GOAL ? 'met' : 'MISSED'}`,
  );
  console.log(`tenant / without policies: ${digits(medianRatio(guarded, bare))}`);
}

function mean(values: Times): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percentile(values: Times, part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)]!;
}

void main();

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ApiObject, Chart } from 'cdk8s';
import { ConfigMap } from 'cdk8s-plus-27';
import {
  Blueprint,
  ClusterTarget,
  DriftWatch,
  Guardrails,
  HardenedDeployment,
  Peer,
  Tenant,
} from '../../../constructs';
import { runCommand } from '../../support/run-command';
import { type ApiServer, describeWithApiServer } from '../harness';
import { until } from '../admission/active';
import { allowedOf, describe as inWords, rightOf, servedResources, type Attempt } from './access';
import { FaultProxy } from './fault-proxy';

const WATCH = 'system:serviceaccount:platform-watch:drift-watch';
/** An account of the same namespace, to which nobody has granted anything. */
const STRANGER = 'system:serviceaccount:platform-watch:stranger';
const DIGESTS = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string];
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const RARE_VERBS = ['bind', 'escalate', 'impersonate', 'approve', 'sign', 'attest', 'use', '*'];
const NAMESPACES = ['', 'platform-watch', 'shop-web', 'kube-system'];
const EVENTS = ['drift-watch.driftfound', 'drift-watch.driftunknown', 'drift-watch.nodrift'];
const CONFIG_MAPS = ['flags', 'tenant-allowances'];
const NAMES = {
  configmaps: [...CONFIG_MAPS, 'other'],
  events: [...EVENTS, 'other'],
  secrets: ['other'],
};

const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};

/** The arguments of containers, by the name of their CronJob. */
type Arguments = Readonly<Record<string, readonly string[]>>;

/** Two tenants, one of which watches: as it is with an image of that digest. */
function synthesize(folder: string, digest: string, gateway: string): Arguments {
  const target = ClusterTarget.kubernetes('1.30', { apiServer: { cidrs: ['192.0.2.10/32'] } });
  const cluster = new Blueprint({ target, outdir: folder });
  const shop = new Tenant(cluster, 'shop').namespace('web');
  new HardenedDeployment(shop, 'api', {
    containers: [{ image: 'registry.example/api:1.0.0', port: 8080 }],
  });
  new ConfigMap(shop, 'flags', { data: { colour: 'blue' } });
  new ApiObject(shop, 'widget', { apiVersion: 'example.com/v1', kind: 'Widget', spec: { size: 3 } });
  new ApiObject(shop, 'login', { apiVersion: 'v1', kind: 'Secret', type: 'Opaque' });
  new ApiObject(new Chart(cluster, 'kinds'), 'widgets', WIDGETS);
  const platform = new Tenant(cluster, 'platform', { groups: { deployers: ['ops'] } });
  const namespace = platform.namespace('watch');
  new DriftWatch(namespace, 'secret-watch', {
    image: `registry.example/other@sha256:${DIGESTS[0]}`,
    secrets: { 'shop-web': ['login'] },
  });
  new DriftWatch(namespace, 'drift-watch', {
    image: `registry.example/watch@sha256:${digest}`,
    pushgateway: { url: gateway, peer: Peer.cidr('192.0.2.99/32') },
  });
  new Guardrails(cluster, 'guardrails');
  const { manifests } = cluster.synth();
  const cronJobs: any[] = manifests.filter(({ kind }) => kind === 'CronJob');
  return Object.fromEntries(
    cronJobs.map(({ metadata, spec }) => [
      metadata.name,
      spec.jobTemplate.spec.template.spec.containers[0].args,
    ]),
  );
}

describeWithApiServer('a cluster with a DriftWatch', suite, { serviceAccounts: true });

function suite(server: () => ApiServer): void {
  let folder: string;
  let dist: string;
  let args: Arguments;
  let proxy: FaultProxy;
  let gateway: Server;
  let pushed: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bulwark-watch-'));
    dist = join(folder, 'image');
    pushed = [];
    gateway = createServer((request, response) => {
      void text(request).then((body) => {
        pushed.push(body);
        response.end();
      });
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    // What is in the image was synthesized before the image had a digest.
    args = synthesize(dist, DIGESTS[0], address);
    synthesize(join(folder, 'applied'), DIGESTS[1], address);
    server().kubectl(['apply', '-f', '-'], { input: JSON.stringify(WIDGETS) });
    server().kubectl(['wait', '--for=condition=Established', 'crd/widgets.example.com']);
    server().kubectl(['apply', '-f', join(folder, 'applied')]);
    // What it makes itself is nothing that somebody would have to declare.
    server().kubectl(['create', 'job', 'run-1', '--from=cronjob/drift-watch', '-n', 'platform-watch']);
    proxy = await FaultProxy.start(await kubeconfigOf('platform-watch', 'drift-watch'), folder);
  }, 120_000);
  afterAll(() => {
    proxy.stop();
    gateway.close();
    gateway.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  async function kubeconfigOf(namespace: string, account: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const { body } = await server().request('POST', path, request);
    const config = JSON.parse(readFileSync(join(server().dir, 'kubeconfig'), 'utf8'));
    config.users[0].user.token = body.status.token;
    const file = join(folder, account);
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  /** Runs what a container runs, where its image has the manifests elsewhere. */
  const run = (name: string, kubeconfig: string, manifests: string) =>
    runCommand([
      ...args[name]!.map((arg) => (arg === '/manifests' ? manifests : arg)),
      ...['--kubeconfig', kubeconfig],
    ]);
  const watch = () => run('drift-watch', proxy.kubeconfig, dist);
  const get = async (path: string) => (await server().request('GET', path)).body;
  const events = async (): Promise<any[]> => (await get('/api/v1/namespaces/platform-watch/events')).items;

  /** Compares while an object is not there. */
  async function watchWithout(collection: string, name: string) {
    const { metadata, ...object } = await get(`${collection}/${name}`);
    await server().request('DELETE', `${collection}/${name}`);
    const printed = await watch();
    const { resourceVersion: _version, uid: _uid, managedFields: _fields, ...kept } = metadata;
    const made = await server().request('POST', collection, { ...object, metadata: kept });
    expect(made.status).toBe(201);
    return printed;
  }

  it('is compared by its account, which finds nothing and is refused nothing', async () => {
    const { out, err, exitCode } = await watch();
    expect([exitCode, err]).toEqual([0, 'Note: 1 declared Secret passed over, as --without-secrets asks.\n']);
    expect(out).toMatch(/The proof holds[^]*No drift: \d+ declared objects are there as declared/);
    expect(proxy.passed.length).toBeGreaterThan(20);
    expect(proxy.passed.filter(({ status }) => status === 403)).toEqual([]);
    expect(pushed.at(-1)).toMatch(/bulwark_drift_success 1\n[^]*bulwark_drift_proof_holds 1\n/);
  });

  it('has one Event for each result, about the CronJob, however often it is compared', async () => {
    expect((await watch()).exitCode).toBe(0);
    const policies = '/apis/networking.k8s.io/v1/namespaces/shop-web/networkpolicies';
    expect((await watchWithout(policies, 'default-deny')).exitCode).toBe(1);
    const cronJob = await get('/apis/batch/v1/namespaces/platform-watch/cronjobs/drift-watch');
    const found = await events();
    expect(
      found.map(({ metadata, type, reason, count, involvedObject: { uid } }) => [
        metadata.name,
        type,
        reason,
        count,
        uid === cronJob.metadata.uid,
      ]),
    ).toEqual([
      ['drift-watch.driftfound', 'Warning', 'DriftFound', 1, true],
      ['drift-watch.nodrift', 'Normal', 'NoDrift', 2, true],
    ]);
    expect(found[0].message).toContain('missing NetworkPolicy shop-web/default-deny');
    expect(pushed.at(-1)).toContain('bulwark_drift_findings{change="missing",severity="critical"} 1\n');
  });

  it('begins the count anew when the CronJob was deleted and made again, so that describing it shows the Event', async () => {
    const cronJobs = '/apis/batch/v1/namespaces/platform-watch/cronjobs';
    const before = await get(`${cronJobs}/drift-watch`);
    const { status: _status, metadata, ...cronJob } = before;
    const { name, namespace, labels, annotations } = metadata;
    await server().request('DELETE', `${cronJobs}/${name}`);
    // No garbage collector runs here, which would delete what the CronJob has made.
    const jobs = '/apis/batch/v1/namespaces/platform-watch/jobs';
    await server().request('DELETE', `${jobs}/run-1?propagationPolicy=Background`);
    const kept = { name, namespace, labels, annotations };
    const made = await server().request('POST', cronJobs, { ...cronJob, metadata: kept });
    expect([made.status, made.body.metadata.uid === metadata.uid]).toEqual([201, false]);
    const counted = async () => {
      const { exitCode } = await watch();
      const { involvedObject, count, ...event } = (await events()).find(({ reason }) => reason === 'NoDrift');
      const isOfThis = involvedObject.uid === made.body.metadata.uid;
      return { exitCode, count, isOfThis, first: event.firstTimestamp, last: event.lastTimestamp };
    };
    const once = await counted();
    expect(once).toEqual({ exitCode: 0, count: 1, isOfThis: true, first: once.last, last: once.last });
    expect(await counted()).toMatchObject({ exitCode: 0, count: 2, isOfThis: true, first: once.last });
    const { stdout } = server().kubectl(['describe', 'cronjob', name, '-n', namespace]);
    expect(stdout).toMatch(/Events:[^]*NoDrift[^]*\(x2 over [^]*there as declared/);
  });

  it('tells that nothing is known when the account has lost a right', async () => {
    const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    expect((await watchWithout(bindings, 'platform-watch-drift-watch')).exitCode).toBe(2);
    expect((await events()).map(({ reason }) => reason)).toContain('DriftUnknown');
    expect(pushed.at(-1)).toContain('bulwark_drift_success 0\n');
    expect(pushed.at(-1)).not.toContain('bulwark_drift_proof_holds');
  });

  it('lets the account do what it does, by SubjectAccessReview, and nothing else', async () => {
    const done = new Set(
      proxy.passed.filter(({ status }) => status < 300).flatMap((request) => rightOf(request) ?? []),
    );
    const lists = [...done].filter((right) => /^list \S+ - -$/.test(right));
    expect(lists).toEqual(expect.arrayContaining(['list pods - -', 'list widgets.example.com - -']));
    const everywhere = NAMESPACES.map((namespace) => namespace || '-');
    const expected = [
      ...lists.flatMap((right) => everywhere.map((one) => right.replace('- -', `${one} -`))),
      ...CONFIG_MAPS.flatMap((name) => everywhere.map((one) => `get configmaps ${one} ${name}`)),
      ...EVENTS.flatMap((name) => ['get', 'patch'].map((verb) => `${verb} events platform-watch ${name}`)),
      // Nobody is asked for the name of what is made.
      ...['-', 'other', ...EVENTS].map((name) => `create events platform-watch ${name}`),
    ];
    const allowed = await allowedOf(server(), WATCH, await attempts());
    const common = (await allowedOf(server(), STRANGER, allowed)).map(inWords);
    const own = allowed.map(inWords).filter((right) => !common.includes(right));
    expect(own.sort()).toEqual(expected.sort());
    expect([...done].filter((right) => !own.includes(right))).toEqual([]);
    // Every account may ask what it may do, and sees which authorities the cluster trusts.
    const harmless = /^(create self\w+|(get|list|watch) clustertrustbundles)\./;
    expect(common.filter((right) => !harmless.test(right))).toEqual([]);
  }, 60_000);

  it('looks at the metadata of a Secret that is named for it, by the right to read this one', async () => {
    const kubeconfig = await kubeconfigOf('platform-watch', 'secret-watch');
    const look = () => run('secret-watch', kubeconfig, join(folder, 'applied'));
    expect(await look()).toMatchObject({ exitCode: 0, err: '' });
    const account = 'system:serviceaccount:platform-watch:secret-watch';
    const secrets = VERBS.flatMap((verb) =>
      NAMESPACES.flatMap((namespace) =>
        ['', 'login', 'other'].map((name) => ({ group: '', resource: 'secrets', verb, namespace, name })),
      ),
    );
    expect((await allowedOf(server(), account, secrets)).map(inWords)).toEqual([
      'get secrets shop-web login',
    ]);
    await server().request('DELETE', '/api/v1/namespaces/shop-web/secrets/login');
    const { out, exitCode } = await look();
    expect([exitCode, out]).toEqual([
      1,
      expect.stringContaining('Secret shop-web/login was declared and is not there'),
    ]);
  });

  it('is not suspended by people of the tenant that it lives in, who deploy there otherwise', async () => {
    const path = '/apis/batch/v1/namespaces/platform-watch/cronjobs/drift-watch?dryRun=All';
    const suspend = (as?: object) => server().request('PATCH', path, { spec: { suspend: true } }, as);
    let refused = await suspend();
    await until(async () => {
      refused = await suspend({ as: 'dora', groups: ['ops'] });
      return refused.status === 200 ? ['platform-owned'] : [];
    });
    expect([refused.status, refused.body.message]).toEqual([
      403,
      expect.stringContaining('What the platform owns is changed and deleted by the platform alone'),
    ]);
    expect((await suspend()).status).toBe(200);
  });

  async function attempts(): Promise<Attempt[]> {
    const served = await servedResources(server());
    expect(served.length).toBeGreaterThan(90);
    const all = served.flatMap((resource) => [
      ...VERBS.flatMap((verb) => NAMESPACES.map((namespace) => ({ ...resource, verb, namespace, name: '' }))),
      ...RARE_VERBS.map((verb) => ({ ...resource, verb, namespace: 'platform-watch', name: '' })),
    ]);
    const named = Object.entries(NAMES).flatMap(([resource, names]) =>
      VERBS.flatMap((verb) =>
        NAMESPACES.flatMap((namespace) =>
          names.map((name) => ({ group: '', resource, verb, namespace, name })),
        ),
      ),
    );
    return [...all, ...named];
  }
}

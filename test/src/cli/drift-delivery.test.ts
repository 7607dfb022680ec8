import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runCommand } from '../../support/run-command';

/** What a server was asked, and what it answers: a status, or a body with status 200. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}
type Answering = (request: Asked) => unknown;

const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags', namespace: 'shop' } };
const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', namespace: 'shop' } };
const NAMES = { configmaps: 'ConfigMap', secrets: 'Secret' };
const SERVED = Object.entries(NAMES).map(([name, kind]) => ({ name, kind, namespaced: true }));
const CLUSTER: Readonly<Record<string, unknown>> = {
  '/version': { major: '1', minor: '37' },
  '/api/v1': { resources: SERVED },
  '/api/v1/namespaces/shop/configmaps/flags': CONFIG,
  '/apis/batch/v1/namespaces/ops/cronjobs': { items: [{ metadata: { name: 'watch', uid: 'u-1' } }] },
};
const EVENT = '/api/v1/namespaces/ops/events/watch.nodrift';

let folder: string;
let apiServer: Listening;
let gateway: Listening;
let cluster: Record<string, unknown>;

interface Listening {
  readonly server: Server;
  readonly url: string;
  readonly asked: Asked[];
}

async function listen(answer: Answering): Promise<Listening> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const one = { method: request.method!, path: request.url!.split('?')[0]!, body };
      asked.push(one);
      const said = answer(one);
      const status = typeof said === 'number' ? said : 200;
      response.writeHead(status).end(JSON.stringify(typeof said === 'number' ? {} : said));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-delivery-'));
  apiServer = await listen(({ method, path }) => cluster[`${method} ${path}`] ?? cluster[path] ?? 404);
  gateway = await listen(() => cluster.gateway ?? 200);
  const config = {
    clusters: [{ name: 'c', cluster: { server: apiServer.url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
  writeFileSync(join(folder, 'declared.yaml'), `${JSON.stringify(CONFIG)}\n---\n${JSON.stringify(SECRET)}`);
});
beforeEach(() => {
  cluster = { ...CLUSTER };
  apiServer.asked.length = 0;
  gateway.asked.length = 0;
});
afterAll(() => {
  for (const { server } of [apiServer, gateway]) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true });
});

const drift = (...options: readonly string[]) =>
  runCommand([
    'drift',
    join(folder, 'declared.yaml'),
    ...['--kubeconfig', join(folder, 'kubeconfig'), '--without-secrets'],
    ...options,
  ]);
const metricsFile = () => join(folder, 'out/bulwark.prom');
const written = () => readFileSync(metricsFile(), 'utf8');
const eventRequests = () =>
  apiServer.asked.filter(({ path, method }) => path.includes('/events') && method !== 'GET');

describe('bulwark drift --without-secrets', () => {
  it('asks for no Secret, and says so', async () => {
    const { out, err, exitCode } = await drift();
    expect([exitCode, out]).toEqual([0, expect.stringContaining('No drift: 1 declared objects')]);
    expect(err).toBe('Note: 1 declared Secret passed over, as --without-secrets asks.\n');
    expect(apiServer.asked.filter(({ path }) => path.includes('secrets'))).toEqual([]);
  });
});

describe('bulwark drift --metrics', () => {
  it('writes a file as a whole, and nothing beside it', async () => {
    expect((await drift('--metrics', metricsFile())).exitCode).toBe(0);
    expect(written()).toMatch(/^# HELP [^]*\nbulwark_drift_success 1\n[^]*\n$/);
    expect(readdirSync(join(folder, 'out'))).toEqual(['bulwark.prom']);
  });

  it.each<[string, Record<string, unknown>]>([
    ['cannot be read', { '/version': 500 }],
    ['does not know the credentials any more', { '/version': 401 }],
    ['does not let everything be read', { '/api/v1/namespaces/shop/configmaps/flags': 403 }],
  ])('replaces an older "no drift" when the cluster %s', async (_title, answers) => {
    await drift('--metrics', metricsFile());
    const [, success] = /last_success_timestamp_seconds (.*)/.exec(written())!;
    cluster = { ...CLUSTER, ...answers };
    expect((await drift('--metrics', metricsFile(), '--timeout', '0.5')).exitCode).toBe(2);
    expect(written()).toContain('bulwark_drift_success 0\n');
    expect(written()).not.toMatch(/findings|proof_holds/);
    expect(written()).toContain(`bulwark_drift_last_success_timestamp_seconds ${success}\n`);
  });

  it('prints the result and ends with 2 where the file cannot be written', async () => {
    const { out, err, exitCode } = await drift('--metrics', join(folder, 'declared.yaml/metrics'));
    expect(out).toContain('No drift');
    expect(err).toMatch(
      /declared\.yaml\/metrics: cannot be written \(\w+\)\. Name another file with --metrics\./,
    );
    expect(exitCode).toBe(2);
  });
});

describe('bulwark drift --format prometheus', () => {
  it('tells of a failure as metrics too', async () => {
    cluster = { '/version': 401 };
    const { out, err, exitCode } = await drift('--format', 'prometheus');
    expect(out).toContain('bulwark_drift_success 0\n');
    expect(err).toContain('does not accept the credentials (401)');
    expect(exitCode).toBe(2);
  });
});

describe('bulwark drift --push', () => {
  it('replaces the metrics of its group', async () => {
    expect((await drift('--push', gateway.url)).exitCode).toBe(0);
    const [{ method, path, body } = {}] = gateway.asked;
    expect([method, path]).toEqual(['PUT', '/metrics/job/bulwark_drift']);
    expect(body).toMatch(/^# HELP [^]*\nbulwark_drift_success 1\n[^]*\n$/);
  });

  it('takes the group that is named', async () => {
    await drift('--push', `${gateway.url}/gate/metrics/job/drift/cluster/north`);
    expect(gateway.asked[0]!.path).toBe('/gate/metrics/job/drift/cluster/north');
  });

  it('tells of a failure', async () => {
    cluster = { '/version': 401 };
    await drift('--push', gateway.url);
    expect(gateway.asked[0]!.body).toContain('bulwark_drift_success 0\n');
  });

  it('prints the result and ends with 2 where nobody takes it', async () => {
    cluster.gateway = 503;
    const { out, err, exitCode } = await drift('--push', gateway.url);
    expect([out, exitCode]).toEqual([expect.stringContaining('No drift'), 2]);
    expect(err).toContain('/metrics/job/bulwark_drift does not take the metrics: status 503.');
  });

  it.each([
    ['ftp://me:hunter2@gateway', 'that is no address of HTTP'],
    ['me:hunter2@gateway', 'that is no address of HTTP'],
    ['http://me:hunter2@gateway', 'the address holds a password'],
    ['http://gateway/?token=hunter2', 'the address holds a password or a query'],
  ])('refuses %s before anything is asked', async (address, message) => {
    const { err, exitCode } = await drift('--push', address);
    expect(err).toContain(`--push: ${message}`);
    expect(err).not.toContain('hunter2');
    expect([exitCode, apiServer.asked]).toEqual([2, []]);
  });
});

describe('bulwark drift --event', () => {
  it('makes an Event about the CronJob', async () => {
    cluster['POST /api/v1/namespaces/ops/events'] = 201;
    expect(await drift('--event', 'ops/watch')).toMatchObject({ exitCode: 0 });
    const [{ body = '' } = {}] = eventRequests();
    expect(JSON.parse(body)).toMatchObject({
      kind: 'Event',
      metadata: { name: 'watch.nodrift', namespace: 'ops' },
      involvedObject: {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        name: 'watch',
        namespace: 'ops',
        uid: 'u-1',
      },
      type: 'Normal',
      reason: 'NoDrift',
      count: 1,
    });
  });

  it('counts up the one that is there, and writes nothing else', async () => {
    cluster[EVENT] = { metadata: { resourceVersion: '7' }, involvedObject: { uid: 'u-1' }, count: 4 };
    await drift('--event', 'ops/watch');
    expect(eventRequests()).toEqual([{ method: 'PATCH', path: EVENT, body: expect.any(String) }]);
    expect(JSON.parse(eventRequests()[0]!.body)).toEqual({
      metadata: { resourceVersion: '7' },
      message: '1 declared objects are there as declared, among 1 live ones.',
      count: 5,
      lastTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  });

  it.each([
    ['begins anew where it was about an earlier CronJob of that name', { uid: 'u-0' }, 1],
    ['says which CronJob it is about where that was not known', {}, 5],
  ])('%s', async (_title, involvedObject, count) => {
    cluster[EVENT] = { metadata: { resourceVersion: '7' }, involvedObject, count: 4 };
    await drift('--event', 'ops/watch');
    const body = JSON.parse(eventRequests()[0]!.body);
    expect(body).toMatchObject({ involvedObject: { uid: 'u-1' }, count });
    expect(body.firstTimestamp).toBe(count === 1 ? body.lastTimestamp : undefined);
  });

  it('counts up all the same where it may not see the CronJob', async () => {
    cluster[EVENT] = { metadata: { resourceVersion: '7' }, involvedObject: { uid: 'u-0' }, count: 4 };
    cluster['/apis/batch/v1/namespaces/ops/cronjobs'] = 403;
    expect((await drift('--event', 'ops/watch')).exitCode).toBe(0);
    const { involvedObject, count } = JSON.parse(eventRequests()[0]!.body);
    expect([involvedObject, count]).toEqual([undefined, 5]);
  });

  it('tells that nothing is known when the cluster can not be read', async () => {
    cluster = { '/version': 401, 'POST /api/v1/namespaces/ops/events': 201 };
    expect((await drift('--event', 'ops/watch')).exitCode).toBe(2);
    expect(JSON.parse(eventRequests()[0]!.body)).toMatchObject({ reason: 'DriftUnknown', type: 'Warning' });
  });

  it('begins again when somebody else was quicker, and not for ever', async () => {
    cluster[EVENT] = { metadata: { resourceVersion: '7' }, count: 4 };
    cluster[`PATCH ${EVENT}`] = 409;
    const { exitCode, err } = await drift('--event', 'ops/watch');
    expect(eventRequests()).toHaveLength(3);
    expect([exitCode, err]).toEqual([2, expect.stringContaining('could not be written: status 409')]);
  });

  it('prints the result, and says which right is missing, where it is refused', async () => {
    cluster[EVENT] = 403;
    const { out, err, exitCode } = await drift('--event', 'ops/watch');
    expect([out, exitCode]).toEqual([expect.stringContaining('No drift'), 2]);
    expect(err).toContain('grant create of events in it, with get and patch of this one');
  });

  it('refuses what is no CronJob', async () => {
    expect((await drift('--event', 'watch')).err).toContain("--event: 'watch' is no CronJob");
  });
});

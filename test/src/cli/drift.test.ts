import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driftCommand } from '../../../src/cli/drift';

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const PLAINTEXT = 'hunter2-in-plain';
const metadata = { name: 'login', namespace: 'shop' };
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'flags' } };
const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: 'declared' } };

const SERVED = [
  { name: 'namespaces', kind: 'Namespace', namespaced: false },
  { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
  { name: 'secrets', kind: 'Secret', namespaced: true },
  { name: 'services', kind: 'Service', namespaced: true },
];
const EVERYTHING: Readonly<Record<string, unknown>> = {
  '/version': { major: '1', minor: '37' },
  '/api/v1': { resources: SERVED },
  '/api/v1/namespaces': { items: [NAMESPACE] },
  '/api/v1/namespaces/shop/configmaps/flags': CONFIG,
  '/api/v1/services': { items: [] },
  // A server that sends more than it was asked for: nothing of it may get any further.
  '/api/v1/namespaces/shop/secrets/login': { metadata, data: { password: PLAINTEXT } },
};

let folder: string;
let server: Server;
let answers: Readonly<Record<string, unknown>>;
let asked: IncomingMessage[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-drift-'));
  server = createServer((request, response) => {
    asked.push(request);
    const answer = answers[request.url!.split('?')[0]!];
    const status = typeof answer === 'number' ? answer : answer === undefined ? 404 : 200;
    response.writeHead(status).end(JSON.stringify(status === 200 ? answer : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config = {
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          // Without this the client of Kubernetes uses no credentials over plain HTTP.
          'insecure-skip-tls-verify': true,
        },
      },
    ],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
  writeFileSync(
    join(folder, 'declared.yaml'),
    [NAMESPACE, CONFIG, SECRET].map((object) => JSON.stringify(object)).join('\n---\n'),
  );
});
beforeEach(() => {
  asked = [];
  answers = EVERYTHING;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const drift = (format: string) =>
  driftCommand([join(folder, 'declared.yaml')], {
    kubeconfig: join(folder, 'kubeconfig'),
    format,
    timeout: '20',
  });

describe('bulwark drift', () => {
  it('says that there is no drift when everything could be read', async () => {
    const { output, exitCode } = await drift('text');
    expect(output).toContain('No drift');
    expect(exitCode).toBe(0);
  });

  it('asks for the metadata of declared Secrets and for nothing else of any', async () => {
    const { output } = await drift('json');
    const secrets = asked.filter(({ url }) => url!.includes('/secrets'));
    expect(secrets.map(({ method, url }) => [method, url])).toEqual([
      ['GET', '/api/v1/namespaces/shop/secrets/login'],
    ]);
    expect(secrets[0]!.headers.accept).toBe(METADATA_ONLY);
    expect(output).not.toContain(PLAINTEXT);
    expect(JSON.parse(output).findings).toEqual([]);
  });

  it('asks for declared ConfigMaps and for nothing of others', async () => {
    await drift('json');
    expect(asked.map(({ url }) => url).filter((url) => url!.includes('/configmaps'))).toEqual([
      '/api/v1/namespaces/shop/configmaps/flags',
    ]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    [
      'only the declared namespaces may be read',
      { '/api/v1/services': 403, '/api/v1/namespaces/shop/services': { items: [] } },
      /services were read in the declared namespaces only/,
    ],
    [
      'a kind may not be read anywhere',
      { '/api/v1/services': 403, '/api/v1/namespaces/shop/services': 403 },
      /right to list services in the whole cluster is missing/,
    ],
    [
      'a ConfigMap may not be read',
      { '/api/v1/namespaces/shop/configmaps/flags': 403 },
      /right to get configmaps in the namespace shop is missing/,
    ],
    [
      'a Secret may not be read',
      { '/api/v1/namespaces/shop/secrets/login': 403 },
      /right to get secrets in the namespace shop is missing/,
    ],
  ])('is incomplete and never "no drift" when %s', async (_title, refused, message) => {
    answers = { ...EVERYTHING, ...refused };
    const { output, exitCode, notes, errors } = await drift('text');
    expect(exitCode).toBe(2);
    expect(output).toMatch(/^Incomplete: 0 findings/);
    expect(output).not.toMatch(/no drift|proof holds/i);
    expect([...(notes ?? []), ...(errors ?? [])].join('\n')).toMatch(message);
  });
});

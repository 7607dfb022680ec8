import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { secureCluster } from '../../examples/secure-cluster/main';
import type { Manifest } from '../../src/manifest/manifest';
import { readManifests } from '../../src/manifest/reader';
import { benchmarkTenants } from '../../src/tenancy/benchmark';
import { allPages, blocksOf } from '../support/pages';

const DIST = path.join(__dirname, '../../dist');

interface PolicyPeer {
  namespaceSelector?: { matchLabels: Record<string, string> };
  podSelector?: { matchLabels: Record<string, string> };
  ipBlock?: { cidr: string };
}

interface PolicySpec {
  podSelector: { matchLabels?: Record<string, string> };
  ingress?: { from: PolicyPeer[]; ports: { port: number; protocol: string }[] }[];
  egress?: { to: PolicyPeer[]; ports: { port: number; protocol: string }[] }[];
}

/** Who may talk to whom. Online Boutique's own connections are those of its published topology. */
const CONNECTIONS = [
  'analytics-reports/nightly-report => analytics-reports/event-store : TCP 6379',
  'platform-ingress/ingress => shop-web/frontend : TCP 8080',
  'platform-monitoring/agent => analytics-reports/event-store : TCP 9121',
  'platform-monitoring/agent => platform-ingress/ingress : TCP 10254',
  'platform-monitoring/agent => shop-web/redis-cart : TCP 9121',
  'shop-web/cartservice => shop-web/redis-cart : TCP 6379',
  'shop-web/checkoutservice => shop-web/cartservice : TCP 7070',
  'shop-web/checkoutservice => shop-web/currencyservice : TCP 7000',
  'shop-web/checkoutservice => shop-web/emailservice : TCP 8080',
  'shop-web/checkoutservice => shop-web/paymentservice : TCP 50051',
  'shop-web/checkoutservice => shop-web/productcatalogservice : TCP 3550',
  'shop-web/checkoutservice => shop-web/shippingservice : TCP 50051',
  'shop-web/frontend => shop-web/adservice : TCP 9555',
  'shop-web/frontend => shop-web/cartservice : TCP 7070',
  'shop-web/frontend => shop-web/checkoutservice : TCP 5050',
  'shop-web/frontend => shop-web/currencyservice : TCP 7000',
  'shop-web/frontend => shop-web/productcatalogservice : TCP 3550',
  'shop-web/frontend => shop-web/recommendationservice : TCP 8080',
  'shop-web/frontend => shop-web/shippingservice : TCP 50051',
  'shop-web/loadgenerator => platform-ingress/ingress : TCP 8080',
  'shop-web/recommendationservice => shop-web/productcatalogservice : TCP 3550',
];

/** What leaves or enters the cluster. */
const OUTSIDE = [
  '0.0.0.0/0 => platform-ingress/ingress : TCP 8080',
  '0.0.0.0/0 => platform-ingress/ingress : TCP 8443',
  ...['192.0.2.10/32', '192.0.2.11/32', '192.0.2.12/32'].flatMap((cidr) => [
    `platform-ingress/ingress => ${cidr} : TCP 443`,
    `platform-ingress/ingress => ${cidr} : TCP 6443`,
  ]),
  'platform-monitoring/agent => 198.51.100.0/24 : TCP 443',
];

function committed(): Manifest[] {
  return fs
    .readdirSync(DIST)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => readManifests(fs.readFileSync(path.join(DIST, name), 'utf8'), name).manifests)
    .map(({ manifest }) => manifest);
}

function nameOf(peer: PolicyPeer, namespace: string): string {
  if (peer.ipBlock) return peer.ipBlock.cidr;
  const [name] = Object.values(peer.podSelector!.matchLabels);
  return `${peer.namespaceSelector?.matchLabels['kubernetes.io/metadata.name'] ?? namespace}/${name}`;
}

/** The connections that the policies of workloads open on one side. */
function opened(manifests: readonly Manifest[], side: 'ingress' | 'egress'): string[] {
  return manifests
    .filter(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && !/^(default-deny|allow-dns)$/.test(metadata!.name!),
    )
    .flatMap(({ metadata, spec }) => {
      const policy = spec as PolicySpec;
      const own = `${metadata!.namespace}/${policy.podSelector.matchLabels!['app.kubernetes.io/name']}`;
      const rules =
        side === 'ingress'
          ? policy.ingress?.map(({ from, ports }) => ({ peers: from, ports }))
          : policy.egress?.map(({ to, ports }) => ({ peers: to, ports }));
      return (rules ?? []).flatMap(({ peers, ports }) =>
        peers.flatMap((peer) =>
          ports.map(({ port, protocol }) => {
            const other = nameOf(peer, metadata!.namespace!);
            return side === 'ingress'
              ? `${other} => ${own} : ${protocol} ${port}`
              : `${own} => ${other} : ${protocol} ${port}`;
          }),
        ),
      );
    })
    .sort();
}

const isInside = (connection: string) => !/\d+\.\d+\.\d+\.\d+\//.test(connection);

describe('the example cluster', () => {
  it('opens exactly the connections that it declares, on both sides', () => {
    const manifests = committed();
    expect(opened(manifests, 'ingress').filter(isInside)).toEqual(CONNECTIONS);
    expect(opened(manifests, 'egress').filter(isInside)).toEqual(CONNECTIONS);
    const outside = [...opened(manifests, 'ingress'), ...opened(manifests, 'egress')].filter(
      (connection) => !isInside(connection),
    );
    expect(outside.sort()).toEqual([...OUTSIDE].sort());
  });

  it('denies everything else in every namespace', () => {
    const manifests = committed();
    const namespaces = manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map(({ metadata }) => metadata!.name);
    const denied = manifests
      .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata?.name === 'default-deny')
      .map(({ metadata, spec }) => [metadata!.namespace, spec]);
    expect(denied).toEqual(
      namespaces.map((name) => [name, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }]),
    );
  });

  it('selects with each policy, Service and peer a workload that is there', () => {
    const manifests = committed();
    const workloads = new Set(
      manifests
        .filter(({ kind }) => ['Deployment', 'StatefulSet', 'CronJob'].includes(kind))
        .map(({ metadata }) => `${metadata!.namespace}/${metadata!.name}`),
    );
    const named = [...CONNECTIONS, ...OUTSIDE]
      .flatMap((connection) => connection.split(/ => | : /).slice(0, 2))
      .filter((name) => !/^\d/.test(name));
    expect(named.filter((name) => !workloads.has(name))).toEqual([]);
    const services = manifests.filter(({ kind }) => kind === 'Service');
    const selected = services.map(
      ({ metadata, spec }) =>
        `${metadata!.namespace}/${(spec as { selector: Record<string, string> }).selector['app.kubernetes.io/name']}`,
    );
    expect(selected.filter((name) => !workloads.has(name))).toEqual([]);
  });

  it('has tenants that pass every multi-tenancy benchmark of the first level', () => {
    const results = benchmarkTenants(committed());
    expect([...new Set(results.map(({ tenant }) => tenant))].sort()).toEqual([
      'analytics',
      'platform',
      'shop',
    ]);
    expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
  });

  it('is committed as it is synthesized, byte for byte, and described in the README', () => {
    const outdir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-example-')), 'dist');
    const synthesis = secureCluster(undefined, outdir).synth();
    const { files, otherFiles } = synthesis;
    // What is for nodes is in a folder, which kubectl does not read.
    expect(fs.readdirSync(DIST)).toEqual([...files, 'control-plane', 'nodes']);
    for (const file of [...files, ...otherFiles]) {
      expect(fs.readFileSync(path.join(outdir, file), 'utf8')).toBe(
        fs.readFileSync(path.join(DIST, file), 'utf8'),
      );
    }
    const readme = allPages().find(({ name }) => name === 'README.md')!;
    const [shown] = blocksOf(readme);
    expect(shown!.code.trimEnd()).toBe(synthesis.describe());
  });

  it('is what cdk8s.yaml points at', () => {
    const { app } = load(fs.readFileSync(path.join(DIST, '../cdk8s.yaml'), 'utf8')) as { app: string };
    expect(fs.existsSync(path.join(DIST, '..', app.split(' ').at(-1)!))).toBe(true);
  });
});
